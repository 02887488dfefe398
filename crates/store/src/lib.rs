//! Durable history and records: traits by purpose, their suite, and the stores that pass it.
//!
//! A store takes a batch of writes, all or nothing, and is durable when it returns. The events of an
//! execution are the truth; everything else about it is a summary that follows from them and is written
//! in the same batch. SQL, file formats and connection handling stay behind these traits.

#[cfg(any(test, feature = "suite"))]
pub mod fault;
pub mod memory;
pub mod record;
pub mod sqlite;
#[cfg(any(test, feature = "suite"))]
pub mod suite;

use asl::Text;
use engine::Timestamp;
use record::{
    Activity, Alias, Chunk, Definition, DefinitionId, ExecutionFilter, ExecutionId, ExecutionRecord, Listing, Page,
    StateMachine, StateMachineId, Summary, Version, Write,
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
    Conflict(String),
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

/// The one writer. Batches are committed in the order of the calls.
pub trait Commit: Send + Sync {
    /// Makes all the writes durable, or none. On return they are on disk.
    fn commit(&self, batch: &[Write]) -> Result<(), StoreError>;
}

/// Executions and their events, as committed.
pub trait Executions: Send + Sync {
    /// The execution with that ARN.
    fn execution_by_arn(&self, arn: &str) -> Result<Option<ExecutionRecord>, StoreError>;
    /// The execution with that number.
    fn execution(&self, id: ExecutionId) -> Result<Option<ExecutionRecord>, StoreError>;
    /// Every chunk of events of an execution, in order.
    fn chunks(&self, id: ExecutionId) -> Result<Vec<Chunk>, StoreError>;
    /// The chunks that hold any of the shown events `from..=to`, in order; perhaps a few more at the edges.
    fn chunks_between(
        &self,
        id: ExecutionId,
        from: engine::EventId,
        to: engine::EventId,
    ) -> Result<Vec<Chunk>, StoreError>;
    /// Executions of a state machine, newest first.
    fn list_executions(&self, filter: &ExecutionFilter, page: &Page) -> Result<Listing<ExecutionRecord>, StoreError>;
    /// How many executions of a state machine are running.
    fn count_running(&self, state_machine: StateMachineId) -> Result<u64, StoreError>;
    /// The greatest execution number ever used; 0 where there is none.
    fn last_execution_id(&self) -> Result<ExecutionId, StoreError>;
}

/// What recovery and the timers read.
pub trait DueWork: Send + Sync {
    /// Running executions whose `wake_at` is not after `until`, earliest first, after the given position.
    fn due(
        &self,
        until: Timestamp,
        after: Option<(Timestamp, ExecutionId)>,
        limit: usize,
    ) -> Result<Vec<(Timestamp, ExecutionId)>, StoreError>;
    /// Running executions whose summary says that tasks are open or that work is ready, in the order of
    /// their numbers, after the given one.
    fn unsettled(&self, after: Option<ExecutionId>, limit: usize) -> Result<Vec<(ExecutionId, Summary)>, StoreError>;
}

/// State machines, their definitions, versions and aliases, activities, and small facts about the data itself.
pub trait Records: Send + Sync {
    /// The state machine with that ARN.
    fn state_machine(&self, arn: &str) -> Result<Option<StateMachine>, StoreError>;
    /// All state machines, newest first; `page.after` is a position an earlier listing gave.
    fn list_state_machines(&self, page: &Page) -> Result<Listing<StateMachine>, StoreError>;
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
    /// A named value, such as the key that signs task tokens.
    fn meta(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;
}

/// All a runtime needs.
pub trait Store: Commit + Executions + DueWork + Records {
    /// What the store is and where it lies, for the log and the start message.
    fn describe(&self) -> Text;
}
