//! A definition is a JSON object.
//!
//! Why: everything else is said in it.
//!
//! Refused: `not a definition`. Mended: `{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}`.

use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::json::JsonError;

/// How much of the text AWS's reader shows with an error.
const SHOWN_MAX: usize = 500;

/// A text that is not JSON.
pub(crate) fn not_json(text: &str, error: &JsonError) -> Diagnostic {
    if text.trim().is_empty() {
        return not_an_object(text);
    }
    let offset = (0..=error.offset.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let end = (offset + 1..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(offset);
    Diagnostic {
        severity: Severity::Error,
        code: Code::InvalidJsonDescription,
        message: error.message.clone(),
        location: Some(location(text, error)),
        pointer: None,
        span: Some(offset..end),
        help: Some("Mend the JSON at the line and column given.".to_owned()),
    }
}

/// A text that is JSON, but no object. AWS gives no place.
pub(crate) fn not_an_object(text: &str) -> Diagnostic {
    Diagnostic {
        severity: Severity::Error,
        code: Code::SchemaValidationFailed,
        message: "Definition must be a valid JSON object".to_owned(),
        location: None,
        pointer: Some(String::new()),
        span: Some(0..text.len()),
        help: Some("Write an object with at least StartAt and States.".to_owned()),
    }
}

/// The place as Jackson, AWS's reader, writes it.
fn location(text: &str, error: &JsonError) -> String {
    let (line, column) = error.position(text.as_bytes());
    let shown = text.char_indices().nth(SHOWN_MAX).map_or(text, |(end, _)| &text[..end]);
    let truncated = match text[shown.len()..].chars().count() {
        0 => String::new(),
        more => format!("[truncated {more} chars]"),
    };
    format!("[Source: (String)\"{shown}\"{truncated}; line: {line}, column: {column}]")
}

#[cfg(test)]
mod tests {
    use crate::read::rules::testing::{accepted, refused};
    use crate::read::{MachineType, read};

    #[test]
    fn definitions_are_json() {
        refused(
            "not a definition",
            &[
                "INVALID_JSON_DESCRIPTION: Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or \
               token 'null', 'true' or 'false') at [Source: (String)\"not a definition\"; line: 1, column: 4]",
            ],
        );
        accepted(r#"{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}"#);
    }

    #[test]
    fn definitions_are_objects() {
        for text in ["", " ", r#""""#, "[]", "7", "null"] {
            refused(text, &["SCHEMA_VALIDATION_FAILED: Definition must be a valid JSON object at null"]);
        }
    }

    #[test]
    fn long_texts_are_not_shown_whole() {
        let reading = read(&format!("{}!", " é".repeat(300)), MachineType::Standard);
        let location = reading.diagnostics[0].location.as_deref().unwrap();
        assert!(location.ends_with("\"[truncated 101 chars]; line: 1, column: 3]"), "{location}");
    }
}
