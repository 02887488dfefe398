//! A shard reads no store: it asks, and is told.

use std::path::{Path, PathBuf};

use super::{Finding, TidyError, read};

/// Where shards are written.
const SHARDS: &str = "crates/runtime/src/shard";
/// What reads a store, or holds one to read.
const READS: [&str; 4] = [".store", "dyn Store", "store::Store", "directory.revision"];

/// Checks every file of the shards.
pub(super) fn check(root: &Path) -> Result<Vec<Finding>, TidyError> {
    let mut findings = Vec::new();
    for path in files(root)? {
        let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        findings.extend(check_file(&name, &read(&path)?));
    }
    Ok(findings)
}

fn files(root: &Path) -> Result<Vec<PathBuf>, TidyError> {
    let folder = root.join(SHARDS);
    let failed = |source| TidyError::Read { path: folder.clone(), source };
    let mut files = vec![root.join(SHARDS).with_extension("rs")];
    for entry in std::fs::read_dir(&folder).map_err(failed)? {
        files.push(entry.map_err(failed)?.path());
    }
    Ok(files)
}

fn check_file(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in text.lines().enumerate() {
        // A member of that name that begins with it is another one.
        let found = READS.iter().find(|reads| {
            line.match_indices(*reads).any(|(at, reads)| {
                !line[at + reads.len()..].starts_with(|next: char| next.is_alphanumeric() || next == '_')
            })
        });
        if let Some(reads) = found {
            let text = format!("`{reads}` reads a store in a shard: let it say what it needs (`Need`)");
            findings.push(Finding::new(format!("{path}:{}", number + 1), text));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_reads_no_store() {
        for (line, count) in [
            ("let record = self.context.store.execution(id)?;", 1),
            ("    store: Arc<dyn Store>,", 1),
            ("use store::Store;", 1),
            ("self.directory.revision(id)", 1),
            ("(self.stored, self.stored_id) = (chunk.end(), last.id);", 0),
            ("use store::record::Write;", 0),
            ("store::StoreError", 0),
            ("Write::Begin { machine_revision: None }", 0),
        ] {
            assert_eq!(check_file("x.rs", line).len(), count, "{line}");
        }
    }
}
