//! Warning: a field looks like a path, but its name does not end with `Path`.
//!
//! Why: without the ending the text itself is meant.
//!
//! Warned: `"Error": "$.error"` in a Fail state. Mended: `"ErrorPath": "$.error"`.

use super::missing_dollar::looks_like_path;
use crate::diagnostic::Code;
use crate::read::fields::Fields;

/// Looks at a JSONPath field that has a `Path` form.
pub(crate) fn check(name: &str, fields: &Fields<'_>) {
    if fields.get(name).and_then(|value| value.as_str()).is_some_and(looks_like_path) {
        let message = format!("The value for the field '{name}' looks like a JSONPath");
        let help = format!("Name the field '{name}Path' to have it evaluated.");
        fields.log.warning(&fields.place.member(name), Code::NoPath, message, &help);
    }
}

#[cfg(test)]
mod tests {
    use crate::read::rules::testing::{findings, machine};

    #[test]
    fn what_looks_like_a_path_is_warned_about() {
        assert_eq!(
            findings(&machine(r#"{"Type": "Fail", "Error": "$.error", "Cause": "costs $.50"}"#)),
            ["NO_PATH: The value for the field 'Error' looks like a JSONPath at /States/X/Error"]
        );
        assert_eq!(findings(&machine(r#"{"Type": "Fail", "ErrorPath": "$.error"}"#)), [""; 0]);
    }
}
