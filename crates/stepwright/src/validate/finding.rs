//! What was found in one definition, with every place worked out.

use std::path::{Path, PathBuf};

use asl::diagnostic::{Diagnostic, Severity};
use rehearsal::Syntax;

use super::pointer;
use crate::definition::shown_name;
use crate::excerpt::{ExcerptPlace, place};

/// What one file gave.
pub(super) struct Checked {
    /// The file; absent for stdin.
    pub(super) path: Option<PathBuf>,
    /// What to call it in messages.
    pub(super) name: String,
    /// Its text.
    pub(super) source: String,
    /// What to show, in the order it was found.
    pub(super) findings: Vec<Finding>,
    is_valid: bool,
}

/// One diagnostic and where it is.
pub(super) struct Finding {
    /// The diagnostic.
    pub(super) diagnostic: Diagnostic,
    /// Where in the definition, as a JSON pointer (RFC 6901): the place itself, or what is nearest above where that does
    /// not exist. Absent where the text cannot be read as a document.
    pub(super) pointer: Option<String>,
    /// Where in the text.
    pub(super) region: Option<Region>,
}

/// From the first character to the one after the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Region {
    /// The first character.
    pub(super) start: ExcerptPlace,
    /// The character after the last.
    pub(super) end: ExcerptPlace,
}

impl Checked {
    /// Keeps the diagnostics that are at least so severe. Whether the definition is valid does not depend on that.
    pub(super) fn new(
        file: &Path,
        source: String,
        syntax: Syntax,
        mut diagnostics: Vec<Diagnostic>,
        least: Severity,
    ) -> Self {
        let is_valid = diagnostics.iter().all(|diagnostic| diagnostic.severity < Severity::Error);
        diagnostics.retain(|diagnostic| diagnostic.severity >= least);
        let pointers = pointer::pointers(&source, syntax, &diagnostics);
        let findings = diagnostics.into_iter().zip(pointers).map(|(diagnostic, pointer)| {
            let region = diagnostic.span.as_ref().map(|span| Region {
                start: place(&source, span.start),
                end: place(&source, span.end.max(span.start)),
            });
            Finding { diagnostic, pointer, region }
        });
        let findings = findings.collect();
        let path = (file != Path::new("-")).then(|| file.to_owned());
        Self { path, name: shown_name(file), source, findings, is_valid }
    }

    /// Whether there is no error, shown or not.
    pub(super) fn is_valid(&self) -> bool {
        self.is_valid
    }

    /// How many of the findings are that severe.
    pub(super) fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.diagnostic.severity == severity).count()
    }
}

impl Finding {
    /// AWS's location, where it is a path. For a text that is no JSON, AWS quotes that text instead: the excerpt and the
    /// line say the same in less.
    pub(super) fn path_location(&self) -> Option<&str> {
        self.diagnostic.location.as_deref().filter(|location| location.starts_with('/'))
    }
}

/// A definition with one error, one warning, a tab and a wide character, for the tests of the printers.
#[cfg(test)]
pub(super) fn sample() -> Checked {
    let source = "{\n  \"StartAt\": \"Añ\",\n  \"States\": {\n    \"Añ\": {\"Type\": \"Choice\", \"Choices\": [\n\t{\"Variable\": \"$.a\", \"IsPresent\": true, \"Next\": \"No\"}], \"Default\": \"P\"},\n    \"P\": {\"Type\": \"Pass\", \"Parameters\": {\"x\": \"$.y\"}, \"End\": true}\n  }\n}\n";
    checked("dir/a b.asl.json", source, Severity::Warning)
}

/// What a text gives under a file's name.
#[cfg(test)]
pub(super) fn checked(name: &str, source: &str, least: Severity) -> Checked {
    let file = Path::new(name);
    let syntax = Syntax::of_path(file);
    let read = rehearsal::Definition::read(source, syntax, asl::read::MachineType::Standard);
    Checked::new(file, source.to_owned(), syntax, read.diagnostics, least)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_warnings_and_shown_ones_leave_a_definition_valid() {
        let source = r#"{"StartAt": "P", "States": {"P": {"Type": "Pass", "Parameters": {"x": "$.y"}, "End": true}}}"#;
        for (least, warnings) in [(Severity::Warning, 1), (Severity::Error, 0)] {
            let checked = checked("m.json", source, least);
            assert!(checked.is_valid());
            assert_eq!(checked.count(Severity::Warning), warnings);
        }
    }

    #[test]
    fn regions_count_characters_from_one() {
        let sample = sample();
        let finding = sample.findings.iter().find(|one| one.diagnostic.severity == Severity::Error).unwrap();
        let at = |column| ExcerptPlace { line: 5, column };
        assert_eq!(finding.region, Some(Region { start: at(49), end: at(53) }), "{:?}", finding.diagnostic);
    }
}
