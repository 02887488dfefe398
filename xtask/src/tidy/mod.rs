//! The project's rules, as far as a program can check them. Each rule looks and reports; none repairs.

mod bounds;
mod generated;
mod layers;
mod modules;
mod shards;
mod source;
mod sources;

use std::fmt;
use std::path::{Path, PathBuf};

/// One breach of a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// Where: a file with a line, or a crate.
    place: String,
    /// What is wrong, and what to do.
    text: String,
}

impl Finding {
    fn new(place: impl Into<String>, text: impl Into<String>) -> Self {
        Self { place: place.into(), text: text.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.text)
    }
}

/// Why the rules could not be checked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TidyError {
    /// A file that cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// `cargo metadata` that cannot be run or understood.
    #[error("cargo metadata: {0}")]
    Metadata(String),
}

/// Every breach of every rule.
pub(crate) fn untidy() -> Result<Vec<Finding>, TidyError> {
    let root = crate::root();
    let packages = layers::packages(root)?;
    let mut findings = layers::check(&packages);
    findings.extend(layers::check_map(&packages, root)?);
    findings.extend(sources::check(root)?);
    findings.extend(generated::check(root)?);
    findings.extend(modules::check(root)?);
    findings.extend(shards::check(root)?);
    findings.sort();
    Ok(findings)
}

fn read(path: &Path) -> Result<String, TidyError> {
    std::fs::read_to_string(path).map_err(|source| TidyError::Read { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_project_keeps_its_rules() {
        let findings = super::untidy().unwrap();
        let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
        assert!(lines.is_empty(), "\n{}", lines.join("\n"));
    }
}
