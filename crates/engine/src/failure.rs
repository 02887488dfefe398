//! When a state fails: who takes the error (a retrier, a catcher, the state around it), or the execution's end.

use std::collections::BTreeSet;

use asl::program::{Catcher, QueryLanguage, ResultPath, Retrier, StateKind, Transition};
use asl::template::Template;
use asl::{ErrorName, EvaluationError, Text, Value};

use crate::cursor::{Cursor, View};
use crate::decide::Decision;
use crate::event::{EventId, EventKind, FrameId, StateType};
use crate::execution::{FramePlace, Work};
use crate::retry;

/// A state's error.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) error: Option<Text>,
    pub(crate) cause: Option<Text>,
    pub(crate) class: Class,
}

/// Who may take an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// `States.Runtime`: nobody, not even by its name.
    Runtime,
    /// A task's `TimeoutSeconds`.
    Timeout,
    /// A task's `HeartbeatSeconds`.
    Heartbeat,
    /// Whoever names it, `States.TaskFailed` or `States.ALL`.
    Other,
}

impl Failure {
    /// An error by its name.
    pub(crate) fn other(error: Option<Text>, cause: Option<Text>) -> Self {
        Self { error, cause, class: Class::Other }
    }

    /// The error of that name, of the class a task's error has that is called so.
    pub(crate) fn named(error: Text, cause: Option<Text>) -> Self {
        let class = match &*error {
            ErrorName::RUNTIME => Class::Runtime,
            ErrorName::TIMEOUT => Class::Timeout,
            ErrorName::HEARTBEAT_TIMEOUT => Class::Heartbeat,
            _ => Class::Other,
        };
        Self { error: Some(error), cause, class }
    }

    /// What a task failed with: its name says who may take it.
    pub(crate) fn of_task(error: Option<Text>, cause: Option<Text>) -> Self {
        match error {
            Some(error) => Self::named(error, cause),
            None => Self::other(None, cause),
        }
    }

    /// A task's timeout, or its missing heartbeat.
    pub(crate) fn timeout(heartbeat: bool) -> Self {
        let class = if heartbeat { Class::Heartbeat } else { Class::Timeout };
        Self { error: Some(ErrorName::TIMEOUT.into()), cause: None, class }
    }

    /// A payload beyond the limit.
    pub(crate) fn data_limit(name: &str) -> Self {
        let cause = format!(
            "The state/task '{name}' returned a result with a size exceeding the maximum number of bytes service limit."
        );
        Self::other(Some(ErrorName::DATA_LIMIT_EXCEEDED.into()), Some(cause.into()))
    }

    /// Variables beyond the limit.
    pub(crate) fn variables_limit(name: &str) -> Self {
        let cause =
            format!("The variables assigned by the state '{name}' exceed the maximum number of bytes service limit.");
        Self::other(Some(ErrorName::DATA_LIMIT_EXCEEDED.into()), Some(cause.into()))
    }

    /// Whether an `ErrorEquals` takes it.
    pub(crate) fn matches(&self, error_equals: &[Text]) -> bool {
        error_equals.iter().any(|name| match &**name {
            ErrorName::ALL => self.class != Class::Runtime,
            ErrorName::TASK_FAILED => self.class == Class::Other,
            ErrorName::TIMEOUT => matches!(self.class, Class::Timeout | Class::Heartbeat),
            ErrorName::HEARTBEAT_TIMEOUT => self.class == Class::Heartbeat,
            name => self.class != Class::Runtime && self.error.as_deref() == Some(name),
        })
    }

    /// The error output a catcher passes on; both members are always there. As recorded, a timeout has an empty cause,
    /// and what somebody reported without a cause has none.
    fn output(&self) -> Value {
        let member = |text: &Option<Text>| text.clone().map_or(Value::Null, Value::String);
        let cause = match (&self.cause, self.class) {
            (None, Class::Timeout | Class::Heartbeat) => Value::from(""),
            (cause, _) => member(cause),
        };
        Value::object([("Error", member(&self.error)), ("Cause", cause)])
    }
}

impl<'a> Decision<'a> {
    /// A path, template or rule of the state could not be evaluated.
    pub(crate) fn raise(&mut self, cursor: Cursor<'a>, error: EvaluationError) {
        let previous = if cursor.last == cursor.entered { cursor.entered_previous } else { cursor.last };
        self.raise_after(cursor, error, previous);
    }

