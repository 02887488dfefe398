//! Recorded exchanges: what each integration asks its service, and what it makes of the answers.

mod calls;
mod jobs;
mod preparing;
mod table;

use std::sync::atomic::{AtomicUsize, Ordering};

use asl::Value;
use serde_json::Value as Json;

use crate::http::testing::{Reply, Seen, Server, integrations, task, value};
use crate::presentation::without_metadata;
use crate::{Failure, PollError, Progress, TaskAnswer, TaskCall};

/// A request that is expected, and its answer.
struct Step {
    /// Method, path and `X-Amz-Target`.
    request: &'static str,
    /// The body: JSON, compared as such, or any other text. Empty where it does not matter.
    body: &'static str,
    status: u16,
    answer: &'static str,
}

const fn step(request: &'static str, body: &'static str, answer: &'static str) -> Step {
    Step { request, body, status: 200, answer }
}

const fn refused(request: &'static str, status: u16, answer: &'static str) -> Step {
    Step { request, body: "", status, answer }
}

/// A server that plays the answers in order, and closes the connection when there are no more.
fn play(steps: &'static [Step]) -> Server {
    let next = AtomicUsize::new(0);
    Server::start(move |_| {
        let step = steps.get(next.fetch_add(1, Ordering::SeqCst))?;
        let headers = vec![("x-amzn-RequestId", "r1".to_owned()), ("content-type", "application/json".to_owned())];
        Some(Reply(step.status, headers, step.answer.as_bytes().to_vec()))
    })
}

fn compare(seen: &[Seen], steps: &[Step], name: &str) {
    let asked: Vec<String> = seen.iter().map(asked).collect();
    let expected: Vec<&str> = steps.iter().map(|step| step.request).collect();
    assert_eq!(asked, expected, "{name}");
    for (seen, step) in seen.iter().zip(steps).filter(|(_, step)| !step.body.is_empty()) {
        match serde_json::from_str::<Json>(step.body) {
            Ok(expected) => assert_eq!(serde_json::from_str::<Json>(&seen.body).ok(), Some(expected), "{name}"),
            Err(_) => assert_eq!(seen.body, step.body, "{name}"),
        }
    }
}

fn asked(seen: &Seen) -> String {
    format!("{} {} {}", seen.method, seen.target, seen.header("x-amz-target")).trim_end().to_owned()
}

fn told(result: Result<TaskAnswer, Failure>) -> String {
    match result {
        Ok(TaskAnswer::Done(value)) => format!("done {}", without_metadata(&value)),
        Ok(TaskAnswer::Submitted(value)) => format!("submitted {}", without_metadata(&value)),
        Err(Failure { error, cause }) => format!("{error}: {cause}"),
    }
}

fn told_of_job(result: Result<Progress, PollError>) -> String {
    match result {
        Ok(Progress::Running) => "running".to_owned(),
        Ok(Progress::Done(value)) => format!("done {value}"),
        Err(PollError::Job(Failure { error, cause })) => format!("failed {error}: {cause}"),
        Err(PollError::Unavailable(Failure { error, cause })) => format!("unavailable {error}: {cause}"),
    }
}

/// Calls a task; what it said, after comparing what it asked.
async fn called(task: &TaskCall, steps: &'static [Step]) -> Result<TaskAnswer, Failure> {
    let server = play(steps);
    let result = integrations(&server.url, None).call(task).await;
    compare(&server.seen(), steps, &task.resource);
    result
}

/// Looks at a task's job; what it said, after comparing what it asked.
async fn polled(task: &TaskCall, submitted: &Value, steps: &'static [Step]) -> String {
    let server = play(steps);
    let result = integrations(&server.url, None).poll(task, submitted).await;
    compare(&server.seen(), steps, &task.resource);
    told_of_job(result)
}
