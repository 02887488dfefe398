//! What is wrong before an operation is reached.

use http::StatusCode;
use serde_json::json;

use super::{api, raw, refused, told};
use crate::ApiCall;

#[tokio::test]
async fn a_call_without_a_known_operation_is_refused() {
    let api = api();
    let amz = Some("application/x-amz-json-1.0");
    let cases = [
        (None, amz),
        (Some(""), amz),
        (Some("StartExecution"), amz),
        (Some("DynamoDB_20120810.GetItem"), amz),
        (Some("AWSStepFunctions."), amz),
        (Some("AWSStepFunctions.startExecution"), amz),
        (Some("AWSStepFunctions.ListStateMachines"), None),
        (Some("AWSStepFunctions.ListStateMachines"), Some("application/json")),
        (Some("AWSStepFunctions.ListStateMachines"), Some("")),
    ];
    for (target, content_type) in cases {
        let reply = told(&api, ApiCall { target, content_type, body: b"{}", ..ApiCall::default() }).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST);
        assert_eq!(reply.error, Some("UnknownOperationException"), "{target:?} {content_type:?}");
    }
}

#[tokio::test]
async fn both_versions_of_the_content_type_are_understood() {
    let api = api();
    for content_type in
        ["application/x-amz-json-1.0", "application/x-amz-json-1.1", "Application/X-Amz-Json-1.0; charset=utf-8"]
    {
        let target = Some("AWSStepFunctions.ListStateMachines");
        let call = ApiCall { target, content_type: Some(content_type), body: b"{}", ..ApiCall::default() };
        let reply = told(&api, call).await;
        assert_eq!((reply.status, reply.body.as_str()), (StatusCode::OK, r#"{"stateMachines":[]}"#));
        assert_eq!(reply.request_id.as_str().len(), 36);
    }
}

#[tokio::test]
async fn operations_that_are_still_missing_say_so() {
    let (code, message) = refused(&api(), "RedriveExecution", json!({})).await;
    assert_eq!(code, "UnknownOperationException");
    assert_eq!(message, "RedriveExecution is not supported yet by this version.");
}

#[tokio::test]
async fn a_body_that_is_not_an_object_is_a_serialization_exception() {
    let api = api();
    for body in ["", " ", "{", "[]", "1", "null", "\"x\"", "{\"a\":}", "{} {}", "nope"] {
        let reply = raw(&api, "ListStateMachines", body.as_bytes()).await;
        assert_eq!((reply.status, reply.error), (StatusCode::BAD_REQUEST, Some("SerializationException")), "{body}");
    }
}

#[tokio::test]
async fn a_member_of_the_wrong_type_is_a_serialization_exception() {
    let api = api();
    let cases = [
        ("DescribeExecution", json!({"executionArn": 1}), "NUMBER_VALUE can not be converted to a String"),
        ("DescribeExecution", json!({"executionArn": true}), "TRUE_VALUE can not be converted to a String"),
        ("DescribeExecution", json!({"executionArn": {}}), "Start of structure or map found where not expected."),
        ("DescribeExecution", json!({"executionArn": []}), "Start of list found where not expected."),
        ("ListActivities", json!({"maxResults": "1"}), "STRING_VALUE can not be converted to an Integer"),
        ("ListActivities", json!({"maxResults": 1.5}), "NUMBER_VALUE can not be converted to an Integer"),
        ("GetExecutionHistory", json!({"reverseOrder": "true"}), "STRING_VALUE can not be converted to a Boolean"),
        ("TagResource", json!({"resourceArn": "a", "tags": {}}), "Start of structure or map found where not expected."),
        ("TagResource", json!({"resourceArn": "a", "tags": "x"}), "STRING_VALUE can not be converted to a List"),
        ("TagResource", json!({"resourceArn": "a", "tags": ["x"]}), "STRING_VALUE can not be converted to a Structure"),
    ];
    for (operation, body, message) in cases {
        let expected = ("SerializationException".to_owned(), message.to_owned());
        assert_eq!(refused(&api, operation, body.clone()).await, expected, "{operation} {body}");
    }
}

#[tokio::test]
async fn members_nobody_knows_are_ignored() {
    let reply = raw(&api(), "ListActivities", br#"{"colour":"red","maxResults":null,"nextToken":null}"#).await;
    assert_eq!((reply.status, reply.body.as_str()), (StatusCode::OK, r#"{"activities":[]}"#));
}
