//! Expressions stand in the language that their state is written in.
//!
//! Why: `{% %}` in a JSONPath state and `$.a` in a JSONata state are texts like any other, and are handed on as such.
//!
//! Advised: `"Parameters": {"id": "{% $states.input.id %}"}` without `QueryLanguage`. Mended: with
//! `"QueryLanguage": "JSONata"` and `Arguments`.

use asl::program::QueryLanguage;
use asl::read::positions::OwnedStep;
use asl::template::expression_text;
use asl::{Text, Value};

use crate::states::{State, below, each_text};
use crate::{Advice, Rule};

/// The fields of a JSONata state whose texts are evaluated.
const EVALUATED: [&str; 6] = ["Arguments", "Output", "Assign", "Items", "ItemSelector", "Choices"];

/// Looks at the texts of a state.
pub(crate) fn check(state: &State<'_>, advice: &mut Vec<Advice>) {
    for (name, value) in state.own_fields() {
        match state.language {
            QueryLanguage::JsonPath => find_jsonata(value, &state.place(name), advice),
            QueryLanguage::Jsonata if EVALUATED.contains(&&**name) || &**name == "Catch" => {
                find_paths(value, &state.place(name), advice);
                find_path_names(value, &state.place(name), advice);
            }
            QueryLanguage::Jsonata => {}
        }
    }
}

fn find_jsonata(value: &Value, place: &[OwnedStep], advice: &mut Vec<Advice>) {
    each_text(value, place, "", &mut |text, steps, _| {
        if expression_text(text).is_some() {
            advice.push(Advice {
                rule: Rule::JsonataInJsonPath,
                message: "This is a text and is not evaluated: the state's QueryLanguage is JSONPath".to_owned(),
                help: "Write \"QueryLanguage\": \"JSONata\" in the state or in the machine.".to_owned(),
                steps: steps.to_vec(),
                is_about_name: false,
            });
        }
    });
}

fn find_paths(value: &Value, place: &[OwnedStep], advice: &mut Vec<Advice>) {
    each_text(value, place, "", &mut |text, steps, _| {
        if let Some(instead) = expression_for(text) {
            advice.push(Advice {
                rule: Rule::JsonPathInJsonata,
                message: "This is a text and is not evaluated: the state's QueryLanguage is JSONata".to_owned(),
                help: format!("Write \"{{% {instead} %}}\"."),
                steps: steps.to_vec(),
                is_about_name: false,
            });
        }
    });
}

/// What a path is in JSONata; `None` for a text that is no path.
fn expression_for(text: &str) -> Option<String> {
    asl::path::Path::parse(text).ok()?;
    let begins = |rest: &str| rest.starts_with(['.', '[']);
    match (text.strip_prefix("$$"), text.strip_prefix('$')) {
        (Some(rest), _) if begins(rest) => Some(format!("$states.context{rest}")),
        (_, Some(rest)) if begins(rest) => Some(format!("$states.input{rest}")),
        _ => None,
    }
}

/// Recursion: JSON that was parsed nests at most [`asl::json::DEPTH_MAX`] levels.
fn find_path_names(value: &Value, place: &[OwnedStep], advice: &mut Vec<Advice>) {
    for (at, item) in value.as_array().unwrap_or_default().iter().enumerate() {
        find_path_names(item, &below(place, OwnedStep::Item(at)), advice);
    }
    let members = value.as_object().into_iter().flat_map(|object| object.iter());
    for (name, member) in members {
        let place = below(place, OwnedStep::Member(name.to_string()));
        find_path_names(member, &place, advice);
        advice.extend(path_name(name, place));
    }
}

fn path_name(name: &Text, steps: Vec<OwnedStep>) -> Option<Advice> {
    let plain = name.strip_suffix(".$")?;
    Some(Advice {
        rule: Rule::JsonPathInJsonata,
        message: format!("The member is called \"{name}\", ending and all: the state's QueryLanguage is JSONata"),
        help: format!("Name it \"{plain}\" and write its value in {{% %}}."),
        steps,
        is_about_name: true,
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::said;

    #[test]
    fn jsonata_in_a_jsonpath_state_is_told() {
        let (said, help) = said(
            "JSONPath",
            r#"{"Type": "Pass", "Comment": "{% c %}", "Parameters": {"a": [{"b": "{% $x %}"}], "c": "{x}"}, "End": true}"#,
        );
        let text = "This is a text and is not evaluated: the state's QueryLanguage is JSONPath";
        assert_eq!(said, [format!("jsonata-in-jsonpath at /Parameters/a/0/b: {text}")]);
        assert!(help[0].contains("\"QueryLanguage\": \"JSONata\""), "{help:?}");
    }

    #[test]
    fn paths_in_a_jsonata_state_are_told_with_what_to_write() {
        let (said, help) = said(
            "JSONata",
            r#"{"Type": "Pass", "Output": {"a": "$.order.id", "b": "$$.Execution.Id", "c": "$5", "d": "{% $.x %}", "e.$": 1}, "End": true}"#,
        );
        let text = "This is a text and is not evaluated: the state's QueryLanguage is JSONata";
        assert_eq!(
            said,
            [
                format!("jsonpath-in-jsonata at /Output/a: {text}"),
                format!("jsonpath-in-jsonata at /Output/b: {text}"),
                "jsonpath-in-jsonata at /Output/e.$: The member is called \"e.$\", ending and all: the state's \
                 QueryLanguage is JSONata"
                    .to_owned(),
            ]
        );
        assert_eq!(
            help[..2],
            ["Write \"{% $states.input.order.id %}\".", "Write \"{% $states.context.Execution.Id %}\"."]
        );
    }
}
