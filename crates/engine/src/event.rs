//! What happened: the facts that are stored, never changed, and folded again on recovery.

use std::fmt;

use asl::resource::{Integration, Pattern, Resource};
use asl::{Text, Value};

/// Milliseconds since the epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// That many seconds later; saturates, so that "never" stays never.
    pub fn plus_seconds(self, seconds: f64) -> Self {
        Self(self.0.saturating_add((seconds * 1000.0) as i64))
    }
}

/// An event's number in its execution's history, from 1. 0 stands for "none" in `previous`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(pub u64);

impl EventId {
    /// No event.
    pub const NONE: Self = Self(0);

    /// The number after this one.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One line of control of an execution: its main line, a branch, or an iteration. Numbers are used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameId(pub u32);

impl FrameId {
    /// The execution's main line.
    pub const ROOT: Self = Self(0);
}

/// The numbers that an event gives to the frames it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Numbered<T> {
    /// As the event says.
    Written(T),
    /// The event is of the log's format 1, which has no such numbers: each frame takes the lowest one that is free.
    ByOldRule,
}

/// A state's type, as far as history names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the language's own")]
pub enum StateType {
    Pass,
    Task,
    Choice,
    Wait,
    Succeed,
    Fail,
    Parallel,
    Map,
}

/// How a task's events are named and what they show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskFamily {
    /// `Activity…` events.
    Activity,
    /// `LambdaFunction…` events.
    LambdaFunction,
    /// `Task…` events, with the resource type and the resource.
    Integration(Integration),
}

impl TaskFamily {
    /// Whether somebody who has the task's token works on it, and says that it is alive.
    pub fn has_heartbeat(&self) -> bool {
        match self {
            Self::Activity => true,
            Self::LambdaFunction => false,
            Self::Integration(integration) => integration.pattern() == Pattern::WaitForTaskToken,
        }
    }

    /// Whether the service's answer begins a job that the task waits for.
    pub fn is_job(&self) -> bool {
        match self {
            Self::Activity | Self::LambdaFunction => false,
            Self::Integration(integration) => integration.pattern().is_job(),
        }
    }
}

impl From<&Resource> for TaskFamily {
    fn from(resource: &Resource) -> Self {
        match resource {
            Resource::Activity(_) => Self::Activity,
            Resource::LambdaFunction(_) => Self::LambdaFunction,
            Resource::Integration { integration, .. } => Self::Integration(integration.clone()),
        }
    }
}

/// A fact about an execution.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its number in the history. A hidden event carries the number of the last shown one.
    pub id: EventId,
    /// `previousEventId`
    pub previous: EventId,
    /// When it happened.
    pub at: Timestamp,
    /// The line of control it belongs to.
    pub frame: FrameId,
    /// What happened.
    pub kind: EventKind,
}

