//! The constraints of the service model, in AWS's words.

use serde_json::{Value as Json, json};

use super::{PASS, ROLE, api, refused};

const ARN: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:m";

fn create(name: &str, value: Json) -> Json {
    let mut body = json!({"name": "m", "definition": PASS, "roleArn": ROLE});
    body[name] = value;
    body
}

#[tokio::test]
async fn a_broken_constraint_is_told_with_its_value_and_place() {
    let api = api();
    let long = "x".repeat(3097);
    let x = |n: usize| "x".repeat(n);
    let cases = [
        ("ListExecutions", json!({"stateMachineArn": ARN, "maxResults": 1001}), "Value '1001' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 1000".to_owned()),
        ("ListExecutions", json!({"stateMachineArn": ARN, "maxResults": -1}), "Value '-1' at 'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 0".to_owned()),
        ("ListExecutions", json!({"stateMachineArn": ARN, "maxResults": 1e300}), "Value '1e+300' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 1000".to_owned()),
        ("ListExecutions", json!({"stateMachineArn": ARN, "nextToken": long}), format!("Value '{long}' at 'nextToken' failed to satisfy constraint: Member must have length less than or equal to 3096")),
        ("ListExecutions", json!({"stateMachineArn": ARN, "statusFilter": "DONE"}), "Value 'DONE' at 'statusFilter' failed to satisfy constraint: Member must satisfy enum value set: [SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING]".to_owned()),
        ("ListActivities", json!({"nextToken": ""}), "Value '' at 'nextToken' failed to satisfy constraint: Member must have length greater than or equal to 1".to_owned()),
        ("DescribeExecution", json!({}), "Value null at 'executionArn' failed to satisfy constraint: Member must not be null".to_owned()),
        ("DescribeExecution", json!({"executionArn": null}), "Value null at 'executionArn' failed to satisfy constraint: Member must not be null".to_owned()),
        ("CreateActivity", json!({"name": x(81)}), format!("Value '{}' at 'name' failed to satisfy constraint: Member must have length less than or equal to 80", x(81))),
        ("StartExecution", json!({"stateMachineArn": ARN, "traceHeader": "é"}), r"Value 'é' at 'traceHeader' failed to satisfy constraint: Member must satisfy regular expression pattern: \p{ASCII}*".to_owned()),
        ("StartExecution", json!({"stateMachineArn": ARN, "input": x(262_145)}), "Value at 'input' failed to satisfy constraint: Member must have length less than or equal to 262144".to_owned()),
        ("SendTaskSuccess", json!({"taskToken": "t", "output": x(262_145)}), "Value at 'output' failed to satisfy constraint: Member must have length less than or equal to 262144".to_owned()),
        ("SendTaskFailure", json!({"taskToken": "t", "error": x(257)}), "Value at 'error' failed to satisfy constraint: Member must have length less than or equal to 256".to_owned()),
        ("StopExecution", json!({"executionArn": "e", "cause": x(32_769)}), "Value at 'cause' failed to satisfy constraint: Member must have length less than or equal to 32768".to_owned()),
        ("CreateStateMachine", create("type", json!("FAST")), "Value 'FAST' at 'type' failed to satisfy constraint: Member must satisfy enum value set: [EXPRESS, STANDARD]".to_owned()),
        ("CreateStateMachine", create("definition", json!("")), "Value at 'definition' failed to satisfy constraint: Member must have length greater than or equal to 1".to_owned()),
        ("CreateStateMachine", create("loggingConfiguration", json!({"level": "LOUD"})), "Value 'LOUD' at 'loggingConfiguration.level' failed to satisfy constraint: Member must satisfy enum value set: [ALL, FATAL, ERROR, OFF]".to_owned()),
        ("CreateStateMachine", create("loggingConfiguration", json!({"destinations": [{}, {"cloudWatchLogsLogGroup": {"logGroupArn": ""}}]})), "Value '' at 'loggingConfiguration.destinations.2.member.cloudWatchLogsLogGroup.logGroupArn' failed to satisfy constraint: Member must have length greater than or equal to 1".to_owned()),
        ("CreateStateMachine", create("encryptionConfiguration", json!({})), "Value null at 'encryptionConfiguration.type' failed to satisfy constraint: Member must not be null".to_owned()),
        ("TagResource", json!({"resourceArn": ARN, "tags": [{"key": "a"}, {"value": "b"}]}), "Value null at 'tags.2.member.key' failed to satisfy constraint: Member must not be null".to_owned()),
        ("UntagResource", json!({"resourceArn": ARN, "tagKeys": [null]}), "Value null at 'tagKeys.1.member' failed to satisfy constraint: Member must not be null".to_owned()),
        ("ValidateStateMachineDefinition", json!({"definition": PASS, "maxResults": 101}), "Value '101' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 100".to_owned()),
    ];
    for (operation, body, violation) in cases {
        let expected = ("ValidationException".to_owned(), format!("1 validation error detected: {violation}"));
        assert_eq!(refused(&api, operation, body).await, expected);
    }
}

#[tokio::test]
async fn all_violations_are_told_together() {
    let (code, message) = refused(&api(), "CreateStateMachine", json!({"name": "", "type": "X"})).await;
    assert_eq!(code, "ValidationException");
    assert_eq!(
        message,
        "4 validation errors detected: \
         Value '' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 1; \
         Value null at 'definition' failed to satisfy constraint: Member must not be null; \
         Value null at 'roleArn' failed to satisfy constraint: Member must not be null; \
         Value 'X' at 'type' failed to satisfy constraint: Member must satisfy enum value set: [EXPRESS, STANDARD]"
    );
}

#[tokio::test]
async fn length_is_counted_in_characters_and_payloads_in_bytes() {
    let api = api();
    let created = super::ok(&api, "CreateActivity", json!({"name": "é".repeat(80)})).await;
    assert!(created["activityArn"].as_str().unwrap().ends_with("é"));
    let input = format!("\"{}\"", "é".repeat(131_072));
    let (code, _) = refused(&api, "StartExecution", json!({"stateMachineArn": ARN, "input": input})).await;
    assert_eq!(code, "ValidationException");
}
