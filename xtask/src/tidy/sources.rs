//! What a source file must have and must not have.

use std::path::{Path, PathBuf};

use super::source::{code, test_modules, without_tests};
use super::{Finding, TidyError, read};

/// Folders that hold Rust sources.
const FOLDERS: [&str; 3] = ["crates", "bench", "xtask"];
/// Lines a file may have, tests and all.
const LINES: usize = 800;
/// Files that were longer when the rule came, with the lines they may have at most. Lower, never raise.
const LONGER: [(&str, usize); 0] = [];
/// The crates that do no IO, read no clock, roll no dice, spawn nothing and log nothing.
const PURE: [&str; 3] = ["crates/asl/src", "crates/engine/src", "crates/models/src"];
/// What gives such a thing away.
const IMPURE: [&str; 14] = [
    "SystemTime",
    "Instant",
    "std::fs",
    "std::net",
    "std::thread",
    "std::env",
    "std::process",
    "std::io",
    "rand::",
    "getrandom",
    "println!",
    "eprintln!",
    "print!",
    "tracing::",
];
/// Unfinished or forgotten code.
const UNFINISHED: [&str; 3] = ["todo!", "unimplemented!", "dbg!"];

/// Checks every Rust file.
pub(super) fn check(root: &Path) -> Result<Vec<Finding>, TidyError> {
    let mut files = Vec::new();
    for folder in FOLDERS {
        collect(&root.join(folder), &mut files)?;
    }
    files.sort();
    let texts: Vec<(PathBuf, String)> =
        files.into_iter().map(|file| read(&file).map(|text| (file, text))).collect::<Result<_, _>>()?;
    let tests: Vec<PathBuf> = texts.iter().flat_map(|(file, text)| files_of_tests(file, text)).collect();
    let is_test = |file: &Path| tests.iter().any(|test| file.starts_with(test));
    Ok(texts
        .iter()
        .flat_map(|(file, text)| {
            let path = file.strip_prefix(root).unwrap_or(file).display().to_string();
            check_file(&path, text, is_test(file))
        })
        .collect())
}

/// The Rust files of a folder and of those in it.
pub(super) fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), TidyError> {
    let failed = |source| TidyError::Read { path: folder.to_owned(), source };
    // The depth is that of our own tree.
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

/// The files and folders of the modules only tests have.
fn files_of_tests(file: &Path, text: &str) -> Vec<PathBuf> {
    let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let folder = match stem {
        "lib" | "main" | "mod" => file.parent().unwrap_or(file).to_owned(),
        _ => file.with_extension(""),
    };
    let file_and_folder = |name: String| [folder.join(format!("{name}.rs")), folder.join(name)];
    test_modules(&code(text)).into_iter().flat_map(file_and_folder).collect()
}

fn check_file(path: &str, text: &str, is_test: bool) -> Vec<Finding> {
    let code = code(text);
    let product = if is_test || path.contains("/tests/") { String::new() } else { without_tests(&code) };
    let mut findings = Vec::new();
    if !text.starts_with("//!") {
        findings.push(Finding::new(path, "does not begin with a `//!` that says what it is for"));
    }
    let bound = LONGER.iter().find(|(file, _)| *file == path).map_or(LINES, |(_, lines)| *lines);
    let lines = text.lines().count();
    if lines > bound {
        findings.push(Finding::new(path, format!("has {lines} lines, more than {bound}: split it by subject")));
    }
    findings.extend(words(path, &code, &UNFINISHED, "is not for finished code"));
    if PURE.iter().any(|pure| path.starts_with(pure)) {
        findings.extend(words(path, &product, &IMPURE, "has no place in a pure crate"));
    }
    findings.extend(super::bounds::check(path, text, &product));
    findings.extend(bare_allows(path, &code));
    findings
}

/// Where one of the words stands as a word of its own.
fn words(path: &str, code: &str, words: &[&str], text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in code.lines().enumerate() {
        for word in words.iter().filter(|word| has_word(line, word)) {
            findings.push(Finding::new(format!("{path}:{}", index + 1), format!("`{word}` {text}")));
        }
    }
    findings
}

pub(super) fn has_word(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back().is_some_and(part);
        let after = word.ends_with(part) && line[at + word.len()..].chars().next().is_some_and(part);
        !before && !after
    })
}

/// Lints that are switched off without saying why.
fn bare_allows(path: &str, code: &str) -> Vec<Finding> {
    ["#[allow(", "#![allow(", "#[expect(", "#![expect("]
        .iter()
        .flat_map(|mark| code.match_indices(mark))
        .filter(|(at, _)| {
            let rest = &code[*at..];
            !rest[..rest.find(")]").unwrap_or(rest.len())].contains("reason =")
        })
        .map(|(at, _)| {
            let line = code[..at].matches('\n').count() + 1;
            Finding::new(format!("{path}:{line}"), "switches a lint off without `reason = \"...\"`")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<String> {
        check_file(path, text, false).into_iter().map(|finding| finding.to_string()).collect()
    }

    #[test]
    fn a_tidy_file_gives_nothing() {
        let text = "//! For this.\n#[allow(dead_code, reason = \"why\")]\nfn a() {}\n#[cfg(test)]\nmod tests { use std::fs; }\n";
        assert_eq!(findings("crates/asl/src/a.rs", text), [""; 0]);
    }

    #[test]
    fn each_rule_is_reported_with_its_place() {
        let long = format!("//! For this.\n{}", "\n".repeat(LINES));
        for (path, text, expected) in [
            ("crates/api/src/a.rs", "fn a() {}", "begin with"),
            ("crates/api/src/a.rs", long.as_str(), "lines, more than"),
            ("crates/api/src/a.rs", "//! A.\nfn a() { todo!() }", "a.rs:2: `todo!`"),
            ("crates/api/src/a.rs", "//! A.\n\n#[allow(dead_code)]\nfn a() {}", "a.rs:3: switches"),
            ("crates/asl/src/a.rs", "//! A.\nuse std::time::Instant;", "`Instant`"),
            ("crates/engine/src/a.rs", "//! A.\nuse std::fs;", "`std::fs`"),
            ("crates/engine/src/a.rs", "//! A.\nfn a() { println!(); }", "`println!`"),
        ] {
            let found = findings(path, text);
            assert!(found.len() == 1 && found[0].contains(expected), "{text:.40}: {found:?}");
        }
    }

    #[test]
    fn a_word_within_a_word_is_another_word() {
        for (line, word, found) in [
            ("operand::x", "rand::", false),
            ("rand::x", "rand::", true),
            ("InstantLike", "Instant", false),
            ("retracing::x", "tracing::", false),
            ("std::fs::read", "std::fs", true),
        ] {
            assert_eq!(has_word(line, word), found, "{line}");
        }
    }

    #[test]
    fn a_file_of_tests_may_do_what_product_code_may_not() {
        assert_eq!(check_file("crates/asl/src/far.rs", "//! T.\nuse std::fs;", true), []);
        let files = files_of_tests(Path::new("crates/asl/src/lib.rs"), "#[cfg(test)]\nmod far;");
        assert_eq!(files[0], Path::new("crates/asl/src/far.rs"));
    }
}
