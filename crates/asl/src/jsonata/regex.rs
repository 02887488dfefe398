//! Regular expressions with the meaning that JavaScript gives them.
//!
//! They are matched by trying one way after another, as JavaScript does it: that alone gives its captures, its lazy
//! loops, its back-references. What that may take is bounded by the evaluation's budget, as all other work is.

mod matcher;
mod pattern;
mod program;

use std::sync::OnceLock;

use super::datum::Datum;
use super::failure::{Evaluated, Failure};
use crate::budget::Budget;
use crate::memory::{self, Held};

use self::program::Program;

/// A regular expression. It can be shared between threads.
///
/// A loop with a count is written out in its program, which can be a thousand times as long as the pattern. So it is made
/// when it is first matched, and charged: a definition costs no more than its text until it runs.
#[derive(Debug)]
pub(super) struct Regex {
    pattern: Box<str>,
    /// Instructions of its program, at most.
    length: usize,
    ignores_case: bool,
    is_multiline: bool,
    program: OnceLock<Box<Program>>,
}

/// Bytes of the sets of characters in a program, for each byte of the pattern: a range for each character.
const PATTERN_SETS: usize = 2 * size_of::<(char, char)>();

/// Where a regular expression matches: bytes of the text.
#[derive(Debug)]
pub(super) struct Found {
    /// The first byte.
    pub(super) start: usize,
    /// The byte behind the last.
    pub(super) end: usize,
    /// The captured groups; `None` for one that took no part.
    pub(super) groups: Vec<Option<(usize, usize)>>,
}

impl Found {
    /// The captured groups; nothing for one that took no part.
    pub(super) fn groups_in(&self, text: &str) -> Vec<Datum> {
        let group = |range: &Option<(usize, usize)>| match range {
            Some((start, end)) => Datum::text(&text[*start..*end]),
            None => Datum::Undefined,
        };
        self.groups.iter().map(group).collect()
    }
}

impl Regex {
    /// Reads what stands between the slashes and behind them. Look-behind is refused, and what is absurdly large.
    pub(super) fn parse(pattern: &str, flags: &str) -> Result<Self, String> {
        let (ignores_case, is_multiline) = (flags.contains('i'), flags.contains('m'));
        let refused = |why: &str| format!("The regular expression /{pattern}/{flags} is not supported: {why}");
        let (node, _) = pattern::parse(pattern).map_err(refused)?;
        // What is too large is refused now, though made later.
        let length = program::check_length(&node).map_err(refused)?;
        Ok(Self { pattern: Box::from(pattern), length, ignores_case, is_multiline, program: OnceLock::new() })
    }

    fn program(&self, budget: &Budget) -> Evaluated<&Program> {
        if let Some(program) = self.program.get() {
            return Ok(program);
        }
        budget.charge_bytes(program::bytes(self.length) + pattern::BYTES_A_BYTE * self.pattern.len() as u64)?;
        let (node, groups) = pattern::parse(&self.pattern).map_err(|_| Failure::Internal)?;
        let made = program::compile(&node, groups, self.ignores_case, self.is_multiline);
        let program = Box::new(made.map_err(|_| Failure::Internal)?);
        Ok(self.program.get_or_init(|| program))
    }

    /// The match after one that ended at a byte. There is none where that is the text's end, and one of nothing is an error,
    /// as it would be found again and again; the first match may be of nothing.
    pub(super) fn find_next(&self, text: &str, end: usize, budget: &Budget) -> Evaluated<Option<Found>> {
        if end >= text.len() {
            return Ok(None);
        }
        match self.find(text, end, budget)? {
            Some(found) if found.start == found.end => {
                Err(Failure::coded("D1004", "Regular expression matches zero length string"))
            }
            found => Ok(found),
        }
    }

    /// The first match from a byte on, which begins a character.
    pub(super) fn find(&self, text: &str, from: usize, budget: &Budget) -> Evaluated<Option<Found>> {
        matcher::find(self.program(budget)?, text, from, budget)
    }
}

