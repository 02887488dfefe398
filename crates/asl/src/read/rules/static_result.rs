//! Warning: a Pass state's `Result` holds what looks like a path.
//!
//! Why: `Result` is passed on as it stands; paths in it are not followed.
//!
//! Warned: `"Result": {"id.$": "$.id"}`. Mended: `"Parameters": {"id.$": "$.id"}`.

use super::missing_dollar::looks_like_path;
use crate::diagnostic::Code;
use crate::read::fields::Fields;
use crate::value::Value;

/// Looks through `Result`.
pub(crate) fn check(fields: &Fields<'_>) {
    const NAME: &str = "Result";
    if fields.get(NAME).is_some_and(holds_path) {
        let message = "The field 'Result' is static: JSONPaths in it are not evaluated";
        let help = "Use Parameters to evaluate paths.";
        fields.log.warning(&fields.place_of(NAME), Code::PassResultIsStatic, message, help);
    }
}

fn holds_path(value: &Value) -> bool {
    match value {
        Value::String(text) => looks_like_path(text),
        Value::Array(items) => items.iter().any(holds_path),
        Value::Object(object) => {
            let dynamic = |name: &str, member: &Value| name.ends_with(".$") && member.as_str().is_some();
            object.iter().any(|(name, member)| dynamic(name, member) || holds_path(member))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::read::rules::testing::{findings, machine};

    #[test]
    fn paths_in_a_result_are_warned_about() {
        let pass =
            |result: &str| findings(&machine(&format!(r#"{{"Type": "Pass", "Result": {result}, "End": true}}"#)));
        let text = "PASS_RESULT_IS_STATIC: The field 'Result' is static: JSONPaths in it are not evaluated at /States/X/Result";
        assert_eq!(pass(r#"{"a": [{"id.$": "$.id"}]}"#), [text]);
        assert_eq!(pass(r#""$.id""#), [text]);
        assert_eq!(pass(r#"{"id": 1, "price": "$5"}"#), [""; 0]);
    }
}
