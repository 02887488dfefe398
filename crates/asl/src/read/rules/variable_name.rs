//! `Assign` gives values to variables whose names are identifiers of 1 to 80 characters; `states` is taken.
//!
//! Why: a variable is read as `$name`, and only whole variables can be assigned. `$states` is what JSONata
//! states read their data from.
//!
//! Refused: `"Assign": {"order.id": 1}`. Mended: `"Assign": {"orderId": 1}`.

use crate::diagnostic::Code;
use crate::program::QueryLanguage;
use crate::read::log::Log;
use crate::read::place::SourcePlace;
use crate::value::Object;

/// In characters.
const LENGTH_MAX: usize = 80;

/// Checks the names of an `Assign` object, which stands at `place`.
pub(crate) fn check(assign: &Object, language: QueryLanguage, place: &SourcePlace<'_>, log: &Log) {
    for (member, _) in assign.iter() {
        let name = match language {
            QueryLanguage::JsonPath => member.strip_suffix(".$").unwrap_or(member),
            QueryLanguage::Jsonata => member,
        };
        if !is_valid(name) {
            let message = format!("Invalid variable name: {name}");
            let help = "Use letters, digits and _, no digit first, 80 characters at most, and not the name 'states'.";
            log.error(&place.member(member), Code::SchemaValidationFailed, message, help);
        }
    }
}

fn is_valid(name: &str) -> bool {
    name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
        && name.chars().count() <= LENGTH_MAX
        && name != "states"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::rules::testing::{accepted, jsonata_machine, machine, refused};

    #[test]
    fn only_variables_are_assigned() {
        let pass = |assign: &str| machine(&format!(r#"{{"Type": "Pass", "Assign": {assign}, "End": true}}"#));
        accepted(&pass(r#"{"a": 1, "_b2.$": "$.b", "größe": null}"#));
        for name in ["order.id", "1a", "a-b", "", "states"] {
            let text = format!("SCHEMA_VALIDATION_FAILED: Invalid variable name: {name} at /States/X/Assign/{name}");
            refused(&pass(&format!(r#"{{"{name}": 1}}"#)), &[&text]);
        }
    }

    #[test]
    fn only_json_path_ends_names_with_a_dollar() {
        let pass = r#"{"Type": "Pass", "Assign": {"a.$": "$.a"}, "End": true}"#;
        accepted(&machine(pass));
        let text = "SCHEMA_VALIDATION_FAILED: Invalid variable name: a.$ at /States/X/Assign/a.$";
        refused(&jsonata_machine(pass), &[text]);
    }

    #[test]
    fn names_have_a_length() {
        assert!(is_valid(&"a".repeat(80)));
        assert!(!is_valid(&"a".repeat(81)));
    }
}
