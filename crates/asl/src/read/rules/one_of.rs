//! Fields that say the same thing exclude each other; of some groups one must be there.
//!
//! Why: with two it is not said which counts.
//!
//! Refused: `"Seconds": 1, "SecondsPath": "$.s"`. Mended: `"Seconds": 1`.

use crate::diagnostic::Code;
use crate::read::log::Log;
use crate::read::place::SourcePlace;
use crate::value::Object;

/// Refuses more than one of these fields in an object that stands at `place`.
pub(crate) fn at_most(names: &[&str], object: &Object, place: &SourcePlace<'_>, log: &Log) {
    if present(names, object) > 1 {
        let message = format!("There should only be one of the following fields: [{}]", names.join(", "));
        log.error(place, Code::SchemaValidationFailed, message, "Keep one of the fields listed.");
    }
}

/// Refuses none and more than one of these fields.
pub(crate) fn exactly(names: &[&str], object: &Object, place: &SourcePlace<'_>, log: &Log) {
    if present(names, object) == 0 {
        none(names, place, log);
    }
    at_most(names, object, place, log);
}

/// Refuses the lack of all these fields.
pub(crate) fn none(names: &[&str], place: &SourcePlace<'_>, log: &Log) {
    let message = format!("There should be one of the following fields: [{}]", names.join(", "));
    log.error(place, Code::SchemaValidationFailed, message, "Add one of the fields listed.");
}

fn present(names: &[&str], object: &Object) -> usize {
    names.iter().filter(|name| object.contains(name)).count()
}

#[cfg(test)]
mod tests {
    use crate::read::rules::testing::{accepted, machine, refused};

    #[test]
    fn fields_exclude_each_other() {
        let cases = [
            (r#"{"Type": "Pass"}"#, "There should be one of the following fields: [Next, End]"),
            (
                r#"{"Type": "Pass", "Next": "X", "End": true}"#,
                "There should only be one of the following fields: [Next, End]",
            ),
            (
                r#"{"Type": "Wait", "End": true}"#,
                "There should be one of the following fields: [Seconds, SecondsPath, Timestamp, TimestampPath]",
            ),
            (
                r#"{"Type": "Wait", "Seconds": 1, "TimestampPath": "$.t", "End": true}"#,
                "There should only be one of the following fields: [Seconds, SecondsPath, Timestamp, TimestampPath]",
            ),
            (
                r#"{"Type": "Fail", "Error": "E", "ErrorPath": "$.e"}"#,
                "There should only be one of the following fields: [Error, ErrorPath]",
            ),
            (
                r#"{"Type": "Fail", "Cause": "C", "CausePath": "$.c"}"#,
                "There should only be one of the following fields: [Cause, CausePath]",
            ),
            (
                r#"{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true, "TimeoutSeconds": 1, "TimeoutSecondsPath": "$.t"}"#,
                "There should only be one of the following fields: [TimeoutSeconds, TimeoutSecondsPath]",
            ),
        ];
        for (state, text) in cases {
            refused(&machine(state), &[&format!("SCHEMA_VALIDATION_FAILED: {text} at /States/X")]);
        }
        for state in [
            r#"{"Type": "Wait", "Seconds": 1, "End": true}"#,
            r#"{"Type": "Fail", "Error": "E", "CausePath": "$.c"}"#,
            r#"{"Type": "Fail"}"#,
        ] {
            accepted(&machine(state));
        }
    }

    #[test]
    fn an_end_that_is_false_is_no_end() {
        let two = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B", "End": false}, "B": {"Type": "Succeed"}}}"#;
        accepted(two);
        refused(
            &machine(r#"{"Type": "Pass", "End": false}"#),
            &["SCHEMA_VALIDATION_FAILED: There should be one of the following fields: [Next, End] at /States/X"],
        );
    }
}
