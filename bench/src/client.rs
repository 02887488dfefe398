//! A client of one server: the calls that the scenarios make, each answer checked.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::error::BenchError;
use crate::http::{Connection, Response};
use crate::wire::{self, count_members, member, operation};

/// How much of an answer an error message shows, in bytes.
const EXCERPT: usize = 300;
/// An execution seen unfinished is asked for again soon for so long, then every millisecond.
const ASK_SOON: Duration = Duration::from_millis(5);
/// How soon. Asking without a pause would take from the server the processor that it needs for the execution.
const SOON: Duration = Duration::from_micros(100);
/// The role that machines are created with; nothing is ever assumed with it.
const ROLE: &str = "arn:aws:iam::123456789012:role/bench";

/// Counts the answers of a run, over all its clients.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    requests: Cell<u64>,
    refused: Cell<u64>,
    first_refusal: RefCell<Option<String>>,
}

/// A connection with what is needed to make calls over it.
pub(crate) struct Client<'a> {
    connection: Connection,
    tally: &'a Tally,
    request: Vec<u8>,
}

/// One execution, from its start until it was seen finished.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Finished {
    /// From sending StartExecution to the DescribeExecution that said it is over.
    pub(crate) elapsed: Duration,
    /// How often DescribeExecution was called.
    pub(crate) describes: u64,
    /// Whether it succeeded.
    pub(crate) succeeded: bool,
}

impl Tally {
    fn count(&self, response: Response<'_>) {
        self.requests.set(self.requests.get() + 1);
        if response.status != 200 {
            self.refused.set(self.refused.get() + 1);
            self.first_refusal.borrow_mut().get_or_insert_with(|| excerpt(response.body));
        }
    }

    /// Requests answered so far.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.get()
    }

    /// Of them, those answered with another status than 200.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.get()
    }

    /// The beginning of the first such answer.
    pub(crate) fn first_refusal(&self) -> Option<String> {
        self.first_refusal.borrow().clone()
    }
}

impl<'a> Client<'a> {
    /// Connects to the server on that port.
    pub(crate) async fn connect(port: u16, tally: &'a Tally) -> Result<Self, BenchError> {
        Ok(Self { connection: Connection::open(port).await?, tally, request: Vec::with_capacity(4096) })
    }

