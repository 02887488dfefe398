//! TestState: what one state would do with an input, without an execution.
//!
//! The state is evaluated by the code that evaluates it in an execution, on an execution that consists of nothing but
//! the visit of this state. A mock says what came of its task, or whoever runs the test does the task and runs the test
//! again. A Wait state does not wait.

mod checks;
mod context;
mod map;
mod model;
pub(crate) mod probe;
mod reader;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use asl::diagnostic::Diagnostic;
use asl::program::{Resource, State, StateId, StateKind};
use asl::read::{self, MachineType};
use asl::scope::{Chance, Variables};
use asl::{Program, Text, Value};

use crate::command::{Resources, Turn};
use crate::context::TESTED_STATE;
use crate::cursor::Cursor;
use crate::decide::Decision;
use crate::event::{Event, EventId, EventKind, FrameId};
use crate::execution::{Execution, ExecutionInfo, Frame, FramePlace, OpenTask, Visit, Work};
use crate::failure::Failure;
use crate::limits::Limits;
use crate::states;
pub use probe::Inspection;
use probe::Probe;

/// A state to test, its members checked against the API's model and its JSON parsed.
#[derive(Clone, Debug, Default)]
pub struct StateTest {
    /// The definition of the state, or of a state machine where `state_name` says which state of it.
    pub definition: Text,
    /// A state of the state machine.
    pub state_name: Option<Text>,
    /// Whether a role was given. Only a Task state without a mock needs one.
    pub has_role: bool,
    /// The state's input.
    pub input: Value,
    /// The workflow variables on entry.
    pub variables: Variables,
    /// The context object; without it, one is made up.
    pub context: Option<Value>,
    /// What comes of the state's work.
    pub mock: Option<Mock>,
    /// Whether secrets in HTTP requests are to be shown.
    pub reveal_secrets: bool,
    /// What happened before.
    pub configuration: Configuration,
}

/// What comes of a state's work.
#[derive(Clone, Debug)]
pub enum Mock {
    /// A result.
    Result {
        /// The raw result.
        value: Value,
        /// How it is checked against the model of what is called.
        validation: FieldValidation,
    },
    /// An error.
    Error {
        /// Its name.
        error: Text,
        /// What went wrong.
        cause: Option<Text>,
    },
}

/// `fieldValidationMode`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldValidation {
    /// Required members must be there, and those that are there must be as the model says.
    #[default]
    Strict,
    /// Members that are there must be as the model says.
    Present,
    /// None.
    None,
}

/// What is wrong with a mocked result of a task of that resource, in AWS's words.
///
/// # Errors
/// What is wrong.
pub fn check_result(resource: &Resource, result: &Value, validation: FieldValidation) -> Result<(), String> {
    match validation {
        FieldValidation::None => Ok(()),
        FieldValidation::Present => model::check(resource, result, false),
        FieldValidation::Strict => model::check(resource, result, true),
    }
}

/// `stateConfiguration`
#[derive(Clone, Debug, Default)]
pub struct Configuration {
    /// How often the retrier that matches the error has retried already.
    pub retrier_retry_count: Option<u64>,
    /// The state within a Map or Parallel state whose error is mocked.
    pub error_caused_by_state: Option<Text>,
    /// How many iterations of a Map state failed.
    pub map_iteration_failure_count: Option<u64>,
    /// What a Map state's item reader read, as it is in its source.
    pub map_item_reader_data: Option<Text>,
}

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestStatus {
    /// The state did its work.
    Succeeded,
    /// Its error was not handled.
    Failed,
    /// A retrier would try again.
    Retriable,
    /// A catcher took its error.
    CaughtError,
}

impl TestStatus {
    /// As AWS spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Retriable => "RETRIABLE",
            Self::CaughtError => "CAUGHT_ERROR",
        }
    }
}

/// What came of a test.
#[derive(Clone, Debug, PartialEq)]
pub struct TestOutcome {
    /// How it ended.
    pub status: TestStatus,
    /// What the state, or the catcher, passes on.
    pub output: Option<Value>,
    /// The error's name, also of one that was handled.
    pub error: Option<Text>,
    /// What went wrong.
    pub cause: Option<Text>,
    /// The next state, where there is one.
    pub next_state: Option<Text>,
    /// How the data went through the state.
    pub inspection: Inspection,
}

