//! TestState on the wire: members, levels, refusals. What states do is tested with the engine.

use serde_json::{Value as Json, json};

use super::{ROLE, api, ok, refused};

const LAMBDA: &str = r#"{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Next": "N",
    "Retry": [{"ErrorEquals": ["A"], "IntervalSeconds": 3}]}"#;

/// The members with these as well.
fn with(mut members: Json, more: &Json) -> Json {
    for (name, value) in more.as_object().unwrap() {
        members[name] = value.clone();
    }
    members
}

#[tokio::test(flavor = "multi_thread")]
async fn the_level_says_what_is_shown() {
    let api = api();
    let call =
        json!({"definition": r#"{"Type": "Pass", "InputPath": "$.a", "Next": "N"}"#, "input": r#"{"a": [1,  2]}"#});
    let answer = json!({"output": "[1,  2]", "nextState": "N", "status": "SUCCEEDED"});
    for level in [json!({}), json!({"inspectionLevel": "INFO"})] {
        assert_eq!(ok(&api, "TestState", with(call.clone(), &level)).await, answer);
    }
    let inspected = with(
        answer,
        &json!({"inspectionData": {
            "input": r#"{"a": [1,  2]}"#, "afterInputPath": "[1,  2]", "afterParameters": "[1,  2]",
            "afterResultSelector": "[1,  2]", "afterResultPath": "[1,  2]",
        }}),
    );
    for level in ["DEBUG", "TRACE"] {
        assert_eq!(ok(&api, "TestState", with(call.clone(), &json!({"inspectionLevel": level}))).await, inspected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mocked_error_is_told_with_what_handles_it() {
    let mock = json!({"errorOutput": {"error": "A", "cause": "because"}});
    let call = json!({
        "definition": LAMBDA, "mock": mock, "inspectionLevel": "DEBUG", "variables": r#"{"v":1}"#,
        "stateConfiguration": {"retrierRetryCount": 1},
    });
    let expected = json!({
        "error": "A", "cause": "because", "status": "RETRIABLE",
        "inspectionData": {
            "input": "{}", "afterInputPath": "{}", "afterParameters": "{}", "variables": r#"{"v":1}"#,
            "errorDetails": {"retryIndex": 0, "retryBackoffIntervalSeconds": 6},
        },
    });
    assert_eq!(ok(&api(), "TestState", call).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn items_are_shown_as_they_were_written_wherever_they_come_from() {
    let api = api();
    let call = |path: &str| {
        let definition = format!(
            r#"{{"Type": "Map", "ItemsPath": "{path}", "End": true,
            "ItemProcessor": {{"StartAt": "I", "States": {{"I": {{"Type": "Pass", "End": true}}}}}}}}"#
        );
        json!({
            "definition": definition, "input": r#"{"a": [[1, 2], 3]}"#, "mock": {"result": "[ ]"},
            "context": r#"{"Execution": {"Input": {"values": ["x",  "y"]}}}"#, "variables": r#"{"v": {"w": [ 4 ]}}"#,
            "inspectionLevel": "DEBUG",
        })
    };
    for (path, items) in [
        ("$.a", "[[1, 2], 3]"),
        ("$.a[0]", "[1, 2]"),
        ("$$.Execution.Input.values", r#"["x",  "y"]"#),
        ("$v.w", "[ 4 ]"),
    ] {
        let answer = ok(&api, "TestState", call(path)).await;
        assert_eq!((&answer["inspectionData"]["afterItemsPath"], &answer["output"]), (&json!(items), &json!("[ ]")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_context_object_names_no_state_and_says_where_no_role_is() {
    let api = api();
    let state = r#"{"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $states.context %}", "End": true}"#;
    let machine = format!(r#"{{"StartAt": "A", "States": {{"A": {state}}}}}"#);
    for (more, role) in [(json!({}), Json::Null), (json!({"roleArn": ROLE}), json!(ROLE))] {
        for call in [json!({"definition": state}), json!({"definition": machine, "stateName": "A"})] {
            let answer = ok(&api, "TestState", with(call, &more)).await;
            let context: Json = serde_json::from_str(answer["output"].as_str().unwrap()).unwrap();
            assert_eq!((&context["State"]["Name"], &context["Execution"]["RoleArn"]), (&json!("StateName"), &role));
            assert!(context["Execution"].as_object().unwrap().contains_key("RoleArn"));
            assert_eq!(context["Execution"].get("RedriveCount"), None);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_map_state_shows_its_bounds() {
    let definition = r#"{"Type": "Map", "MaxConcurrency": 2, "ToleratedFailurePercentage": 50, "End": true,
        "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": true}}}}"#;
    let mock = json!({"result": "[3]"});
    let call = json!({"definition": definition, "input": "[1]", "mock": mock, "inspectionLevel": "DEBUG"});
    let data = &ok(&api(), "TestState", call).await["inspectionData"];
    let members = ["maxConcurrency", "toleratedFailurePercentage", "toleratedFailureCount", "afterItemsPath"];
    assert_eq!(members.map(|name| data[name].clone()), [json!(2), json!(50.0), Json::Null, json!("[1]")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_without_a_mock_fails_as_in_an_execution() {
    let answer = ok(&api(), "TestState", json!({"definition": LAMBDA, "roleArn": ROLE})).await;
    assert_eq!((&answer["status"], &answer["error"]), (&json!("FAILED"), &json!("States.Runtime")));
    assert!(
        answer["cause"].as_str().unwrap().starts_with("The resource arn:aws:states:::lambda:invoke cannot be used")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_tests_are_refused() {
    let api = api();
    let map = r#"{"Type": "Map", "End": true,
        "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": true}}}}"#;
    let cases = [
        (
            json!({"definition": map, "stateConfiguration": {"mapIterationFailureCount": 1}}),
            "ValidationException",
            "TestState does not support MapIterationFailureCount when a mock is not specified.",
        ),
        (json!({"definition": LAMBDA}), "ValidationException", "RoleArn must be specified when testing a Task state"),
        (
            json!({"definition": LAMBDA, "mock": {"result": "{}", "errorOutput": {"error": "E"}}}),
            "ValidationException",
            "A test mock should have only one of the following fields: [result, errorOutput].",
        ),
        (
            json!({"definition": LAMBDA, "mock": {}}),
            "ValidationException",
            "A test mock should have one of the following fields: [result, errorOutput].",
        ),
        (
            json!({"definition": LAMBDA, "mock": {"errorOutput": {"cause": "C"}}}),
            "ValidationException",
            "A mocked errorOutput must have the field 'error'.",
        ),
        (
            json!({"definition": LAMBDA, "mock": {"result": "{", "fieldValidationMode": "NONE"}}),
            "ValidationException",
            "Mocked result must be valid JSON",
        ),
        (
            json!({"definition": LAMBDA, "mock": {"result": "{}"}, "context": "{"}),
            "ValidationException",
            "Invalid Context object provided: Context must be valid JSON",
        ),
        (
            json!({"definition": LAMBDA, "variables": "[]"}),
            "ValidationException",
            "Variables must be a valid JSON object",
        ),
        (json!({"definition": LAMBDA, "roleArn": "r"}), "InvalidArn", "Invalid Role Arn: 'r'"),
        (
            json!({"definition": LAMBDA, "input": ""}),
            "InvalidExecutionInput",
            "Invalid State Machine Execution Input: 'Invalid execution input.'",
        ),
        (
            json!({"definition": map}),
            "InvalidDefinition",
            "TestState API does not support Map or Parallel states. Supported state types include: \
             [Task, Wait, Pass, Succeed, Fail, Choice]",
        ),
        (
            json!({"definition": r#"{"Type": "Parallel", "Branches": [], "End": true}"#}),
            "InvalidDefinition",
            "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: Value cannot be empty at /States/StateName/Branches'",
        ),
        (
            json!({"definition": LAMBDA, "stateConfiguration": {"retrierRetryCount": -1}}),
            "ValidationException",
            "1 validation error detected: Value '-1' at 'stateConfiguration.retrierRetryCount' failed to satisfy \
             constraint: Member must have value greater than or equal to 0",
        ),
    ];
    for (call, code, message) in cases {
        assert_eq!(refused(&api, "TestState", call.clone()).await, (code.to_owned(), message.to_owned()), "{call}");
    }
}
