//! `States.ALL` stands alone, in the last retrier or catcher.
//!
//! Why: it takes every error, so whatever stands beside or behind it is never asked.
//!
//! Refused: `[{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["E"]}]`. Mended: the other way round.

use crate::ErrorName;
use crate::diagnostic::Code;
use crate::read::fields::Fields;
use crate::value::Text;

/// Checks the names of one retrier or catcher; `fields` are its.
pub(crate) fn check(names: &[Text], is_last: bool, fields: &Fields<'_>) {
    if !names.iter().any(|name| **name == *ErrorName::ALL) {
        return;
    }
    let message = if names.len() > 1 {
        "States.ALL must appear alone in ErrorEquals"
    } else if !is_last {
        "States.ALL must appear in the last entry"
    } else {
        return;
    };
    let help = "Give States.ALL an entry of its own, behind all others.";
    fields.log.error(&fields.place_of("ErrorEquals"), Code::SchemaValidationFailed, message, help);
}

#[cfg(test)]
mod tests {
    use crate::read::rules::testing::{accepted, machine, refused};

    #[test]
    fn the_name_for_all_is_alone_and_last() {
        let task = |retry: &str| {
            machine(&format!(
                r#"{{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true, "Retry": {retry}}}"#
            ))
        };
        refused(
            &task(r#"[{"ErrorEquals": ["States.ALL", "E"]}]"#),
            &[
                "SCHEMA_VALIDATION_FAILED: States.ALL must appear alone in ErrorEquals at /States/X/Retry[0]/ErrorEquals",
            ],
        );
        refused(
            &task(r#"[{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["E"]}]"#),
            &["SCHEMA_VALIDATION_FAILED: States.ALL must appear in the last entry at /States/X/Retry[0]/ErrorEquals"],
        );
        accepted(&task(r#"[{"ErrorEquals": ["E", "F"]}, {"ErrorEquals": ["States.ALL"]}]"#));
    }
}
