//! The one writer: a batch becomes one transaction.

use std::collections::HashMap;
use std::io;

use asl::Text;
use engine::Status;
use rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{
    CachedStatement, Connection, Error, ErrorCode, OptionalExtension, ToSql, Transaction, TransactionBehavior, params,
};

use super::commit_log;
use super::packing::{Packed, Packer};
use super::schema::{machine_status_code, machine_type_code, recovery_code, split_arn, status_code};
use crate::commit_log::{CommitPosition, Committed};
use crate::execution_name;
use crate::record::{
    Activity, ActivityId, Alias, AliasId, Chunk, Definition, ExecutionId, ExecutionRecord, Expected, Routing,
    StateMachine, StateMachineId, Summary, Version, Write, stale_machines,
};
use crate::{Conflict, RecordId};

/// First events of a running execution lie in its row up to this size: every change of the summary writes
/// the row anew.
/// No quota: where events lie, not how many.
const IN_ROW_MAX: usize = 1024;

/// The caches of the writer are emptied when they hold more than this.
/// No quota: the size of a cache.
const CACHED_MAX: usize = 100_000;

/// Why a batch was not written.
#[derive(Debug)]
pub(super) enum Refused {
    /// It contradicts what is stored.
    Conflict(Conflict),
    /// It begins executions on old revisions of these state machines.
    Stale(Vec<StateMachineId>),
    /// The database failed. Nothing was written, unless it happened at the very commit.
    Database {
        error: Error,
        /// Whether the file may hold the batch nonetheless.
        uncertain: bool,
    },
    /// The compressor failed.
    Packing(io::Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        let uncertain = error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure);
        Self::Database { error, uncertain }
    }
}

impl From<Conflict> for Refused {
    fn from(conflict: Conflict) -> Self {
        Self::Conflict(conflict)
    }
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Packing(error)
    }
}

/// The connection that writes, and what it remembers to spare itself reading.
pub(super) struct WriteConnection {
    connection: Connection,
    packer: Packer,
    /// Numbers of ARN prefixes.
    prefixes: HashMap<Box<str>, i64>,
    /// How many events running executions have.
    ends: HashMap<ExecutionId, u64>,
    /// The revisions of state machines that executions began of; none of one that is not there.
    revisions: HashMap<StateMachineId, Option<u64>>,
}

impl WriteConnection {
    pub(super) fn new(connection: Connection) -> io::Result<Self> {
        let packer = Packer::new()?;
        Ok(Self { connection, packer, prefixes: HashMap::new(), ends: HashMap::new(), revisions: HashMap::new() })
    }

    /// Writes something small. After a commit whose outcome is uncertain this settles that it did not
    /// happen: the frames it may have left in the log are overwritten.
    pub(super) fn settle(&self) -> rusqlite::Result<()> {
        self.connection.execute("UPDATE format SET reopened = reopened + 1", []).map(drop)
    }

    /// Writes all of the batch durably, or nothing.
    pub(super) fn commit(&mut self, batch: &[Write]) -> Result<(), Refused> {
        let outcome = self.transaction(batch);
        if outcome.is_err() {
            self.prefixes.clear();
            self.ends.clear();
            self.revisions.clear();
        }
        if self.prefixes.len() > CACHED_MAX {
            self.prefixes.clear();
        }
        if self.ends.len() > CACHED_MAX {
            self.ends.clear();
        }
        if self.revisions.len() > CACHED_MAX {
            self.revisions.clear();
        }
        outcome
    }

    fn transaction(&mut self, batch: &[Write]) -> Result<(), Refused> {
        // Rolls back when it is dropped without a commit.
        let transaction = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
        let mut statements = Statements {
            connection: &transaction,
            begin: transaction.prepare_cached(BEGIN)?,
            append: transaction.prepare_cached(APPEND)?,
            prefixes: &mut self.prefixes,
            ends: &mut self.ends,
            revisions: &mut self.revisions,
            packer: &mut self.packer,
        };
        let stale = stale_machines(batch, |machine| statements.revision(machine))?;
        if !stale.is_empty() {
            return Err(Refused::Stale(stale));
        }
        for write in batch {
            statements.write(write, batch)?;
        }
        drop(statements);
        transaction.commit().map_err(|error| {
            let uncertain = error.sqlite_error_code() != Some(ErrorCode::DiskFull);
            Refused::Database { error, uncertain }
        })
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }
}

const BEGIN: &str = "INSERT INTO executions (id, arn_prefix, arn_end, name, state_machine, definition, started_at, \
     status, stopped_at, wake_at, recovery, trace_header, event_count, first_id, last_id, unpacked_size, data, \
     version, alias, profile) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)";

