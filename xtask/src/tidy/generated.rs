//! Data that a program makes has one maker and one place: `cargo xtask models` and the crate `models`.

use std::path::Path;

use super::{Finding, TidyError};

/// Crates whose sources are written by hand, all of them.
const HAND_WRITTEN: [&str; 2] = ["crates/asl/src", "crates/engine/src"];
/// Where anything may come from botocore's data, or say that it does.
const MAKERS: [&str; 2] = ["crates/models", "xtask/src/models"];
/// What is looked through for other makers.
const SEARCHED: [&str; 3] = ["crates", "bench", "xtask"];
/// Gives away a program that reads botocore's data; written so that this file does not.
const SOURCE_OF_DATA: &str = concat!("import ", "botocore");

/// Checks every file of the workspace's crates.
pub(super) fn check(root: &Path) -> Result<Vec<Finding>, TidyError> {
    let mut findings = Vec::new();
    for folder in SEARCHED {
        walk(root, &root.join(folder), &mut findings)?;
    }
    Ok(findings)
}

fn walk(root: &Path, folder: &Path, findings: &mut Vec<Finding>) -> Result<(), TidyError> {
    let failed = |source| TidyError::Read { path: folder.to_owned(), source };
    // The depth is that of our own tree.
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            walk(root, &path, findings)?;
            continue;
        }
        let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        let bytes = std::fs::read(&path).map_err(|source| TidyError::Read { path: path.clone(), source })?;
        // What is no text is no program.
        findings.extend(check_file(&name, &String::from_utf8(bytes).unwrap_or_default()));
    }
    Ok(())
}

fn check_file(path: &str, text: &str) -> Option<Finding> {
    let is_within = |folders: &[&str]| folders.iter().any(|folder| path.starts_with(folder));
    let is_for_tests = path.contains("/tests/") || path.contains("/snapshots/");
    if is_within(&HAND_WRITTEN) && !path.ends_with(".rs") && !is_for_tests {
        return Some(Finding::new(path, "is data in a crate that is written by hand: facts of services are `models`'"));
    }
    if !is_within(&MAKERS) && text.contains(SOURCE_OF_DATA) {
        return Some(Finding::new(path, "makes data from botocore: that is `cargo xtask models`' and nobody else's"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_has_one_maker_and_one_place() {
        let script = format!("import gzip\n{SOURCE_OF_DATA}\n");
        for (path, text, is_found) in [
            ("crates/engine/src/test_state/results.txt", "", true),
            ("crates/asl/src/actions.bin", "", true),
            ("crates/asl/src/read.rs", "", false),
            ("crates/engine/src/log/tests/v1.bin", "", false),
            ("crates/api/src/make.py", script.as_str(), true),
            ("xtask/src/models/botocore.rs", script.as_str(), false),
            ("crates/models/README.md", script.as_str(), false),
        ] {
            assert_eq!(check_file(path, text).is_some(), is_found, "{path}");
        }
    }
}
