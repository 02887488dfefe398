//! The test file: a definition's name and cases, and how it is read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use asl::near::nearest;
use asl::program::{MachineType, Program, StateKind, Task};
use asl::value::Object;
use asl::{Text, Value, timestamp};
use document::Document;
use document::placeholders::Values;
use engine::test_state::{FieldValidation, check_result};
use engine::{Status, Timestamp};

use crate::mocks::{Answer, MockOutcome, MockTable, Mocks, VALIDATIONS};
use crate::reader::{Log, Node, Problem, optional};

/// When the virtual clock begins, where a case does not say: 2000-01-01T00:00:00Z.
const START_TIME: Timestamp = Timestamp(946_684_800_000);
/// The longest time span in seconds: AWS's bound on `TimeoutSeconds` and `Seconds`.
const SECONDS_MAX: f64 = 99_999_999.0;
/// The longest `elapsed` in seconds: some thousand years.
const ELAPSED_MAX: f64 = 1e11;

/// A test file.
#[derive(Debug, PartialEq)]
pub struct TestFile {
    /// The definition's path, relative to the test file.
    pub definition: Text,
    /// The type of state machine that the definition is for.
    pub machine_type: MachineType,
    /// What the definition's placeholders stand for.
    pub vars: Values,
    /// Its cases, in order. Their names differ.
    pub cases: Vec<Case>,
}

/// One case.
#[derive(Debug, PartialEq)]
pub struct Case {
    /// Its name.
    pub name: Text,
    /// The execution's input.
    pub input: Value,
    /// When the virtual clock begins.
    pub start_time: Timestamp,
    /// What the Task states get: the file's mocks, and the case's own in their place.
    pub mocks: MockTable,
    /// What is expected.
    pub expect: Expected,
}

/// What a case expects. What is absent is not looked at.
#[derive(Debug, PartialEq)]
pub struct Expected {
    /// How the execution ends. Where the file does not say: FAILED if it expects an error or a cause, else SUCCEEDED.
    pub status: Status,
    /// The output, exactly; the order of members does not matter.
    pub output: Option<Value>,
    /// What the output must contain: of an object these members, of an array these items and no others.
    pub output_contains: Option<Value>,
    /// The error's name.
    pub error: Option<Text>,
    /// The cause, exactly.
    pub cause: Option<Text>,
    /// What the cause must contain.
    pub cause_contains: Option<Text>,
    /// The names of the states entered, in order, nested ones too.
    pub path: Option<Vec<Text>>,
    /// The main line's variables at the end; those not named may have any value.
    pub variables: Option<Arc<Object>>,
    /// How often each of these states began its work: one for each entry, one for each retry.
    pub attempts: BTreeMap<Text, u64>,
    /// Milliseconds of virtual time from start to end.
    pub elapsed: Option<i64>,
    /// What each of these Task states sent, exactly.
    pub sent: BTreeMap<Text, Sent>,
    /// What each of these Task states must have sent, and perhaps more.
    pub sent_contains: BTreeMap<Text, Sent>,
}

/// What a Task state is expected to send: its parameters.
#[derive(Debug, PartialEq)]
pub enum Sent {
    /// The same with every invocation, of which there is at least one.
    Every(Value),
    /// With one invocation after the other, and no more.
    InTurn(Vec<Value>),
}

impl TestFile {
    /// Reads a test file.
    ///
    /// # Errors
    /// Everything that is wrong with it: unknown keys, missing ones, values of the wrong type.
    pub fn read(document: &Document<'_>) -> Result<Self, Vec<Problem>> {
        let log = Log::default();
        let file = test_file(&log.root(document.value()));
        match (file, log.into_problems(document)) {
            (Some(file), problems) if problems.is_empty() => Ok(file),
            (_, problems) => Err(problems),
        }
    }

