//! Calls without a socket, against a runtime in memory: protocol errors, constraints, every operation once.

mod constraints;
mod operations;
mod protocol;
mod robustness;
mod sockets;
mod test_state;
mod test_state_http;
mod versions;

use std::sync::Arc;
use std::time::{Duration, Instant};

use runtime::clock::WallClock;
use runtime::tasks::no_tasks;
use runtime::{Runtime, RuntimeOptions};
use serde_json::{Value as Json, json};
use store::memory::MemoryStore;

use crate::{Api, Call, Reply};

const ROLE: &str = "arn:aws:iam::000000000000:role/r";
const PASS: &str = r#"{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}"#;

/// An API on an empty runtime in memory.
fn api() -> Api {
    let options = RuntimeOptions {
        region: "us-east-1".to_owned(),
        account: "000000000000".to_owned(),
        limits: engine::Limits::default(),
        shards: 1,
    };
    Api::new(Runtime::open(Arc::new(MemoryStore::new()), Arc::new(WallClock), options, no_tasks).unwrap())
}

/// The reply to a call with those bytes.
async fn raw(api: &Api, operation: &str, body: &[u8]) -> Reply {
    let target = format!("AWSStepFunctions.{operation}");
    api.handle(Call { target: Some(&target), content_type: Some("application/x-amz-json-1.0"), body }).await
}

/// The body of a call that succeeds.
async fn ok(api: &Api, operation: &str, body: Json) -> Json {
    let reply = raw(api, operation, body.to_string().as_bytes()).await;
    assert_eq!(reply.status, 200, "{operation} {body}: {}", reply.body);
    serde_json::from_str(&reply.body).unwrap()
}

/// The error code and message of a call that is refused with HTTP 400.
async fn refused(api: &Api, operation: &str, body: Json) -> (String, String) {
    let reply = raw(api, operation, body.to_string().as_bytes()).await;
    assert_eq!(reply.status, 400, "{operation} {body}: {}", reply.body);
    let error: Json = serde_json::from_str(&reply.body).unwrap();
    assert_eq!(error["__type"], reply.error.unwrap());
    (error["__type"].as_str().unwrap().to_owned(), error["message"].as_str().unwrap().to_owned())
}

/// The ARN of a new state machine.
async fn machine(api: &Api, name: &str, definition: &str) -> String {
    let body = serde_json::json!({"name": name, "definition": definition, "roleArn": ROLE});
    ok(api, "CreateStateMachine", body).await["stateMachineArn"].as_str().unwrap().to_owned()
}

/// DescribeExecution, as soon as the execution has ended.
async fn ended(api: &Api, arn: &Json) -> Json {
    let begun = Instant::now();
    loop {
        let execution = ok(api, "DescribeExecution", json!({"executionArn": arn})).await;
        if execution["status"] != "RUNNING" {
            return execution;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "still running: {execution}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
