//! An object has only fields it may have, in the language it is written in.
//!
//! Why: a field that is not known does nothing, and nobody would notice.
//!
//! Refused: `"TimeoutSeconds": 5` on a Wait state; `"Parameters"` on a JSONata state. Mended: without them;
//! `"Arguments"`.

use crate::diagnostic::Code;
use crate::near::nearest;
use crate::program::QueryLanguage;
use crate::read::fields::Fields;
use crate::read::supported::{OPERATORS, Support, Table};

/// Refuses every field that is in none of the tables or belongs to the other language.
pub(crate) fn check(tables: &[&Table], fields: &Fields<'_>) {
    for (name, _) in fields.object.iter() {
        match tables.iter().flat_map(|table| table.iter()).find(|(known, _)| **known == **name) {
            None => unknown(name, tables, fields),
            Some((_, support)) => check_language(name, *support, fields),
        }
    }
}

fn unknown(name: &str, tables: &[&Table], fields: &Fields<'_>) {
    let message = format!("Field '{name}' is not supported");
    fields.log.error_at_member(fields.place, name, Code::SchemaValidationFailed, message, &help(name, tables, fields));
}

/// What may stand here: the field that was probably meant, or all of them.
fn help(name: &str, tables: &[&Table], fields: &Fields<'_>) -> String {
    let known = || tables.iter().flat_map(|table| table.iter());
    let usable = known().filter(|(_, support)| support.refuses(fields.language).is_none()).map(|(name, _)| *name);
    if let Some(meant) = fields.log.suggests().then(|| nearest(name, usable.clone())).flatten() {
        return format!("Did you mean {meant}?");
    }
    // Dozens of operators would say nothing.
    let listed: Vec<&str> = usable.filter(|name| !OPERATORS.iter().any(|(operator, _)| operator == name)).collect();
    format!("Remove the field. Known here: {}.", listed.join(", "))
}

fn check_language(name: &str, support: Support, fields: &Fields<'_>) {
    let Some(only) = support.refuses(fields.language) else { return };
    let message = format!(
        "The QueryLanguage is set to '{}', but field '{name}' is only supported for the '{}' QueryLanguage",
        spelt(fields.language),
        spelt(only)
    );
    let help = match only {
        QueryLanguage::Jsonata => {
            "Write \"QueryLanguage\": \"JSONata\" in the state or in the machine, or use the JSONPath fields."
        }
        QueryLanguage::JsonPath => "Use Arguments, Output and Assign with {% %} expressions instead.",
    };
    fields.log.error_at_member(fields.place, name, Code::SchemaValidationFailed, message, help);
}

fn spelt(language: QueryLanguage) -> &'static str {
    match language {
        QueryLanguage::JsonPath => "JSONPath",
        QueryLanguage::Jsonata => "JSONata",
    }
}

#[cfg(test)]
mod tests {
    use crate::read::rules::testing::{accepted, jsonata_machine, machine, refused};
    use crate::read::{MachineType, read};

    #[test]
    fn unknown_fields_are_refused() {
        let cases = [
            (
                machine(r#"{"Type": "Wait", "Seconds": 1, "TimeoutSeconds": 5, "End": true}"#),
                "TimeoutSeconds",
                "/States/X",
            ),
            (machine(r#"{"Type": "Pass", "Catch": [], "End": true}"#), "Catch", "/States/X"),
            (machine(r#"{"Type": "Succeed", "Next": "X"}"#), "Next", "/States/X"),
            (machine(r#"{"Type": "Fail", "InputPath": "$"}"#), "InputPath", "/States/X"),
            (machine(r#"{"Type": "Fail", "Assign": {}}"#), "Assign", "/States/X"),
            (r#"{"Coment": "c", "StartAt": "X", "States": {"X": {"Type": "Succeed"}}}"#.to_owned(), "Coment", "/"),
            (
                machine(
                    r#"{"Type": "Map", "End": true, "Iterator": {"QueryLanguage": "JSONata", "StartAt": "Y", "States": {"Y": {"Type": "Succeed"}}}}"#,
                ),
                "QueryLanguage",
                "/States/X/Iterator",
            ),
        ];
        for (definition, field, place) in cases {
            let text = format!("SCHEMA_VALIDATION_FAILED: Field '{field}' is not supported at {place}");
            refused(&definition, &[&text]);
        }
        accepted(r#"{"Comment": "c", "StartAt": "X", "States": {"X": {"Type": "Succeed", "Comment": "d"}}}"#);
    }

    #[test]
    fn the_help_names_the_field_that_was_meant() {
        for (state, expected) in [
            (r#"{"Type": "Wait", "Secnods": 1, "End": true}"#, "Did you mean Seconds?"),
            (r#"{"Type": "Pass", "parameters": {}, "End": true}"#, "Did you mean Parameters?"),
            (r#"{"Type": "Succeed", "Nonsense": 1}"#, "Remove the field. Known here: Type, Comment, QueryLanguage, "),
            (
                r#"{"Type": "Choice", "Choices": [{"Variable": "$.a", "StringEqual": "b", "Next": "X"}], "Default": "X"}"#,
                "Did you mean StringEquals?",
            ),
        ] {
            let text = machine(state);
            let found = read(&text, MachineType::Standard).diagnostics;
            let unknown = found.iter().find(|found| found.message.starts_with("Field '")).unwrap();
            assert!(unknown.help.as_deref().unwrap().starts_with(expected), "{unknown:?}");
            let shown = &text[unknown.span.clone().unwrap()];
            assert!(unknown.message.contains(shown.trim_matches('"')), "the name is shown: {shown}");
        }
    }

    #[test]
    fn fields_of_the_other_language_are_refused() {
        refused(
            &jsonata_machine(
                r#"{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {}, "End": true}"#,
            ),
            &["SCHEMA_VALIDATION_FAILED: The QueryLanguage is set to 'JSONata', but field 'Parameters' is only \
               supported for the 'JSONPath' QueryLanguage at /States/X"],
        );
        refused(
            &machine(r#"{"Type": "Pass", "Output": {}, "End": true}"#),
            &[
                "SCHEMA_VALIDATION_FAILED: The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported \
               for the 'JSONata' QueryLanguage at /States/X",
            ],
        );
        accepted(&machine(r#"{"Type": "Pass", "Parameters": {}, "End": true}"#));
    }
}