const APPEND: &str = "INSERT INTO events (execution, first, event_count, first_id, last_id, unpacked_size, data) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

/// What stands for the end of an execution's ARN.
enum ArnEnd<'a> {
    /// Text, which the index has.
    Indexed(&'a str),
    /// A name that says the execution's number.
    Numbered([u8; 16]),
}

impl ToSql for ArnEnd<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Indexed(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Numbered(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}

/// A batch being written.
struct Statements<'a> {
    connection: &'a Connection,
    begin: CachedStatement<'a>,
    append: CachedStatement<'a>,
    prefixes: &'a mut HashMap<Box<str>, i64>,
    ends: &'a mut HashMap<ExecutionId, u64>,
    revisions: &'a mut HashMap<StateMachineId, Option<u64>>,
    packer: &'a mut Packer,
}

impl Statements<'_> {
    fn write(&mut self, write: &Write, batch: &[Write]) -> Result<(), Refused> {
        match write {
            Write::Begin { execution, chunk, .. } => self.begin(execution, chunk),
            Write::Append { execution, chunk, summary } => self.append(*execution, chunk, summary.as_ref()),
            Write::StateMachine { record, expected } => self.state_machine(record, *expected),
            Write::DeleteStateMachine { id, revision } => self.delete_state_machine(*id, *revision),
            Write::Definition(definition) => self.definition(definition),
            Write::Version(version) => self.version(version),
            Write::DeleteVersion(machine, number) => {
                let sql = "DELETE FROM versions WHERE state_machine = ?1 AND number = ?2";
                self.connection.prepare_cached(sql)?.execute([machine.0, number.0])?;
                Ok(())
            }
            Write::Alias { record, expected } => self.alias(record, *expected),
            Write::DeleteAlias { id, revision } => self.delete_alias(*id, *revision),
            Write::Activity { record, expected } => self.activity(record, *expected),
            Write::DeleteActivity { id, revision } => self.delete_activity(*id, *revision),
            Write::Meta { name, value } => self.meta(SET_META, name, value),
            Write::MetaIfAbsent { name, value } => self.meta(SET_META_IF_ABSENT, name, value),
            Write::LogCommit { position } => self.log_commit(*position, batch),
            Write::TrimCommits { up_to } => {
                self.connection.prepare_cached(TRIM_COMMITS)?.execute([up_to.0])?;
                Ok(())
            }
        }
    }

    fn log_commit(&self, position: CommitPosition, batch: &[Write]) -> Result<(), Refused> {
        let data = commit_log::pack(batch.iter().filter_map(Committed::of));
        let logged = self.connection.prepare_cached(LOG_COMMIT)?.execute(params![position.0, data]);
        logged.map(drop).map_err(|error| conflict(error, || Conflict::CommitLogged { position }))
    }

    fn begin(&mut self, record: &ExecutionRecord, chunk: &Chunk) -> Result<(), Refused> {
        if chunk.first != 0 {
            return Err(Conflict::ChunkOutOfOrder { execution: record.id, stored: 0, given: chunk.first }.into());
        }
        let (prefix, end) = split_arn(&record.arn);
        let prefix = self.prefix(prefix)?;
        let stored_end = self.arn_end(record, prefix, end)?;
        let Summary { status, stopped_at, wake_at, .. } = record.summary;
        let packed = self.packer.pack(&chunk.events)?;
        let running = status == Status::Running;
        let in_row = !running || packed.data.len() <= IN_ROW_MAX;
        let event_count = if in_row { number(chunk.count) } else { 0 };
        let inserted = self.begin.execute(params![
            record.id.0,
            prefix,
            stored_end,
            (end != &*record.name).then_some(&*record.name),
            record.state_machine.0,
            record.definition.0,
            record.started_at.0,
            status_code(status),
            stopped_at.map(|at| at.0),
            wake_at.map(|at| at.0),
            recovery_code(&record.summary),
            record.trace_header.as_deref(),
            event_count,
            number(chunk.first_id.0),
            number(chunk.last_id.0),
            if in_row { packed.unpacked_size } else { 0 },
            in_row.then_some(packed.data),
            record.version.map(|number| number.0),
            record.alias.as_deref(),
            record.profile.as_deref(),
        ]);
        inserted.map_err(|error| {
            let is_number = is_of_primary_key(&error);
            conflict(error, || match is_number {
                true => Conflict::ExecutionNumberTaken { execution: record.id },
                false => Conflict::ExecutionExists { arn: record.arn.clone() },
            })
        })?;
        if !in_row {
            insert_events(&mut self.append, record.id, chunk, &packed)?;
        }
        if running {
            self.ends.insert(record.id, chunk.end());
        }
        Ok(())
    }

    fn append(&mut self, id: ExecutionId, chunk: &Chunk, summary: Option<&Summary>) -> Result<(), Refused> {
        let Some(stored) = self.end(id)? else {
            return Err(Conflict::ExecutionMissing { execution: id }.into());
        };
        if chunk.first != stored {
            return Err(Conflict::ChunkOutOfOrder { execution: id, stored, given: chunk.first }.into());
        }
        let packed = self.packer.pack(&chunk.events)?;
        insert_events(&mut self.append, id, chunk, &packed)?;
        self.ends.insert(id, chunk.end());
        match summary {
            Some(summary) => self.summary(id, summary),
            None => Ok(()),
        }
    }

    fn summary(&mut self, id: ExecutionId, summary: &Summary) -> Result<(), Refused> {
        let Summary { status, stopped_at, wake_at, .. } = *summary;
        if status != Status::Running {
            self.ends.remove(&id);
        }
        let values = params![
            id.0,
            stopped_at.map(|at| at.0),
            wake_at.map(|at| at.0),
            recovery_code(summary),
            status_code(status)
        ];
        // SQLite rewrites every index that names a column set, changed or not; most of the time an execution
        // ran before and runs on.
        if status == Status::Running {
            let sql =
                "UPDATE executions SET stopped_at = ?2, wake_at = ?3, recovery = ?4 WHERE id = ?1 AND status = ?5";
            if self.connection.prepare_cached(sql)?.execute(values)? == 1 {
                return Ok(());
            }
        }
        let sql = "UPDATE executions SET stopped_at = ?2, wake_at = ?3, recovery = ?4, status = ?5 WHERE id = ?1";
        self.connection.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }

    /// How many events an execution has; nothing where there is no such execution.
    fn end(&self, id: ExecutionId) -> Result<Option<u64>, Refused> {
        if let Some(end) = self.ends.get(&id) {
            return Ok(Some(*end));
        }
        let sql = "SELECT first + event_count FROM events WHERE execution = ?1 ORDER BY first DESC LIMIT 1";
        let end = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
        let mut found = self.connection.prepare_cached(sql)?.query_row([id.0], end).optional()?;
        if found.is_none() {
            let sql = "SELECT event_count FROM executions WHERE id = ?1";
            found = self.connection.prepare_cached(sql)?.query_row([id.0], end).optional()?;
        }
        Ok(found.map(i64::cast_unsigned))
    }

    /// How the end of an ARN is stored.
    fn arn_end<'n>(&self, record: &ExecutionRecord, prefix: i64, end: &'n str) -> Result<ArnEnd<'n>, Refused> {
        let Some((said, bytes)) = execution_name::numbered(end) else { return Ok(ArnEnd::Indexed(end)) };
        if said == record.id {
            return Ok(ArnEnd::Numbered(bytes));
        }
        // The index does not know whether an execution of that number has the name.
        let sql = "SELECT 1 FROM executions WHERE id = ?1 AND arn_prefix = ?2 AND arn_end = ?3";
        match self.connection.prepare_cached(sql)?.exists(params![said.0, prefix, bytes])? {
            true => Err(Conflict::ExecutionExists { arn: record.arn.clone() }.into()),
            false => Ok(ArnEnd::Indexed(end)),
        }
    }

    /// The number of an ARN prefix, a new one where it was never used.
    fn prefix(&mut self, prefix: &str) -> Result<i64, Refused> {
        if let Some(id) = self.prefixes.get(prefix) {
            return Ok(*id);
        }
        let sql = "SELECT id FROM arn_prefixes WHERE prefix = ?1";
        let known = self.connection.prepare_cached(sql)?.query_row([prefix], |row| row.get(0)).optional()?;
        let id = match known {
            Some(id) => id,
            None => {
                let sql = "INSERT INTO arn_prefixes (prefix) VALUES (?1)";
                self.connection.prepare_cached(sql)?.insert([prefix])?
            }
        };
        self.prefixes.insert(prefix.into(), id);
        Ok(id)
    }

    /// The revision of a state machine; nothing where it is not there.
    fn revision(&mut self, machine: StateMachineId) -> rusqlite::Result<Option<u64>> {
        if let Some(revision) = self.revisions.get(&machine) {
            return Ok(*revision);
        }
        let found = revision_of(self.connection, RecordId::StateMachine(machine))?;
        self.revisions.insert(machine, found);
        Ok(found)
    }

    fn state_machine(&mut self, machine: &StateMachine, expected: Expected) -> Result<(), Refused> {
        let record = RecordId::StateMachine(machine.id);
        let sql = match expected {
            Expected::Absent => {
                "INSERT INTO state_machines (id, arn, name, type, status, definition, created_at, settings, tags, \
                 last_version, revision) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
            }
            Expected::Revision(_) => {
                "UPDATE state_machines SET arn = ?2, name = ?3, type = ?4, status = ?5, definition = ?6, \
                 created_at = ?7, settings = ?8, tags = ?9, last_version = ?10, revision = ?11 \
                 WHERE id = ?1 AND revision = ?11 - 1"
            }
        };
        let written = self.connection.prepare_cached(sql)?.execute(params![
            machine.id.0,
            &*machine.arn,
            &*machine.name,
            machine_type_code(machine.machine_type),
            machine_status_code(machine.status),
            machine.definition.0,
            machine.created_at.0,
            machine.settings.to_json(),
            machine.tags.to_json(),
            machine.last_version.0,
            number(expected.next()),
        ]);
        self.revisions.insert(machine.id, Some(expected.next()));
        self.is_written(written, record, expected, &machine.arn)
    }

    fn delete_state_machine(&mut self, id: StateMachineId, revision: u64) -> Result<(), Refused> {
        let sql = "DELETE FROM state_machines WHERE id = ?1 AND revision = ?2";
        self.delete(sql, RecordId::StateMachine(id), id.0, revision)?;
        self.revisions.insert(id, None);
        self.connection.prepare_cached("DELETE FROM versions WHERE state_machine = ?1")?.execute([id.0])?;
        self.connection.prepare_cached("DELETE FROM aliases WHERE state_machine = ?1")?.execute([id.0])?;
        Ok(())
    }

    fn definition(&self, definition: &Definition) -> Result<(), Refused> {
        let sql = "INSERT INTO definitions (id, state_machine_arn, text, role_arn, revision_id, created_at, settings) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let written = self.connection.prepare_cached(sql)?.execute(params![
            definition.id.0,
            &*definition.state_machine_arn,
            &*definition.text,
            &*definition.role_arn,
            definition.revision_id.as_deref(),
            definition.created_at.0,
            definition.settings.to_json(),
        ]);
        written.map_err(|error| conflict(error, || Conflict::DefinitionExists { definition: definition.id }))?;
        Ok(())
    }

    fn version(&self, version: &Version) -> Result<(), Refused> {
        let sql = "INSERT INTO versions (state_machine, number, definition, description, created_at) \
             VALUES (?1, ?2, ?3, ?4, ?5)";
        let (state_machine, number) = (version.state_machine, version.number);
        let written = self.connection.prepare_cached(sql)?.execute(params![
            state_machine.0,
            number.0,
            version.definition.0,
            version.description.as_deref(),
            version.created_at.0,
        ]);
        written.map_err(|error| conflict(error, || Conflict::VersionExists { state_machine, number }))?;
        Ok(())
    }

    fn alias(&self, alias: &Alias, expected: Expected) -> Result<(), Refused> {
        let sql = match expected {
            Expected::Absent => {
                "INSERT INTO aliases (id, state_machine, name, description, version, weight, second_version, \
                 second_weight, created_at, updated_at, revision) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
            }
            Expected::Revision(_) => {
                "UPDATE aliases SET state_machine = ?2, name = ?3, description = ?4, version = ?5, weight = ?6, \
                 second_version = ?7, second_weight = ?8, created_at = ?9, updated_at = ?10, revision = ?11 \
                 WHERE id = ?1 AND revision = ?11 - 1"
            }
        };
        let Routing { first, second } = alias.routing;
        let written = self.connection.prepare_cached(sql)?.execute(params![
            alias.id.0,
            alias.state_machine.0,
            &*alias.name,
            alias.description.as_deref(),
            first.version.0,
            first.weight,
            second.map(|route| route.version.0),
            second.map(|route| route.weight),
            alias.created_at.0,
            alias.updated_at.0,
            number(expected.next()),
        ]);
        self.is_written(written, RecordId::Alias(alias.id), expected, &alias.name)
    }

    fn delete_alias(&self, id: AliasId, revision: u64) -> Result<(), Refused> {
        let sql = "DELETE FROM aliases WHERE id = ?1 AND revision = ?2";
        self.delete(sql, RecordId::Alias(id), id.0, revision)
    }

    fn activity(&self, activity: &Activity, expected: Expected) -> Result<(), Refused> {
        let sql = match expected {
            Expected::Absent => {
                "INSERT INTO activities (id, arn, name, created_at, settings, tags, revision) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
            }
            Expected::Revision(_) => {
                "UPDATE activities SET arn = ?2, name = ?3, created_at = ?4, settings = ?5, tags = ?6, revision = ?7 \
                 WHERE id = ?1 AND revision = ?7 - 1"
            }
        };
        let written = self.connection.prepare_cached(sql)?.execute(params![
            activity.id.0,
            &*activity.arn,
            &*activity.name,
            activity.created_at.0,
            activity.settings.to_json(),
            activity.tags.to_json(),
            number(expected.next()),
        ]);
        self.is_written(written, RecordId::Activity(activity.id), expected, &activity.arn)
    }

    fn delete_activity(&self, id: ActivityId, revision: u64) -> Result<(), Refused> {
        let sql = "DELETE FROM activities WHERE id = ?1 AND revision = ?2";
        self.delete(sql, RecordId::Activity(id), id.0, revision)
    }

    fn delete(&self, sql: &str, record: RecordId, id: i64, revision: u64) -> Result<(), Refused> {
        let deleted = self.connection.prepare_cached(sql)?.execute([id, number(revision)])?;
        if deleted == 1 { Ok(()) } else { Err(self.changed(record, Expected::Revision(revision))?) }
    }

    fn meta(&self, sql: &str, name: &str, value: &[u8]) -> Result<(), Refused> {
        self.connection.prepare_cached(sql)?.execute(params![name, value])?;
        Ok(())
    }

    /// What came of the write of a record with a name.
    fn is_written(
        &self,
        written: rusqlite::Result<usize>,
        record: RecordId,
        expected: Expected,
        name: &Text,
    ) -> Result<(), Refused> {
        match written {
            Ok(1) => Ok(()),
            Ok(_) => Err(self.changed(record, expected)?),
            Err(error) if is_of_primary_key(&error) => Err(self.changed(record, expected)?),
            Err(error) => Err(conflict(error, || Conflict::NameTaken { record, name: name.clone() })),
        }
    }

    /// A record is not as its writer saw it.
    fn changed(&self, record: RecordId, expected: Expected) -> rusqlite::Result<Refused> {
        let found = revision_of(self.connection, record)?;
        Ok(Conflict::RecordChanged { record, expected, found }.into())
    }
}

