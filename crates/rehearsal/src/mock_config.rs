//! Step Functions Local's mock configuration, `MockConfigFile.json`.
//!
//! A test case names, by state, a mocked response; a mocked response has for each invocation, by its number from 0 or
//! a range of numbers, what the state gets.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use asl::Text;

use crate::mocks::{Answer, MockOutcome, MockTable, Mocks};
use crate::reader::{Log, Node, Problem, optional};
use document::Document;

/// A mock configuration.
#[derive(Debug, PartialEq)]
pub struct MockConfig {
    /// `StateMachines`, in order.
    pub machines: Vec<MockedMachine>,
}

/// The test cases of one state machine.
#[derive(Debug, PartialEq)]
pub struct MockedMachine {
    /// The machine's name.
    pub name: Text,
    /// `TestCases`, in order, with what their states get.
    pub cases: Vec<(Text, MockTable)>,
}

impl MockConfig {
    /// The test cases of the state machine of that name; none where the configuration does not have it.
    pub fn cases(&self, machine: &str) -> &[(Text, MockTable)] {
        self.machines.iter().find(|mocked| *mocked.name == *machine).map_or(&[], |mocked| &mocked.cases)
    }

    /// Reads a mock configuration.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(document: &Document<'_>) -> Result<Self, Vec<Problem>> {
        let log = Log::default();
        let config = config(&log.root(document.value()));
        match (config, log.into_problems(document)) {
            (Some(config), problems) if problems.is_empty() => Ok(config),
            (_, problems) => Err(problems),
        }
    }
}

type Responses = BTreeMap<Text, Arc<Mocks>>;

fn config(root: &Node<'_>) -> Option<MockConfig> {
    root.check_keys(&["StateMachines", "MockedResponses"]);
    let response = |(name, node): (&Text, Node<'_>)| Some((name.clone(), Arc::new(response(name, &node)?)));
    let responses: Responses =
        optional(root, "MockedResponses", Node::members).unwrap_or_default().into_iter().filter_map(response).collect();
    let machine = |(name, node): (&Text, Node<'_>)| {
        node.check_keys(&["TestCases"]);
        let cases = node.required("TestCases")?.members()?;
        let case = |(name, node): (&Text, Node<'_>)| Some((name.clone(), mock_table(&node, &responses)?));
        Some(MockedMachine { name: name.clone(), cases: cases.into_iter().filter_map(case).collect() })
    };
    let machines = root.required("StateMachines")?.members()?;
    Some(MockConfig { machines: machines.into_iter().filter_map(machine).collect() })
}

fn mock_table(case: &Node<'_>, responses: &Responses) -> Option<MockTable> {
    let mut table = MockTable::new();
    for (state, node) in case.members()? {
        let Some(name) = node.text() else { continue };
        match responses.get(&name) {
            Some(mocks) => {
                table.insert(state.clone(), mocks.clone());
            }
            None => {
                node.refuse::<()>(format!("MockedResponses has no usable response \"{name}\""));
            }
        }
    }
    Some(table)
}

fn response(name: &Text, node: &Node<'_>) -> Option<Mocks> {
    let mut answers: Vec<(RangeInclusive<u64>, Answer)> = Vec::new();
    for (numbers, node) in node.members()? {
        let Some(range) = range(numbers) else {
            node.refuse::<()>(format!("expected an invocation's number or a range such as 1-2, found \"{numbers}\""));
            continue;
        };
        if answers.iter().any(|(other, _)| other.start() <= range.end() && range.start() <= other.end()) {
            node.refuse::<()>(format!("another entry has an invocation of \"{numbers}\" too"));
        }
        answers.extend(answer(&node).map(|answer| (range, answer)));
    }
    Some(Mocks::ByNumber { response: name.clone(), answers })
}

fn range(numbers: &str) -> Option<RangeInclusive<u64>> {
    let number = |text: &str| text.parse().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()));
    let (first, last) = match numbers.split_once('-') {
        Some((first, last)) => (number(first)?, number(last)?),
        None => (number(numbers)?, number(numbers)?),
    };
    (first <= last).then_some(first..=last)
}

