//! Durable history and records: traits by purpose, their suite, and the stores that pass it.
//!
//! A store takes a batch of writes, all or nothing, and is durable when it returns. The events of an
//! execution are the truth; everything else about it is a summary that follows from them and is written
//! in the same batch. SQL, file formats and connection handling stay behind these traits.

pub mod commit_log;
mod conflict;
mod execution_id;
pub mod execution_name;
#[cfg(any(test, feature = "suite"))]
pub mod fault;
pub mod lane;
pub mod memory;
pub mod partition;
pub mod record;
pub mod sqlite;
#[cfg(any(test, feature = "suite"))]
pub mod suite;

use std::ops::ControlFlow;

use asl::Text;
use commit_log::{CommitPosition, LoggedCommit};
pub use conflict::{Conflict, RecordId};
use engine::{EventId, Timestamp};
use lane::{SessionId, Ticket};
use partition::{PartitionSet, Partitions};
use record::{
    Activity, Alias, Chunk, Definition, DefinitionId, EventRange, ExecutionFilter, ExecutionId, ExecutionRecord,
    Listing, Order, Page, StateMachine, StateMachineId, Summary, Version, Write,
};

/// Why a store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The write may or may not have happened; read again before acting.
    #[error("cannot {action}")]
    Failed {
        /// What was attempted.
        action: &'static str,
        /// Why it failed.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The batch contradicts what is stored (a name or a chunk is there already, or one is missing before
    /// it); nothing was written.
    #[error("the store holds something else: {0}")]
    Conflict(Conflict),
    /// The ticket does not follow the last commit of its lane: another has the lane, the commit was made before, or one
    /// of unknown outcome was not settled; nothing was written.
    #[error("the commit does not follow the last one of its lane")]
    Fenced,
    /// Executions were to begin on revisions of these state machines that are no longer in force; nothing was written.
    #[error("state machines changed since their executions were decided: {0:?}")]
    Stale(Vec<StateMachineId>),
    /// The disk is full; nothing was written.
    #[error("the disk that holds the data is full")]
    Full,
    /// The data cannot be opened: what is wrong, and what to do.
    #[error("{0}")]
    Unusable(String),
    /// What is stored is damaged.
    #[error("the stored data is damaged: {0}")]
    Damaged(String),
}

impl StoreError {
    /// Whether it says for certain that a failed commit wrote nothing.
    pub fn wrote_nothing(&self) -> bool {
        match self {
            Self::Conflict(_) | Self::Fenced | Self::Stale(_) | Self::Full => true,
            Self::Failed { .. } | Self::Unusable(_) | Self::Damaged(_) => false,
        }
    }
}

/// The one writer. Batches are committed in the order of the calls.
pub trait Commit: Send + Sync {
    /// Makes all the writes durable, or none. On return they are on disk. A commit that succeeds takes its number in the
    /// lane, one without writes too; one that wrote nothing leaves the number for the next.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] where the ticket does not follow, or names a lane that was never opened. Then
    /// [`StoreError::Stale`], then [`StoreError::Conflict`] with the first contradiction, [`StoreError::Full`]. Any other
    /// error may have written the batch: [`Commit::settle`] tells.
    fn commit(&self, ticket: &Ticket, batch: &[Write]) -> Result<(), StoreError>;
    /// Opens a lane of a session, or finds it open, and tells where it stands.
    ///
    /// # Errors
    /// Where the store fails.
    fn open_lane(&self, session: SessionId, lane: u16) -> Result<Ticket, StoreError>;
    /// Where a lane stands after a commit of unknown outcome: whether its number is taken says whether it is durable.
    /// After that, it will never happen that was not.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] where the lane was never opened, or is another's; otherwise where the store fails.
    fn settle(&self, session: SessionId, lane: u16) -> Result<Ticket, StoreError>;
}