    /// What in the file does not fit the definition: names of states it does not have, mocks for states that are no
    /// Task states.
    pub fn misfits(document: &Document<'_>, program: &Program) -> Vec<Problem> {
        let log = Log::default();
        let root = log.root(document.value());
        optional(&root, "mocks", |mocks| check_mocks(mocks, program));
        for case in root.member("cases").and_then(|cases| cases.items()).unwrap_or_default() {
            optional(&case, "mocks", |mocks| check_mocks(mocks, program));
            let Some(expect) = case.member("expect") else { continue };
            for name in expect.member("path").and_then(|path| path.items()).unwrap_or_default() {
                check_name(&name, name.value.as_str().unwrap_or_default(), program);
            }
            for (name, node) in expect.member("attempts").and_then(|attempts| attempts.members()).unwrap_or_default() {
                check_name(&node, name, program);
            }
            for key in ["sent", "sentContains"] {
                for (name, node) in expect.member(key).and_then(|sent| sent.members()).unwrap_or_default() {
                    check_task(&node, name, program);
                }
            }
        }
        log.into_problems(document)
    }
}

fn check_name(node: &Node<'_>, name: &str, program: &Program) -> bool {
    let known = program.state_named(name).is_some();
    if !known {
        let names = program.states.iter().map(|state| &*state.name);
        let meant = nearest(name, names).map(|meant| format!("; did you mean \"{meant}\"?")).unwrap_or_default();
        node.refuse::<()>(format!("the definition has no state \"{name}\"{meant}"));
    }
    known
}

/// The Task state of that name.
fn check_task<'p>(node: &Node<'_>, name: &str, program: &'p Program) -> Option<&'p Task> {
    if !check_name(node, name, program) {
        return None;
    }
    match &program.state(program.state_named(name)?).kind {
        StateKind::Task(task) => Some(task),
        _ => node.refuse(format!("state \"{name}\" is no Task state: there is nothing to mock")),
    }
}

fn check_mocks(mocks: &Node<'_>, program: &Program) -> Option<()> {
    for (name, node) in mocks.members()? {
        let Some(task) = check_task(&node, name, program) else { continue };
        let answers = match node.value {
            Value::Array(_) => node.items()?,
            _ => vec![node],
        };
        for answer in answers {
            let Some(result) = answer.member("result") else { continue };
            let validation = optional(&answer, "validation", validation).unwrap_or_default();
            if let Err(why) = check_result(&task.resource, result.value, validation) {
                result.refuse::<()>(format!("{} does not answer so: {why}", task.resource.arn()));
            }
        }
    }
    Some(())
}

fn validation(node: &Node<'_>) -> Option<FieldValidation> {
    let word = node.text()?;
    let known = VALIDATIONS.into_iter().find(|(name, _)| **name == *word);
    known.map_or_else(|| node.refuse("expected STRICT, PRESENT or NONE"), |(_, validation)| Some(validation))
}

fn test_file(root: &Node<'_>) -> Option<TestFile> {
    root.check_keys(&["definition", "type", "vars", "mocks", "cases"]);
    let machine_type = optional(root, "type", machine_type).unwrap_or(MachineType::Standard);
    let vars = optional(root, "vars", vars).unwrap_or_default();
    let definition = root.required("definition").and_then(|node| node.text());
    let shared = optional(root, "mocks", mock_table).unwrap_or_default();
    let items = root.required("cases")?.items()?;
    let mut names = BTreeSet::new();
    let mut cases = Vec::with_capacity(items.len());
    for item in &items {
        let Some(case) = case(item, &shared) else { continue };
        if !names.insert(case.name.clone()) {
            item.refuse::<()>(format!("another case has the name \"{}\"", case.name));
        }
        cases.push(case);
    }
    Some(TestFile { definition: definition?, machine_type, vars, cases })
}

fn machine_type(node: &Node<'_>) -> Option<MachineType> {
    match &*node.text()? {
        "STANDARD" => Some(MachineType::Standard),
        "EXPRESS" => Some(MachineType::Express),
        _ => node.refuse("expected STANDARD or EXPRESS"),
    }
}

fn vars(node: &Node<'_>) -> Option<Values> {
    let value = |(name, node): (&Text, Node<'_>)| match node.value {
        Value::String(text) => Some((name.to_string(), text.to_string())),
        Value::Number(_) | Value::Bool(_) => Some((name.to_string(), node.value.to_json())),
        _ => node.refuse("expected a text or a number"),
    };
    Some(node.members()?.into_iter().filter_map(value).collect())
}

