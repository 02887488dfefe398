//! Regular expressions in filters: `/re/` and `/re/i`. They match whole texts, in time that grows with the text alone.

use regex_lite::{Regex, RegexBuilder};

use super::PathSyntaxError;
use super::parse::refused;
use crate::budget::{Budget, Exhausted};
use crate::memory::Held;
use crate::value::Text;

/// Bytes of a compiled pattern. Counted repetitions multiply, so a short pattern can be large.
const PROGRAM_BYTES_MAX: usize = 1 << 16;

/// Bytes of the smallest program that is told from others.
const PROGRAM_BYTES_MIN: usize = 1 << 10;

/// What is read for one step of work.
const BYTES_A_STEP: u64 = 64;

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct Pattern {
    source: Text,
    regex: Regex,
    /// No more than four times what it takes.
    program_bytes: usize,
}

impl Pattern {
    /// The pattern, where the text is written as one.
    pub(super) fn parse(text: &str) -> Option<Result<Self, PathSyntaxError>> {
        let ignores_case = text.len() > 1 && text.ends_with("/i");
        if !(text.starts_with('/') && (text.ends_with('/') || ignores_case)) {
            return None;
        }
        let source = text.rfind('/').and_then(|end| text.get(1..end));
        Some(
            source
                .ok_or_else(|| refused("The pattern does not end", 0))
                .and_then(|source| Self::new(source, ignores_case)),
        )
    }

    fn new(source: &str, ignores_case: bool) -> Result<Self, PathSyntaxError> {
        let flags = if ignores_case { "(?i)" } else { "" };
        let whole = format!("{flags}\\A(?:{})\\z", translated(source));
        let mut program_bytes = PROGRAM_BYTES_MIN;
        loop {
            match RegexBuilder::new(&whole).size_limit(program_bytes).build() {
                Ok(regex) => return Ok(Self { source: Text::from(source), regex, program_bytes }),
                Err(_) if program_bytes < PROGRAM_BYTES_MAX => program_bytes *= 4,
                Err(error) => {
                    let known = "lookaround, back references and \\p{…} of Unicode are not supported here";
                    return Err(refused(format!("Not a pattern ({known}): {error}"), 0));
                }
            }
        }
    }

    /// The text of the pattern.
    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// Whether all of a text matches.
    ///
    /// # Errors
    /// That may take longer than the budget has steps.
    pub(super) fn matches(&self, text: &str, budget: &Budget) -> Result<bool, Exhausted> {
        budget.charge_steps((text.len() as u64 + 1).saturating_mul(self.program_bytes as u64) / BYTES_A_STEP)?;
        Ok(self.regex.is_match(text))
    }
}

impl Held for Pattern {
    fn held_bytes(&self) -> usize {
        self.source.held_bytes() + self.program_bytes
    }
}

/// What Java spells in its own way: quoted text, and its classes of ASCII characters.
fn translated(source: &str) -> String {
    const CLASSES: [&str; 13] = [
        "Lower", "Upper", "ASCII", "Alpha", "Digit", "Alnum", "Punct", "Graph", "Print", "Blank", "Cntrl", "XDigit",
        "Space",
    ];
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(quoted) = rest.strip_prefix("\\Q") {
            let (quoted, behind) = quoted.split_once("\\E").unwrap_or((quoted, ""));
            out.push_str(&regex_lite::escape(quoted));
            rest = behind;
            continue;
        }
        let class =
            ["\\p{", "\\P{"].into_iter().find_map(|open| Some((open, rest.strip_prefix(open)?.split_once('}')?)));
        match class {
            Some((open, (name, behind))) if CLASSES.contains(&name) => {
                let negation = if open == "\\P{" { "^" } else { "" };
                out.push_str(&format!("[[:{negation}{}:]]", name.to_ascii_lowercase()));
                rest = behind;
            }
            _ => {
                // Both characters at once, so that the second is not taken for the beginning of another escape.
                let length = rest.chars().take(2).map(char::len_utf8).sum();
                out.push_str(&rest[..length]);
                rest = &rest[length..];
            }
        }
    }
    out.push_str(rest);
    out
}