/// Why a state cannot be tested so: the caller's mistake. The texts are AWS's where they are known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TestStateError {
    /// `InvalidDefinition`: at least one error among them.
    #[error("invalid definition")]
    InvalidDefinition(Vec<Diagnostic>),
    /// `InvalidDefinition`: valid, but not what can be tested without a mock.
    #[error("{0}")]
    NeedsMock(&'static str),
    /// `ValidationException`
    #[error("{0}")]
    Invalid(String),
}

impl TestStateError {
    fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid(message.into())
    }
}

/// How far a test is.
#[derive(Clone, Debug, PartialEq)]
pub enum Tested {
    /// It is over.
    Over(Box<TestOutcome>),
    /// The state's task is to be done. Then the test is run again, with what came of it.
    Task(Box<OpenTask>),
}

/// Tests a state, as the only one of the execution that `info` describes. `answer` is what came of its task, where an
/// earlier run of the same test, in the same turn, asked for it.
///
/// # Errors
/// What was asked for is not valid. An error of the state itself is an [`TestOutcome`].
pub fn test_state(
    test: &StateTest,
    info: Arc<ExecutionInfo>,
    turn: &Turn<'_>,
    answer: Option<&Mock>,
) -> Result<Tested, TestStateError> {
    let (program, id) = read(test)?;
    checks::check(test, &program, id)?;
    let execution = visiting(test, program, info, id, turn);
    let state = execution.program.state(id);
    let chance = Chance::new(turn.seed);
    let context = test.context.clone().unwrap_or_else(|| {
        let token = checks::has_task_token(&state.kind).then(|| chance.uuid());
        crate::context::of_test(&execution, state, test.configuration.retrier_retry_count.unwrap_or(0), token)
    });
    let probe = Probe::new(context);
    let limits = Limits { wait_time_scale: 1.0, ..turn.limits.clone() };
    let resources: &dyn Resources = if test.mock.is_some() { &Mocked } else { turn.resources };
    let turn = Turn { limits: &limits, resources, ..*turn };

    let mut events = Vec::new();
    let answer = test.mock.as_ref().or(answer);
    run(&mut Decision::of_test(&execution, &turn, &chance, &mut events, &probe), test, answer)?;
    if answer.is_none()
        && let Some(task) = events.iter().find_map(|event| scheduled(event, state))
    {
        return Ok(Tested::Task(Box::new(task)));
    }

    let mut seen = probe.into_seen();
    seen.input = Some(test.input.clone());
    let mut outcome = outcome(&events, seen);
    outcome.inspection.variables = variables(&test.variables, &events);
    outcome.inspection = outcome.inspection.shown(state);
    Ok(Tested::Over(Box::new(outcome)))
}

/// The task that the event schedules.
fn scheduled(event: &Event, state: &State) -> Option<OpenTask> {
    let EventKind::TaskScheduled { family, resource, parameters, timeout_seconds, credentials, .. } = &event.kind
    else {
        return None;
    };
    Some(OpenTask {
        state: state.name.clone(),
        parameters: parameters.clone(),
        credentials: credentials.clone(),
        timeout_due: timeout_seconds.map(|seconds| event.at.plus_seconds(seconds as f64)),
        ..OpenTask::new(event.id, event.at, family.clone(), resource.clone())
    })
}

fn read(test: &StateTest) -> Result<(Arc<Program>, StateId), TestStateError> {
    let reading = match &test.state_name {
        Some(_) => read::read(&test.definition, MachineType::Standard),
        None => read::read_state(&test.definition, TESTED_STATE, MachineType::Standard),
    };
    let program = reading.program.ok_or(TestStateError::InvalidDefinition(reading.diagnostics))?;
    let name = test.state_name.as_deref().unwrap_or(TESTED_STATE);
    let id = program.state_named(name).ok_or_else(|| TestStateError::invalid("State not found in definition"))?;
    Ok((Arc::new(program), id))
}

/// An execution that has just entered the state, and has been nowhere else.
fn visiting(
    test: &StateTest,
    program: Arc<Program>,
    info: Arc<ExecutionInfo>,
    state: StateId,
    turn: &Turn<'_>,
) -> Execution {
    let retries = test.configuration.retrier_retry_count.unwrap_or(0);
    let retriers = crate::failure::retriers(&program.state(state).kind).len();
    let visit = Visit {
        state,
        input: test.input.clone(),
        input_text: None,
        entered: EventId(2),
        entered_previous: EventId::NONE,
        entered_at: turn.now,
        retries,
        attempts: vec![retries; retriers],
        work: Work::Idle,
    };
    let frame = Frame {
        parent: None,
        variables: Arc::clone(&test.variables),
        last: EventId(2),
        item: None,
        place: FramePlace::Inside(visit),
        timer: None,
    };
    let mut execution = Execution::new(program, info);
    execution.input = test.input.clone();
    execution.started_at = turn.now;
    execution.last_event = EventId(2);
    execution.event_count = 2;
    execution.frames = vec![Some(Box::new(frame))];
    execution
}

