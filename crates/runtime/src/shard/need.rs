//! What a shard must be told before it can go on, and the answers.

use std::sync::Arc;
use std::time::Duration;

use asl::{Recall, Text, Value};
use engine::{Advance, Command, Event, Fault, Timestamp};
use store::StoreError;
use store::record::{ExecutionId, ExecutionRecord};

use super::input::Reply;
use super::live::Live;
use crate::loader::Question;

/// What a shard must be told before it can go on. Whoever drives the shard sees to it, in any order.
#[derive(Debug)]
pub enum Need {
    /// What is stored. Answered by [`super::Input::Loaded`] or [`super::Input::Found`].
    Stored(Question),
    /// A turn for which a shard has no time. Answered by [`super::Input::Turned`].
    Turn(Box<LongTurn>),
    /// That long turn is to be over soon. Where it has not begun it may be answered as it is: [`LongTurn::untaken`].
    Recall(ExecutionId),
}

/// An execution as the store has it.
pub struct Loaded {
    pub(crate) execution: ExecutionId,
    pub(crate) found: Result<Box<Live>, LoadError>,
}

impl Loaded {
    /// The store does not answer.
    pub fn failed(execution: ExecutionId, error: StoreError) -> Self {
        Self { execution, found: Err(LoadError::Store(error)) }
    }
}

/// Why an execution could not be loaded.
#[derive(Debug)]
pub(crate) enum LoadError {
    /// There is none.
    Unknown,
    /// It is over, since then.
    Over(Option<Timestamp>),
    /// The store does not answer.
    Store(StoreError),
    /// What is stored cannot be read.
    Damaged(Box<dyn std::error::Error + Send + Sync>),
}

/// Whether a name is taken.
#[derive(Debug)]
pub struct Found {
    /// The ARN that was asked for.
    pub arn: Text,
    /// The execution that has it, as the store knows it.
    pub earlier: Result<Option<Earlier>, Arc<StoreError>>,
}

/// An execution that has a name.
#[derive(Debug)]
pub struct Earlier {
    /// Its record.
    pub record: ExecutionRecord,
    /// Its input; absent where it is over, and nobody asks.
    pub input: Option<Value>,
}

/// A turn that takes longer than a shard may hold up its other executions: the execution goes to where there is time
/// for it, and comes back.
#[derive(Debug)]
pub struct LongTurn {
    pub(crate) execution: ExecutionId,
    pub(crate) live: Box<Live>,
    pub(crate) command: Command,
    pub(crate) now: Timestamp,
    pub(crate) seed: u128,
    /// Who waits to hear that the command was carried out.
    pub(crate) reply: Option<Reply<()>>,
    /// Ends its evaluations from outside.
    pub(crate) recall: Recall,
}

impl LongTurn {
    /// It comes back as it went: somebody else wants something of the execution first.
    pub fn untaken(self) -> TurnTaken {
        let Self { execution, live, command, reply, .. } = self;
        TurnTaken { execution, live, events: Vec::new(), result: Some(Err(Fault::TooLong(Box::new(command)))), reply }
    }

    /// How long the execution's long turns took so far.
    pub(crate) fn spent(&self) -> Duration {
        self.live.spent
    }
}

/// A long turn that is over.
#[derive(Debug)]
pub struct TurnTaken {
    pub(crate) execution: ExecutionId,
    pub(crate) live: Box<Live>,
    pub(crate) events: Vec<Event>,
    /// How it ended; `None` where the engine panicked.
    pub(crate) result: Option<Result<Advance, Fault>>,
    pub(crate) reply: Option<Reply<()>>,
}

impl TurnTaken {
    /// It took so long.
    pub(crate) fn spend(&mut self, time: Duration) {
        self.live.spent = self.live.spent.saturating_add(time);
    }
}

impl std::fmt::Debug for Loaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loaded").field("execution", &self.execution).finish_non_exhaustive()
    }
}