/// Its program is counted, though it is made later.
impl Held for Regex {
    fn held_bytes(&self) -> usize {
        let program = memory::row::<Program>(1) + program::bytes(self.length) as usize;
        self.pattern.held_bytes() + program + PATTERN_SETS * self.pattern.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Allowance;

    fn all(pattern: &str, flags: &str, text: &str) -> Vec<String> {
        let regex = Regex::parse(pattern, flags).unwrap();
        let budget = Budget::new(Allowance::default());
        let (mut from, mut found) = (0, Vec::new());
        while let Some(next) = regex.find(text, from, &budget).unwrap() {
            let groups = next.groups.iter().map(|group| group.map_or("-", |(start, end)| &text[start..end]));
            found.push([&text[next.start..next.end]].into_iter().chain(groups).collect::<Vec<_>>().join(","));
            from = next.end
                + text[next.end..].chars().next().map_or(1, char::len_utf8) * usize::from(next.end == next.start);
            if from > text.len() {
                break;
            }
        }
        found
    }

    /// What node gives for `[...text.matchAll(new RegExp(pattern, flags + 'g'))]`.
    #[test]
    fn patterns_match_as_in_javascript() {
        for (pattern, flags, text, expected) in [
            ("ab*", "", "abbab", &["abb", "ab"] as &[&str]),
            ("a|ab", "", "ab", &["a"]),
            ("(a)|(b)", "", "ab", &["a,a,-", "b,-,b"]),
            ("(z)((a+)?(b+)?(c))*", "", "zaacbbbcac", &["zaacbbbcac,z,ac,a,-,c"]),
            ("(?:ab){2,3}?", "", "abababab", &["abab", "abab"]),
            ("a{,2}", "", "a{,2}", &["a{,2}"]),
            ("x{2}", "", "xxxxx", &["xx", "xx"]),
            ("[^a-c]+", "", "abcdefabc", &["def"]),
            ("[]a", "", "]a", &[]),
            ("[^]", "", "\n", &["\n"]),
            ("[a\\]b]+", "", "a]b", &["a]b"]),
            ("[\\d-x]+", "", "1-x", &["1-x"]),
            ("é", "i", "É", &["É"]),
            ("ABC", "i", "xabc", &["abc"]),
            ("[A-C]+", "i", "xabc", &["abc"]),
            ("^b", "", "a\nb", &[]),
            ("^b$", "m", "a\nb\nc", &["b"]),
            ("\\bfoo\\b", "", "foo food foo", &["foo", "foo"]),
            ("(\\w)\\1", "", "abbccd", &["bb,b", "cc,c"]),
            ("(?<x>a)\\k<x>", "", "aa", &["aa,a"]),
            ("a(?=b)", "", "abac", &["a"]),
            ("a(?!b)", "", "abac", &["a"]),
            ("(?=(a+))a*b\\1", "", "baaabac", &["aba,a"]),
            (".", "", "a\n😀", &["a", "😀"]),
            ("\\u0041\\x42\\/", "", "AB/", &["AB/"]),
            ("(a*)*", "", "b", &[",-", ",-"]),
            ("\\s+", "", "a \u{a0}\t b", &[" \u{a0}\t "]),
            ("a??b", "", "ab", &["ab"]),
            ("{", "", "{", &["{"]),
            ("\\p", "", "p", &["p"]),
        ] {
            assert_eq!(all(pattern, flags, text), expected, "/{pattern}/{flags} in {text:?}");
        }
    }

    #[test]
    fn what_is_too_large_is_refused_without_being_made() {
        for pattern in ["(a{90}){200}", "a{10000}", "(?:(?:a{100}){100}){100}", "(){1000000}", "(?:a|){9999}"] {
            assert!(Regex::parse(pattern, "").is_err(), "{pattern}");
        }
        for pattern in ["(?:(?:){1000000}){1000000}", "(a{90}){99}", "a{9999}"] {
            let regex = Regex::parse(pattern, "").unwrap();
            let budget = Budget::new(Allowance::default());
            regex.find("b", 0, &budget).unwrap();
            let made = regex.program.get().unwrap();
            assert!(regex.length >= made.ops.len(), "{pattern}");
        }
    }

    #[test]
    fn what_is_not_supported_is_refused() {
        for pattern in ["(?<=a)b", "(?<!a)b", "(", ")", "a**", "[z-a]", "x{2,1}", "*", "(?z)", "[a", "\\"] {
            assert!(Regex::parse(pattern, "").is_err(), "{pattern}");
        }
        let nested = format!("{}a{}", "(".repeat(100_000), ")".repeat(100_000));
        assert!(Regex::parse(&nested, "").is_err());
        assert!(Regex::parse("((a{1000}){1000}){1000}", "").is_err());
    }

    #[test]
    fn a_pattern_that_takes_forever_ends_with_its_budget() {
        let regex = Regex::parse("(a+)+$", "").unwrap();
        let budget = Budget::new(Allowance { steps: 100_000, ..Allowance::default() });
        let outcome = regex.find(&format!("{}b", "a".repeat(40)), 0, &budget);
        assert!(matches!(outcome, Err(Failure::Exhausted(_))));
    }

    #[test]
    fn ways_that_wait_are_charged() {
        let regex = Regex::parse("(?:a|b)*c", "").unwrap();
        let budget = Budget::new(Allowance { bytes: 10_000, ..Allowance::default() });
        assert!(matches!(regex.find(&"a".repeat(10_000), 0, &budget), Err(Failure::Exhausted(_))));
    }
}
