//! A choice rule in JSONPath is `And`, `Or`, `Not`, or a `Variable` with exactly one operator.
//!
//! Why: with none there is nothing to ask, with two it is not said how to join them.
//!
//! Refused: `{"Variable": "$.a", "Next": "B"}`. Mended: `{"Variable": "$.a", "IsPresent": true, "Next": "B"}`.

use crate::diagnostic::Code;
use crate::read::fields::Fields;
use crate::read::supported;

/// The one operator of a rule.
pub(crate) fn operator<'a>(fields: &Fields<'a>) -> Option<&'a str> {
    let known = |name: &&str| *name != "Variable" && supported::OPERATORS.iter().any(|(known, _)| known == name);
    let found: Vec<&'a str> = fields.object.iter().map(|(name, _)| &**name).filter(known).collect();
    match found[..] {
        [operator] => Some(operator),
        [] => none(fields),
        _ => several(fields, &found),
    }
}

fn none<'a>(fields: &Fields<'_>) -> Option<&'a str> {
    let (message, help) = if fields.has("Variable") {
        ("There should be one comparison operator", "Add one operator, such as StringEquals, beside Variable.")
    } else {
        (
            "There should be one of the following fields: [Variable, And, Or, Not]",
            "Give Variable and an operator, or And, Or or Not.",
        )
    };
    fields.log.error(fields.place, Code::SchemaValidationFailed, message, help);
    fields.log.unreadable();
    None
}

fn several<'a>(fields: &Fields<'_>, found: &[&str]) -> Option<&'a str> {
    let message = format!("There should only be one of the following fields: [{}]", found.join(", "));
    fields.log.error(fields.place, Code::SchemaValidationFailed, message, "Join several conditions with And or Or.");
    fields.log.unreadable();
    None
}

#[cfg(test)]
mod tests {
    use crate::read::rules::testing::{accepted, refused};

    fn choice(rule: &str) -> String {
        format!(
            r#"{{"StartAt": "C", "States": {{"C": {{"Type": "Choice", "Choices": [{rule}]}}, "B": {{"Type": "Succeed"}}}}}}"#
        )
    }

    #[test]
    fn a_rule_has_exactly_one_operator() {
        let cases = [
            (r#"{"Next": "B"}"#, "There should be one of the following fields: [Variable, And, Or, Not]"),
            (r#"{"Variable": "$.a", "Next": "B"}"#, "There should be one comparison operator"),
            (
                r#"{"Variable": "$.a", "IsNull": true, "StringEquals": "b", "Next": "B"}"#,
                "There should only be one of the following fields: [IsNull, StringEquals]",
            ),
        ];
        for (rule, text) in cases {
            refused(&choice(rule), &[&format!("SCHEMA_VALIDATION_FAILED: {text} at /States/C/Choices[0]")]);
        }
        accepted(&choice(r#"{"Variable": "$.a", "IsNull": true, "Next": "B"}"#));
        accepted(&choice(r#"{"Not": {"Variable": "$.a", "IsNull": true}, "Next": "B", "Comment": "not null"}"#));
    }
}
