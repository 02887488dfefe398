//! A field has the JSON type it should have.
//!
//! Why: `"30"` is not thirty seconds.
//!
//! Refused: `"Seconds": "30"`. Mended: `"Seconds": 30`.

use crate::diagnostic::Code;
use crate::read::log::Log;
use crate::read::place::SourcePlace;

/// Refuses a value of another type.
pub(crate) fn expected<T>(type_name: &str, place: &SourcePlace<'_>, log: &Log) -> Option<T> {
    let message = format!("Expected value of type {type_name}");
    log.error(place, Code::SchemaValidationFailed, message, "Write a value of the type named.");
    log.unreadable();
    None
}

#[cfg(test)]
mod tests {
    use crate::read::rules::testing::{machine, refused};

    #[test]
    fn values_of_other_types_are_refused() {
        let cases = [
            (r#"{"Type": 1, "End": true}"#, "String", "/Type"),
            (r#"{"Type": "Pass", "End": "true"}"#, "Boolean", "/End"),
            (r#"{"Type": "Parallel", "Branches": {}, "End": true}"#, "Array", "/Branches"),
            (r#"{"Type": "Parallel", "Branches": [1], "End": true}"#, "Object", "/Branches[0]"),
            (r#"{"Type": "Pass", "Assign": [], "End": true}"#, "Object", "/Assign"),
            (r#"{"Type": "Wait", "Seconds": true, "End": true}"#, "Integer", "/Seconds"),
            (r#"{"Type": "Pass", "InputPath": 1, "End": true}"#, "String", "/InputPath"),
            ("7", "Object", ""),
        ];
        for (state, type_name, place) in cases {
            let text = format!("SCHEMA_VALIDATION_FAILED: Expected value of type {type_name} at /States/X{place}");
            refused(&machine(state), &[&text]);
        }
        refused(
            r#"{"StartAt": "A", "States": []}"#,
            &["SCHEMA_VALIDATION_FAILED: Expected value of type Object at /States"],
        );
    }
}
