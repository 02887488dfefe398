//! No bytes make a call panic or answer a 500.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use tokio::runtime::Runtime as Tokio;

use super::{PASS, ROLE, api, machine, ok, raw};
use crate::Api;
use crate::actions::Operation;

/// The members of all operations, so that random bodies reach deep.
const MEMBERS: [&str; 30] = [
    "stateMachineArn",
    "executionArn",
    "activityArn",
    "resourceArn",
    "mapRunArn",
    "roleArn",
    "name",
    "definition",
    "type",
    "input",
    "output",
    "taskToken",
    "error",
    "cause",
    "tags",
    "tagKeys",
    "key",
    "value",
    "nextToken",
    "maxResults",
    "statusFilter",
    "reverseOrder",
    "includeExecutionData",
    "includedData",
    "loggingConfiguration",
    "tracingConfiguration",
    "encryptionConfiguration",
    "workerName",
    "publish",
    "severity",
];

fn member_value() -> impl Strategy<Value = Json> {
    let known = [
        "arn:aws:states:us-east-1:000000000000:stateMachine:m",
        "arn:aws:states:us-east-1:000000000000:execution:m:e",
        "arn:aws:states:us-east-1:000000000000:execution:::::",
        "STANDARD",
        "EXPRESS",
        "RUNNING",
        "ALL",
        "{}",
        "null",
        "e",
        PASS,
        ROLE,
    ];
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        ".{0,20}".prop_map(Json::from),
        proptest::sample::select(known.to_vec()).prop_map(Json::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![proptest::collection::vec(inner.clone(), 0..4).prop_map(Json::from), body_of(inner),]
    })
}

fn body_of(value: impl Strategy<Value = Json>) -> impl Strategy<Value = Json> {
    let members = proptest::collection::vec((proptest::sample::select(MEMBERS.to_vec()), value), 0..8);
    members.prop_map(|members| members.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
}

fn operation() -> impl Strategy<Value = &'static str> {
    // A poll with a good ARN waits for a minute, which is right but of no use here; there is no activity.
    proptest::sample::select(Operation::ALL.iter().map(|(name, _)| *name).collect::<Vec<_>>())
}

fn is_answered(tokio: &Tokio, api: &Api, operation: &str, body: &[u8]) -> Result<(), TestCaseError> {
    let reply =
        tokio.block_on(async { tokio::time::timeout(Duration::from_secs(10), raw(api, operation, body)).await });
    let reply = reply.map_err(|_| TestCaseError::fail("no answer"))?;
    prop_assert!(reply.status.as_u16() < 500, "{}: {}", reply.status, reply.body);
    prop_assert!(serde_json::from_str::<Json>(&reply.body).is_ok(), "not JSON: {}", reply.body);
    Ok(())
}

fn prepared() -> (Tokio, Api) {
    let tokio = Tokio::new().unwrap();
    let api = tokio.block_on(async {
        let api = api();
        let arn = machine(&api, "m", PASS).await;
        ok(&api, "StartExecution", json!({"stateMachineArn": arn, "name": "e"})).await;
        api
    });
    (tokio, api)
}

#[test]
fn any_bytes_are_answered() {
    let (tokio, api) = prepared();
    let bytes = proptest::collection::vec(any::<u8>(), 0..64);
    proptest!(ProptestConfig::with_cases(512), |(operation in operation(), body in bytes)| {
        is_answered(&tokio, &api, operation, &body)?;
    });
}

#[test]
fn any_members_are_answered() {
    let (tokio, api) = prepared();
    proptest!(ProptestConfig::with_cases(1_024), |(operation in operation(), body in body_of(member_value()))| {
        is_answered(&tokio, &api, operation, body.to_string().as_bytes())?;
    });
}

#[test]
fn deep_nesting_is_answered() {
    let (tokio, api) = prepared();
    for depth in [999, 1_001, 100_000] {
        let body = format!("{{\"tags\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        is_answered(&tokio, &api, "TagResource", body.as_bytes()).unwrap();
        let input = json!({"stateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:m", "input": "[".repeat(depth)});
        is_answered(&tokio, &api, "StartExecution", input.to_string().as_bytes()).unwrap();
    }
}
