//! What a mock configuration says about the executions of a test case.

use asl::{ErrorName, Text};
use rehearsal::{MockConfig, MockOutcome, Mocks};
use runtime::tasks::{Invocation, UnknownProfile};

/// Refuses a test case that the configuration does not have for the state machine.
pub(crate) fn check(config: &MockConfig, machine: &str, test_case: &str) -> Result<(), UnknownProfile> {
    let cases = config.cases(machine);
    if cases.iter().any(|(name, _)| **name == *test_case) {
        return Ok(());
    }
    let known: Vec<Text> = cases.iter().map(|(name, _)| name.clone()).collect();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    Err(UnknownProfile(format!(
        "The mock configuration has no test case '{test_case}' for the state machine '{machine}'. Test cases of this \
         state machine: {known}"
    )))
}

/// How an invocation of a Task state ends; `None` where the test case leaves the state to the real service. An
/// invocation that nothing answers ends with an error that no retrier and no catcher takes.
pub(crate) fn outcome(config: &MockConfig, machine: &str, state: &str, invocation: &Invocation) -> Option<MockOutcome> {
    let Invocation { profile: test_case, number } = invocation;
    let Some((_, table)) = config.cases(machine).iter().find(|(name, _)| name == test_case) else {
        // The execution must not reach a service that was mocked when it was started.
        return Some(unanswered(format!(
            "The mock configuration no longer has the test case '{test_case}' of the state machine '{machine}'."
        )));
    };
    let mocks = table.get(state)?;
    if let Some(answer) = mocks.answer(*number) {
        return Some(answer.outcome.clone());
    }
    let response = match &**mocks {
        Mocks::ByNumber { response, .. } => format!("The mocked response '{response}'"),
        Mocks::Every(_) | Mocks::InTurn(_) => format!("The test case '{test_case}'"),
    };
    Some(unanswered(format!("{response} has no entry for invocation {number} of the state '{state}'.")))
}

fn unanswered(cause: String) -> MockOutcome {
    MockOutcome::Error { error: Some(ErrorName::RUNTIME.into()), cause: Some(cause.into()) }
}

#[cfg(test)]
mod tests {
    use document::{Document, Syntax};

    use super::*;

    fn config() -> MockConfig {
        let text = r#"{"StateMachines": {"M": {"TestCases": {"C": {"S": "R"}, "D": {}}}},
            "MockedResponses": {"R": {"0": {"Return": 7}, "2-3": {"Throw": {"Error": "E"}}}}}"#;
        MockConfig::read(&Document::parse(text, Syntax::Json).unwrap()).unwrap()
    }

    fn shown(outcome: Option<MockOutcome>) -> String {
        match outcome {
            None => "real".to_owned(),
            Some(MockOutcome::Result(value)) => value.to_json(),
            Some(MockOutcome::Error { error, cause }) => {
                format!("{}: {}", error.unwrap_or_default(), cause.unwrap_or_default())
            }
            Some(MockOutcome::Never) => "never".to_owned(),
        }
    }

    #[test]
    fn an_invocation_has_the_outcome_that_its_number_says() {
        let gone = "States.Runtime: The mock configuration no longer has the test case";
        let missing = "States.Runtime: The mocked response 'R' has no entry for invocation 1 of the state 'S'.";
        for (machine, test_case, state, number, expected) in [
            ("M", "C", "S", 0, "7"),
            ("M", "C", "S", 1, missing),
            ("M", "C", "S", 3, "E: "),
            ("M", "C", "T", 0, "real"),
            ("M", "D", "S", 0, "real"),
            ("M", "X", "S", 0, gone),
            ("N", "C", "S", 0, gone),
        ] {
            let invocation = Invocation { profile: test_case.into(), number };
            let found = shown(outcome(&config(), machine, state, &invocation));
            assert!(found.starts_with(expected) && (expected != "real" || found == "real"), "{found}, not {expected}");
        }
    }

    #[test]
    fn an_unknown_test_case_is_refused_with_those_that_there_are() {
        assert!(check(&config(), "M", "D").is_ok());
        for (machine, test_case, known) in [("M", "X", "C, D"), ("N", "C", "none")] {
            let expected = format!(
                "The mock configuration has no test case '{test_case}' for the state machine '{machine}'. Test cases \
                 of this state machine: {known}"
            );
            assert_eq!(check(&config(), machine, test_case), Err(UnknownProfile(expected)));
        }
    }
}