/// Executions and their events, as committed.
pub trait Executions: Send + Sync {
    /// The executions with these ARNs, in this order; all as of one moment.
    fn executions_by_arn(&self, arns: &[Text]) -> Result<Vec<Option<ExecutionRecord>>, StoreError>;
    /// The executions with these numbers, in this order; all as of one moment.
    fn executions(&self, ids: &[ExecutionId]) -> Result<Vec<Option<ExecutionRecord>>, StoreError>;
    /// Every chunk of events of each of these executions, in order; none for one that is not there. All as of one
    /// moment.
    fn chunks_of(&self, ids: &[ExecutionId]) -> Result<Vec<Vec<Chunk>>, StoreError>;
    /// The chunk that holds the first events of an execution.
    fn first_chunk(&self, id: ExecutionId) -> Result<Option<Chunk>, StoreError>;
    /// The chunk that holds the last shown event of an execution; later ones have hidden events only. The first one,
    /// where no event is shown.
    fn last_chunk(&self, id: ExecutionId) -> Result<Option<Chunk>, StoreError>;
    /// Shows the chunks that hold any of these shown events, perhaps a few more at the edges, one after the other until
    /// `see` breaks off. However much they are, only one is in memory. `see` asks the store nothing.
    fn visit_chunks(
        &self,
        id: ExecutionId,
        events: EventRange,
        order: Order,
        see: &mut dyn FnMut(Chunk) -> ControlFlow<()>,
    ) -> Result<(), StoreError>;
    /// Executions of a state machine, newest first.
    fn list_executions(&self, filter: &ExecutionFilter, page: &Page) -> Result<Listing<ExecutionRecord>, StoreError>;
    /// How many executions of a state machine are running.
    fn count_running(&self, state_machine: StateMachineId) -> Result<u64, StoreError>;
    /// The greatest number of an execution in these partitions; 0 where there is none. Quick for all partitions; for
    /// some, the newest executions of the others are passed over.
    fn last_execution_id(&self, among: &PartitionSet) -> Result<ExecutionId, StoreError>;
    /// What the commit log has after that position, in order: at most so many commits.
    fn committed_after(&self, position: CommitPosition, limit: usize) -> Result<Vec<LoggedCommit>, StoreError>;
    /// The position of the last commit in the log, which is never trimmed; 0 where none was ever logged.
    fn last_commit_position(&self) -> Result<CommitPosition, StoreError>;

    /// The execution with that ARN.
    fn execution_by_arn(&self, arn: &str) -> Result<Option<ExecutionRecord>, StoreError> {
        Ok(self.executions_by_arn(&[arn.into()])?.pop().flatten())
    }
    /// The execution with that number.
    fn execution(&self, id: ExecutionId) -> Result<Option<ExecutionRecord>, StoreError> {
        Ok(self.executions(&[id])?.pop().flatten())
    }
    /// The chunks that hold any of the shown events `from..=to`, in order; perhaps a few more at the edges.
    fn chunks_between(&self, id: ExecutionId, from: EventId, to: EventId) -> Result<Vec<Chunk>, StoreError> {
        let mut found = Vec::new();
        self.visit_chunks(id, EventRange { from, to }, Order::Forward, &mut |chunk| {
            found.push(chunk);
            ControlFlow::Continue(())
        })?;
        Ok(found)
    }
    /// Every chunk of events of an execution, in order.
    fn chunks(&self, id: ExecutionId) -> Result<Vec<Chunk>, StoreError> {
        Ok(self.chunks_of(&[id])?.pop().unwrap_or_default())
    }
}

/// What recovery and the timers read.
pub trait DueWork: Send + Sync {
    /// Running executions of these partitions whose `wake_at` is not after `until`, earliest first, after the given
    /// position.
    fn due(
        &self,
        among: &PartitionSet,
        until: Timestamp,
        after: Option<(Timestamp, ExecutionId)>,
        limit: usize,
    ) -> Result<Vec<(Timestamp, ExecutionId)>, StoreError>;
    /// Executions of these partitions whose summary says that tasks are open or that work is ready, those that are over
    /// too, in the order of their numbers, after the given one.
    fn unsettled(
        &self,
        among: &PartitionSet,
        after: Option<ExecutionId>,
        limit: usize,
    ) -> Result<Vec<(ExecutionId, Summary)>, StoreError>;
}

/// State machines, their definitions, versions and aliases, activities, and small facts about the data itself.
pub trait Records: Send + Sync {
    /// The state machine with that ARN.
    fn state_machine(&self, arn: &str) -> Result<Option<StateMachine>, StoreError>;
    /// All state machines in the order of their ARNs, so of their names; `page.after` is an ARN, whether or not there is
    /// such a state machine.
    fn list_state_machines(&self, page: &Page<Text>) -> Result<Listing<StateMachine, Text>, StoreError>;
    /// A definition by its number.
    fn definition(&self, id: DefinitionId) -> Result<Option<Definition>, StoreError>;
    /// The versions of a state machine, in the order of their numbers.
    fn versions(&self, state_machine: StateMachineId) -> Result<Vec<Version>, StoreError>;
    /// The aliases of a state machine, in the order of their numbers.
    fn aliases(&self, state_machine: StateMachineId) -> Result<Vec<Alias>, StoreError>;
    /// The activity with that ARN.
    fn activity(&self, arn: &str) -> Result<Option<Activity>, StoreError>;
    /// All activities, oldest first, as AWS lists them.
    fn list_activities(&self, page: &Page) -> Result<Listing<Activity>, StoreError>;
    /// The greatest numbers of records ever used.
    fn last_record_ids(&self) -> Result<record::LastIds, StoreError>;
    /// How many partitions the data has.
    fn partitions(&self) -> Result<Partitions, StoreError>;
    /// A named value, such as the key that signs task tokens.
    fn meta(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;
}

/// All a runtime needs.
pub trait Store: Commit + Executions + DueWork + Records {
    /// What the store is and where it lies, for the log and the start message.
    fn describe(&self) -> Text;

    /// Whether what is committed still gets where it is read again after the next start. Asked several times a second.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] where it does not.
    fn check(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
