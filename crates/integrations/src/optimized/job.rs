//! Jobs: how one is looked at, when it is over, and how it is given up.

use asl::resource::{Integration, Pattern};
use asl::{Text, Value, json};
use serde_json::Value as Json;

use super::bind::{Bind, bound, step_down};
use super::{Sender, row_of};
use crate::failure::{is_missing, is_passing};
use crate::presentation::without_metadata;
use crate::values::from_json;
use crate::{Failure, Integrations, PollError, Progress, TaskCall};

/// What an action begins and `.sync` waits for.
pub(super) struct Job {
    /// The operation that says how far it is.
    pub(super) describe: &'static str,
    /// The parameters of that operation.
    pub(super) ask: &'static [Bind],
    /// The way to the job in the answer; empty where the answer is the job.
    pub(super) subject: &'static [&'static str],
    /// The way to the job's status in the job.
    pub(super) status: &'static [&'static str],
    /// The status of a job that went well.
    pub(super) done: &'static [&'static str],
    /// The status of a job that did not.
    pub(super) failed: &'static [&'static str],
    /// What it means that the service knows no such job.
    pub(super) missing: Missing,
    /// What the task's result is.
    pub(super) result: JobResult,
    /// Whether a job whose status is well went well.
    pub(super) succeeded: fn(&Value) -> bool,
    /// How it is given up.
    pub(super) cancel: Option<Cancel>,
}

/// What it means that the service knows no such job.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// The task failed.
    Failed,
    /// What was to be deleted is gone.
    Done,
}

/// What the result of a task is that waited for its job. The cause of its failure is the same as text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum JobResult {
    /// The answer to the operation that describes it.
    Answer,
    /// The answer, and this member of the answer to the request that began the job.
    AnswerWith(&'static str),
    /// The answer, but for these members.
    AnswerWithout(&'static [&'static str]),
    /// The job alone.
    Subject,
    /// The job as a member of that name.
    Wrapped(&'static str),
}

/// How a job is given up.
pub(super) struct Cancel {
    /// The operation.
    pub(super) operation: &'static str,
    /// Its parameters.
    pub(super) ask: &'static [Bind],
}

impl Job {
    /// A job whose status is found that way; it went well with a status of `done` and did not with one of `failed`.
    pub(super) const fn new(
        (describe, ask): (&'static str, &'static [Bind]),
        (subject, status): (&'static [&'static str], &'static [&'static str]),
        done: &'static [&'static str],
        failed: &'static [&'static str],
    ) -> Self {
        Self {
            describe,
            ask,
            subject,
            status,
            done,
            failed,
            missing: Missing::Failed,
            result: JobResult::Answer,
            succeeded: always,
            cancel: None,
        }
    }

    pub(super) const fn result(mut self, result: JobResult) -> Self {
        self.result = result;
        self
    }

    pub(super) const fn done_when_missing(mut self) -> Self {
        self.missing = Missing::Done;
        self
    }

    pub(super) const fn succeeded(mut self, succeeded: fn(&Value) -> bool) -> Self {
        self.succeeded = succeeded;
        self
    }

    pub(super) const fn cancel(mut self, operation: &'static str, ask: &'static [Bind]) -> Self {
        self.cancel = Some(Cancel { operation, ask });
        self
    }

    fn shaped(&self, answer: Value, subject: Value, submitted: &Value) -> Value {
        match self.result {
            JobResult::Answer => answer,
            JobResult::AnswerWith(name) => {
                let Value::Object(mut members) = answer else { return answer };
                if let Some(value) = submitted.get(name) {
                    std::sync::Arc::make_mut(&mut members).insert(name.into(), value.clone());
                }
                Value::Object(members)
            }
            JobResult::AnswerWithout(names) => {
                let Value::Object(mut members) = answer else { return answer };
                let kept = std::sync::Arc::make_mut(&mut members);
                names.iter().for_each(|name| drop(kept.remove(name)));
                Value::Object(members)
            }
            JobResult::Subject => subject,
            JobResult::Wrapped(name) => Value::object([(name, subject)]),
        }
    }
}

fn always(_: &Value) -> bool {
    true
}

fn no_job(integration: &Integration) -> Failure {
    let (service, action) = (integration.resource_type(), integration.action());
    Failure::runtime(format!("{service}:{action} has no job to wait for"))
}

/// Looks at the job of a task.
pub(crate) async fn poll(
    integrations: &Integrations,
    call: &TaskCall,
    integration: &Integration,
    submitted: &Value,
) -> Result<Progress, PollError> {
    let row = row_of(integration).ok_or_else(|| PollError::Job(no_job(integration)))?;
    let job = row.action.job.as_ref().ok_or_else(|| PollError::Job(no_job(integration)))?;
    let sender = Sender { integrations, call, row };
    let input = bound(job.ask, call, submitted);
    match sender.ask(row.client(), job.describe, &input).await {
        Ok(answer) => judge(job, call, from_json(answer.output), submitted),
        Err(error) if is_missing(&error) && job.missing == Missing::Done => {
            Ok(Progress::Done(without_metadata(submitted)))
        }
        Err(error) if is_passing(&error) => Err(PollError::Unavailable(sender.failure(error))),
        Err(error) => Err(PollError::Job(sender.failure(error))),
    }
}

fn judge(job: &Job, call: &TaskCall, answer: Value, submitted: &Value) -> Result<Progress, PollError> {
    let Some(subject) = step_down(&answer, job.subject).cloned() else {
        // A service that has just taken a job may not list it yet.
        return Err(PollError::Unavailable(Failure::task_failed(format!("{} does not list the job", job.describe))));
    };
    let status = step_down(&subject, job.status).and_then(Value::as_str).unwrap_or_default();
    let is_done = job.done.contains(&status);
    if !is_done && !job.failed.contains(&status) {
        return Ok(Progress::Running);
    }
    let succeeded = is_done && (job.succeeded)(&subject);
    let result = job.shaped(answer, subject, submitted);
    let result = if call.target.pattern() == Pattern::Sync2 { parsed(result) } else { result };
    if succeeded { Ok(Progress::Done(result)) } else { Err(PollError::Job(Failure::task_failed(result.to_json()))) }
}

/// What `.sync:2` makes of an execution: its input and output as JSON.
fn parsed(execution: Value) -> Value {
    let Value::Object(mut members) = execution else { return execution };
    for name in ["Input", "Output"] {
        let value = members.get(name).and_then(Value::as_str).and_then(|text| json::parse(text.as_bytes()).ok());
        if let Some(value) = value {
            std::sync::Arc::make_mut(&mut members).insert(Text::from(name), value);
        }
    }
    Value::Object(members)
}

/// Gives the job of a task up, where the integration does.
pub(crate) async fn cancel(
    integrations: &Integrations,
    call: &TaskCall,
    integration: &Integration,
    submitted: &Value,
) -> Result<(), Failure> {
    let Some(row) = row_of(integration) else { return Ok(()) };
    let Some(cancel) = row.action.job.as_ref().and_then(|job| job.cancel.as_ref()) else { return Ok(()) };
    let sender = Sender { integrations, call, row };
    let input: Json = bound(cancel.ask, call, submitted);
    sender.send(cancel.operation, &input).await.map(|_| ())
}
