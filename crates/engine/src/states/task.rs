//! Task: somebody outside does the work.

use asl::program::{StateKind, Task};
use asl::{ErrorName, EvaluationError, Text, Value};

use crate::cursor::{Cursor, View};
use crate::decide::Decision;
use crate::event::{EventKind, TaskFamily};
use crate::failure::Failure;
use crate::leave::ResultFields;
use crate::states::figure;

pub(crate) fn schedule<'a>(decision: &mut Decision<'a>, cursor: Cursor<'a>, task: &Task) {
    match scheduled(decision, &cursor, task) {
        Ok((family, kind)) => {
            let scheduled = decision.push(cursor.frame, cursor.last, kind);
            // An activity's task starts when a worker takes it. Every other one is started at once: that it may have
            // been started must be durable before anything is sent.
            if family != TaskFamily::Activity {
                decision.push(cursor.frame, scheduled, EventKind::TaskStarted { family, worker: None });
            }
        }
        Err(error) => decision.raise(cursor, error),
    }
}

fn scheduled(
    decision: &Decision<'_>,
    cursor: &Cursor<'_>,
    task: &Task,
) -> Result<(TaskFamily, EventKind), EvaluationError> {
    let input = decision.effective_input(cursor)?;
    let view = View::of(&input);
    let parameters = match &task.arguments {
        Some(arguments) => {
            decision.evaluate(cursor, view, |scope| arguments.evaluate(scope, arguments_field(cursor)))?
        }
        None => input.clone(),
    };
    decision.saw(|seen| seen.after_parameters = Some(parameters.clone()));
    let timeout_seconds = seconds(decision, cursor, task.timeout_seconds.as_ref(), "TimeoutSeconds")?;
    let heartbeat_seconds = seconds(decision, cursor, task.heartbeat_seconds.as_ref(), "HeartbeatSeconds")?;
    let credentials = credentials(decision, cursor, task, view)?;
    if let Some(cause) = decision.turn.resources.refusal(&task.resource) {
        return Err(EvaluationError::runtime(cause));
    }
    let parameters = decision.turn.resources.prepare(&task.resource, parameters).map_err(EvaluationError::runtime)?;
    let family = TaskFamily::from(&task.resource);
    let kind = EventKind::TaskScheduled {
        family: family.clone(),
        resource: task.resource.arn().clone(),
        parameters,
        timeout_seconds,
        heartbeat_seconds,
        credentials,
    };
    Ok((family, kind))
}

pub(crate) fn arguments_field(cursor: &Cursor<'_>) -> &'static str {
    match cursor.state.language {
        asl::program::QueryLanguage::JsonPath => "Parameters",
        asl::program::QueryLanguage::Jsonata => "Arguments",
    }
}

fn seconds(
    decision: &Decision<'_>,
    cursor: &Cursor<'_>,
    figure: Option<&asl::program::Figure>,
    field: &str,
) -> Result<Option<u64>, EvaluationError> {
    figure.map(|figure| figure::positive(decision, cursor, figure, field)).transpose()
}

fn credentials(
    decision: &Decision<'_>,
    cursor: &Cursor<'_>,
    task: &Task,
    view: View<'_>,
) -> Result<Option<Text>, EvaluationError> {
    let Some(credentials) = &task.credentials else { return Ok(None) };
    let value = decision.evaluate(cursor, view, |scope| credentials.evaluate(scope, "Credentials"))?;
    match value.get("RoleArn") {
        Some(Value::String(role)) => Ok(Some(role.clone())),
        _ => Err(EvaluationError::runtime("The RoleArn of Credentials must be a string.")),
    }
}

pub(crate) fn succeeded<'a>(decision: &mut Decision<'a>, mut cursor: Cursor<'a>, output: &Value) {
    let StateKind::Task(task) = &cursor.state.kind else { return };
    let family = decision.task_family(cursor.frame);
    if !decision.turn.limits.fits(output) {
        let failure = Failure::data_limit(result_name(task));
        let kind = EventKind::TaskFailed { family, error: failure.error.clone(), cause: failure.cause.clone() };
        cursor.last = decision.push(cursor.frame, cursor.last, kind);
        return decision.fail(cursor, failure);
    }
    cursor.last = decision.push(cursor.frame, cursor.last, EventKind::TaskSucceeded { family, output: output.clone() });
    let fields = ResultFields { selector: task.result_selector.as_ref(), path: &task.result_path };
    decision.leave_with_result(cursor, output, &fields, task.transition);
}

/// What AWS says a result came from that is too large: the service of an integration, the ARN of anything else.
fn result_name(task: &Task) -> &str {
    match task.resource.integration() {
        Some(integration) => integration.resource_type(),
        None => task.resource.arn(),
    }
}

/// Says that the task timed out. Who takes the error is decided when all that are due now have said so.
pub(crate) fn timed_out(decision: &mut Decision<'_>, cursor: &Cursor<'_>, heartbeat: bool) {
    let family = decision.task_family(cursor.frame);
    let kind = EventKind::TaskTimedOut { family, error: ErrorName::TIMEOUT.into(), cause: None, heartbeat };
    decision.push(cursor.frame, cursor.last, kind);
}
