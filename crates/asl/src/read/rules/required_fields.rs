//! Some fields must be there.
//!
//! Why: nothing can be run without them.
//!
//! Refused: `{}`. Mended: `{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}`.

use crate::diagnostic::Code;
use crate::read::fields::Fields;

/// Refuses the lack of any. One text names all that are missing, in the order given here.
pub(crate) fn check(names: &[&str], fields: &Fields<'_>) {
    let missing: Vec<&str> = names.iter().copied().filter(|name| !fields.has(name)).collect();
    if !missing.is_empty() {
        let message = format!("These fields are required: [{}]", missing.join(", "));
        fields.log.error(fields.place, Code::SchemaValidationFailed, message, "Add the fields listed.");
    }
}

#[cfg(test)]
mod tests {
    use crate::read::rules::testing::{machine, refused};

    #[test]
    fn missing_fields_are_named_together() {
        let state = |text: &str| machine(text);
        let cases = [
            ("{}".to_owned(), "[States, StartAt] at /"),
            (r#"{"StartAt": "A"}"#.to_owned(), "[States] at /"),
            (r#"{"States": {"A": {"Type": "Succeed"}}}"#.to_owned(), "[StartAt] at /"),
            (state("{}"), "[Type] at /States/X"),
            (state(r#"{"Type": "Task", "End": true}"#), "[Resource] at /States/X"),
            (state(r#"{"Type": "Choice"}"#), "[Choices] at /States/X"),
            (state(r#"{"Type": "Parallel", "End": true}"#), "[Branches] at /States/X"),
            (state(r#"{"Type": "Map", "End": true}"#), "[ItemProcessor] at /States/X"),
            (
                state(r#"{"Type": "Parallel", "End": true, "Branches": [{}]}"#),
                "[States, StartAt] at /States/X/Branches[0]",
            ),
            (
                state(
                    r#"{"Type": "Parallel", "End": true, "Branches": [{"StartAt": "Y", "States": {"Y": {"Type": "Succeed"}}}], "Catch": [{}]}"#,
                ),
                "[ErrorEquals, Next] at /States/X/Catch[0]",
            ),
        ];
        for (definition, text) in cases {
            refused(&definition, &[&format!("SCHEMA_VALIDATION_FAILED: These fields are required: {text}")]);
        }
    }
}