/// Every resource may be used, since none is.
struct Mocked;

impl Resources for Mocked {
    fn refusal(&self, _resource: &Resource) -> Option<String> {
        None
    }

    fn task_token(&self, _scheduled: EventId) -> Text {
        // A test gets its token, where it has one, with its context object.
        Text::default()
    }

    fn prepare(&self, _resource: &Resource, parameters: Value) -> Result<Value, String> {
        Ok(parameters)
    }
}

fn run<'a>(decision: &mut Decision<'a>, test: &StateTest, answer: Option<&Mock>) -> Result<(), TestStateError> {
    let Some(cursor) = decision.cursor(FrameId::ROOT) else { return Ok(()) };
    if let (StateKind::Map(map), Some(mock)) = (&cursor.state.kind, &test.mock) {
        return map::run(decision, cursor, map, mock, &test.configuration);
    }
    decision.begin(cursor.clone());
    let seconds_max = decision.turn.limits.state_test_seconds as f64;
    match decision.last_kind() {
        Some(EventKind::WaitScheduled { due }) if *due > decision.turn.now.plus_seconds(seconds_max) => {
            decision.fail(cursor, Failure::timeout(false));
        }
        Some(EventKind::WaitScheduled { .. }) => states::wait::over(decision, cursor),
        Some(
            EventKind::TaskScheduled { .. } | EventKind::TaskStarted { .. } | EventKind::ParallelStateStarted { .. },
        ) => {
            worked(decision, cursor, answer);
        }
        _ => {}
    }
    Ok(())
}

/// What somebody else does is done, or is still to be done.
fn worked<'a>(decision: &mut Decision<'a>, cursor: Cursor<'a>, answer: Option<&Mock>) {
    match (answer, &cursor.state.kind) {
        (Some(Mock::Error { error, cause }), _) => {
            decision.fail(cursor, Failure::named(error.clone(), cause.clone()));
        }
        (Some(Mock::Result { value, .. }), StateKind::Parallel(_)) => {
            states::parallel::finish(decision, cursor, value);
        }
        (Some(Mock::Result { value, .. }), _) => states::task::succeeded(decision, cursor, value),
        (None, _) => {}
    }
}

fn outcome(events: &[Event], seen: Inspection) -> TestOutcome {
    let (error, cause) = (seen.error.clone(), seen.cause.clone());
    let outcome = |status, inspection| TestOutcome {
        status,
        output: None,
        error: error.clone(),
        cause: cause.clone(),
        next_state: None,
        inspection,
    };
    for event in events {
        match &event.kind {
            EventKind::StateExited { output, next, .. } => {
                let caught = seen.catch_index.is_some();
                let status = if caught { TestStatus::CaughtError } else { TestStatus::Succeeded };
                return TestOutcome { output: Some(output.clone()), next_state: next.clone(), ..outcome(status, seen) };
            }
            EventKind::RetryScheduled { .. } => return outcome(TestStatus::Retriable, seen),
            EventKind::ExecutionFailed { error, cause } => {
                return TestOutcome { error: error.clone(), cause: cause.clone(), ..outcome(TestStatus::Failed, seen) };
            }
            _ => {}
        }
    }
    outcome(TestStatus::Failed, seen)
}

/// The variables after the state; `None` where there are none.
fn variables(before: &Variables, events: &[Event]) -> Option<Value> {
    let assigned = events.iter().find_map(|event| match &event.kind {
        EventKind::StateExited { assigned, .. } => assigned.as_ref()?.as_object(),
        _ => None,
    });
    let mut variables = Arc::clone(before);
    if let Some(assigned) = assigned {
        let variables = Arc::make_mut(&mut variables);
        for (name, value) in assigned.iter() {
            variables.insert(name.clone(), value.clone());
        }
    }
    (!variables.is_empty()).then_some(Value::Object(variables))
}
