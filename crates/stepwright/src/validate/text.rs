//! Prints findings for people: with the source, the place marked, and what to do.

use std::fmt::Write;

use asl::diagnostic::Severity;

use super::finding::Checked;
use crate::excerpt::{Colour, harmless, render};

/// Every finding as several lines, and one line per file.
pub(super) fn print(checked: &[Checked], colour: Colour) -> String {
    let mut text = String::new();
    for one in checked {
        let name = harmless(&one.name);
        for finding in &one.findings {
            text.push_str(&render(finding, &one.name, &one.source, colour));
            if let Some(pointer) = &finding.pointer {
                let pointer = if pointer.is_empty() { "\"\"" } else { pointer };
                let _ = writeln!(text, "  {} {}", colour.paint("1;34", "pointer:"), harmless(pointer));
            }
            text.push('\n');
        }
        let _ = writeln!(text, "{name}: {}", verdict(one, colour));
    }
    text
}

fn verdict(checked: &Checked, colour: Colour) -> String {
    let counted = |count: usize, noun: &str| match count {
        0 => None,
        1 => Some(format!("1 {noun}")),
        _ => Some(format!("{count} {noun}s")),
    };
    let errors = counted(checked.count(Severity::Error), "error");
    let warnings = counted(checked.count(Severity::Warning), "warning");
    let found: Vec<_> = [errors, warnings].into_iter().flatten().collect();
    match (checked.is_valid(), found.is_empty()) {
        (true, true) => colour.paint("1;32", "valid"),
        (true, false) => format!("{}, {}", colour.paint("1;32", "valid"), found.join(", ")),
        (false, _) => colour.paint("1;31", &found.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::{checked, sample};
    use super::*;

    #[test]
    fn a_finding_shows_its_source_its_place_and_its_remedy() {
        let text = print(&[sample()], Colour::None);
        let (_, error) = text.split_once("error[MISSING_TRANSITION_TARGET]").unwrap();
        let error = error.split("\n\n").next().unwrap();
        let expected = "\n  --> dir/a b.asl.json:5:49 at /States/Añ/Choices[0]/Next\n   |\n 5 |  {\"Variable\": \"$.a\", \"IsPresent\": true, \"Next\": \"No\"}], \"Default\": \"P\"},\n   |                                                 ^^^^\n  help: ";
        assert!(error.contains(expected), "{error}");
        assert!(error.ends_with("\n  pointer: /States/Añ/Choices/0/Next"), "{error}");
        assert!(text.ends_with("dir/a b.asl.json: 1 error, 1 warning\n"), "{text}");
    }

    #[test]
    fn colour_is_only_added() {
        let plain = print(&[sample()], Colour::None);
        let coloured = print(&[sample()], Colour::Ansi);
        assert!(!plain.contains('\x1b'));
        let mut stripped = String::new();
        for (index, piece) in coloured.split("\x1b[").enumerate() {
            stripped.push_str(if index == 0 { piece } else { piece.split_once('m').unwrap().1 });
        }
        assert_eq!(stripped, plain);
    }

    #[test]
    fn nothing_in_a_definition_reaches_the_terminal_as_control() {
        let source = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "\u001b[2J\nfake: valid"}}}"#;
        let text = print(&[checked("m.json", source, Severity::Warning)], Colour::None);
        assert!(!text.contains('\x1b') && !text.contains("\nfake"), "{text}");
    }

    #[test]
    fn a_text_that_is_no_json_is_shown_once() {
        let text = print(&[checked("m.json", "not a definition", Severity::Warning)], Colour::None);
        assert_eq!(text.matches("not a definition").count(), 1, "{text}");
        assert!(text.contains("--> m.json:1:4\n"), "{text}");
    }
}