fn case(node: &Node<'_>, shared: &MockTable) -> Option<Case> {
    node.check_keys(&["name", "input", "startTime", "mocks", "expect"]);
    let name = node.required("name").and_then(|name| name.text());
    let mut mocks = shared.clone();
    mocks.extend(optional(node, "mocks", mock_table).unwrap_or_default());
    Some(Case {
        input: node.member("input").map_or_else(Value::empty_object, |input| input.value.clone()),
        start_time: optional(node, "startTime", start_time).unwrap_or(START_TIME),
        mocks,
        expect: node.member("expect").map_or_else(Expected::success, |node| expected(&node)),
        name: name?,
    })
}

fn start_time(node: &Node<'_>) -> Option<Timestamp> {
    match timestamp::parse(&node.text()?) {
        Some(milliseconds) => Some(Timestamp(milliseconds)),
        None => node.refuse("expected a timestamp, such as 2030-01-31T12:00:00Z"),
    }
}

fn mock_table(node: &Node<'_>) -> Option<MockTable> {
    let mocks = |(name, node): (&Text, Node<'_>)| Some((name.clone(), Arc::new(mocks(&node)?)));
    Some(node.members()?.into_iter().filter_map(mocks).collect())
}

fn mocks(node: &Node<'_>) -> Option<Mocks> {
    match node.value {
        Value::Array(_) => Some(Mocks::InTurn(node.items()?.iter().filter_map(answer).collect())),
        _ => answer(node).map(Mocks::Every),
    }
}

fn answer(node: &Node<'_>) -> Option<Answer> {
    node.check_keys(&["result", "error", "timeout", "delay", "validation"]);
    optional(node, "validation", validation);
    let delay = optional(node, "delay", |delay| delay.seconds(SECONDS_MAX));
    let outcome = match (node.member("result"), node.member("error"), node.member("timeout")) {
        (Some(result), None, None) => MockOutcome::Result(result.value.clone()),
        (None, Some(error), None) => {
            error.check_keys(&["error", "cause"]);
            MockOutcome::Error {
                error: optional(&error, "error", Node::text),
                cause: optional(&error, "cause", Node::text),
            }
        }
        (None, None, Some(timeout)) if timeout.value.as_bool() != Some(true) => return timeout.refuse("expected true"),
        (None, None, Some(_)) if delay.is_some() => {
            return node.refuse("\"delay\" has no meaning where no answer comes");
        }
        (None, None, Some(_)) => MockOutcome::Never,
        _ => return node.refuse("expected one of \"result\", \"error\" and \"timeout\""),
    };
    Some(Answer { outcome, delay: delay.unwrap_or(0) })
}

const EXPECT_KEYS: [&str; 12] = [
    "status",
    "output",
    "outputContains",
    "error",
    "cause",
    "causeContains",
    "path",
    "variables",
    "attempts",
    "elapsed",
    "sent",
    "sentContains",
];

impl Expected {
    /// What a case without `expect` expects: that the execution succeeds.
    fn success() -> Self {
        Self {
            status: Status::Succeeded,
            output: None,
            output_contains: None,
            error: None,
            cause: None,
            cause_contains: None,
            path: None,
            variables: None,
            attempts: BTreeMap::new(),
            elapsed: None,
            sent: BTreeMap::new(),
            sent_contains: BTreeMap::new(),
        }
    }
}

fn expected(node: &Node<'_>) -> Expected {
    node.check_keys(&EXPECT_KEYS);
    let fails = ["error", "cause", "causeContains"].iter().any(|name| node.member(name).is_some());
    let otherwise = if fails { Status::Failed } else { Status::Succeeded };
    let names = |path: &Node<'_>| Some(path.items()?.iter().filter_map(Node::text).collect());
    let counts = |attempts: &Node<'_>| {
        let count = |(name, node): (&Text, Node<'_>)| Some((name.clone(), node.count()?));
        Some(attempts.members()?.into_iter().filter_map(count).collect())
    };
    let variables = |node: &Node<'_>| match node.value {
        Value::Object(object) => Some(object.clone()),
        _ => node.refuse("expected an object of variables by name"),
    };
    Expected {
        status: optional(node, "status", status).unwrap_or(otherwise),
        output: node.member("output").map(|output| output.value.clone()),
        output_contains: node.member("outputContains").map(|output| output.value.clone()),
        error: optional(node, "error", Node::text),
        cause: optional(node, "cause", Node::text),
        cause_contains: optional(node, "causeContains", Node::text),
        path: optional(node, "path", names),
        variables: optional(node, "variables", variables),
        attempts: optional(node, "attempts", counts).unwrap_or_default(),
        elapsed: optional(node, "elapsed", |elapsed| elapsed.seconds(ELAPSED_MAX)),
        sent: optional(node, "sent", sent).unwrap_or_default(),
        sent_contains: optional(node, "sentContains", sent).unwrap_or_default(),
    }
}

