//! The dynamic members of a template can be read.
//!
//! Why: a path, an intrinsic function or an expression that cannot be read cannot be evaluated either.
//!
//! Refused: `"Parameters": {"a.$": "b"}`. Mended: `"Parameters": {"a.$": "$.b"}`.

use crate::program::QueryLanguage;
use crate::read::log::{Log, Within};
use crate::read::place::SourcePlace;
use crate::template::{Template, TemplateError};
use crate::value::Value;

/// A template.
pub(crate) fn read(value: &Value, place: &SourcePlace<'_>, log: &Log, language: QueryLanguage) -> Option<Template> {
    match Template::parse(value, language) {
        Ok(template) => {
            if language == QueryLanguage::JsonPath {
                super::missing_dollar::check(value, place, log);
            }
            Some(template)
        }
        Err(errors) => {
            errors.iter().for_each(|error| refuse(error, place, log, language));
            None
        }
    }
}

/// The path or intrinsic function of a field such as `ErrorPath`.
pub(crate) fn read_path(text: &str, field: &str, place: &SourcePlace<'_>, log: &Log) -> Option<Template> {
    Template::parse_path(text, field).map_err(|error| refuse(&error, place, log, QueryLanguage::JsonPath)).ok()
}

fn refuse(error: &TemplateError, place: &SourcePlace<'_>, log: &Log, language: QueryLanguage) {
    let help = match (language, &error.detail) {
        (QueryLanguage::JsonPath, None) => "Write a path such as $.name or a call such as States.UUID().".to_owned(),
        (QueryLanguage::JsonPath, Some(detail)) => {
            format!("Write a path such as $.name or a call such as States.UUID(). {detail}.")
        }
        (QueryLanguage::Jsonata, None) => "Mend the expression between {% and %}.".to_owned(),
        (QueryLanguage::Jsonata, Some(detail)) => format!("{detail}."),
    };
    let within = Within { location: &error.location, offset: error.offset };
    log.error_within(place, within, error.code, error.message.clone(), &help);
    log.unreadable();
}

#[cfg(test)]
mod tests {
    use crate::read::rules::testing::{accepted, jsonata_machine, machine, refused};
    use crate::read::{MachineType, read};

    #[test]
    fn dynamic_members_are_paths_or_calls() {
        let pass =
            |parameters: &str| machine(&format!(r#"{{"Type": "Pass", "Parameters": {parameters}, "End": true}}"#));
        refused(
            &pass(r#"{"parsed.$": "nothing"}"#),
            &["SCHEMA_VALIDATION_FAILED: The value for the field 'parsed.$' must be a valid JSONPath or a valid \
               intrinsic function call at /States/X/Parameters"],
        );
        accepted(&pass(r#"{"parsed.$": "$.a", "uuid.$": "States.UUID()", "plain": [1, {"b.$": "$$.Execution.Id"}]}"#));
    }

    #[test]
    fn what_newer_dialects_know_is_refused_with_what_to_write_instead() {
        for (path, hint) in [
            (r#"$.a[?(@.b in ['x'])]"#, "AWS knows no operator 'in' in a filter"),
            (r#"$[\"a\"]"#, "write the name in single quotes"),
            (r"States.Format('\\n')", "A backslash stands before"),
        ] {
            let state = format!(r#"{{"Type": "Pass", "Parameters": {{"a.$": "{path}"}}, "End": true}}"#);
            let found = read(&machine(&state), MachineType::Standard).diagnostics;
            assert_eq!(
                found.iter().map(|found| &*found.message).collect::<Vec<_>>(),
                ["The value for the field 'a.$' must be a valid JSONPath or a valid intrinsic function call"]
            );
            let help = found[0].help.as_deref().unwrap_or_default();
            assert!(help.contains(hint), "{path}: {help}");
        }
    }

    #[test]
    fn expressions_are_read_where_they_stand() {
        let pass = |expression: &str| {
            jsonata_machine(&format!(r#"{{"Type": "Pass", "Output": {{"v": "{{% {expression} %}}"}}, "End": true}}"#))
        };
        let cases = [
            ("$states.input.a[1,2)", r#"INVALID_JSONATA_EXPRESSION: Expected "]", got ",""#),
            ("'open", "INVALID_JSONATA_EXPRESSION: String literal must be terminated by a matching quote"),
            ("1 +", "INVALID_JSONATA_EXPRESSION: Unexpected end of expression"),
            ("$match('a', /abc", "INVALID_JSONATA_EXPRESSION: No terminating / in regular expression"),
            ("phone", "UNSUPPORTED_JSONATA_EXPRESSION: Reference to 'phone' at the top level is not supported."),
            ("$", "UNSUPPORTED_JSONATA_EXPRESSION: Reference to '$' at the top level is not supported."),
            ("$$", "UNSUPPORTED_JSONATA_EXPRESSION: Reference to '$$' at the top level is not supported."),
        ];
        for (expression, text) in cases {
            refused(&pass(expression), &[&format!("{text} at /States/X/Output/v")]);
        }
        accepted(&pass("$states.input.contacts[phone = $number]"));
    }

    #[test]
    fn the_place_in_a_bad_expression_is_shown() {
        for (expression, shown, help) in [
            (r#"$states.input.a[1,2) & \"b\""#, r#",2) & \"b\" %}"#, "Mend the expression"),
            (r#"\"b\" & 'open"#, "'open %}", "Mend the expression"),
            ("1 + $.items.n", "$.items.n %}", "The state's input is $states.input: write $states.input.items.n."),
            (
                "phone.home",
                "phone.home %}",
                "The state's input is $states.input: write $states.input.phone.home, or $phone.home",
            ),
        ] {
            let text =
                jsonata_machine(&format!(r#"{{"Type": "Pass", "Output": "{{% {expression} %}}", "End": true}}"#));
            let found = read(&text, MachineType::Standard).diagnostics;
            assert_eq!(&text[found[0].span.clone().unwrap()], shown);
            assert!(found[0].help.as_deref().unwrap().starts_with(help), "{:?}", found[0]);
        }
    }

    #[test]
    fn the_place_of_a_bad_member_is_the_object_that_has_it() {
        let definition = machine(r#"{"Type": "Pass", "Parameters": {"a": [{"b.$": "nothing"}]}, "End": true}"#);
        refused(
            &definition,
            &["SCHEMA_VALIDATION_FAILED: The value for the field 'b.$' must be a valid JSONPath or a valid \
               intrinsic function call at /States/X/Parameters/a[0]"],
        );
    }
}
