//! After a commit that failed badly: whether it is on disk nonetheless.
//!
//! The lane's numbers are not stored: a page more for each commit would be dear, and one process writes alone. Instead
//! the file is asked for what the batch wrote. A batch is there whole or not at all, so one write tells of all.

use rusqlite::{Connection, OptionalExtension, Result, Row};

use super::commit::revision_of;
use crate::RecordId;
use crate::lane::Ticket;
use crate::record::{DefinitionId, ExecutionId, Expected, StateMachineId, VersionNumber, Write};

/// A commit of unknown outcome.
pub(super) struct Doubt {
    pub(super) ticket: Ticket,
    pub(super) evidence: Evidence,
}

/// What is in the file only if the batch is.
#[derive(Debug, PartialEq)]
pub(super) enum Evidence {
    /// An execution of the number.
    Execution(ExecutionId),
    /// Events of an execution at that position.
    Events(ExecutionId, u64),
    /// A definition of the number.
    Definition(DefinitionId),
    /// Something else than this of a record.
    Change(RecordId, Expected),
    /// A version of the state machine.
    Version(StateMachineId, VersionNumber),
    /// Nothing tells. Such a batch only sets named values or forgets versions: to do it again changes nothing.
    None,
}

impl Evidence {
    /// That of a batch which contradicted nothing: before it, all this was otherwise.
    pub(super) fn of(batch: &[Write]) -> Self {
        // What never goes again comes first: a record may be changed or forgotten later in the batch.
        let lasting = batch.iter().find_map(|write| match write {
            Write::Begin { execution, .. } => Some(Self::Execution(execution.id)),
            Write::Append { execution, chunk, .. } => Some(Self::Events(*execution, chunk.first)),
            Write::Definition(definition) => Some(Self::Definition(definition.id)),
            _ => None,
        });
        let passing = || batch.iter().find_map(Self::of_record);
        lasting.or_else(passing).unwrap_or(Self::None)
    }

    fn of_record(write: &Write) -> Option<Self> {
        let change = |record, expected| Some(Self::Change(record, expected));
        match write {
            Write::StateMachine { record, expected } => change(RecordId::StateMachine(record.id), *expected),
            Write::Alias { record, expected } => change(RecordId::Alias(record.id), *expected),
            Write::Activity { record, expected } => change(RecordId::Activity(record.id), *expected),
            Write::DeleteStateMachine { id, revision } => {
                change(RecordId::StateMachine(*id), Expected::Revision(*revision))
            }
            Write::DeleteAlias { id, revision } => change(RecordId::Alias(*id), Expected::Revision(*revision)),
            Write::DeleteActivity { id, revision } => change(RecordId::Activity(*id), Expected::Revision(*revision)),
            Write::Version(version) => Some(Self::Version(version.state_machine, version.number)),
            _ => None,
        }
    }

    /// Whether the file has it.
    pub(super) fn is_there(&self, connection: &Connection) -> Result<bool> {
        let has = |sql: &str, values: &[i64]| -> Result<bool> {
            let any = |_: &Row<'_>| Ok(());
            let mut statement = connection.prepare_cached(sql)?;
            Ok(statement.query_row(rusqlite::params_from_iter(values), any).optional()?.is_some())
        };
        match self {
            Self::Execution(id) => has("SELECT 1 FROM executions WHERE id = ?1", &[id.0]),
            Self::Events(id, first) => {
                has("SELECT 1 FROM events WHERE execution = ?1 AND first = ?2", &[id.0, first.cast_signed()])
            }
            Self::Definition(id) => has("SELECT 1 FROM definitions WHERE id = ?1", &[id.0]),
            Self::Change(record, expected) => Ok(Expected::of(revision_of(connection, *record)?) != *expected),
            Self::Version(machine, number) => {
                has("SELECT 1 FROM versions WHERE state_machine = ?1 AND number = ?2", &[machine.0, number.0])
            }
            Self::None => Ok(false),
        }
    }
}