/// What happened. Members that history does not show are marked *hidden*.
#[derive(Clone, Debug, PartialEq)]
pub enum EventKind {
    /// The first event of every execution. Applying it makes the root frame.
    ExecutionStarted {
        /// The execution's input.
        input: Value,
        /// *Hidden*: the text it came in, where that is not the compact one: AWS shows an input as it was given.
        input_text: Option<Text>,
        /// The role as it was at the start.
        role_arn: Text,
    },
    /// The end, with an output.
    ExecutionSucceeded {
        /// The execution's output.
        output: Value,
    },
    /// The end, by an error nothing caught.
    ExecutionFailed {
        /// The error's name.
        error: Option<Text>,
        /// What went wrong.
        cause: Option<Text>,
    },
    /// The end, by StopExecution.
    ExecutionAborted {
        /// As given to StopExecution.
        error: Option<Text>,
        /// As given to StopExecution.
        cause: Option<Text>,
    },
    /// The end, by the machine's own `TimeoutSeconds`.
    ExecutionTimedOut,
    /// A state was entered.
    StateEntered {
        /// The state's name.
        name: Text,
        /// The state's type.
        state_type: StateType,
        /// The raw input.
        input: Value,
        /// *Hidden*: the text it came in, where that is not the compact one: AWS shows an input as it was given.
        input_text: Option<Text>,
    },
    /// A state was left, by itself or by a catcher.
    StateExited {
        /// The state's name.
        name: Text,
        /// The state's type.
        state_type: StateType,
        /// What goes on to the next state.
        output: Value,
        /// The variables assigned, an object.
        assigned: Option<Value>,
        /// *Hidden*: the next state; absent at the end of the frame.
        next: Option<Text>,
    },
    /// A running state was given up because a sibling failed.
    StateAborted {
        /// The state's type.
        state_type: StateType,
    },
    /// *Hidden*: a Wait state set its timer.
    WaitScheduled {
        /// When the wait is over.
        due: Timestamp,
    },
    /// A task was handed out.
    TaskScheduled {
        /// How its events are named.
        family: TaskFamily,
        /// The resource's ARN.
        resource: Text,
        /// The effective input: an activity's input, a function's payload, an integration's parameters.
        parameters: Value,
        /// `TimeoutSeconds`, where the state has one.
        timeout_seconds: Option<u64>,
        /// `HeartbeatSeconds`, where the state has one.
        heartbeat_seconds: Option<u64>,
        /// `Credentials.RoleArn`
        credentials: Option<Text>,
    },
    /// Somebody works on the task.
    TaskStarted {
        /// How its events are named.
        family: TaskFamily,
        /// An activity worker's name.
        worker: Option<Text>,
    },
    /// A `.sync` job was accepted, or a callback's request sent.
    TaskSubmitted {
        /// How its events are named.
        family: TaskFamily,
        /// The service's answer.
        output: Value,
    },
    /// *Hidden*: a heartbeat came in.
    TaskHeartbeat,
    /// *Hidden*: the job of a task that was given up is cancelled, or there is nothing to cancel, or trying was given
    /// up. It may come after the execution's end.
    TaskCancelSettled {
        /// The number of the task's scheduling event.
        scheduled: EventId,
    },
    /// The task ended well.
    TaskSucceeded {
        /// How its events are named.
        family: TaskFamily,
        /// The raw result.
        output: Value,
    },
    /// The task ended with an error.
    TaskFailed {
        /// How its events are named.
        family: TaskFamily,
        /// The error's name.
        error: Option<Text>,
        /// What went wrong.
        cause: Option<Text>,
    },
    /// The task took too long, or its heartbeat stopped.
    TaskTimedOut {
        /// How its events are named.
        family: TaskFamily,
        /// `States.Timeout`; history shows it for a missing heartbeat too.
        error: Text,
        /// Usually absent.
        cause: Option<Text>,
        /// *Hidden*: whether it was the heartbeat, which decides which retriers and catchers match.
        heartbeat: bool,
    },
    /// *Hidden*: a retrier took the error; the work begins again at `due`.
    RetryScheduled {
        /// The retrier's place in `Retry`.
        retrier: u32,
        /// When.
        due: Timestamp,
    },
    /// A Parallel state's branches began. Applying it makes one frame for each branch.
    ParallelStateStarted {
        /// *Hidden*: the input of every branch.
        input: Value,
        /// *Hidden*: the branches' frames, in the order of the branches.
        frames: Numbered<Vec<FrameId>>,
    },
    /// *Hidden*: a branch ended; its output is kept for the Parallel state. The event's frame is the branch's.
    BranchSucceeded {
        /// The branch's output.
        output: Value,
    },
    /// All branches ended.
    ParallelStateSucceeded,
    /// A branch failed and nothing retried the state.
    ParallelStateFailed,
    /// A Map state's iterations began.
    MapStateStarted {
        /// *Hidden*: the items, an array; or an object whose entries are the items.
        items: Value,
        /// *Hidden*: how many iterations run at once; 0 for no bound.
        max_concurrency: u64,
        /// *Hidden*: how many iterations may fail.
        tolerated_failures: u64,
    },
    /// An iteration began. Applying it makes its frame; the event's frame is the Map state's.
    MapIterationStarted {
        /// The Map state's name.
        name: Text,
        /// From 0.
        index: u64,
        /// *Hidden*: the iteration's input.
        input: Value,
        /// *Hidden*: the iteration's frame.
        child: Numbered<FrameId>,
    },
    /// An iteration ended. The event's frame is the iteration's.
    MapIterationSucceeded {
        /// The Map state's name.
        name: Text,
        /// From 0.
        index: u64,
        /// *Hidden*: its output.
        output: Value,
    },
    /// An iteration failed. The event's frame is the iteration's.
    MapIterationFailed {
        /// The Map state's name.
        name: Text,
        /// From 0.
        index: u64,
    },
    /// An iteration was given up because another failed. The event's frame is the iteration's.
    MapIterationAborted {
        /// The Map state's name.
        name: Text,
        /// From 0.
        index: u64,
    },
    /// All iterations ended.
    MapStateSucceeded,
    /// An iteration failed and nothing retried the state.
    MapStateFailed,
    /// A JSONata expression failed.
    EvaluationFailed {
        /// The state's name.
        state: Text,
        /// `States.QueryEvaluationError`
        error: Text,
        /// What went wrong.
        cause: Text,
        /// The field, such as `Output/v`.
        location: Option<Text>,
    },
}

