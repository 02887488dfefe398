//! What AWS accepts in a definition and hardly anybody means: misspelt parameters, expressions of the other language, what
//! is not run here yet.
//!
//! None of it is AWS's: no definition is refused for it, and it is told to people at a terminal, never on the wire. What
//! AWS says is [`asl::read`]'s. Pure; one rule a file.

mod filter_quotes;
mod not_run_here;
mod other_language;
mod parameters;
mod sent;
mod states;

use asl::Value;
use asl::read::positions::OwnedStep;

/// What a piece of advice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// A parameter that the action of a Task does not have.
    UnknownParameter,
    /// A parameter that the action of a Task cannot do without.
    MissingParameter,
    /// A text in `{% %}` in a JSONPath state.
    JsonataInJsonPath,
    /// A path or a name that ends in `.$` in a JSONata state.
    JsonPathInJsonata,
    /// Double quotes in a filter of a path.
    FilterQuotes,
    /// What only AWS runs.
    NotRunHere,
}

impl Rule {
    /// The rule's name. Lower case and hyphens: AWS's codes are upper case.
    pub fn name(self) -> &'static str {
        match self {
            Self::UnknownParameter => "unknown-parameter",
            Self::MissingParameter => "missing-parameter",
            Self::JsonataInJsonPath => "jsonata-in-jsonpath",
            Self::JsonPathInJsonata => "jsonpath-in-jsonata",
            Self::FilterQuotes => "filter-quotes",
            Self::NotRunHere => "not-run-here",
        }
    }

    /// What it is about, in a sentence.
    pub fn explanation(self) -> &'static str {
        match self {
            Self::UnknownParameter => "A Task gives its action a parameter that the action does not have.",
            Self::MissingParameter => "A Task lacks a parameter that its action cannot do without.",
            Self::JsonataInJsonPath => "A text looks like JSONata, but its state's query language is JSONPath.",
            Self::JsonPathInJsonata => "A text looks like JSONPath, but its state's query language is JSONata.",
            Self::FilterQuotes => "A filter compares with a text in double quotes, which finds nothing.",
            Self::NotRunHere => "AWS runs it; Stepwright does not yet.",
        }
    }
}

/// One piece of advice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// What it is about.
    pub rule: Rule,
    /// What is wrong, probably.
    pub message: String,
    /// What to do.
    pub help: String,
    /// Where it is.
    pub steps: Vec<OwnedStep>,
    /// Whether it is about the member's name rather than its value.
    pub is_about_name: bool,
}

pub use sent::refused_parameters;

/// Everything there is to say of a definition, state by state. What is no definition gets none.
pub fn advise(definition: &Value) -> Vec<Advice> {
    let mut advice = Vec::new();
    states::each(definition, &mut |state| {
        parameters::check(state, &mut advice);
        other_language::check(state, &mut advice);
        filter_quotes::check(state, &mut advice);
        not_run_here::check(state, &mut advice);
    });
    advice
}

#[cfg(test)]
mod testing {
    use super::*;

    /// What is said of a machine of that state `S`, as `rule at place: message`, and the helps.
    pub(crate) fn said(language: &str, state: &str) -> (Vec<String>, Vec<String>) {
        let text = format!(r#"{{"QueryLanguage": "{language}", "StartAt": "S", "States": {{"S": {state}}}}}"#);
        let value = asl::json::parse(text.as_bytes()).unwrap();
        let positions = asl::read::positions::Positions::of(&text);
        let line = |one: &Advice| {
            let place = positions.pointer(&one.steps);
            format!("{} at {}: {}", one.rule.name(), place.trim_start_matches("/States/S"), one.message)
        };
        let advice = advise(&value);
        (advice.iter().map(line).collect(), advice.into_iter().map(|one| one.help).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_definition_gets_no_advice() {
        for text in
            ["1", "[]", "{}", r#"{"States": []}"#, r#"{"States": {"A": 1}}"#, r#"{"States": {"A": {"Type": 2}}}"#]
        {
            assert_eq!(advise(&asl::json::parse(text.as_bytes()).unwrap()), [], "{text}");
        }
    }

    #[test]
    fn nested_states_are_looked_at_in_the_language_of_each() {
        let text = r#"{"StartAt": "P", "States": {"P": {"Type": "Parallel", "Branches": [{"StartAt": "M", "States": {
            "M": {"Type": "Map", "QueryLanguage": "JSONata", "ItemProcessor": {"StartAt": "S", "States": {
                "S": {"Type": "Pass", "Parameters": {"a": "{% 1 %}"}}}}}}}]}}}"#;
        let advice = advise(&asl::json::parse(text.as_bytes()).unwrap());
        let [one] = &advice[..] else { panic!("{advice:?}") };
        assert_eq!((one.rule, one.steps.len()), (Rule::JsonataInJsonPath, 11));
    }
}
