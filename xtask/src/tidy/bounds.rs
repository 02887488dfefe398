//! Constants that bound something: one that is a quota stands in the table of quotas, any other says why it is none.

use super::Finding;

/// Where quotas would be enforced.
const FOLDERS: [&str; 5] =
    ["crates/api/src", "crates/engine/src", "crates/mocks/src", "crates/runtime/src", "crates/store/src"];
/// Where they stand.
const TABLES: [&str; 2] = ["crates/engine/src/limits.rs", "crates/runtime/src/quotas.rs"];
/// How a constant begins its reason, in the comment above it.
const REASON: &str = "No quota:";
/// Numbers that are AWS's quotas and so uncommon that they are nothing else.
const QUOTAS: [&str; 4] = ["25_000", "262_144", "1_048_576", "10_485_760"];

/// Bounds and quotas that stand outside their table. `code` is the text without comments, literals and tests.
pub(super) fn check(path: &str, text: &str, code: &str) -> Vec<Finding> {
    if TABLES.contains(&path) || !FOLDERS.iter().any(|folder| path.starts_with(folder)) {
        return Vec::new();
    }
    let lines: Vec<&str> = text.lines().collect();
    let mut findings = Vec::new();
    for (index, line) in code.lines().enumerate() {
        if comment_above(&lines, index).any(|line| line.contains(REASON)) {
            continue;
        }
        let place = || format!("{path}:{}", index + 1);
        if let Some(number) = QUOTAS.iter().find(|number| super::sources::has_word(line, number)) {
            let text = format!("`{number}` is one of AWS's quotas: take it from the table in {}", TABLES[1]);
            findings.push(Finding::new(place(), text));
        } else if let Some(name) = constant(line).filter(|name| is_bound(name)) {
            let text = format!(
                "`{name}` is a bound: make it a quota in {}, or say in its comment why it is none (`{REASON} ...`)",
                TABLES[1]
            );
            findings.push(Finding::new(place(), text));
        }
    }
    findings
}

/// The constant that a line declares.
fn constant(line: &str) -> Option<&str> {
    let (_, declared) = line.split_once("const ")?;
    let (name, _) = declared.split_once(':')?;
    name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_').then_some(name)
}

fn is_bound(name: &str) -> bool {
    name.split('_').any(|word| ["MAX", "MAXIMUM", "LIMIT", "QUOTA"].contains(&word))
}

/// The comment that ends right above a line, from below.
fn comment_above<'a>(lines: &'a [&str], index: usize) -> impl Iterator<Item = &'a str> {
    let above = lines[..index.min(lines.len())].iter().rev().map(|line| line.trim_start());
    above.take_while(|line| line.starts_with("//") || line.starts_with("#["))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> usize {
        check(path, text, &super::super::source::code(text)).len()
    }

    #[test]
    fn a_bound_is_in_the_table_or_says_why_not() {
        for (text, expected) in [
            ("const TAGS_MAX: usize = 50;", 1),
            ("    pub(crate) const MAX_TAGS: usize = 50;", 1),
            ("/// Tags at most.\nconst TAG_LIMIT: usize = 50;", 1),
            ("/// Tags at most.\n/// No quota: ours.\nconst TAG_LIMIT: usize = 50;", 0),
            ("/// No quota: ours.\n\nconst TAG_LIMIT: usize = 50;", 1),
            ("const CLIMAX: usize = 50;\nconst fn max<const MAX: usize>() {}", 0),
            ("// const TAGS_MAX: usize = 50;", 0),
            ("let bytes = 262_144;", 1),
            ("// No quota: a test of the model.\nlet bytes = 262_144;", 0),
            ("let bytes = 1_262_144;", 0),
        ] {
            assert_eq!(findings("crates/runtime/src/a.rs", text), expected, "{text}");
            assert_eq!(findings("crates/asl/src/a.rs", text), 0, "{text}");
            assert_eq!(findings(TABLES[1], text), 0, "{text}");
        }
    }
}