impl EventKind {
    /// The payload it carries, where it carries one, and what it assigns.
    pub(crate) fn payloads(&self) -> impl Iterator<Item = &Value> {
        let (payload, assigned) = match self {
            Self::StateExited { output, assigned, .. } => (Some(output), assigned.as_ref()),
            Self::ExecutionStarted { input, .. }
            | Self::StateEntered { input, .. }
            | Self::ParallelStateStarted { input, .. }
            | Self::MapIterationStarted { input, .. } => (Some(input), None),
            Self::ExecutionSucceeded { output }
            | Self::TaskSubmitted { output, .. }
            | Self::TaskSucceeded { output, .. }
            | Self::BranchSucceeded { output, .. }
            | Self::MapIterationSucceeded { output, .. } => (Some(output), None),
            Self::TaskScheduled { parameters, .. } => (Some(parameters), None),
            Self::MapStateStarted { items, .. } => (Some(items), None),
            Self::ExecutionFailed { .. }
            | Self::ExecutionAborted { .. }
            | Self::ExecutionTimedOut
            | Self::StateAborted { .. }
            | Self::WaitScheduled { .. }
            | Self::TaskStarted { .. }
            | Self::TaskHeartbeat
            | Self::TaskCancelSettled { .. }
            | Self::TaskFailed { .. }
            | Self::TaskTimedOut { .. }
            | Self::RetryScheduled { .. }
            | Self::ParallelStateSucceeded
            | Self::ParallelStateFailed
            | Self::MapIterationFailed { .. }
            | Self::MapIterationAborted { .. }
            | Self::MapStateSucceeded
            | Self::MapStateFailed
            | Self::EvaluationFailed { .. } => (None, None),
        };
        payload.into_iter().chain(assigned)
    }

    /// Whether GetExecutionHistory shows it. A hidden event takes no number.
    pub fn is_shown(&self) -> bool {
        !matches!(
            self,
            Self::WaitScheduled { .. }
                | Self::TaskHeartbeat
                | Self::TaskCancelSettled { .. }
                | Self::RetryScheduled { .. }
                | Self::BranchSucceeded { .. }
        )
    }

    /// Whether it ends the execution.
    pub fn is_end(&self) -> bool {
        matches!(
            self,
            Self::ExecutionSucceeded { .. }
                | Self::ExecutionFailed { .. }
                | Self::ExecutionAborted { .. }
                | Self::ExecutionTimedOut
        )
    }
}
