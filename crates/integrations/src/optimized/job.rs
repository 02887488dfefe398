//! Jobs: one is looked at until it is over, or given up, as its row says.

use asl::resource::{Integration, Pattern};
use asl::{Text, Value, json};
use models::optimized::{Job, JobResult, MissingJob, Run};
use serde_json::Value as Json;

use super::bind::{bound, step_down};
use super::{Optimized, Sender};
use crate::failure::{is_missing, is_passing};
use crate::presentation::without_metadata;
use crate::values::from_json;
use crate::{Failure, Integrations, PollError, Progress, TaskCall, eks_kubernetes};

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
    let optimized = Optimized::of_or_fail(integration).map_err(PollError::Job)?;
    if optimized.row.action.run == Run::RunKubernetesJob {
        return eks_kubernetes::poll(integrations, call, submitted).await;
    }
    let job = optimized.row.action.job.as_ref().ok_or_else(|| PollError::Job(no_job(integration)))?;
    let sender = Sender { integrations, call, optimized };
    let input = bound(job.ask, call, submitted);
    match sender.ask(optimized.row.client(), job.describe, &input).await {
        Ok(answer) => sender.judge(job, from_json(answer.output), submitted),
        Err(error) if is_missing(&error) && job.missing == MissingJob::Done => {
            Ok(Progress::Done(without_metadata(submitted)))
        }
        Err(error) if is_passing(&error) => Err(PollError::Unavailable(sender.failure(error))),
        Err(error) => Err(PollError::Job(sender.failure(error))),
    }
}

impl Sender<'_> {
    fn judge(&self, job: &Job, answer: Value, submitted: &Value) -> Result<Progress, PollError> {
        let Some(subject) = step_down(&answer, job.subject).cloned() else {
            // A service that has just taken a job may not list it yet.
            let cause = format!("{} does not list the job", job.describe);
            return Err(PollError::Unavailable(Failure::task_failed(cause)));
        };
        let status = step_down(&subject, job.status).and_then(Value::as_str).unwrap_or_default();
        let is_done = job.done.contains(&status);
        if !is_done && !job.failed.contains(&status) {
            return Ok(Progress::Running);
        }
        let succeeded = is_done && self.optimized.behaviour.succeeded.is_none_or(|succeeded| succeeded(&subject));
        let result = shaped(job, answer, subject, submitted);
        let result = if self.call.target.pattern() == Pattern::Sync2 { parsed(result) } else { result };
        match succeeded {
            true => Ok(Progress::Done(result)),
            false => Err(PollError::Job(Failure::task_failed(without(job.cause_lacks, result).to_json()))),
        }
    }
}

/// The task's result.
fn shaped(job: &Job, answer: Value, subject: Value, submitted: &Value) -> Value {
    match job.result {
        JobResult::Answer => answer,
        JobResult::AnswerWith(name) => {
            let Value::Object(mut members) = answer else { return answer };
            if let Some(value) = submitted.get(name) {
                std::sync::Arc::make_mut(&mut members).insert(name.into(), value.clone());
            }
            Value::Object(members)
        }
        JobResult::Subject => subject,
        JobResult::Wrapped(name) => Value::object([(name, subject)]),
    }
}

fn without(names: &[&str], value: Value) -> Value {
    let Value::Object(mut members) = value else { return value };
    if !names.is_empty() {
        let kept = std::sync::Arc::make_mut(&mut members);
        names.iter().for_each(|name| drop(kept.remove(name)));
    }
    Value::Object(members)
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
    let Some(optimized) = Optimized::of(integration) else { return Ok(()) };
    if optimized.row.action.run == Run::RunKubernetesJob {
        return eks_kubernetes::cancel(integrations, call, submitted).await;
    }
    let Some(cancel) = optimized.row.action.job.as_ref().and_then(|job| job.cancel.as_ref()) else { return Ok(()) };
    let sender = Sender { integrations, call, optimized };
    let input: Json = bound(cancel.ask, call, submitted);
    sender.send(cancel.operation, &input).await.map(|_| ())
}