    /// As [`Decision::raise`]; an `EvaluationFailed` event names `previous` as its previous one.
    pub(crate) fn raise_after(&mut self, mut cursor: Cursor<'a>, error: EvaluationError, previous: EventId) {
        let failure = evaluation_failure(self, &cursor, &error);
        if error.name == ErrorName::QUERY_EVALUATION_ERROR {
            let kind = EventKind::EvaluationFailed {
                state: cursor.state.name.clone(),
                error: error.name.into(),
                cause: failure.cause.clone().unwrap_or_default(),
                location: error.location,
            };
            cursor.last = self.push(cursor.frame, previous, kind);
        }
        self.fail(cursor, failure);
    }

    /// The state the cursor is in failed.
    pub(crate) fn fail(&mut self, mut cursor: Cursor<'a>, failure: Failure) {
        self.saw(|seen| (seen.error, seen.cause) = (failure.error.clone(), failure.cause.clone()));
        if failure.class == Class::Runtime {
            return self.fail_execution(&failure, cursor.last);
        }
        // Nobody knows which retriers and catchers it has.
        if let Some(fault) = cursor.fault() {
            return self.raise(cursor, fault);
        }
        if self.retry(&cursor, &failure) {
            return;
        }
        self.container_failed(&mut cursor);
        match catchers(&cursor.state.kind).iter().position(|catcher| failure.matches(&catcher.error_equals)) {
            Some(index) => self.catch(&cursor, &failure, index),
            None => self.propagate(cursor.frame, failure, cursor.last),
        }
    }

    /// Lets a retrier take the error; says whether one did.
    fn retry(&mut self, cursor: &Cursor<'_>, failure: &Failure) -> bool {
        let retriers = retriers(&cursor.state.kind);
        let Some(retrier) = retriers.iter().position(|retrier| failure.matches(&retrier.error_equals)) else {
            return false;
        };
        self.saw(|seen| seen.retry_index = Some(retrier));
        let attempts = cursor.attempts.get(retrier).copied().unwrap_or(0);
        let Some(seconds) = retry::delay_seconds(&retriers[retrier], attempts, || self.chance.next_f64()) else {
            return false;
        };
        self.saw(|seen| seen.retry_backoff_seconds = Some(seconds));
        let due = self.turn.now.plus_seconds(seconds * self.turn.limits.wait_time_scale);
        let retrier = u32::try_from(retrier).unwrap_or(u32::MAX);
        self.push(cursor.frame, cursor.last, EventKind::RetryScheduled { retrier, due });
        true
    }

    fn container_failed(&mut self, cursor: &mut Cursor<'_>) {
        let kind = match &cursor.state.kind {
            StateKind::Parallel(_) => EventKind::ParallelStateFailed,
            StateKind::Map(_) => EventKind::MapStateFailed,
            _ => return,
        };
        cursor.last = self.push(cursor.frame, cursor.last, kind);
    }

    fn catch(&mut self, cursor: &Cursor<'a>, failure: &Failure, index: usize) {
        let catcher = &catchers(&cursor.state.kind)[index];
        self.saw(|seen| seen.catch_index = Some(index));
        let error_output = failure.output();
        let caught = caught_output(self, cursor, catcher, index, &error_output);
        match caught {
            Ok((output, _)) if !self.turn.limits.fits(&output) => {
                self.propagate(cursor.frame, Failure::data_limit(&cursor.state.name), cursor.last);
            }
            Ok((output, assigned)) => match self.variables_failure(cursor, assigned.as_ref()) {
                Some(failure) => self.propagate(cursor.frame, failure, cursor.last),
                None => self.exit(cursor, output, assigned, Transition::Next(catcher.next)),
            },
            // The catcher itself is at fault; the state's catchers are not asked again.
            Err(error) => {
                let failure = evaluation_failure(self, cursor, &error);
                match failure.class {
                    Class::Runtime => self.fail_execution(&failure, cursor.last),
                    _ => self.propagate(cursor.frame, failure, cursor.last),
                }
            }
        }
    }

    /// Nothing in the state took the error: the state around it fails, or the execution.
    fn propagate(&mut self, frame: FrameId, failure: Failure, last: EventId) {
        let parent = self.execution.frame(frame).and_then(|frame| frame.parent);
        let Some(parent) = parent else {
            return self.fail_execution(&failure, last);
        };
        let Some(mut cursor) = self.cursor(parent.frame) else { return };
        if matches!(cursor.state.kind, StateKind::Map(_)) {
            let kind = EventKind::MapIterationFailed { name: cursor.state.name.clone(), index: parent.index as u64 };
            self.push(frame, last, kind);
        }
        self.abort_siblings(parent.frame, frame, last);
        self.abort_failed(frame, last);
        cursor.last = last;
        self.fail(cursor, failure);
    }

