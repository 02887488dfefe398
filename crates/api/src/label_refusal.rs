//! How CreateStateMachine and UpdateStateMachine refuse the `Label` of a Map state: in other words than the rest of a
//! definition, as recorded. ValidateStateMachineDefinition shows the diagnostic `INVALID_LABEL_NAME` instead.

use asl::Value;
use asl::diagnostic::{Code, Diagnostic, Severity};
use asl::read::LabelMistake;
use runtime::calls::CallError;

use crate::error::ApiError;

/// The refusal of a definition. Where a label is all that is wrong, it has the words for labels; else every error is
/// listed, so that none is hidden behind the label.
pub(crate) fn refusal(error: CallError, definition: &str) -> ApiError {
    let message = match &error {
        CallError::InvalidDefinition(diagnostics) => message(diagnostics, definition),
        _ => None,
    };
    match message {
        Some(message) => ApiError::new("InvalidDefinition", message),
        None => error.into(),
    }
}

fn message(diagnostics: &[Diagnostic], definition: &str) -> Option<String> {
    let mut errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    let only = errors.next().filter(|first| first.code == Code::InvalidLabelName)?;
    if errors.next().is_some() {
        return None;
    }
    let words = match LabelMistake::of(&label(only, definition)?)? {
        LabelMistake::Empty => return None,
        LabelMistake::TooLong => format!("Label cannot exceed {} characters", LabelMistake::LENGTH_MAX),
        LabelMistake::Character(c) => format!("Label contains invalid character: {}", quoted(&c.to_string())),
    };
    Some(format!("Error=ValueError Args=[{}] in definition '{definition}'.", quoted(&words)))
}

/// The label as the definition has it, unescaped.
fn label(diagnostic: &Diagnostic, definition: &str) -> Option<String> {
    let source = definition.get(diagnostic.span.clone()?)?;
    match asl::json::parse(source.as_bytes()) {
        Ok(Value::String(label)) => Some(label.to_string()),
        _ => None,
    }
}

/// A text in quotes: double ones where it has single ones only, else single ones, with those in it escaped. What does
/// not print is written as a code, so that a text in quotes can be quoted once more.
fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut shown = String::with_capacity(text.len() + 2);
    shown.push(quote);
    for c in text.chars() {
        match c {
            '\\' => shown.push_str("\\\\"),
            '\t' => shown.push_str("\\t"),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            c if c == quote => shown.extend(['\\', c]),
            c if prints(c) => shown.push(c),
            c => shown.push_str(&code(c)),
        }
    }
    shown.push(quote);
    shown
}

/// Of what a label may not have, these do not print: control characters, space of every kind but the plain one, and
/// what is no character.
fn prints(c: char) -> bool {
    c == ' ' || !(c.is_control() || c.is_whitespace() || u32::from(c) & 0xFFFE == 0xFFFE)
}

fn code(c: char) -> String {
    match u32::from(c) {
        code @ ..=0xFF => format!("\\x{code:02x}"),
        code @ ..=0xFFFF => format!("\\u{code:04x}"),
        code => format!("\\U{code:08x}"),
    }
}

#[cfg(test)]
mod tests {
    use asl::read::{MachineType, read};

    use super::*;

    #[test]
    fn quotes_surround_a_text() {
        let cases = [
            ("plain", "'plain'"),
            ("", "''"),
            ("it's", r#""it's""#),
            (r#"say "so""#, r#"'say "so"'"#),
            (r#"it's "so""#, r#"'it\'s "so"'"#),
            (r"a\b", r"'a\\b'"),
            ("\t\n\r", r"'\t\n\r'"),
            ("\0\u{7f}\u{9f}", r"'\x00\x7f\x9f'"),
            ("\u{2028}\u{FFFE}\u{10FFFF}", r"'\u2028\ufffe\U0010ffff'"),
            ("é 漢", "'é 漢'"),
        ];
        for (text, shown) in cases {
            assert_eq!(quoted(text), shown, "{text:?}");
        }
    }

    fn map(label: &str, more: &str) -> String {
        format!(
            r#"{{"StartAt": "M", "States": {{"M": {{"Type": "Map", "Label": {}, {more} "End": true, "ItemProcessor": {{"ProcessorConfig":
            {{"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}, "StartAt": "S", "States": {{"S": {{"Type": "Succeed"}}}}}}}}}}}}"#,
            Value::from(label)
        )
    }

    fn said(definition: &str) -> String {
        let diagnostics = read(definition, MachineType::Standard).diagnostics;
        refusal(CallError::InvalidDefinition(diagnostics), definition).message
    }

    #[test]
    fn a_refused_label_is_named_with_the_definition() {
        let long = "a".repeat(41);
        let cases = [
            ("a b", r#"["Label contains invalid character: ' '"]"#),
            ("a:b/", r#"["Label contains invalid character: ':'"]"#),
            ("\"", r#"['Label contains invalid character: \'"\'']"#),
            ("\\", r#"["Label contains invalid character: '\\\\'"]"#),
            ("\u{1}", r#"["Label contains invalid character: '\\x01'"]"#),
            (&long, "['Label cannot exceed 40 characters']"),
        ];
        for (label, words) in cases {
            let definition = map(label, "");
            assert_eq!(said(&definition), format!("Error=ValueError Args={words} in definition '{definition}'."));
        }
    }

    #[test]
    fn other_errors_are_listed_as_ever() {
        let place = "at /States/M/Label";
        let both = map("a b", r#""Labell": 1,"#);
        assert_eq!(
            said(&both),
            format!(
                "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: Field 'Labell' is not supported at \
                 /States/M, INVALID_LABEL_NAME: Invalid label name: a b {place}'"
            )
        );
        assert_eq!(
            said(&map("", "")),
            format!("Invalid State Machine Definition: 'INVALID_LABEL_NAME: Invalid label name:  {place}'")
        );
    }
}