fn sent(node: &Node<'_>) -> Option<BTreeMap<Text, Sent>> {
    let of_state = |(name, node): (&Text, Node<'_>)| {
        let sent = match node.value {
            Value::Array(items) => Sent::InTurn(items.to_vec()),
            value => Sent::Every(value.clone()),
        };
        (name.clone(), sent)
    };
    Some(node.members()?.into_iter().map(of_state).collect())
}

fn status(node: &Node<'_>) -> Option<Status> {
    match &*node.text()? {
        "SUCCEEDED" => Some(Status::Succeeded),
        "FAILED" => Some(Status::Failed),
        "TIMED_OUT" => Some(Status::TimedOut),
        _ => node.refuse("expected SUCCEEDED, FAILED or TIMED_OUT"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use document::Syntax;

    fn read(text: &str) -> Result<TestFile, Vec<Problem>> {
        TestFile::read(&Document::parse(text, Syntax::Yaml).unwrap())
    }

    #[test]
    fn a_file_becomes_cases() {
        let file = read(
            "definition: a.json
mocks:
  T: {result: 1}
  U: []
cases:
  - name: one
    input: [1]
    startTime: 1970-01-01T00:00:01Z
    mocks:
      T:
        - {error: {error: E, cause: C}, delay: 0.5}
        - {timeout: true}
    expect:
      error: E
      path: [T, U]
      variables: {x: 1}
      attempts: {T: 2}
      elapsed: 1.5
  - name: two
",
        )
        .unwrap();
        let [one, two] = &file.cases[..] else { panic!("{file:?}") };
        assert_eq!((&*file.definition, &*one.name, one.start_time), ("a.json", "one", Timestamp(1000)));
        let answers = vec![
            Answer { outcome: MockOutcome::Error { error: Some("E".into()), cause: Some("C".into()) }, delay: 500 },
            Answer { outcome: MockOutcome::Never, delay: 0 },
        ];
        assert_eq!(*one.mocks["T"], Mocks::InTurn(answers));
        assert_eq!(*one.mocks["U"], Mocks::InTurn(Vec::new()));
        assert_eq!((one.expect.status, one.expect.elapsed), (Status::Failed, Some(1500)));
        assert_eq!(one.expect.path, Some(vec!["T".into(), "U".into()]));
        assert_eq!(*two.mocks["T"], Mocks::Every(Answer { outcome: MockOutcome::Result(Value::int(1)), delay: 0 }));
        assert_eq!((two.expect.status, two.input.to_json()), (Status::Succeeded, "{}".to_owned()));
    }

    #[test]
    fn mistakes_are_told_with_their_place() {
        let case = |text: &str| format!("definition: a\ncases:\n- name: n\n  {text}\n");
        let expect = |text: &str| case(&format!("expect: {{{text}}}"));
        let mock = |text: &str| case(&format!("mocks: {{T: {text}}}"));
        for (text, at, message) in [
            ("[]".to_owned(), "", "expected object"),
            ("cases: []".to_owned(), "", "\"definition\" is missing"),
            ("definition: 1\ncases: []".to_owned(), "definition", "expected string, found number"),
            ("definition: a\ncases: {}".to_owned(), "cases", "expected array"),
            ("definition: a\ncases: []\ncase: []".to_owned(), "case", "unknown key"),
            ("definition: a\ncases: [{name: n}, {name: n}]".to_owned(), "cases[1]", "another case"),
            ("definition: a\ncases: [3]".to_owned(), "cases[0]", "expected object"),
            (case("inptu: 1"), "cases[0].inptu", "unknown key"),
            (case("startTime: noon"), "cases[0].startTime", "timestamp"),
            (expect("stauts: FAILED"), "cases[0].expect.stauts", "unknown key \"stauts\"; known here: status"),
            (expect("status: Failed"), "cases[0].expect.status", "SUCCEEDED, FAILED or"),
            (expect("path: [1]"), "cases[0].expect.path[0]", "expected string"),
            (expect("attempts: {A: -1}"), "cases[0].expect.attempts.A", "integer"),
            (expect("elapsed: -1"), "cases[0].expect.elapsed", "seconds"),
            (expect("variables: 1"), "cases[0].expect.variables", "object"),
            (mock("{}"), "cases[0].mocks.T", "one of"),
            (mock("{result: 1, timeout: true}"), "cases[0].mocks.T", "one of"),
            (mock("{timeout: false}"), "cases[0].mocks.T.timeout", "true"),
            (mock("{timeout: true, delay: 1}"), "cases[0].mocks.T", "delay"),
            (mock("[{result: 1, delay: x}]"), "cases[0].mocks.T[0].delay", "seconds"),
            (mock("{error: {eror: E}}"), "cases[0].mocks.T.error.eror", "unknown key"),
            (mock("{result: 1, validation: SOME}"), "cases[0].mocks.T.validation", "STRICT, PRESENT or NONE"),
            (expect("sent: [1]"), "cases[0].expect.sent", "expected object"),
            ("definition: a\ntype: FAST\ncases: []".to_owned(), "type", "STANDARD or EXPRESS"),
            ("definition: a\nvars: {X: [1]}\ncases: []".to_owned(), "vars.X", "a text or a number"),
        ] {
            let problems = read(&text).unwrap_err();
            let [problem] = &problems[..] else { panic!("{text}: {problems:?}") };
            assert_eq!(problem.at, at, "{text}: {problem:?}");
            assert!(problem.message.contains(message), "{text}: {problem:?}");
            assert!(text.get(problem.span.clone()).is_some());
        }
    }

    #[test]
    fn names_must_be_those_of_the_definition() {
        let definition = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}"#;
        let program = asl::read::read(definition, MachineType::Standard).program.unwrap();
        let text = "definition: a\ncases: [{name: n, mocks: {A: {result: 1}}, \
                    expect: {path: [A, B], attempts: {C: 1}}}]";
        let document = Document::parse(text, Syntax::Yaml).unwrap();
        let problems = TestFile::misfits(&document, &program);
        let at: Vec<_> = problems.iter().map(|problem| (&*problem.at, &text[problem.span.clone()])).collect();
        let expected =
            [("cases[0].mocks.A", "A"), ("cases[0].expect.path[1]", "B"), ("cases[0].expect.attempts.C", "1")];
        assert_eq!(at, expected);
    }

    #[test]
    fn a_result_that_the_service_cannot_give_is_a_misfit() {
        let definition = r#"{"StartAt": "Send", "States": {"Send": {"Type": "Task", "End": true,
            "Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": {"QueueUrl": "q", "MessageBody": "b"}}}}"#;
        let program = asl::read::read(definition, MachineType::Standard).program.unwrap();
        let text = "definition: a
cases:
- name: n
  mocks:
    Send:
    - {result: {MessageId: 7}}
    - {result: {MessageId: 7}, validation: NONE}
    - {result: {MessageId: m}, validation: PRESENT}
    Sned: {result: 1}
";
        let document = Document::parse(text, Syntax::Yaml).unwrap();
        let problems = TestFile::misfits(&document, &program);
        let [result, name] = &problems[..] else { panic!("{problems:?}") };
        assert_eq!((&*result.at, &*name.at), ("cases[0].mocks.Send[0].result", "cases[0].mocks.Sned"));
        assert!(result.message.starts_with("arn:aws:states:::sqs:sendMessage does not answer so: "), "{result:?}");
        assert!(name.message.ends_with("did you mean \"Send\"?"), "{name:?}");
    }
}
