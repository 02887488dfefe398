//! Which tests of which states are allowed, and what a mock must look like.

use asl::Program;
use asl::program::{Map, Resource, StateId, StateKind};

use super::{FieldValidation, Mock, StateTest, TestStateError, context};
use crate::event::StateType;

const NEEDS_MOCK: &str = "TestState API does not support Map or Parallel states. Supported state types include: \
                          [Task, Wait, Pass, Succeed, Fail, Choice]";
pub(super) const TASK_NEEDS_MOCK: &str = "TestState API does not support Activity tasks or the .sync and .waitForTaskToken \
                               service integration patterns when a mock is not specified.";

/// Refuses what AWS refuses before it evaluates anything.
pub(super) fn check(test: &StateTest, program: &Program, state: StateId) -> Result<(), TestStateError> {
    let kind = &program.state(state).kind;
    match &test.mock {
        None => without_mock(test, kind)?,
        Some(mock) => with_mock(test, mock, kind)?,
    }
    match &test.configuration.error_caused_by_state {
        Some(name) if program.state_named(name).is_none() => {
            Err(TestStateError::invalid("State not found in definition"))
        }
        _ => Ok(()),
    }
}

fn without_mock(test: &StateTest, kind: &StateKind) -> Result<(), TestStateError> {
    refuse_what_needs_a_mock(test)?;
    match kind {
        StateKind::Map(_) | StateKind::Parallel(_) => Err(TestStateError::NeedsMock(NEEDS_MOCK)),
        StateKind::Task(task) if is_activity(&task.resource) || task.resource.waits_for_more() => {
            Err(TestStateError::NeedsMock(TASK_NEEDS_MOCK))
        }
        StateKind::Task(_) if !test.has_role => {
            Err(TestStateError::invalid("RoleArn must be specified when testing a Task state"))
        }
        _ => Ok(()),
    }
}

fn refuse_what_needs_a_mock(test: &StateTest) -> Result<(), TestStateError> {
    let needless = |what: &str| {
        Err(TestStateError::invalid(format!("TestState does not support {what} when a mock is not specified.")))
    };
    match &test.configuration {
        _ if test.context.is_some() => needless("Context"),
        configuration if configuration.map_iteration_failure_count.is_some() => needless("MapIterationFailureCount"),
        _ => Ok(()),
    }
}

fn with_mock(test: &StateTest, mock: &Mock, kind: &StateKind) -> Result<(), TestStateError> {
    if !matches!(kind, StateKind::Task(_) | StateKind::Map(_) | StateKind::Parallel(_)) {
        let name = type_name(StateType::of(kind));
        return Err(TestStateError::invalid(format!("State type '{name}' is not supported when a mock is specified")));
    }
    if test.reveal_secrets {
        return Err(TestStateError::invalid("TestState does not support RevealSecrets when a mock is specified."));
    }
    if let Some(context) = &test.context {
        context::check(context, has_task_token(kind))
            .map_err(|why| TestStateError::invalid(format!("Invalid Context object provided: {why}")))?;
    }
    match mock {
        Mock::Result { value, validation } => result(value, *validation, kind),
        Mock::Error { .. } => Ok(()),
    }
}

fn result(value: &asl::Value, validation: FieldValidation, kind: &StateKind) -> Result<(), TestStateError> {
    match kind {
        StateKind::Parallel(parallel) => match value.as_array() {
            None => Err(TestStateError::invalid("Mocked result must be an array.")),
            Some(items) if items.len() != parallel.branches.len() => Err(TestStateError::invalid(
                "Mocked result must contain the same number of items as number of Parallel branches.",
            )),
            Some(_) => Ok(()),
        },
        StateKind::Map(map) if writes_results(map) => match value.as_object() {
            None => Err(TestStateError::invalid("Mocked result must be a JSON object.")),
            Some(_) => Ok(()),
        },
        StateKind::Map(_) if value.as_array().is_none() => {
            Err(TestStateError::invalid("Mocked result must be an array."))
        }
        StateKind::Task(task) => super::check_result(&task.resource, value, validation)
            .map_err(|why| TestStateError::invalid(format!("Mock result schema validation error: {why}"))),
        _ => Ok(()),
    }
}

/// Whether its result says where the results were written. Without a resource a writer only formats them.
fn writes_results(map: &Map) -> bool {
    let writer = map.distributed.as_ref().and_then(|distributed| distributed.result_writer.as_ref());
    writer.is_some_and(|writer| writer.get("Resource").is_some())
}

/// Whether the state's context object has a `Task.Token`.
pub(super) fn has_task_token(kind: &StateKind) -> bool {
    matches!(kind, StateKind::Task(task) if task.resource.waits_for_more())
}

fn is_activity(resource: &Resource) -> bool {
    matches!(resource, Resource::Activity(_))
}

fn type_name(state_type: StateType) -> &'static str {
    match state_type {
        StateType::Pass => "Pass",
        StateType::Task => "Task",
        StateType::Choice => "Choice",
        StateType::Wait => "Wait",
        StateType::Succeed => "Succeed",
        StateType::Fail => "Fail",
        StateType::Parallel => "Parallel",
        StateType::Map => "Map",
    }
}
