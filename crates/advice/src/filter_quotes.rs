//! A filter of a path compares with texts in single quotes.
//!
//! Why: AWS's JSONPath takes double quotes for a part of the text, so that `[?(@.a == "x")]` finds nothing, in silence.
//!
//! Advised: `"$.items[?(@.kind == \"book\")]"`. Mended: `"$.items[?(@.kind == 'book')]"`.

use asl::program::QueryLanguage;

use crate::states::{State, each_text};
use crate::{Advice, Rule};

/// Looks at the paths of a state.
pub(crate) fn check(state: &State<'_>, advice: &mut Vec<Advice>) {
    if state.language == QueryLanguage::Jsonata {
        return;
    }
    for (name, value) in state.own_fields() {
        each_text(value, &state.place(name), name, &mut |text, steps, member| {
            let is_path = member.ends_with(".$") || member.ends_with("Path") || member == "Variable";
            if is_path && has_double_quotes(text) {
                advice.push(Advice {
                    rule: Rule::FilterQuotes,
                    message: "The filter finds nothing: double quotes are a part of the text here".to_owned(),
                    help: "Write the text in single quotes, such as [?(@.kind == 'book')].".to_owned(),
                    steps: steps.to_vec(),
                    is_about_name: false,
                });
            }
        });
    }
}

/// Whether a double quote stands in a filter, but for those within single quotes.
fn has_double_quotes(text: &str) -> bool {
    let Some(filter) = text.find("[?") else { return false };
    text[filter..].split('\'').step_by(2).any(|outside| outside.contains('"'))
}

#[cfg(test)]
mod tests {
    use crate::testing::said;

    #[test]
    fn double_quotes_in_a_filter_are_told() {
        let choice = |path: &str| {
            format!(r#"{{"Type": "Choice", "Choices": [{{"Variable": "{path}", "IsPresent": true, "Next": "S"}}]}}"#)
        };
        let pass = |path: &str| format!(r#"{{"Type": "Pass", "Parameters": {{"a.$": "{path}"}}, "End": true}}"#);
        for (state, place) in [
            (choice(r#"$.a[?(@.b == \"x\")]"#), "/Choices/0/Variable"),
            (pass(r#"$.a[?(@.b == \"x\")]"#), "/Parameters/a.$"),
            (pass(r#"States.ArrayLength($.a[?(@.b == \"x\")])"#), "/Parameters/a.$"),
        ] {
            let (said, _) = said("JSONPath", &state);
            let expected = format!(
                "filter-quotes at {place}: The filter finds nothing: double quotes are a part of the text here"
            );
            assert_eq!(said, [expected], "{state}");
        }
        for path in ["$.a[?(@.b == 'x')]", r#"$.a[?(@.b == 'say \"x\"')]"#, "$.a[0]"] {
            assert_eq!(said("JSONPath", &pass(path)).0, [""; 0], "{path}");
        }
    }
}
