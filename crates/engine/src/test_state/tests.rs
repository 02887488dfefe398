//! Tests of one state at a time: outcome and inspection, and what is refused.

use asl::program::Resource;
use asl::{Text, Value};

use super::*;
use crate::limits::Limits;

const LAMBDA: &str = "arn:aws:states:::lambda:invoke";

struct NoResources;

impl Resources for NoResources {
    fn refusal(&self, resource: &Resource) -> Option<String> {
        Some(format!("{} is not to be had.", resource.arn()))
    }

    fn task_token(&self, _: EventId) -> Text {
        Text::default()
    }

    fn prepare(&self, _: &Resource, parameters: Value) -> Result<Value, String> {
        Ok(parameters)
    }
}

fn json(text: &str) -> Value {
    asl::json::parse(text.as_bytes()).unwrap()
}

fn test(definition: &str, input: &str) -> StateTest {
    StateTest { definition: definition.into(), input: json(input), ..StateTest::default() }
}

fn mocked(definition: &str, input: &str, result: &str) -> StateTest {
    let mock = Mock::Result { value: json(result), validation: FieldValidation::Strict };
    StateTest { mock: Some(mock), ..test(definition, input) }
}

fn failing(definition: &str, error: &str) -> StateTest {
    let mock = Mock::Error { error: error.into(), cause: Some("why".into()) };
    StateTest { mock: Some(mock), ..test(definition, "{}") }
}

