//! Shows a diagnostic with the line of the source it is about and a caret under the place.

use std::borrow::Cow;
use std::fmt::Write;
use std::ops::Range;

use asl::diagnostic::Severity;

use crate::check::Finding;

/// Characters of a source line that are shown; a definition on one long line is cut around the place.
const WIDTH: usize = 100;

/// Whether to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colour {
    /// With ANSI escapes: on a terminal.
    Ansi,
    /// Plain text.
    None,
}

impl Colour {
    /// ANSI for a terminal, unless `NO_COLOR` is set.
    pub(crate) fn for_terminal(is_terminal: bool) -> Self {
        if is_terminal && std::env::var_os("NO_COLOR").is_none() { Self::Ansi } else { Self::None }
    }

    /// The text in the colour with that ANSI code.
    pub(crate) fn paint(self, code: &str, text: &str) -> String {
        match self {
            Self::Ansi => format!("\x1b[{code}m{text}\x1b[0m"),
            Self::None => text.to_owned(),
        }
    }
}

/// A place in a source text: line and column count from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ExcerptPlace {
    /// The line.
    pub(crate) line: usize,
    /// The column.
    pub(crate) column: usize,
}

/// Where a byte offset lies. An offset past the end or within a character means the nearest one before.
pub(crate) fn place(source: &str, offset: usize) -> ExcerptPlace {
    let before = &source[..floor(source, offset)];
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    ExcerptPlace { line: before.matches('\n').count() + 1, column: before[start..].chars().count() + 1 }
}

/// A finding as several lines of text.
pub(crate) fn render(finding: &Finding, file: &str, source: &str, colour: Colour) -> String {
    let (label, code) = match finding.severity {
        Severity::Error => ("error", "1;31"),
        Severity::Warning => ("warning", "1;33"),
    };
    let mut text = colour.paint(code, &format!("{label}[{}]", finding.code.as_str()));
    let _ = writeln!(text, ": {}", harmless(&finding.message));
    let place = finding.span.as_ref().map(|span| place(source, span.start));
    text.push_str(&heading(finding, file, place, colour));
    if let (Some(span), Some(place)) = (&finding.span, place) {
        text.push_str(&excerpt(source, span, place, colour, code));
    }
    if let Some(help) = &finding.help {
        let _ = writeln!(text, "  {} {}", colour.paint("1;36", "help:"), harmless(help));
    }
    text
}

/// A text that a terminal only shows: names out of a definition may hold anything.
pub(crate) fn harmless(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if c.is_control() { escaped.extend(c.escape_default()) } else { escaped.push(c) }
    }
    Cow::Owned(escaped)
}

fn heading(finding: &Finding, file: &str, place: Option<ExcerptPlace>, colour: Colour) -> String {
    let mut text = format!("  {} {}", colour.paint("1;34", "-->"), harmless(file));
    if let Some(ExcerptPlace { line, column }) = place {
        let _ = write!(text, ":{line}:{column}");
    }
    if let Some(location) = finding.path_location() {
        let _ = write!(text, " at {}", harmless(location));
    }
    text.push('\n');
    text
}

fn excerpt(source: &str, span: &Range<usize>, place: ExcerptPlace, colour: Colour, code: &str) -> String {
    let start = floor(source, span.start);
    let line_start = source[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let line_end = source[start..].find('\n').map_or(source.len(), |newline| start + newline);
    let end = floor(source, span.end).clamp(start, line_end);

    let line: Vec<char> = source[line_start..line_end].chars().map(visible).collect();
    let marked = source[start..end].chars().count().max(1);
    let from = place.column - 1;
    let cut = if line.len() <= WIDTH { 0 } else { from.saturating_sub(WIDTH / 3) };
    let shown: String = line.iter().skip(cut).take(WIDTH).collect();
    let carets = marked.min(WIDTH.saturating_sub(from - cut)).max(1);
    let (left, right) = (if cut > 0 { "..." } else { "" }, if line.len() > cut + WIDTH { "..." } else { "" });

    let number = place.line.to_string();
    let margin = " ".repeat(number.len());
    let bar = colour.paint("1;34", "|");
    let indent = " ".repeat(left.len() + from - cut);
    let carets = colour.paint(code, &"^".repeat(carets));
    format!(
        "{margin}  {bar}\n {number} {bar} {left}{shown}{right}\n{margin}  {bar} {indent}{carets}\n",
        number = colour.paint("1;34", &number)
    )
}

/// One column for every character: tabs and control characters would move the caret, or the terminal's cursor.
fn visible(c: char) -> char {
    if c.is_control() { ' ' } else { c }
}

/// The greatest character boundary not after `offset`.
fn floor(source: &str, offset: usize) -> usize {
    let mut offset = offset.min(source.len());
    while !source.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use asl::diagnostic::Code;

    use super::*;
    use crate::check::FindingCode;

    fn diagnostic(span: Option<Range<usize>>) -> Finding {
        Finding {
            severity: Severity::Error,
            code: FindingCode::Aws(Code::MissingTransitionTarget),
            message: "no such state".into(),
            location: Some("/States/A/Next".into()),
            pointer: None,
            region: None,
            span,
            help: Some("name a state".into()),
        }
    }

    #[test]
    fn the_caret_stands_under_the_place() {
        let source = "{\n\t\"Next\": \"B\"\n}";
        let at = source.find("\"B\"").unwrap();
        let text = render(&diagnostic(Some(at..at + 3)), "m.json", source, Colour::None);
        let expected = "error[MISSING_TRANSITION_TARGET]: no such state\n  --> m.json:2:10 at /States/A/Next\n   |\n 2 |  \"Next\": \"B\"\n   |          ^^^\n  help: name a state\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn without_a_place_only_the_location_is_shown() {
        let text = render(&diagnostic(None), "m.json", "{}", Colour::None);
        assert!(text.contains("--> m.json at /States/A/Next\n"), "{text}");
        assert!(!text.contains('^'), "{text}");
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let source = format!("{}HERE{}", "a".repeat(500), "b".repeat(500));
        let text = render(&diagnostic(Some(500..504)), "m.json", &source, Colour::None);
        let lines: Vec<_> = text.lines().collect();
        let (shown, carets) = (lines[3], lines[4]);
        assert!(shown.len() < 120, "{shown}");
        assert_eq!(shown.find("HERE"), carets.find("^^^^"), "{text}");
    }

    #[test]
    fn a_line_that_fits_is_shown_whole() {
        let source = format!("{}HERE", "a".repeat(90));
        let text = render(&diagnostic(Some(90..94)), "m.json", &source, Colour::None);
        assert!(text.contains(&format!(" 1 | {source}\n")), "{text}");
    }

    #[test]
    fn any_span_over_any_text_is_shown_without_panic() {
        for source in ["", "\n", "é\n日本", "{\r\n}"] {
            for start in 0..source.len() + 3 {
                for end in 0..source.len() + 3 {
                    render(&diagnostic(Some(start..end)), "m.json", source, Colour::Ansi);
                }
            }
        }
    }
}