    fn fail_execution(&mut self, failure: &Failure, last: EventId) {
        let kind = EventKind::ExecutionFailed { error: failure.error.clone(), cause: failure.cause.clone() };
        self.push(FrameId::ROOT, last, kind);
    }

    /// Writes the abort event of the state that failed a branch or an iteration, where it is of a type that has one and
    /// does not say itself that it failed: to AWS it is one more state that the Parallel or Map state gives up.
    fn abort_failed(&mut self, frame: FrameId, previous: EventId) {
        let Some(visit) = self.visit(frame) else { return };
        let state_type = StateType::of(&self.execution.program.state(visit.state).kind);
        if matches!(state_type, StateType::Task | StateType::Wait) {
            self.push(frame, previous, EventKind::StateAborted { state_type });
        }
    }

    /// Writes the abort events of everything that runs under a Parallel or Map state, but for the frame that
    /// failed. All of them name the failing event as their previous one.
    fn abort_siblings(&mut self, parent: FrameId, failed: FrameId, previous: EventId) {
        let Some(visit) = self.visit(parent) else { return };
        let (running, map_name): (&BTreeSet<FrameId>, _) = match &visit.work {
            Work::Parallel(branches) => (&branches.running, None),
            Work::Map(iterations) => {
                (&iterations.running, Some(self.execution.program.state(visit.state).name.clone()))
            }
            Work::Idle | Work::Waiting { .. } | Work::Task(_) | Work::TimedOut { .. } | Work::Backoff { .. } => return,
        };
        for id in running.iter().filter(|id| **id != failed) {
            self.abort_siblings(*id, failed, previous);
            let Some(frame) = self.execution.frame(*id) else { continue };
            if let FramePlace::Inside(visit) = &frame.place {
                let state_type = StateType::of(&self.execution.program.state(visit.state).kind);
                self.push(*id, previous, EventKind::StateAborted { state_type });
            }
            if let (Some(name), Some(parent)) = (&map_name, frame.parent) {
                let kind = EventKind::MapIterationAborted { name: name.clone(), index: parent.index as u64 };
                self.push(*id, previous, kind);
            }
        }
    }
}

fn evaluation_failure(decision: &Decision<'_>, cursor: &Cursor<'_>, error: &EvaluationError) -> Failure {
    // A test has no history the cause could point into.
    let cause = if decision.is_test() {
        error.cause.clone()
    } else {
        format!(
            "An error occurred while executing the state '{}' (entered at the event id #{}). {}",
            cursor.state.name, cursor.entered, error.cause
        )
    };
    let class = if error.name == ErrorName::RUNTIME { Class::Runtime } else { Class::Other };
    Failure { error: Some(error.name.into()), cause: Some(cause.into()), class }
}

type Caught = Result<(Value, Option<Value>), EvaluationError>;

/// What a catcher passes on, and the variables it assigns.
fn caught_output(
    decision: &Decision<'_>,
    cursor: &Cursor<'_>,
    catcher: &Catcher,
    index: usize,
    error_output: &Value,
) -> Caught {
    let view = View::with_error(error_output);
    let field = |template: &Option<Template>, field: &str| {
        let location = format!("Catch[{index}]/{field}");
        template
            .as_ref()
            .map(|template| decision.evaluate(cursor, view, |scope| template.evaluate(scope, &location)))
            .transpose()
    };
    let output = match cursor.state.language {
        QueryLanguage::Jsonata => field(&catcher.output, "Output")?.unwrap_or_else(|| error_output.clone()),
        QueryLanguage::JsonPath => match &catcher.result_path {
            ResultPath::Replace => error_output.clone(),
            ResultPath::Discard => cursor.input.clone(),
            ResultPath::Put(path) => path.put(&cursor.input, error_output.clone())?,
        },
    };
    Ok((output, field(&catcher.assign, "Assign")?))
}

pub(crate) fn retriers(kind: &StateKind) -> &[Retrier] {
    match kind {
        StateKind::Task(task) => &task.retry,
        StateKind::Parallel(parallel) => &parallel.retry,
        StateKind::Map(map) => &map.retry,
        StateKind::Pass(_) | StateKind::Choice(_) | StateKind::Wait(_) | StateKind::Succeed | StateKind::Fail(_) => &[],
    }
}

fn catchers(kind: &StateKind) -> &[Catcher] {
    match kind {
        StateKind::Task(task) => &task.catch,
        StateKind::Parallel(parallel) => &parallel.catch,
        StateKind::Map(map) => &map.catch,
        StateKind::Pass(_) | StateKind::Choice(_) | StateKind::Wait(_) | StateKind::Succeed | StateKind::Fail(_) => &[],
    }
}
