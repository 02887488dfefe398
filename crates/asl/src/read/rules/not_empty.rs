//! Lists that decide what happens have items.
//!
//! Why: no branches, no rules or no error names would do nothing.
//!
//! Refused: `"Branches": []`. Mended: `"Branches": [{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}]`.

use crate::diagnostic::Code;
use crate::read::log::Log;
use crate::read::place::SourcePlace;
use crate::value::Value;

/// Refuses a list without items.
pub(crate) fn check(items: &[Value], place: &SourcePlace<'_>, log: &Log) {
    if items.is_empty() {
        log.error(place, Code::SchemaValidationFailed, "Value cannot be empty", "Add at least one item.");
    }
}

#[cfg(test)]
mod tests {
    use crate::read::rules::testing::{accepted, machine, refused};

    #[test]
    fn lists_have_items() {
        let cases = [
            (r#"{"Type": "Parallel", "Branches": [], "End": true}"#, "Branches"),
            (r#"{"Type": "Choice", "Choices": [], "Default": "X"}"#, "Choices"),
            (
                r#"{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Retry": [{"ErrorEquals": []}], "End": true}"#,
                "Retry[0]/ErrorEquals",
            ),
        ];
        for (state, place) in cases {
            let text = format!("SCHEMA_VALIDATION_FAILED: Value cannot be empty at /States/X/{place}");
            refused(&machine(state), &[&text]);
        }
        accepted(&machine(
            r#"{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Retry": [], "Catch": [], "End": true}"#,
        ));
    }
}