    /// Sends a ready-made request.
    pub(crate) async fn send(&mut self, request: &[u8]) -> Result<Response<'_>, BenchError> {
        let response = self.connection.exchange(request).await?;
        self.tally.count(response);
        Ok(response)
    }

    /// Sends a request whose body is those parts.
    pub(crate) async fn call(&mut self, operation: &str, body: &[&str]) -> Result<Response<'_>, BenchError> {
        wire::render(&mut self.request, operation, body);
        let response = self.connection.exchange(&self.request).await?;
        self.tally.count(response);
        Ok(response)
    }

    /// Creates a Standard state machine; its ARN.
    pub(crate) async fn create_machine(&mut self, name: &str, definition: &Value) -> Result<String, BenchError> {
        let body = json!({"name": name, "definition": definition.to_string(), "roleArn": ROLE}).to_string();
        let operation = operation::CREATE_STATE_MACHINE;
        needed(operation, self.call(operation, &[&body]).await?, "stateMachineArn")
    }

    /// Creates an activity; its ARN.
    pub(crate) async fn create_activity(&mut self, name: &str) -> Result<String, BenchError> {
        let body = json!({"name": name}).to_string();
        let operation = operation::CREATE_ACTIVITY;
        needed(operation, self.call(operation, &[&body]).await?, "activityArn")
    }

    /// Starts an execution with a request from [`start_request`]; its ARN.
    pub(crate) async fn start(&mut self, request: &[u8]) -> Result<String, BenchError> {
        needed(operation::START_EXECUTION, self.send(request).await?, "executionArn")
    }

    /// The status of an execution, without its payloads.
    pub(crate) async fn status(&mut self, execution_arn: &str) -> Result<String, BenchError> {
        let parts = [r#"{"executionArn":""#, execution_arn, r#"","includedData":"METADATA_ONLY"}"#];
        let operation = operation::DESCRIBE_EXECUTION;
        needed(operation, self.call(operation, &parts).await?, "status")
    }

    /// Starts an execution and asks for it until it is over. Only for a generator with no other client at that time:
    /// short pauses stop its thread, because the timers of the async runtime are as coarse as a millisecond.
    pub(crate) async fn run(&mut self, start_request: &[u8]) -> Result<Finished, BenchError> {
        let begin = Instant::now();
        let arn = self.start(start_request).await?;
        let mut describes = 0;
        loop {
            let status = self.status(&arn).await?;
            describes += 1;
            let elapsed = begin.elapsed();
            if status != "RUNNING" {
                return Ok(Finished { elapsed, describes, succeeded: status == "SUCCEEDED" });
            }
            if elapsed > ASK_SOON {
                tokio::time::sleep(Duration::from_millis(1)).await;
            } else {
                std::thread::sleep(SOON);
            }
        }
    }

    /// Whether the machine has any execution with that status.
    pub(crate) async fn has_executions(&mut self, machine_arn: &str, status: &str) -> Result<bool, BenchError> {
        let body = json!({"stateMachineArn": machine_arn, "statusFilter": status, "maxResults": 1}).to_string();
        let operation = operation::LIST_EXECUTIONS;
        let response = accepted(operation, self.call(operation, &[&body]).await?)?;
        Ok(count_members(response.body, "executionArn") > 0)
    }

    /// How many executions with that status the machine has.
    pub(crate) async fn count_executions(&mut self, machine_arn: &str, status: &str) -> Result<u64, BenchError> {
        let operation = operation::LIST_EXECUTIONS;
        let filter = format!(r#"{{"stateMachineArn":"{machine_arn}","statusFilter":"{status}","maxResults":1000"#);
        let mut total = 0;
        let mut next: Option<String> = None;
        loop {
            let response = match &next {
                None => self.call(operation, &[&filter, "}"]).await?,
                Some(token) => self.call(operation, &[&filter, r#","nextToken":""#, token, r#""}"#]).await?,
            };
            let response = accepted(operation, response)?;
            total += count_members(response.body, "executionArn") as u64;
            next = member(response.body, "nextToken").map(str::to_owned);
            if next.is_none() {
                return Ok(total);
            }
        }
    }

    /// Waits until no execution of the machine runs.
    pub(crate) async fn settle(&mut self, machine_arn: &str) -> Result<(), BenchError> {
        const SECONDS: u64 = 60;
        let begin = Instant::now();
        while self.has_executions(machine_arn, "RUNNING").await? {
            if begin.elapsed() > Duration::from_secs(SECONDS) {
                return Err(BenchError::TooLate { what: "finish every execution", seconds: SECONDS });
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }
}

/// A StartExecution request, without a name, that can be sent any number of times.
pub(crate) fn start_request(machine_arn: &str, input: &str) -> Vec<u8> {
    let body = json!({"stateMachineArn": machine_arn, "input": input}).to_string();
    wire::request(operation::START_EXECUTION, &body)
}

fn accepted<'r>(operation: &'static str, response: Response<'r>) -> Result<Response<'r>, BenchError> {
    if response.status == 200 {
        return Ok(response);
    }
    Err(BenchError::Refused { operation, status: response.status, body: excerpt(response.body) })
}

fn needed(operation: &'static str, response: Response<'_>, name: &'static str) -> Result<String, BenchError> {
    let body = accepted(operation, response)?.body;
    match member(body, name) {
        Some(text) => Ok(text.to_owned()),
        None => Err(BenchError::Missing { operation, member: name, body: excerpt(body) }),
    }
}

fn excerpt(body: &[u8]) -> String {
    String::from_utf8_lossy(&body[..body.len().min(EXCERPT)]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_keeps_the_first_refusal() {
        let tally = Tally::default();
        for (status, body) in [(200, "fine"), (400, "first"), (503, "second")] {
            tally.count(Response { status, body: body.as_bytes() });
        }
        assert_eq!((tally.requests(), tally.refused()), (3, 2));
        assert_eq!(tally.first_refusal().as_deref(), Some("first"));
    }

    #[test]
    fn what_is_needed_is_there_or_an_error() {
        let get =
            |status, body: &str| needed("DescribeExecution", Response { status, body: body.as_bytes() }, "status");
        assert_eq!(get(200, r#"{"status":"RUNNING"}"#).expect("a status"), "RUNNING");
        assert!(matches!(get(400, r#"{"status":"RUNNING"}"#), Err(BenchError::Refused { status: 400, .. })));
        assert!(matches!(get(200, "{}"), Err(BenchError::Missing { member: "status", .. })));
    }

    #[test]
    fn an_input_travels_as_a_string() {
        let text = String::from_utf8(start_request("arn", r#"{"a":1}"#)).expect("text");
        assert!(text.contains(r#""input":"{\"a\":1}""#), "{text}");
    }
}
