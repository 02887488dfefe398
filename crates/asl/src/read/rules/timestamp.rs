//! A timestamp is RFC 3339, with `T` and `Z` or an offset.
//!
//! Why: without an offset it is not said which instant is meant.
//!
//! Refused: `"Timestamp": "2026-03-14 01:59"`. Mended: `"Timestamp": "2026-03-14T01:59:00Z"`.

use crate::diagnostic::Code;
use crate::read::fields::Fields;
use crate::value::Text;

/// The field's text; one that is no timestamp is refused here, and again by whoever comes to it.
pub(crate) fn read(name: &str, fields: &Fields<'_>) -> Option<Text> {
    let text = fields.text(name)?;
    if crate::timestamp::parse(text).is_none() {
        let help = "Write the instant as in 2026-03-14T01:59:00Z.";
        let message = "String does not match RFC3339 timestamp";
        fields.log.error(&fields.place.member(name), Code::SchemaValidationFailed, message, help);
    }
    Some(text.clone())
}

#[cfg(test)]
mod tests {
    use crate::read::rules::testing::{accepted, machine, refused};

    #[test]
    fn timestamps_are_instants() {
        let wait =
            |timestamp: &str| machine(&format!(r#"{{"Type": "Wait", "Timestamp": "{timestamp}", "End": true}}"#));
        let text = "SCHEMA_VALIDATION_FAILED: String does not match RFC3339 timestamp at /States/X/Timestamp";
        for timestamp in ["2026-03-14", "2026-03-14T01:59:00", "05-12-2016T21:29:29Z"] {
            refused(&wait(timestamp), &[text]);
        }
        accepted(&wait("2026-03-14T01:59:00Z"));
        accepted(&wait("2026-03-14T01:59:00.123+02:00"));
    }
}
