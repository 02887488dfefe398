//! Every operation once, and the rules of each that are the wire's.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::{PASS, ROLE, api, api_with, ended, machine, ok, refused};
use runtime::quotas::Quotas;

const NO_MACHINE: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:none";
const NO_EXECUTION: &str = "arn:aws:states:us-east-1:000000000000:execution:none:e";
const NO_ACTIVITY: &str = "arn:aws:states:us-east-1:000000000000:activity:none";

fn is_time(value: &Json) -> bool {
    value.as_f64().is_some_and(|seconds| seconds > 1.6e9)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_machine_is_created_described_updated_listed_and_deleted() {
    let api = api();
    let arn = machine(&api, "m", PASS).await;
    assert_eq!(arn, "arn:aws:states:us-east-1:000000000000:stateMachine:m");
    assert_eq!(machine(&api, "m", PASS).await, arn);

    let mut described = ok(&api, "DescribeStateMachine", json!({"stateMachineArn": arn})).await;
    assert!(is_time(&described["creationDate"].take()));
    let expected = json!({
        "stateMachineArn": arn, "name": "m", "status": "ACTIVE", "type": "STANDARD", "creationDate": null,
        "definition": PASS, "roleArn": ROLE,
        "loggingConfiguration": {"level": "OFF", "includeExecutionData": false},
        "tracingConfiguration": {"enabled": false},
        "encryptionConfiguration": {"type": "AWS_OWNED_KEY"},
    });
    assert_eq!(described, expected);

    let other = PASS.replace("\"A\"", "\"B\"");
    let updated = ok(&api, "UpdateStateMachine", json!({"stateMachineArn": arn, "definition": other})).await;
    assert!(is_time(&updated["updateDate"]));
    let described = ok(&api, "DescribeStateMachine", json!({"stateMachineArn": arn})).await;
    assert_eq!((&described["definition"], &described["revisionId"]), (&json!(other), &updated["revisionId"]));
    let bare = json!({"stateMachineArn": arn, "includedData": "METADATA_ONLY"});
    assert_eq!(ok(&api, "DescribeStateMachine", bare).await["definition"], "{}");

    let list = ok(&api, "ListStateMachines", json!({})).await;
    assert_eq!(list["stateMachines"][0]["stateMachineArn"], arn);
    assert_eq!(list["stateMachines"][0]["type"], "STANDARD");
    assert_eq!(list.get("nextToken"), None);

    assert_eq!(ok(&api, "DeleteStateMachine", json!({"stateMachineArn": arn})).await, json!({}));
    assert_eq!(ok(&api, "DeleteStateMachine", json!({"stateMachineArn": NO_MACHINE})).await, json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn state_machines_are_listed_by_name_and_no_page_moves_under_its_reader() {
    let api = api();
    for name in ["b", "a-1", "Z", "c", "a", "ä", "d"] {
        machine(&api, name, PASS).await;
    }
    let page = |token: Json| {
        let mut body = json!({"maxResults": 3});
        if token.is_string() {
            body["nextToken"] = token;
        }
        ok(&api, "ListStateMachines", body)
    };
    let names = |page: &Json| -> Vec<String> {
        let machines = page["stateMachines"].as_array().unwrap();
        machines.iter().map(|machine| machine["name"].as_str().unwrap().to_owned()).collect()
    };
    let first = page(Json::Null).await;
    assert_eq!(names(&first), ["Z", "a", "a-1"]);
    // The last one of the page goes, one comes before it and one behind it.
    let gone = &first["stateMachines"][2]["stateMachineArn"];
    ok(&api, "DeleteStateMachine", json!({"stateMachineArn": gone})).await;
    machine(&api, "A", PASS).await;
    machine(&api, "a-2", PASS).await;
    let second = page(first["nextToken"].clone()).await;
    assert_eq!(names(&second), ["a-2", "b", "c"]);
    let third = page(second["nextToken"].clone()).await;
    assert_eq!((names(&third), third.get("nextToken")), (vec!["d".to_owned(), "ä".to_owned()], None));
    let foreign = json!({"nextToken": first["nextToken"]});
    assert_eq!(refused(&api, "ListActivities", foreign).await.0, "InvalidToken");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_is_started_described_and_its_history_read() {
    let api = api();
    let arn = machine(&api, "m", PASS).await;
    let body = json!({"stateMachineArn": arn, "name": "e.1", "input": "{\"a\": 1.50}", "traceHeader": "t"});
    let started = ok(&api, "StartExecution", body).await;
    assert_eq!(started["executionArn"], "arn:aws:states:us-east-1:000000000000:execution:m:e.1");
    assert!(is_time(&started["startDate"]));

    let execution = ended(&api, &started["executionArn"]).await;
    let members = ["name", "status", "stateMachineArn", "input", "output", "traceHeader", "redriveStatus"];
    let values = members.map(|name| execution[name].as_str().unwrap());
    assert_eq!(values, ["e.1", "SUCCEEDED", &arn, "{\"a\": 1.50}", "{\"a\":1.50}", "t", "NOT_REDRIVABLE"]);
    assert_eq!((&execution["outputDetails"], &execution["redriveCount"]), (&json!({"included": true}), &json!(0)));

    let arn = &started["executionArn"];
    let history = ok(&api, "GetExecutionHistory", json!({"executionArn": arn})).await;
    let types: Vec<_> = history["events"].as_array().unwrap().iter().map(|e| e["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"]);
    assert_eq!(history["events"][1]["stateEnteredEventDetails"]["input"], "{\"a\": 1.50}");
    assert!(is_time(&history["events"][0]["timestamp"]));

    let machine = ok(&api, "DescribeStateMachineForExecution", json!({"executionArn": arn})).await;
    assert_eq!((&machine["name"], &machine["definition"]), (&json!("m"), &json!(PASS)));
    assert!(is_time(&machine["updateDate"]) && machine.get("status").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn history_is_read_in_parts_in_both_directions() {
    let api = api();
    let arn = machine(&api, "m", PASS).await;
    let execution = ok(&api, "StartExecution", json!({"stateMachineArn": arn})).await["executionArn"].take();
    ended(&api, &execution).await;
    for (reverse, expected) in [(false, [1, 2, 3, 4]), (true, [4, 3, 2, 1])] {
        let mut ids = Vec::new();
        let mut token = Json::Null;
        loop {
            let body = json!({"executionArn": execution, "maxResults": 3, "reverseOrder": reverse, "nextToken": token});
            let part = ok(&api, "GetExecutionHistory", body).await;
            ids.extend(part["events"].as_array().unwrap().iter().map(|e| e["id"].as_i64().unwrap()));
            token = part["nextToken"].clone();
            if token.is_null() {
                break;
            }
            let other = json!({"executionArn": execution, "reverseOrder": !reverse, "nextToken": token});
            assert_eq!(refused(&api, "GetExecutionHistory", other).await.0, "InvalidToken");
        }
        assert_eq!(ids, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn executions_are_listed_newest_first_in_parts() {
    let api = api();
    let arn = machine(&api, "m", PASS).await;
    for i in 0..5 {
        let body = json!({"stateMachineArn": arn, "name": format!("e{i}")});
        ended(&api, &ok(&api, "StartExecution", body).await["executionArn"]).await;
    }
    let first = ok(&api, "ListExecutions", json!({"stateMachineArn": arn, "maxResults": 3})).await;
    let rest = json!({"stateMachineArn": arn, "maxResults": 10, "nextToken": first["nextToken"]});
    let rest = ok(&api, "ListExecutions", rest).await;
    let names = |part: &Json| -> Vec<String> {
        part["executions"].as_array().unwrap().iter().map(|e| e["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        (names(&first), names(&rest)),
        (vec!["e4".into(), "e3".into(), "e2".into()], vec!["e1".into(), "e0".into()])
    );
    assert_eq!(rest.get("nextToken"), None);
    assert_eq!(rest["executions"][0]["stateMachineArn"], arn);

    let running = json!({"stateMachineArn": arn, "statusFilter": "RUNNING"});
    assert_eq!(ok(&api, "ListExecutions", running).await, json!({"executions": []}));
    let filtered = json!({"stateMachineArn": arn, "statusFilter": "SUCCEEDED", "nextToken": first["nextToken"]});
    assert_eq!(refused(&api, "ListExecutions", filtered).await.0, "InvalidToken");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_is_stopped() {
    let api = api();
    let wait = r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":100000,"End":true}}}"#;
    let arn = machine(&api, "m", wait).await;
    let execution = ok(&api, "StartExecution", json!({"stateMachineArn": arn})).await["executionArn"].take();
    let body = json!({"executionArn": execution, "error": "E", "cause": "C"});
    assert!(is_time(&ok(&api, "StopExecution", body).await["stopDate"]));
    let stopped = ended(&api, &execution).await;
    assert_eq!(
        (&stopped["status"], &stopped["error"], &stopped["cause"]),
        (&json!("ABORTED"), &json!("E"), &json!("C"))
    );
    assert_eq!(stopped["redriveStatus"], "REDRIVABLE");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_activity_worker_takes_tasks_and_answers_them() {
    let api = api();
    let activity = ok(&api, "CreateActivity", json!({"name": "a"})).await["activityArn"].take();
    let task =
        json!({"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": activity, "End": true}}}).to_string();
    let arn = machine(&api, "m", &task).await;
    let poll = json!({"activityArn": activity, "workerName": "w"});

    let first = ok(&api, "StartExecution", json!({"stateMachineArn": arn, "input": "[1]"})).await;
    let task = ok(&api, "GetActivityTask", poll.clone()).await;
    assert_eq!(task["input"], "[1]");
    let token = &task["taskToken"];
    assert_eq!(ok(&api, "SendTaskHeartbeat", json!({"taskToken": token})).await, json!({}));
    let broken = json!({"taskToken": token, "output": "nope"});
    assert_eq!(refused(&api, "SendTaskSuccess", broken).await.0, "InvalidOutput");
    assert_eq!(ok(&api, "SendTaskSuccess", json!({"taskToken": token, "output": "\"done\""})).await, json!({}));
    assert_eq!(ended(&api, &first["executionArn"]).await["output"], "\"done\"");
    assert_eq!(refused(&api, "SendTaskHeartbeat", json!({"taskToken": token})).await.0, "TaskTimedOut");

    let second = ok(&api, "StartExecution", json!({"stateMachineArn": arn})).await;
    let token = ok(&api, "GetActivityTask", poll).await["taskToken"].take();
    assert_eq!(ok(&api, "SendTaskFailure", json!({"taskToken": token, "error": "E"})).await, json!({}));
    let failed = ended(&api, &second["executionArn"]).await;
    assert_eq!((&failed["status"], &failed["error"]), (&json!("FAILED"), &json!("E")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_activity_is_described_listed_and_deleted() {
    let api = api();
    let arn = ok(&api, "CreateActivity", json!({"name": "a"})).await["activityArn"].take();
    assert_eq!(ok(&api, "CreateActivity", json!({"name": "a"})).await["activityArn"], arn);
    let described = ok(&api, "DescribeActivity", json!({"activityArn": arn})).await;
    assert_eq!(
        (&described["name"], &described["encryptionConfiguration"]),
        (&json!("a"), &json!({"type": "AWS_OWNED_KEY"}))
    );
    let list = ok(&api, "ListActivities", json!({})).await;
    assert_eq!(list["activities"][0]["activityArn"], arn);
    for _ in 0..2 {
        assert_eq!(ok(&api, "DeleteActivity", json!({"activityArn": arn})).await, json!({}));
    }
    assert_eq!(refused(&api, "DescribeActivity", json!({"activityArn": arn})).await.0, "ActivityDoesNotExist");
}

#[tokio::test(flavor = "multi_thread")]
async fn resources_are_tagged_and_untagged() {
    let api = api();
    let arn = machine(&api, "m", PASS).await;
    let tags = json!([{"key": "k1", "value": "v1"}, {"key": "k2", "value": ""}]);
    assert_eq!(ok(&api, "TagResource", json!({"resourceArn": arn, "tags": tags})).await, json!({}));
    assert_eq!(ok(&api, "ListTagsForResource", json!({"resourceArn": arn})).await, json!({"tags": tags}));
    assert_eq!(ok(&api, "UntagResource", json!({"resourceArn": arn, "tagKeys": ["k1", "k1", "k3"]})).await, json!({}));
    let left = json!({"tags": [{"key": "k2", "value": ""}]});
    assert_eq!(ok(&api, "ListTagsForResource", json!({"resourceArn": arn})).await, left);
    assert_eq!(refused(&api, "ListTagsForResource", json!({"resourceArn": NO_MACHINE})).await.0, "ResourceNotFound");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_definition_is_validated_without_a_state_machine() {
    let api = api();
    let fine = json!({"diagnostics": [], "result": "OK", "truncated": false});
    assert_eq!(ok(&api, "ValidateStateMachineDefinition", json!({"definition": PASS})).await, fine);
    let found = ok(&api, "ValidateStateMachineDefinition", json!({"definition": "{}", "type": "EXPRESS"})).await;
    assert_eq!((&found["result"], &found["diagnostics"][0]["severity"]), (&json!("FAIL"), &json!("ERROR")));
    assert_eq!(found["diagnostics"][0]["code"], "SCHEMA_VALIDATION_FAILED");
}

#[tokio::test(flavor = "multi_thread")]
async fn logging_is_kept_as_given_and_checked() {
    let api = api();
    let create = |name: &str, logging: Json| json!({"name": name, "definition": PASS, "roleArn": ROLE, "loggingConfiguration": logging});
    let group =
        json!([{"cloudWatchLogsLogGroup": {"logGroupArn": "arn:aws:logs:us-east-1:000000000000:log-group:g:*"}}]);
    let cases = [
        (json!({}), json!({"level": "OFF", "includeExecutionData": false})),
        (json!({"destinations": []}), json!({"level": "OFF", "includeExecutionData": false, "destinations": []})),
        (
            json!({"level": "ALL", "includeExecutionData": true, "destinations": group}),
            json!({"level": "ALL", "includeExecutionData": true, "destinations": group}),
        ),
    ];
    for (i, (given, kept)) in cases.into_iter().enumerate() {
        let arn = ok(&api, "CreateStateMachine", create(&format!("m{i}"), given)).await["stateMachineArn"].take();
        let described = ok(&api, "DescribeStateMachine", json!({"stateMachineArn": arn})).await;
        assert_eq!(described["loggingConfiguration"], kept);
    }
    for level in ["ALL", "ERROR", "FATAL"] {
        let expected = "Invalid Logging Configuration: Must specify exactly one Log Destination.";
        let error = refused(&api, "CreateStateMachine", create("m", json!({"level": level}))).await;
        assert_eq!(error, ("InvalidLoggingConfiguration".to_owned(), expected.to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn business_rules_answer_with_awss_codes_and_texts() {
    let api = api();
    let arn = machine(&api, "m", PASS).await;
    let express_arn = "arn:aws:states:us-east-1:000000000000:express:m:e:u";
    let not_valid = "Invalid Arn: 'Resource type not valid in this context: express'".to_owned();
    let create = |name: &str, value: Json| {
        let mut body = json!({"name": "n", "definition": PASS, "roleArn": ROLE});
        body[name] = value;
        body
    };
    let tags: Vec<Json> = (0..51).map(|i| json!({"key": format!("k{i}")})).collect();
    let missing = format!("State Machine Does Not Exist: '{NO_MACHINE}'");
    let cases = [
        ("DescribeStateMachine", json!({"stateMachineArn": NO_MACHINE}), "StateMachineDoesNotExist", missing.clone()),
        ("UpdateStateMachine", json!({"stateMachineArn": NO_MACHINE, "roleArn": ROLE}), "StateMachineDoesNotExist", missing.clone()),
        ("StartExecution", json!({"stateMachineArn": NO_MACHINE}), "StateMachineDoesNotExist", missing.clone()),
        ("ListExecutions", json!({"stateMachineArn": NO_MACHINE}), "StateMachineDoesNotExist", missing),
        ("DescribeExecution", json!({"executionArn": "x"}), "InvalidArn", "Invalid Arn: 'Invalid ARN prefix: x'".to_owned()),
        ("DescribeExecution", json!({"executionArn": NO_EXECUTION}), "ExecutionDoesNotExist", format!("Execution Does Not Exist: '{NO_EXECUTION}'")),
        ("StopExecution", json!({"executionArn": NO_EXECUTION}), "ExecutionDoesNotExist", format!("Execution Does Not Exist: '{NO_EXECUTION}'")),
        ("GetExecutionHistory", json!({"executionArn": NO_EXECUTION}), "ExecutionDoesNotExist", format!("Execution Does Not Exist: '{NO_EXECUTION}'")),
        ("DescribeExecution", json!({"executionArn": express_arn}), "InvalidArn", not_valid.clone()),
        ("StopExecution", json!({"executionArn": express_arn}), "InvalidArn", not_valid.clone()),
        ("GetExecutionHistory", json!({"executionArn": express_arn}), "InvalidArn", not_valid),
        ("DescribeActivity", json!({"activityArn": NO_ACTIVITY}), "ActivityDoesNotExist", format!("Activity Does Not Exist: '{NO_ACTIVITY}'")),
        ("GetActivityTask", json!({"activityArn": NO_ACTIVITY}), "ActivityDoesNotExist", format!("Activity Does Not Exist: '{NO_ACTIVITY}'")),
        ("SendTaskHeartbeat", json!({"taskToken": "garbage"}), "InvalidToken", "Invalid Token: 'Invalid token'".to_owned()),
        ("SendTaskFailure", json!({"taskToken": "garbage"}), "InvalidToken", "Invalid Token: 'Invalid token'".to_owned()),
        ("SendTaskSuccess", json!({"taskToken": "garbage", "output": "{}"}), "InvalidToken", "Invalid Token: 'Invalid token'".to_owned()),
        ("SendTaskSuccess", json!({"taskToken": "garbage", "output": "{"}), "InvalidToken", "Invalid Token: 'Invalid token'".to_owned()),
        ("ListStateMachines", json!({"nextToken": "garbage"}), "InvalidToken", "Invalid Token: 'Invalid token'".to_owned()),
        ("CreateActivity", json!({"name": "a b"}), "InvalidName", "Invalid Name: 'a b'".to_owned()),
        ("StartExecution", json!({"stateMachineArn": arn, "name": "a/b"}), "InvalidName", "Invalid Name: 'a/b'".to_owned()),
        ("StartExecution", json!({"stateMachineArn": arn, "input": "not some json"}), "InvalidExecutionInput", "Invalid State Machine Execution Input: 'Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')'".to_owned()),
        ("UpdateStateMachine", json!({"stateMachineArn": arn}), "MissingRequiredParameter", "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified".to_owned()),
        ("CreateStateMachine", create("name", json!("a b")), "InvalidName", "Invalid Name: 'a b'".to_owned()),
        ("CreateStateMachine", create("roleArn", json!("x")), "InvalidArn", "Invalid Role Arn: 'x'".to_owned()),
        ("CreateStateMachine", create("versionDescription", json!("x")), "ValidationException", "Version description can only be set when publish is true".to_owned()),
        ("CreateStateMachine", create("definition", json!("{}")), "InvalidDefinition", "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: These fields are required: [States, StartAt] at /'".to_owned()),
        ("CreateStateMachine", create("tags", json!(tags)), "TooManyTags", "Too Many Tags: 'arn:aws:states:us-east-1:000000000000:stateMachine:n'".to_owned()),
        ("CreateStateMachine", json!({"name": "m", "definition": format!("{PASS} "), "roleArn": ROLE}), "StateMachineAlreadyExists", format!("State Machine Already Exists: '{arn}'")),
    ];
    for (operation, body, code, message) in cases {
        assert_eq!(refused(&api, operation, body.clone()).await, (code.to_owned(), message), "{operation} {body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_that_is_none_is_a_diagnostic_and_refused_as_any_definition() {
    let api = api();
    let map = |label: &str| {
        json!({"StartAt": "M", "States": {"M": {"Type": "Map", "Label": label, "End": true, "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "S", "States": {"S": {"Type": "Succeed"}}}}}})
        .to_string()
    };
    let long = "a".repeat(41);
    for label in ["", "a b", "a:b", "a*", "\u{1}", &long] {
        let message = format!("Invalid label name: {label}");
        let validated = ok(&api, "ValidateStateMachineDefinition", json!({"definition": map(label)})).await;
        let diagnostic = json!({
            "severity": "ERROR", "code": "INVALID_LABEL_NAME", "message": message, "location": "/States/M/Label",
        });
        assert_eq!((&validated["result"], &validated["diagnostics"]), (&json!("FAIL"), &json!([diagnostic])));
        let create = json!({"name": "m", "definition": map(label), "roleArn": ROLE});
        let said = format!("Invalid State Machine Definition: 'INVALID_LABEL_NAME: {message} at /States/M/Label'");
        assert_eq!(refused(&api, "CreateStateMachine", create).await, ("InvalidDefinition".to_owned(), said.clone()));
        let arn = machine(&api, "update", PASS).await;
        let update = json!({"stateMachineArn": arn, "definition": map(label)});
        assert_eq!(refused(&api, "UpdateStateMachine", update).await, ("InvalidDefinition".to_owned(), said));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bounds_of_requests_are_settings() {
    let api = api_with(Quotas { page_items: 1, activity_poll: Duration::ZERO, ..Quotas::default() });
    let mut activity = Json::Null;
    for name in ["a", "b"] {
        activity = ok(&api, "CreateActivity", json!({"name": name})).await["activityArn"].take();
    }
    let page = ok(&api, "ListActivities", json!({})).await;
    assert_eq!(page["activities"].as_array().unwrap().len(), 1);
    let rest = ok(&api, "ListActivities", json!({"nextToken": page["nextToken"]})).await;
    assert_eq!(rest["activities"].as_array().unwrap().len(), 1);
    assert_ne!(rest["activities"], page["activities"]);
    assert_eq!(rest.get("nextToken"), None);
    // A poll of no time comes back at once, with no task.
    assert_eq!(ok(&api, "GetActivityTask", json!({"activityArn": activity})).await, json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_of_a_state_machine_that_is_gone_is_not_redrivable() {
    let api = api();
    let fail = r#"{"StartAt":"F","States":{"F":{"Type":"Fail"}}}"#;
    let arn = machine(&api, "m", fail).await;
    let started = ok(&api, "StartExecution", json!({"stateMachineArn": arn})).await;
    let failed = ended(&api, &started["executionArn"]).await;
    assert_eq!((&failed["redriveStatus"], failed.get("redriveStatusReason")), (&json!("REDRIVABLE"), None));
    ok(&api, "DeleteStateMachine", json!({"stateMachineArn": arn})).await;
    let failed = ended(&api, &started["executionArn"]).await;
    assert_eq!(failed["redriveStatus"], "NOT_REDRIVABLE");
    assert_eq!(failed["redriveStatusReason"], "State machine is in DELETING status");
}
