//! `StringMatches`: `*` stands for any text, `\*` for a star, `\\` for a backslash.

use std::borrow::Cow;

/// Whether the whole text matches. Each part between stars is looked for once from the left, which is enough:
/// a part that is found earlier leaves more to the parts behind it.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (first, rest) = next_part(pattern);
    let Some(mut text) = text.strip_prefix(&*first) else { return false };
    let Some(mut pattern) = rest else { return text.is_empty() };
    loop {
        let (part, rest) = next_part(pattern);
        let Some(rest) = rest else { return text.ends_with(&*part) };
        let Some(at) = text.find(&*part) else { return false };
        text = &text[at + part.len()..];
        pattern = rest;
    }
}

/// The pattern up to its first star, unescaped, and what stands behind the star.
fn next_part(pattern: &str) -> (Cow<'_, str>, Option<&str>) {
    let mut part = Cow::Borrowed("");
    let mut characters = pattern.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '*' => {
                let plain = if part.is_empty() { Cow::Borrowed(&pattern[..at]) } else { part };
                return (plain, Some(&pattern[at + 1..]));
            }
            '\\' if pattern[at + 1..].starts_with(['*', '\\']) => {
                if part.is_empty() {
                    part = Cow::Owned(pattern[..at].to_owned());
                }
                part.to_mut().extend(characters.next().map(|(_, escaped)| escaped));
            }
            other if !part.is_empty() => part.to_mut().push(other),
            _ => {}
        }
    }
    (if part.is_empty() { Cow::Borrowed(pattern) } else { part }, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_text() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "anything", true),
            ("foo*.log", "foo.log", true),
            ("foo*.log", "foo-bar.log", true),
            ("foo*.log", "foo.log.gz", false),
            ("foo*.*", "foobar.zebra", true),
            ("log-*.txt", "log-.txt", true),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("*ab*ab", "abab", true),
            ("*ab*ab", "ab", false),
            ("a**b", "ab", true),
            ("*é*", "caféx", true),
            ("plain", "plain", true),
            ("plain", "plainer", false),
            (r"\*", "*", true),
            (r"\*", "x", false),
            (r"a\*b*", "a*bcd", true),
            (r"a\*b*", "axbcd", false),
            (r"\\*", r"\anything", true),
            (r"\\*", "anything", false),
            (r"\\\*", r"\*", true),
            (r"\\\*", r"\x", false),
            (r"\n*", r"\nx", true),
            (r"*\", r"a\", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn many_stars_take_no_longer_than_the_text_is_long() {
        let (pattern, text) = ("a*".repeat(10_000) + "b", "a".repeat(100_000));
        assert!(!matches(&pattern, &text));
    }
}