fn answer(node: &Node<'_>) -> Option<Answer> {
    node.check_keys(&["Return", "Throw"]);
    let outcome = match (node.member("Return"), node.member("Throw")) {
        (Some(result), None) => MockOutcome::Result(result.value.clone()),
        (None, Some(throw)) => {
            throw.check_keys(&["Error", "Cause"]);
            MockOutcome::Error {
                error: optional(&throw, "Error", Node::text),
                cause: optional(&throw, "Cause", Node::text),
            }
        }
        _ => return node.refuse("expected either \"Return\" or \"Throw\""),
    };
    Some(Answer { outcome, delay: 0 })
}

#[cfg(test)]
mod tests {
    use asl::Value;

    use super::*;
    use document::Syntax;

    fn read(text: &str) -> Result<MockConfig, Vec<Problem>> {
        MockConfig::read(&Document::parse(text, Syntax::Json).unwrap())
    }

    #[test]
    fn a_configuration_becomes_mocks_by_case() {
        let config = read(
            r#"{"StateMachines": {"M": {"TestCases": {"Happy": {"S": "R"}, "Empty": {}}}},
                "MockedResponses": {"R": {"0": {"Throw": {"Error": "E", "Cause": "C"}}, "1-2": {"Return": 7}}}}"#,
        )
        .unwrap();
        let [machine] = &config.machines[..] else { panic!("{config:?}") };
        let names: Vec<_> = machine.cases.iter().map(|(name, table)| (&**name, table.len())).collect();
        assert_eq!((&*machine.name, names), ("M", vec![("Happy", 1), ("Empty", 0)]));
        let mocks = &machine.cases[0].1["S"];
        let result = Answer { outcome: MockOutcome::Result(Value::int(7)), delay: 0 };
        assert_eq!((mocks.answer(2), mocks.answer(3)), (Some(&result), None));
        let thrown = MockOutcome::Error { error: Some("E".into()), cause: Some("C".into()) };
        assert_eq!(mocks.answer(0).map(|answer| &answer.outcome), Some(&thrown));
    }

    #[test]
    fn mistakes_are_told_with_their_place() {
        let responses = |text: &str| format!(r#"{{"StateMachines": {{}}, "MockedResponses": {{"R": {text}}}}}"#);
        for (text, at, message) in [
            ("{}".to_owned(), "", "\"StateMachines\" is missing"),
            (r#"{"StateMachines": {"M": {}}}"#.to_owned(), "StateMachines.M", "\"TestCases\" is missing"),
            (
                r#"{"StateMachines": {"M": {"TestCases": {"C": {"S": "R"}}}}}"#.to_owned(),
                "StateMachines.M.TestCases.C.S",
                "no usable response \"R\"",
            ),
            (responses(r#"{"x": {"Return": 1}}"#), "MockedResponses.R.x", "range"),
            (responses(r#"{"2-1": {"Return": 1}}"#), "MockedResponses.R.2-1", "range"),
            (responses(r#"{"+1": {"Return": 1}}"#), "MockedResponses.R.+1", "range"),
            (responses(r#"{"0-2": {"Return": 1}, "2": {"Return": 1}}"#), "MockedResponses.R.2", "another entry"),
            (responses(r#"{"0": {}}"#), "MockedResponses.R.0", "either"),
            (responses(r#"{"0": {"Throw": {"error": "E"}}}"#), "MockedResponses.R.0.Throw.error", "unknown key"),
        ] {
            let problems = read(&text).unwrap_err();
            let [problem] = &problems[..] else { panic!("{text}: {problems:?}") };
            assert_eq!(problem.at, at, "{text}: {problem:?}");
            assert!(problem.message.contains(message), "{text}: {problem:?}");
        }
    }
}