fn task(fields: &str) -> String {
    format!(r#"{{"Type": "Task", "Resource": "{LAMBDA}", {fields}, "Next": "N"}}"#)
}

fn run(test: &StateTest) -> Result<TestOutcome, TestStateError> {
    let info = ExecutionInfo {
        arn: "arn:execution".into(),
        name: "execution".into(),
        state_machine_arn: "arn:machine".into(),
        state_machine_name: "machine".into(),
        role_arn: "arn:role".into(),
    };
    let (limits, resources) = (Limits { wait_time_scale: 0.0, ..Limits::default() }, NoResources);
    let turn = Turn {
        now: crate::Timestamp(0),
        seed: 1,
        limits: &limits,
        resources: &resources,
        budget: 1,
        bytes: usize::MAX,
        time: crate::TurnTime::UNBOUNDED,
    };
    match test_state(test, info.into(), &turn, None)? {
        Tested::Over(outcome) => Ok(*outcome),
        Tested::Task(task) => panic!("{} is to be called", task.resource),
    }
}

/// `STATUS output -> next | error: cause`
fn end(test: &StateTest) -> String {
    let outcome = match run(test) {
        Ok(outcome) => outcome,
        Err(TestStateError::InvalidDefinition(diagnostics)) => return diagnostics[0].to_string(),
        Err(error) => return error.to_string(),
    };
    let mut text = outcome.status.as_str().to_owned();
    for (before, part) in [
        (" ", outcome.output.map(|output| output.to_json())),
        (" -> ", outcome.next_state.as_deref().map(str::to_owned)),
        (" | ", outcome.error.as_deref().map(str::to_owned)),
        (": ", outcome.cause.as_deref().map(str::to_owned)),
    ] {
        text.extend(part.map(|part| format!("{before}{part}")));
    }
    text
}

/// The members of the inspection that are there, but for the input.
fn inspection(test: &StateTest) -> String {
    let seen = run(test).unwrap().inspection;
    assert_eq!(seen.input, Some(test.input.clone()));
    let values = [
        ("arguments", seen.after_arguments),
        ("input path", seen.after_input_path),
        ("parameters", seen.after_parameters),
        ("result", seen.result),
        ("selector", seen.after_result_selector),
        ("result path", seen.after_result_path),
        ("items path", seen.after_items_path),
        ("items pointer", seen.after_items_pointer),
        ("item selector", seen.after_item_selector),
        ("item batcher", seen.after_item_batcher),
        ("variables", seen.variables),
    ];
    let numbers = [
        ("concurrency", seen.max_concurrency.map(|n| n as f64)),
        ("count", seen.tolerated_failure_count.map(|n| n as f64)),
        ("percentage", seen.tolerated_failure_percentage),
        ("retry", seen.retry_index.map(|n| n as f64)),
        ("backoff", seen.retry_backoff_seconds),
        ("catch", seen.catch_index.map(|n| n as f64)),
    ];
    let values = values.into_iter().filter_map(|(name, value)| Some(format!("{name} {}", value?.to_json())));
    let numbers = numbers.into_iter().filter_map(|(name, number)| Some(format!("{name} {}", number?)));
    values.chain(numbers).collect::<Vec<_>>().join(", ")
}

#[test]
fn states_that_need_nobody_run() {
    let cases = [
        (r#"{"Type": "Pass", "End": true}"#, r#"SUCCEEDED {"a":1}"#),
        (r#"{"Type": "Pass", "Result": [1], "ResultPath": "$.b", "Next": "N"}"#, r#"SUCCEEDED {"a":1,"b":[1]} -> N"#),
        (r#"{"Type": "Succeed", "OutputPath": "$.a"}"#, "SUCCEEDED 1"),
        (r#"{"Type": "Fail", "Error": "E", "Cause": "C"}"#, "FAILED | E: C"),
        (r#"{"Type": "Fail"}"#, "FAILED"),
        (
            r#"{"Type": "Choice", "Choices": [{"Variable": "$.a", "NumericEquals": 1, "Next": "One"}]}"#,
            r#"SUCCEEDED {"a":1} -> One"#,
        ),
        (
            r#"{"Type": "Choice", "Choices": [{"Variable": "$.a", "NumericEquals": 2, "Next": "Two"}]}"#,
            "FAILED | States.NoChoiceMatched: Failed to transition out of the state. The state does not point to a next state.",
        ),
        (r#"{"Type": "Wait", "Seconds": 300, "End": true}"#, r#"SUCCEEDED {"a":1}"#),
        (r#"{"Type": "Wait", "Timestamp": "1969-01-01T00:00:00Z", "End": true}"#, r#"SUCCEEDED {"a":1}"#),
        (r#"{"Type": "Wait", "Seconds": 301, "End": true}"#, "FAILED | States.Timeout"),
        (
            r#"{"Type": "Pass", "InputPath": "$.b", "End": true}"#,
            "FAILED | States.Runtime: Invalid path '$.b' : No results for path: $['b']",
        ),
    ];
    for (definition, expected) in cases {
        assert_eq!(end(&test(definition, r#"{"a": 1}"#)), expected, "{definition}");
    }
}

#[test]
fn the_inspection_follows_the_data_through_the_state() {
    let pass =
        r#"{"Type": "Pass", "InputPath": "$.a", "Parameters": {"c.$": "$.b"}, "ResultPath": "$.r", "End": true}"#;
    let input = r#"{"a": {"b": 1}}"#;
    assert_eq!(
        inspection(&test(pass, input)),
        r#"input path {"b":1}, parameters {"c":1}, selector {"c":1}, result path {"a":{"b":1},"r":{"c":1}}"#
    );
    let fixed = r#"{"Type": "Pass", "Result": 7, "ResultPath": "$.r", "End": true}"#;
    assert_eq!(inspection(&test(fixed, "{}")), r#"result 7, selector 7, result path {"r":7}"#);
    for definition in [
        r#"{"Type": "Succeed"}"#,
        r#"{"Type": "Fail"}"#,
        r#"{"Type": "Wait", "Seconds": 1, "End": true}"#,
        r#"{"Type": "Choice", "Choices": [{"Variable": "$.a", "IsPresent": true, "Next": "N"}]}"#,
    ] {
        assert_eq!(inspection(&test(definition, "{\"a\":1}")), r#"input path {"a":1}"#, "{definition}");
    }
    let full = task(
        r#""InputPath": "$.a", "Parameters": {"c.$": "$.b"}, "ResultSelector": {"s.$": "$.Payload"}, "ResultPath": "$.r""#,
    );
    assert_eq!(
        inspection(&mocked(&full, input, r#"{"Payload": 2}"#)),
        r#"input path {"b":1}, parameters {"c":1}, result {"Payload":2}, selector {"s":2}, result path {"a":{"b":1},"r":{"s":2}}"#
    );
    let broken = task(r#""Parameters": {"c.$": "$.missing"}"#);
    assert_eq!(inspection(&mocked(&broken, input, "{}")), r#"input path {"a":{"b":1}}"#);
    let jsonata = r#"{"Type": "Task", "QueryLanguage": "JSONata", "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"f": 1}, "Output": 5, "End": true}"#;
    assert_eq!(inspection(&mocked(jsonata, "{}", "{}")), r#"arguments {"f":1}, result {}"#);
    let jsonata = r#"{"Type": "Pass", "QueryLanguage": "JSONata", "Output": 5, "End": true}"#;
    assert_eq!(inspection(&test(jsonata, "{}")), "");
}

#[test]
fn a_mocked_error_goes_to_retriers_and_catchers() {
    let retry = r#"{"ErrorEquals": ["A"], "IntervalSeconds": 2, "MaxAttempts": 2},
        {"ErrorEquals": ["B"], "IntervalSeconds": 3, "BackoffRate": 3}"#;
    let catch =
        r#"{"ErrorEquals": ["A"], "ResultPath": "$.e", "Next": "C"}, {"ErrorEquals": ["States.ALL"], "Next": "D"}"#;
    let definition = task(&format!(r#""Retry": [{retry}], "Catch": [{catch}]"#));
    let caught = |next| format!(r#"CAUGHT_ERROR {{"Error":"X","Cause":"why"}} -> {next} | X: why"#);
    let cases = [
        ("A", 0, "RETRIABLE | A: why".to_owned(), "retry 0, backoff 2"),
        ("B", 2, "RETRIABLE | B: why".to_owned(), "retry 1, backoff 27"),
        ("A", 2, r#"CAUGHT_ERROR {"e":{"Error":"A","Cause":"why"}} -> C | A: why"#.to_owned(), "retry 0, catch 0"),
        ("X", 0, caught("D"), "catch 1"),
        ("States.Timeout", 0, caught("D").replace('X', "States.Timeout"), "catch 1"),
        ("States.Runtime", 0, "FAILED | States.Runtime: why".to_owned(), ""),
    ];
    for (error, count, expected, details) in cases {
        let mut test = failing(&definition, error);
        test.configuration.retrier_retry_count = Some(count);
        assert_eq!(end(&test), expected);
        let data = r#"input path {}, parameters {}"#;
        let details = if details.is_empty() { data.to_owned() } else { format!("{data}, {details}") };
        assert_eq!(inspection(&test), details);
    }
    let mut spent = failing(&task(r#""Retry": [{"ErrorEquals": ["A"], "MaxAttempts": 1}]"#), "A");
    spent.configuration.retrier_retry_count = Some(1);
    assert_eq!((end(&spent).as_str(), run(&spent).unwrap().inspection.retry_index), ("FAILED | A: why", Some(0)));
}

#[test]
fn a_parallel_state_passes_on_what_its_branches_gave() {
    let branch =
        |name: &str| format!(r#"{{"StartAt": "{name}", "States": {{"{name}": {{"Type": "Pass", "End": true}}}}}}"#);
    let definition = format!(
        r#"{{"Type": "Parallel", "ResultSelector": {{"both.$": "$"}}, "ResultPath": "$.r", "End": true,
            "Branches": [{}, {}]}}"#,
        branch("A"),
        branch("B")
    );
    let test = mocked(&definition, "{}", "[1, 2]");
    assert_eq!(end(&test), r#"SUCCEEDED {"r":{"both":[1,2]}}"#);
    assert_eq!(inspection(&test), r#"selector {"both":[1,2]}, result path {"r":{"both":[1,2]}}"#);
    let (parameters, arguments) = (
        definition.replace(r#""End""#, r#""Parameters": {"p": 1}, "End""#),
        definition.replace(
            r#""ResultSelector": {"both.$": "$"}, "ResultPath": "$.r","#,
            r#""QueryLanguage": "JSONata", "Arguments": {"p": "{% 1 + 1 %}"}, "Output": "{% $states.result %}","#,
        ),
    );
    let parts = |definition: &str| inspection(&mocked(definition, "{}", "[1, 2]"));
    assert_eq!(parts(&parameters), r#"selector {"both":[1,2]}, result path {"r":{"both":[1,2]}}"#);
    assert_eq!(parts(&arguments), "");
    let wrong = [
        ("{}", "Mocked result must be an array."),
        ("[1]", "Mocked result must contain the same number of items as number of Parallel branches."),
    ];
    for (result, expected) in wrong {
        assert_eq!(end(&mocked(&definition, "{}", result)), expected);
    }
    let mut caused = failing(&definition, "E");
    caused.configuration.error_caused_by_state = Some("B".into());
    assert_eq!(end(&caused), "FAILED | E: why");
    caused.configuration.error_caused_by_state = Some("C".into());
    assert_eq!(end(&caused), "State not found in definition");
}

fn map(fields: &str) -> String {
    format!(
        r#"{{"Type": "Map", "End": true, "ItemProcessor": {{"ProcessorConfig": {{"Mode": "DISTRIBUTED",
            "ExecutionType": "EXPRESS"}}, "StartAt": "I", "States": {{"I": {{"Type": "Pass", "End": true}}}}}}{fields}}}"#
    )
}

#[test]
fn a_map_state_shows_what_its_iterations_would_get() {
    let definition = map(
        r#", "InputPath": "$.in", "ItemsPath": "$.list", "ItemSelector": {"i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value"},
        "MaxConcurrency": 3, "ToleratedFailureCount": 1, "ToleratedFailurePercentage": 50, "ResultPath": "$.r""#,
    );
    let test = mocked(&definition, r#"{"in": {"list": ["x", "y"]}}"#, "[7, 8]");
    assert_eq!(end(&test), r#"SUCCEEDED {"in":{"list":["x","y"]},"r":[7,8]}"#);
    assert_eq!(
        inspection(&test),
        r#"input path {"list":["x","y"]}, selector [7,8], result path {"in":{"list":["x","y"]},"r":[7,8]}, items path ["x","y"], item selector [{"i":0,"v":"x"},{"i":1,"v":"y"}], concurrency 3, count 1, percentage 50"#
    );
    let batches = map(r#", "ItemBatcher": {"MaxItemsPerBatchPath": "$[0]", "BatchInput": {"n.$": "$[0]"}}"#);
    let seen = run(&mocked(&batches, "[2, 3, 4]", "[1]")).unwrap().inspection;
    assert_eq!(
        seen.after_item_batcher.unwrap().to_json(),
        r#"[{"BatchInput":{"n":2},"Items":[2,3]},{"BatchInput":{"n":2},"Items":[4]}]"#
    );
    let small = map(r#", "ItemBatcher": {"MaxInputBytesPerBatch": 20}"#);
    let seen = run(&mocked(&small, r#"["aaa", "bbb", "a string that is too long"]"#, "[1]")).unwrap().inspection;
    assert_eq!(
        seen.after_item_batcher.unwrap().to_json(),
        r#"[{"Items":["aaa"]},{"Items":["bbb"]},{"Items":["a string that is too long"]}]"#
    );
}

#[test]
fn only_an_array_has_items() {
    for (fields, input, path) in [
        ("", "{}", "$"),
        ("", r#""text""#, "$"),
        (r#", "ItemsPath": "$.a""#, r#"{"a": {"b": 1}}"#, "$.a"),
        (r#", "InputPath": "$.a""#, r#"{"a": {"b": 1}}"#, "$"),
        (r#", "ItemsPath": "$$.Execution.Input""#, r#"{"a": 1}"#, "$$.Execution.Input"),
    ] {
        let test = mocked(&map(fields), input, "[]");
        assert_eq!(end(&test), format!(r#"FAILED | States.Runtime: Reference path "{path}" must point to array."#));
        assert!(!inspection(&test).contains("items path"), "{fields}");
    }
}

#[test]
fn failed_iterations_are_counted() {
    let definition = map(r#", "ToleratedFailureCount": 1"#);
    let with_failures = |count: u64, test: StateTest| StateTest {
        configuration: Configuration { map_iteration_failure_count: Some(count), ..Configuration::default() },
        ..test
    };
    let result = |count| end(&with_failures(count, mocked(&definition, "[1, 2, 3]", "[1, 2]")));
    assert_eq!(result(1), "SUCCEEDED [1,2]");
    let exceeded =
        "FAILED | States.ExceedToleratedFailureThreshold: The specified tolerated failure threshold was exceeded";
    assert_eq!(result(2), exceeded);
    assert_eq!(result(4), "Map iteration failure count must be less than or equal to the number of Map iterations");
    let unlimited = |definition: &str| end(&with_failures(2, mocked(definition, "[1, 2, 3]", "[1, 2]")));
    assert_eq!(unlimited(&map("")), "SUCCEEDED [1,2]");
    assert_eq!(unlimited(&map(r#", "ToleratedFailureCount": 0"#)), exceeded);
    assert_eq!(unlimited(&map(r#", "ToleratedFailurePercentage": 50"#)), exceeded);
    assert_eq!(unlimited(&map(r#", "ToleratedFailurePercentage": 70"#)), "SUCCEEDED [1,2]");
    let error = StateTest { input: json("[1, 2, 3]"), ..failing(&definition, "E") };
    assert_eq!(end(&with_failures(2, error)), "FAILED | E: why");
    for unmocked in [r#"{"Type": "Succeed"}"#, &task(r#""Comment": """#), &definition] {
        assert_eq!(
            end(&with_failures(1, test(unmocked, "{}"))),
            "TestState does not support MapIterationFailureCount when a mock is not specified."
        );
    }
}

#[test]
fn items_come_from_the_data_of_an_item_reader() {
    let read = |config: &str, data: Option<&str>| {
        let reader = format!(
            r#", "ItemReader": {{"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {{{config}}},
            "Parameters": {{"Bucket": "b", "Key": "k"}}}}, "ItemSelector": {{"v.$": "$$.Map.Item.Value"}}"#
        );
        let mut test = mocked(&map(&reader), "{}", "[]");
        test.configuration.map_item_reader_data = data.map(Text::from);
        test
    };
    let cases = [
        (r#""InputType": "JSON""#, "[1, 2]", r#"item selector [{"v":1},{"v":2}]"#),
        (r#""InputType": "JSON", "MaxItems": 1"#, "[1, 2]", r#"item selector [{"v":1}]"#),
        (
            r#""InputType": "JSON", "ItemsPointer": "/a""#,
            r#"{"a": [1]}"#,
            r#"items pointer [1], item selector [{"v":1}]"#,
        ),
        (r#""InputType": "JSONL""#, "1\n2", r#"item selector [{"v":1},{"v":2}]"#),
        (r#""InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW""#, "a\n1", r#"item selector [{"v":{"a":"1"}}]"#),
    ];
    for (config, data, expected) in cases {
        let shown = inspection(&read(config, Some(data)));
        assert_eq!(shown, format!(r#"input path {{}}, selector [], result path [], {expected}, concurrency 0"#));
    }
    assert_eq!(end(&read(r#""InputType": "JSON""#, None)), "SUCCEEDED []");
    let broken = end(&read(r#""InputType": "JSON""#, Some("nope")));
    assert!(broken.starts_with("FAILED | States.ItemReaderFailed: "), "{broken}");
}

#[test]
fn what_cannot_be_tested_is_refused() {
    let parallel =
        r#"{"Type": "Parallel", "Branches": [{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}], "End": true}"#;
    let unsupported = "TestState API does not support Map or Parallel states. Supported state types include: \
                       [Task, Wait, Pass, Succeed, Fail, Choice]";
    let resource = |arn: &str| format!(r#"{{"Type": "Task", "Resource": "{arn}", "End": true}}"#);
    let activity = resource("arn:aws:states:us-east-1:1:activity:a");
    let sync = resource("arn:aws:states:::states:startExecution.sync");
    let role = "RoleArn must be specified when testing a Task state";
    let cases = [
        (test(parallel, "{}"), unsupported),
        (test(&map(""), "{}"), unsupported),
        (test(&task(r#""Comment": """#), "{}"), role),
        (test(&activity, "{}"), checks::TASK_NEEDS_MOCK),
        (test(&sync, "{}"), checks::TASK_NEEDS_MOCK),
        (
            mocked(r#"{"Type": "Pass", "End": true}"#, "{}", "{}"),
            "State type 'Pass' is not supported when a mock is specified",
        ),
        (failing(r#"{"Type": "Succeed"}"#, "E"), "State type 'Succeed' is not supported when a mock is specified"),
        (
            StateTest { reveal_secrets: true, ..failing(&task(r#""Comment": """#), "E") },
            "TestState does not support RevealSecrets when a mock is specified.",
        ),
        (mocked(&map(""), "[]", "{}"), "Mocked result must be an array."),
        (
            mocked(
                &map(
                    r#", "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b"}}"#,
                ),
                "[]",
                "[]",
            ),
            "Mocked result must be a JSON object.",
        ),
        (
            mocked(&resource("arn:aws:states:::sqs:sendMessage"), "{}", r#"{"MessageId": 1}"#),
            "Mock result schema validation error: Field 'MessageId' must be a string",
        ),
        (
            test(r#"{"Type": "Parallel", "Branches": [], "End": true}"#, "{}"),
            "SCHEMA_VALIDATION_FAILED: Value cannot be empty at /States/StateName/Branches",
        ),
    ];
    for (test, expected) in cases {
        assert_eq!(end(&test), expected, "{}", test.definition);
    }
    assert_eq!(end(&mocked(&activity, "{}", "1")), "SUCCEEDED 1");
}

#[test]
fn a_task_without_a_mock_meets_what_an_execution_would() {
    let test =
        StateTest { has_role: true, ..test(&task(r#""Catch": [{"ErrorEquals": ["States.ALL"], "Next": "C"}]"#), "{}") };
    assert_eq!(end(&test), format!("FAILED | States.Runtime: {LAMBDA} is not to be had."));
}

#[test]
fn a_state_of_a_state_machine_is_found_by_its_name() {
    let machine = r#"{"StartAt": "A", "States": {"A": {"Type": "Map", "Next": "B", "ItemProcessor": {"StartAt": "I",
        "States": {"I": {"Type": "Pass", "Result": "inner", "End": true}}}}, "B": {"Type": "Pass", "Next": "C"}, "C": {"Type": "Succeed"}}}"#;
    let named = |name: &str| end(&StateTest { state_name: Some(name.into()), ..test(machine, "{}") });
    assert_eq!(named("B"), "SUCCEEDED {} -> C");
    assert_eq!(named("I"), "SUCCEEDED \"inner\"");
    assert_eq!(named("X"), "State not found in definition");
}

#[test]
fn the_context_object_is_made_up_or_given() {
    let whole = task(r#""Parameters": {"c.$": "$$"}"#);
    let seen = |test: &StateTest| run(test).unwrap().inspection.after_parameters.unwrap().get("c").unwrap().to_json();
    let time = "1970-01-01T00:00:00.000Z";
    assert_eq!(
        seen(&mocked(&whole, "{\"a\":1}", "{}")),
        format!(
            r#"{{"Execution":{{"Id":"arn:execution","Input":{{"a":1}},"StartTime":"{time}","Name":"execution","RoleArn":"arn:role"}},"StateMachine":{{"Id":"arn:machine","Name":"machine"}},"State":{{"Name":"StateName","EnteredTime":"{time}","RetryCount":0}}}}"#
        )
    );
    let machine = format!(r#"{{"StartAt": "T", "States": {{"T": {}, "N": {{"Type": "Succeed"}}}}}}"#, whole);
    let of_machine = StateTest { state_name: Some("T".into()), ..mocked(&machine, "{}", "{}") };
    assert!(seen(&of_machine).contains(r#""State":{"Name":"StateName","#), "{}", seen(&of_machine));
    let given =
        |context: &str, definition: &str| StateTest { context: Some(json(context)), ..mocked(definition, "{}", "{}") };
    assert_eq!(seen(&given(r#"{"State": {}}"#, &whole)), r#"{"State":{}}"#);
    let token = whole.replace("lambda:invoke", "lambda:invoke.waitForTaskToken");
    assert_eq!(seen(&given(r#"{"Task": {"Token": "t"}}"#, &token)), r#"{"Task":{"Token":"t"}}"#);
    assert!(seen(&mocked(&token, "{}", "{}")).contains(r#""Task":{"Token":""#));
    let wrong = [
        (
            r#"{"Task": {}}"#,
            "Context object contains 'Task' when state is not a Task state with a '.sync' or '.waitForTaskToken' service integration pattern",
        ),
        (r#"{"Map": {}}"#, "'Map' field is not supported when mocking a Context object"),
        (r#"{"X": {}}"#, "Field 'X' is not allowed"),
        (r#"{"State": {"X": 1}}"#, "Field 'X' is not allowed"),
        (r#"{"Execution": {"Id": 1}}"#, "Execution.Id must be a string"),
        (r#"{"State": {"RetryCount": "1"}}"#, "State.RetryCount must be a number"),
        ("[]", "Context must be a JSON object"),
    ];
    for (context, why) in wrong {
        assert_eq!(end(&given(context, &whole)), format!("Invalid Context object provided: {why}"));
    }
    let needless = StateTest { context: Some(json("{}")), ..test(r#"{"Type": "Succeed"}"#, "{}") };
    assert_eq!(end(&needless), "TestState does not support Context when a mock is not specified.");
}

#[test]
fn variables_are_read_assigned_and_shown() {
    let variables: Variables = match json(r#"{"a": 1, "b": 2}"#) {
        Value::Object(variables) => variables,
        _ => Variables::default(),
    };
    let definition = r#"{"Type": "Pass", "Parameters": {"was.$": "$a"}, "Assign": {"a.$": "$$.Execution.Input.x", "c": 3}, "End": true}"#;
    let test = StateTest { variables, ..test(definition, r#"{"x": 9}"#) };
    let outcome = run(&test).unwrap();
    assert_eq!(outcome.output.unwrap().to_json(), r#"{"was":1}"#);
    assert_eq!(outcome.inspection.variables.unwrap().to_json(), r#"{"a":9,"b":2,"c":3}"#);
}

#[test]
fn a_result_beyond_the_limit_fails_the_state() {
    let test = mocked(&task(r#""Comment": """#), "{}", &format!(r#"{{"Payload": "{}"}}"#, "x".repeat(262_144)));
    assert!(end(&test).starts_with("FAILED | States.DataLimitExceeded: "));
}

#[test]
fn expressions_are_evaluated_and_their_errors_told_without_the_state() {
    let jsonata = |fields: &str| format!(r#"{{"QueryLanguage": "JSONata", "End": true, {fields}}}"#);
    let pass = jsonata(r#""Type": "Pass", "Output": "{% $states.input.a + 1 %}""#);
    assert_eq!(end(&test(&pass, r#"{"a": 1}"#)), "SUCCEEDED 2");
    assert_eq!(
        end(&test(&pass, "{}")),
        "FAILED | States.QueryEvaluationError: The JSONata expression '$states.input.a + 1' specified for the field \
         'Output' returned nothing (undefined)."
    );
    let map = jsonata(
        r#""Type": "Map", "Items": "{% $states.input %}", "ItemSelector": "{% $states.context.Map.Item.Index %}",
        "MaxConcurrency": "{% 1 + 1 %}", "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": true}}}"#,
    );
    assert_eq!(inspection(&mocked(&map, "[5, 6]", "[]")), "item selector [0,1], concurrency 2");
}
