//! A machine in JSONata has no states in JSONPath.
//!
//! Why: AWS lets single states of a JSONPath machine move to JSONata, not back. States inside a Parallel or Map
//! state take the machine's language, not that state's.
//!
//! Refused: `"QueryLanguage": "JSONPath"` in a state of a JSONata machine. Mended: the state without it.

use crate::diagnostic::Code;
use crate::program::QueryLanguage;
use crate::read::fields::Fields;

const NAME: &str = "QueryLanguage";
const LANGUAGES: &[(&str, QueryLanguage)] =
    &[("JSONPath", QueryLanguage::JsonPath), ("JSONata", QueryLanguage::Jsonata)];

/// The machine's language.
pub(crate) fn of_machine(fields: &Fields<'_>) -> QueryLanguage {
    if !fields.has(NAME) {
        return QueryLanguage::JsonPath;
    }
    // AWS reads on in JSONata after any other word.
    fields.choice(NAME, LANGUAGES).unwrap_or(QueryLanguage::Jsonata)
}

/// The state's language; `fields` are in the machine's.
pub(crate) fn of_state(fields: &Fields<'_>) -> QueryLanguage {
    if !fields.has(NAME) {
        return fields.language;
    }
    let own = fields.choice(NAME, LANGUAGES).unwrap_or(QueryLanguage::Jsonata);
    if fields.is_jsonata() && own == QueryLanguage::JsonPath {
        fields.log.error(
            fields.place,
            Code::SchemaValidationFailed,
            "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine",
            "Set QueryLanguage to JSONPath for the machine and to JSONata in single states.",
        );
    }
    own
}

#[cfg(test)]
mod tests {
    use crate::read::rules::testing::{accepted, jsonata_machine, machine, refused};

    #[test]
    fn states_do_not_go_back_to_json_path() {
        let state = r#"{"Type": "Pass", "QueryLanguage": "JSONPath", "End": true}"#;
        refused(
            &jsonata_machine(state),
            &["SCHEMA_VALIDATION_FAILED: 'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state \
               machine at /States/X"],
        );
        accepted(&machine(state));
        accepted(&machine(r#"{"Type": "Pass", "QueryLanguage": "JSONata", "End": true}"#));
        refused(
            &machine(r#"{"Type": "Pass", "QueryLanguage": "jsonata", "End": true}"#),
            &[
                "SCHEMA_VALIDATION_FAILED: The field 'QueryLanguage' should have one of these values: [JSONPath, JSONata] \
               at /States/X/QueryLanguage",
            ],
        );
    }

    #[test]
    fn inner_states_take_the_machines_language() {
        let map = |inner: &str| {
            machine(&format!(
                r#"{{"Type": "Map", "QueryLanguage": "JSONata", "End": true,
                "ItemProcessor": {{"StartAt": "P", "States": {{"P": {inner}}}}}}}"#
            ))
        };
        accepted(&map(r#"{"Type": "Pass", "InputPath": "$.a", "End": true}"#));
        refused(
            &map(r#"{"Type": "Pass", "Output": 1, "End": true}"#),
            &[
                "SCHEMA_VALIDATION_FAILED: The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported \
               for the 'JSONata' QueryLanguage at /States/X/ItemProcessor/States/P",
            ],
        );
    }
}
