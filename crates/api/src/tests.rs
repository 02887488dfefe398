//! Calls without a socket, against a runtime in memory: protocol errors, constraints, every operation once.

mod computations;
mod constraints;
mod foreign_requests;
mod hostile_clients;
mod iam_actions;
mod operations;
mod protocol;
mod robustness;
mod sockets;
mod test_state;
mod test_state_http;
mod versions;

use std::sync::Arc;
use std::time::{Duration, Instant};

use asl::Value;
use engine::{EventId, Status, Timestamp};
use http::StatusCode;
use http_body_util::BodyExt;
use runtime::calls::ExecutionDescription;
use runtime::clock::WallClock;
use runtime::quotas::Quotas;
use runtime::tasks::no_tasks;
use runtime::{Runtime, RuntimeOptions};
use serde_json::{Value as Json, json};
use store::memory::MemoryStore;
use store::record::{DefinitionId, ExecutionId, ExecutionRecord, MachineStatus, StateMachineId, Summary};

use crate::request_id::RequestId;
use crate::{Api, ApiCall, ApiReply};

const ROLE: &str = "arn:aws:iam::000000000000:role/r";
const PASS: &str = r#"{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}"#;

/// An API on an empty runtime in memory.
fn api() -> Api {
    api_with(Quotas::default())
}

pub(crate) fn api_with(quotas: Quotas) -> Api {
    let options =
        RuntimeOptions { region: "us-east-1".to_owned(), account: "000000000000".to_owned(), quotas, shards: 1 };
    Api::new(Runtime::open(Arc::new(MemoryStore::new()), Arc::new(WallClock), options, no_tasks).unwrap())
}

/// A reply, its body put together.
struct Told {
    status: StatusCode,
    error: Option<&'static str>,
    request_id: RequestId,
    body: String,
}

/// A call, as a client would read its answer.
async fn told(api: &Api, call: ApiCall<'_>) -> Told {
    let ApiReply { status, body, error, request_id } = api.handle(call).await;
    let body = body.collect().await.unwrap().to_bytes();
    Told { status, error, request_id, body: String::from_utf8(body.into()).unwrap() }
}

/// A call of an operation, with the headers it needs.
fn call<'a>(target: &'a str, body: &'a [u8]) -> ApiCall<'a> {
    ApiCall { target: Some(target), content_type: Some("application/x-amz-json-1.0"), body, ..ApiCall::default() }
}

/// The reply to a call with those bytes.
async fn raw(api: &Api, operation: &str, body: &[u8]) -> Told {
    told(api, call(&format!("AWSStepFunctions.{operation}"), body)).await
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

/// What DescribeExecution knows of an execution that began at 1 s and, where it is over, ended at 2.5 s.
pub(crate) fn described_execution(status: Status, output: Option<Value>) -> ExecutionDescription {
    let ended = status != Status::Running;
    ExecutionDescription {
        record: ExecutionRecord {
            id: ExecutionId(1),
            arn: "e".into(),
            name: "n".into(),
            state_machine: StateMachineId(1),
            definition: DefinitionId(1),
            started_at: Timestamp(1_000),
            trace_header: None,
            version: None,
            alias: None,
            profile: None,
            summary: Summary {
                status,
                stopped_at: ended.then_some(Timestamp(2_500)),
                wake_at: None,
                open_tasks: false,
                ready: false,
            },
        },
        state_machine_arn: "m".into(),
        machine_status: Some(MachineStatus::Active),
        last_event: EventId(5),
        described_at: Timestamp(3_000),
        input: Value::empty_object(),
        input_text: None,
        output,
        error: (status == Status::Failed).then(|| "E".into()),
        cause: None,
    }
}
