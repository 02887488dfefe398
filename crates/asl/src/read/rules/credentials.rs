//! `Credentials` names a role.
//!
//! Why: a role is all that can be given there.
//!
//! Refused: `"Credentials": {}`. Mended: `"Credentials": {"RoleArn": "arn:aws:iam::111122223333:role/other"}`.

use crate::diagnostic::Code;
use crate::read::fields::Fields;
use crate::template::Template;

/// The template of `Credentials`.
pub(crate) fn read(fields: &Fields<'_>) -> Option<Template> {
    const NAME: &str = "Credentials";
    if let Some(template) = fields.expression(NAME) {
        return template;
    }
    let object = fields.object(NAME)?;
    if !object.contains("RoleArn") && !object.contains("RoleArn.$") {
        fields.log.error(
            &fields.place_of(NAME),
            Code::SchemaValidationFailed,
            "The field 'RoleArn' is required but was missing",
            "Give the ARN of the role in RoleArn, or a path to it in RoleArn.$.",
        );
    }
    fields.template(NAME)
}

#[cfg(test)]
mod tests {
    use crate::read::rules::testing::{accepted, machine, refused};

    #[test]
    fn a_role_is_named() {
        let task = |credentials: &str| {
            machine(&format!(
                r#"{{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Credentials": {credentials}, "End": true}}"#
            ))
        };
        let text = "SCHEMA_VALIDATION_FAILED: The field 'RoleArn' is required but was missing at /States/X/Credentials";
        refused(&task("{}"), &[text]);
        refused(&task(r#"{"Role": "r"}"#), &[text]);
        accepted(&task(r#"{"RoleArn": "arn:aws:iam::111122223333:role/r"}"#));
        accepted(&task(r#"{"RoleArn.$": "$.role"}"#));
    }
}
