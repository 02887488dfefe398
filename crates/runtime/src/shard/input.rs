//! What comes to a shard, and how it answers.

use std::sync::Arc;

use asl::{Text, Value};
use engine::{Command, Timestamp};
use store::record::{ExecutionId, MachineType, StateMachineId};
use tokio::sync::oneshot;

use super::batch::BatchOutcome;
use super::broken::LogEnd;
use super::need::{Found, Loaded, TurnTaken};
use crate::activities::HandOut;
use crate::calls::{CallError, EndedExecution, StartedExecution};
use crate::directory::{Machine, Qualifier, Revision};

/// Where an answer goes.
pub type Reply<T> = oneshot::Sender<Result<T, CallError>>;

/// What comes to a shard.
#[derive(Debug)]
pub enum Input {
    /// StartExecution.
    Start(Start),
    /// What a worker says about its task.
    Task {
        /// The execution.
        execution: ExecutionId,
        /// `TaskSucceeded`, `TaskFailed` or `TaskHeartbeat`.
        command: Command,
        /// Answered when it is durable.
        reply: Reply<()>,
    },
    /// StopExecution.
    Stop(Stop),
    /// A task for a waiting worker.
    HandOut(HandOut),
    /// Timers that fall due soon, as the store knows them.
    Arm(Vec<(Timestamp, ExecutionId)>),
    /// An execution to load after a restart: it goes on, and its open tasks are offered again.
    Resume {
        /// Which.
        execution: ExecutionId,
        /// Answered when its tasks are offered.
        reply: Reply<()>,
    },
    /// A state machine starts no more executions. Answered when every earlier start is durable.
    MachineDeleting {
        /// Which.
        machine: StateMachineId,
        /// The answer.
        reply: Reply<()>,
    },
    /// An execution that was asked for.
    Loaded(Loaded),
    /// The end of a log that was asked for.
    LogEnd(LogEnd),
    /// A name that was asked for.
    Found(Found),
    /// A long turn is over.
    Turned(Box<TurnTaken>),
    /// How a batch ended.
    BatchOver(BatchOutcome),
}

impl Input {
    /// Whether it is a call that nobody is answered before the next commit.
    pub(crate) fn is_answered_by_commit(&self) -> bool {
        match self {
            Self::Start(start) => start.machine.record.machine_type == MachineType::Standard,
            Self::Task { .. } | Self::Stop(_) => true,
            _ => false,
        }
    }
}

/// StartExecution, its state machine found.
#[derive(Debug)]
pub struct Start {
    /// The state machine.
    pub machine: Arc<Machine>,
    /// The definition in force, or that of a version.
    pub revision: Arc<Revision>,
    /// The name; one is made where it is absent.
    pub name: Option<Text>,
    /// The input.
    pub input: Value,
    /// The input as given, where that is not its compact form.
    pub input_text: Option<Text>,
    /// `traceHeader`
    pub trace_header: Option<Text>,
    /// The version and the alias it is started with.
    pub qualifier: Qualifier,
    /// What it is started with for who does its tasks.
    pub profile: Option<Text>,
    /// Answered when it is durable.
    pub reply: Reply<StartedExecution>,
    /// Answered when it has ended; of EXPRESS state machines only.
    pub ended: Option<Reply<EndedExecution>>,
}

/// StopExecution, its execution found.
#[derive(Debug)]
pub struct Stop {
    /// The execution.
    pub execution: ExecutionId,
    /// Its ARN, for the error.
    pub arn: Text,
    /// As given.
    pub error: Option<Text>,
    /// As given.
    pub cause: Option<Text>,
    /// When it stopped; answered when that is durable.
    pub reply: Reply<Timestamp>,
}