const LOG_COMMIT: &str = "INSERT INTO commits (seq, data) VALUES (?1, ?2)";
const TRIM_COMMITS: &str = "DELETE FROM commits WHERE seq <= ?1 AND seq < (SELECT max(seq) FROM commits)";

const SET_META: &str =
    "INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
const SET_META_IF_ABSENT: &str = "INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING";

/// The revision of a record; nothing where it is not there.
pub(super) fn revision_of(connection: &Connection, record: RecordId) -> rusqlite::Result<Option<u64>> {
    let (sql, id) = match record {
        RecordId::StateMachine(id) => ("SELECT revision FROM state_machines WHERE id = ?1", id.0),
        RecordId::Alias(id) => ("SELECT revision FROM aliases WHERE id = ?1", id.0),
        RecordId::Activity(id) => ("SELECT revision FROM activities WHERE id = ?1", id.0),
    };
    let revision = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
    Ok(connection.prepare_cached(sql)?.query_row([id], revision).optional()?.map(i64::cast_unsigned))
}

fn insert_events(
    append: &mut CachedStatement<'_>,
    id: ExecutionId,
    chunk: &Chunk,
    packed: &Packed<'_>,
) -> rusqlite::Result<()> {
    append.execute(params![
        id.0,
        number(chunk.first),
        number(chunk.count),
        number(chunk.first_id.0),
        number(chunk.last_id.0),
        packed.unpacked_size,
        packed.data,
    ])?;
    Ok(())
}

/// SQLite's numbers are signed; the bits are kept.
fn number(value: u64) -> i64 {
    value.cast_signed()
}

/// Whether a row of the number is there already.
fn is_of_primary_key(error: &Error) -> bool {
    error.sqlite_error().is_some_and(|error| error.extended_code == SQLITE_CONSTRAINT_PRIMARYKEY)
}

fn conflict(error: Error, what: impl FnOnce() -> Conflict) -> Refused {
    if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) {
        return Refused::Conflict(what());
    }
    error.into()
}
