//! What the world asks of an execution, and what it is told in answer.

use asl::program::Resource;
use asl::{Recall, Text, Value};

use crate::event::{EventId, Timestamp};
use crate::execution::ReplayError;
use crate::limits::Limits;

/// What the world asks of an execution.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Begin. The first command of every execution, once.
    Start {
        /// The execution's input.
        input: Value,
        /// The text it came in, where that is not the compact one.
        input_text: Option<Text>,
    },
    /// Go on with what is ready: after a turn that ended for its budget, and after recovery.
    Continue,
    /// Look what is due.
    Tick,
    /// A worker took the task.
    TaskStarted {
        /// The number of the task's scheduling event.
        scheduled: EventId,
        /// The worker's name.
        worker: Option<Text>,
    },
    /// A `.sync` job was accepted, or a callback's request sent.
    TaskSubmitted {
        /// The number of the task's scheduling event.
        scheduled: EventId,
        /// The service's answer.
        output: Value,
    },
    /// The task ended well.
    TaskSucceeded {
        /// The number of the task's scheduling event.
        scheduled: EventId,
        /// The raw result.
        output: Value,
    },
    /// The task ended with an error.
    TaskFailed {
        /// The number of the task's scheduling event.
        scheduled: EventId,
        /// The error's name.
        error: Option<Text>,
        /// What went wrong.
        cause: Option<Text>,
    },
    /// The worker is alive.
    TaskHeartbeat {
        /// The number of the task's scheduling event.
        scheduled: EventId,
    },
    /// The job of a task that was given up is cancelled, or there is nothing to cancel, or trying was given up. The one
    /// command that an execution which is over takes.
    CancelSettled {
        /// The number of the task's scheduling event.
        scheduled: EventId,
    },
    /// StopExecution.
    Stop {
        /// As given.
        error: Option<Text>,
        /// As given.
        cause: Option<Text>,
    },
}

/// Time, chance and limits of one command.
#[derive(Clone, Copy)]
pub struct Turn<'a> {
    /// The time at which everything in this turn happens.
    pub now: Timestamp,
    /// Seed of all chance in this turn; drawn from the operating system by the caller.
    pub seed: u128,
    /// The bounds in force.
    pub limits: &'a Limits,
    /// Which resources a Task state may use.
    pub resources: &'a dyn Resources,
    /// After how many events the turn ends, so that a long run does not keep others waiting.
    pub budget: usize,
    /// After how many bytes of payloads, as JSON text, it ends: what is not durable yet stays in memory.
    pub bytes: usize,
    /// How long it may take.
    pub time: TurnTime<'a>,
}

/// How long a turn may take. It decides where a turn ends and where an evaluation is done, never what an execution does.
#[derive(Clone, Copy)]
pub struct TurnTime<'a> {
    /// Steps of work that the evaluation of one state's fields may take; `None` for as many as the limits allow. A step
    /// of the execution whose evaluation takes more does not happen: it is to be done again where there is time for it.
    pub evaluation_steps: Option<u64>,
    /// Whether the turn took long enough. Asked after every step.
    pub is_over: &'a dyn Fn() -> bool,
    /// By which the evaluation of a state's fields can be ended from outside, as if it took more steps than it may.
    pub recall: Option<&'a Recall>,
}

impl TurnTime<'_> {
    /// As much time as it takes.
    pub const UNBOUNDED: Self = Self { evaluation_steps: None, is_over: &|| false, recall: None };
}

/// What a Task state must know of the world before it schedules. The answers are the same every time: none looks
/// further than at what is in memory.
pub trait Resources {
    /// Why the resource cannot be used: the cause of a `States.Runtime` error. `None` where it can.
    fn refusal(&self, resource: &Resource) -> Option<String>;

    /// The token of the task whose scheduling event has that number.
    fn task_token(&self, scheduled: EventId) -> Text;

    /// The parameters as they are sent, with what the service is told of us; or why they cannot be sent, the cause of a
    /// `States.Runtime` error.
    fn prepare(&self, resource: &Resource, parameters: Value) -> Result<Value, String>;
}

/// How a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advance {
    /// The execution waits for the world, or is over.
    Settled,
    /// One of the budgets or the time is spent; send [`Command::Continue`].
    Unfinished,
    /// The command is carried out. What follows takes longer than the turn may: send [`Command::Continue`] where there
    /// is time for it.
    TooLong,
}

/// Why a command changed nothing: late, early or repeated input. Counted, never silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ignored {
    /// Start of an execution that has started.
    AlreadyStarted,
    /// The execution is over.
    ExecutionOver,
    /// No task with that number is outstanding: it is over, or timed out.
    TaskOver,
    /// The task is already being worked on.
    TaskAlreadyStarted,
    /// The service's answer to the task's request is in the history.
    TaskAlreadySubmitted,
    /// No cancellation with that number is outstanding: it is settled, or the task was never given up.
    CancelAlreadySettled,
    /// Nothing is due, or nothing is ready.
    NothingDue,
}

impl Ignored {
    /// The label of its counter.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AlreadyStarted => "already_started",
            Self::ExecutionOver => "execution_over",
            Self::TaskOver => "task_over",
            Self::TaskAlreadyStarted => "task_already_started",
            Self::TaskAlreadySubmitted => "task_already_submitted",
            Self::CancelAlreadySettled => "cancel_already_settled",
            Self::NothingDue => "nothing_due",
        }
    }
}

/// Why a command could not be carried out.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Fault {
    /// Named, counted, harmless.
    #[error("ignored: {}", .0.as_str())]
    Ignored(Ignored),
    /// Nothing happened: an expression takes longer than the turn may. The command is to be sent again where there is
    /// time for it.
    #[error("an expression takes longer than the turn may")]
    TooLong(Box<Command>),
    /// Our own mistake: a decision that cannot be applied. The live state is to be thrown away.
    #[error("a decided event does not apply")]
    Replay(#[from] ReplayError),
}
