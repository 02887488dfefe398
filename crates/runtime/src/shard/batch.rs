//! What leaves a shard: writes, and what they release once they are durable.

use std::fmt;
use std::sync::Arc;

use asl::Text;
use engine::{EventId, Timestamp};
use store::StoreError;
use store::record::{ExecutionId, Write};

use super::input::Reply;
use crate::activities::{Exchange, HandOut, TaskRef};
use crate::calls::{ActivityTask, CallError, StartedExecution};
use crate::tasks::{Tasks, Work};

/// Writes of one shard, in order, and what they release. Batches of one shard are committed in the order they
/// were taken.
#[derive(Debug)]
pub struct Batch {
    /// The shard's generation. After a failure, batches of an older one must not be committed.
    pub generation: u64,
    /// What to commit; may be empty.
    pub writes: Vec<Write>,
    /// What to let out when this and every earlier batch is durable.
    pub releases: Vec<Release>,
    pub(crate) touched: Vec<ExecutionId>,
    pub(crate) named: Vec<Text>,
    /// Bytes of executions that write much.
    pub(crate) bytes: usize,
}

/// Where tasks go.
#[derive(Clone)]
pub struct Outlets {
    /// Those of activities.
    pub exchange: Arc<Exchange>,
    /// All others.
    pub tasks: Arc<dyn Tasks>,
}

/// Something that must not leave before it is durable.
#[derive(Debug)]
pub enum Release {
    /// An answer to StartExecution.
    Started(Held<StartedExecution>),
    /// An answer without content.
    Finished(Held<()>),
    /// An answer to StopExecution.
    Stopped(Held<Timestamp>),
    /// An open task.
    Offer {
        /// Of which activity.
        activity: Text,
        /// The task.
        task: TaskRef,
    },
    /// A task for a worker.
    HandOut {
        /// Both.
        hand_out: HandOut,
        /// What the worker gets.
        answer: ActivityTask,
    },
    /// A task whose worker is gone.
    PutBack {
        /// Of which activity.
        activity: Text,
        /// The task.
        task: TaskRef,
    },
    /// A worker whose task is over: it waits for another one.
    NextTask(HandOut),
    /// A task that is no activity's.
    Dispatch(Box<Work>),
    /// A task that was given up while its job ran, or may have run.
    Cancel(Box<Work>),
    /// An execution's end, for whoever waits for it.
    Ended(Text),
}

/// An answer that waits until it is durable.
#[derive(Debug)]
pub struct Held<T> {
    /// Where it goes.
    pub reply: Reply<T>,
    /// The answer.
    pub result: Result<T, CallError>,
}

impl<T> Held<T> {
    /// Answers now.
    pub fn answer(self) {
        // Nobody is harmed where the caller went away.
        let _ = self.reply.send(self.result);
    }

    /// Involves no task.
    fn fail(self, failure: &CommitFailure) -> Option<(ExecutionId, Undelivered)> {
        let _ = self.reply.send(Err(failure.to_call_error()));
        None
    }
}

impl BatchOutcome {
    /// Whether executions of the shard may wait for it.
    pub(crate) fn is_waited_for(&self) -> bool {
        self.bytes > 0
    }
}

/// How a batch ended.
#[derive(Debug)]
pub struct BatchOutcome {
    /// The batch's generation.
    pub generation: u64,
    pub(crate) touched: Vec<ExecutionId>,
    pub(crate) named: Vec<Text>,
    pub(crate) bytes: usize,
    /// Why it failed, and what was not let out.
    pub failed: Option<(CommitFailure, Vec<Release>)>,
}

/// Why a commit failed, as far as callers and shards must know.
#[derive(Clone, Debug)]
pub struct CommitFailure {
    /// Whether the batch contradicted what is stored; then nothing was written.
    pub is_conflict: bool,
    text: Text,
}

/// What was to be let out when the commit failed. Nobody knows whether it failed: the history will tell.
#[derive(Debug)]
pub(super) enum Undelivered {
    /// A task.
    Task {
        scheduled: EventId,
        /// Whether its start was to become durable in the failed batch, or had before: then no worker has it, even
        /// where the history says that it is started.
        handed_out: bool,
    },
    /// The cancellation of a task that was given up.
    Cancel { scheduled: EventId },
}

impl Batch {
    /// Lets everything out: the batch is durable. `None` where the shard need not know.
    pub fn committed(self, outlets: &Outlets) -> Option<BatchOutcome> {
        self.releases.into_iter().for_each(|release| release.let_out(outlets));
        let is_news = !self.touched.is_empty() || !self.named.is_empty();
        let Self { generation, touched, named, bytes, .. } = self;
        is_news.then_some(BatchOutcome { generation, touched, named, bytes, failed: None })
    }

    /// The batch is not durable, as far as anybody knows.
    pub fn failed(self, failure: CommitFailure) -> BatchOutcome {
        let Self { generation, touched, named, releases, bytes, .. } = self;
        BatchOutcome { generation, touched, named, bytes, failed: Some((failure, releases)) }
    }
}

impl Release {
    fn let_out(self, outlets: &Outlets) {
        let Outlets { exchange, tasks } = outlets;
        match self {
            Self::Started(held) => held.answer(),
            Self::Finished(held) => held.answer(),
            Self::Stopped(held) => held.answer(),
            Self::Offer { activity, task } => exchange.offer(&activity, task),
            Self::HandOut { hand_out, answer } => exchange.hand_out(hand_out, answer),
            Self::PutBack { activity, task } => exchange.put_back(&activity, task),
            Self::NextTask(HandOut { poller, .. }) => exchange.return_poller(poller),
            Self::Dispatch(work) => tasks.dispatch(*work),
            Self::Cancel(work) => tasks.cancel(*work),
            Self::Ended(arn) => tasks.ended(&arn),
        }
    }

    /// Tells whoever waits that the commit failed. A task that was involved must be looked at again.
    pub(super) fn fail(self, failure: &CommitFailure) -> Option<(ExecutionId, Undelivered)> {
        let (task, handed_out) = match self {
            Self::Started(held) => return held.fail(failure),
            Self::Finished(held) => return held.fail(failure),
            Self::Stopped(held) => return held.fail(failure),
            // Whoever waits for the end looks again by himself.
            Self::Ended(_) => return None,
            Self::Cancel(work) => {
                return Some((work.execution, Undelivered::Cancel { scheduled: work.task.scheduled }));
            }
            Self::Dispatch(work) => {
                return Some((work.execution, Undelivered::Task { scheduled: work.task.scheduled, handed_out: true }));
            }
            Self::Offer { task, .. } | Self::PutBack { task, .. } => (task, task.started),
            Self::HandOut { hand_out, .. } => {
                hand_out.poller.refuse(failure.to_call_error());
                (hand_out.task, true)
            }
            Self::NextTask(HandOut { poller, task }) => {
                poller.refuse(failure.to_call_error());
                (task, task.started)
            }
        };
        Some((task.execution, Undelivered::Task { scheduled: task.scheduled, handed_out }))
    }
}

impl CommitFailure {
    /// What a store's error means for those who wait.
    pub fn new(error: &StoreError) -> Self {
        Self { is_conflict: matches!(error, StoreError::Conflict(_)), text: error.to_string().into() }
    }

    /// For a batch that was decided after one that failed.
    pub fn earlier() -> Self {
        Self { is_conflict: false, text: "an earlier write failed".into() }
    }

    /// The caller's view: nothing was acknowledged, trying again later may help.
    pub fn to_call_error(&self) -> CallError {
        CallError::Unavailable(self.text.to_string())
    }
}

impl fmt::Display for CommitFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
