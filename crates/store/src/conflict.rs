//! How a batch can contradict what is stored.

use asl::Text;

use crate::commit_log::CommitPosition;
use crate::record::{ActivityId, AliasId, DefinitionId, ExecutionId, Expected, StateMachineId, VersionNumber};

/// What a batch contradicted. Nothing of it was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// An execution has the ARN.
    #[error("the execution {arn} exists")]
    ExecutionExists {
        /// Its ARN.
        arn: Text,
    },
    /// An execution has the number.
    #[error("execution {} exists", execution.0)]
    ExecutionNumberTaken {
        /// The number.
        execution: ExecutionId,
    },
    /// Events were given to an execution that never began.
    #[error("there is no execution {}", execution.0)]
    ExecutionMissing {
        /// The number given.
        execution: ExecutionId,
    },
    /// Events do not follow those that are stored.
    #[error("execution {} has {stored} events; events from {given} do not follow", execution.0)]
    ChunkOutOfOrder {
        /// The execution.
        execution: ExecutionId,
        /// How many events it has: what `first` of the next chunk must be.
        stored: u64,
        /// `first` of the chunk given.
        given: u64,
    },
    /// The commit log has a commit at the position.
    #[error("commit {} is logged", position.0)]
    CommitLogged {
        /// The position given.
        position: CommitPosition,
    },
    /// A record is not as its writer saw it.
    #[error("{record} was changed: expected {expected}, found {}", Expected::of(*found))]
    RecordChanged {
        /// Which.
        record: RecordId,
        /// What the writer saw.
        expected: Expected,
        /// Its revision; absent where there is no such record.
        found: Option<u64>,
    },
    /// Another record of the kind has the ARN; of an alias, the name within its state machine.
    #[error("another record than {record} has the name {name}")]
    NameTaken {
        /// The one to be written.
        record: RecordId,
        /// The ARN, or the alias's name.
        name: Text,
    },
    /// A definition has the number.
    #[error("definition {} exists", definition.0)]
    DefinitionExists {
        /// The number.
        definition: DefinitionId,
    },
    /// The state machine has a version of the number.
    #[error("version {} of state machine {} exists", number.0, state_machine.0)]
    VersionExists {
        /// The state machine.
        state_machine: StateMachineId,
        /// The version.
        number: VersionNumber,
    },
}

impl Conflict {
    /// Whether it is about records, so that reading them again and deciding anew may help.
    pub fn is_about_records(&self) -> bool {
        match self {
            Self::RecordChanged { .. }
            | Self::NameTaken { .. }
            | Self::DefinitionExists { .. }
            | Self::VersionExists { .. } => true,
            Self::ExecutionExists { .. }
            | Self::ExecutionNumberTaken { .. }
            | Self::ExecutionMissing { .. }
            | Self::ChunkOutOfOrder { .. }
            | Self::CommitLogged { .. } => false,
        }
    }
}

/// A record that changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordId {
    /// A state machine.
    StateMachine(StateMachineId),
    /// An alias.
    Alias(AliasId),
    /// An activity.
    Activity(ActivityId),
}

impl std::fmt::Display for RecordId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::StateMachine(id) => write!(f, "state machine {}", id.0),
            Self::Alias(id) => write!(f, "alias {}", id.0),
            Self::Activity(id) => write!(f, "activity {}", id.0),
        }
    }
}
