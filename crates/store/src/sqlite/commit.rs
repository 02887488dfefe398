//! The one writer: a batch becomes one transaction.

use std::collections::HashMap;
use std::io;

use engine::Status;
use rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY;
use rusqlite::{
    CachedStatement, Connection, Error, ErrorCode, OptionalExtension, Transaction, TransactionBehavior, params,
};

use super::packing::{Packed, Packer};
use super::schema::{machine_status_code, machine_type_code, recovery_code, split_arn, status_code};
use crate::record::{
    Activity, Alias, Chunk, Definition, ExecutionId, ExecutionRecord, Routing, StateMachine, StateMachineId, Summary,
    Version, Write,
};

/// First events of a running execution lie in its row up to this size: every change of the summary writes
/// the row anew.
const IN_ROW_MAX: usize = 1024;

/// The caches of the writer are emptied when they hold more than this.
const CACHED_MAX: usize = 100_000;

/// Why a batch was not written.
#[derive(Debug)]
pub(super) enum Refused {
    /// It contradicts what is stored.
    Conflict(String),
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

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Packing(error)
    }
}

/// The connection that writes, and what it remembers to spare itself reading.
pub(super) struct Writer {
    connection: Connection,
    packer: Packer,
    /// Numbers of ARN prefixes.
    prefixes: HashMap<Box<str>, i64>,
    /// How many events running executions have.
    ends: HashMap<ExecutionId, u64>,
}

impl Writer {
    pub(super) fn new(connection: Connection) -> io::Result<Self> {
        Ok(Self { connection, packer: Packer::new()?, prefixes: HashMap::new(), ends: HashMap::new() })
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
        }
        if self.prefixes.len() > CACHED_MAX {
            self.prefixes.clear();
        }
        if self.ends.len() > CACHED_MAX {
            self.ends.clear();
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
            packer: &mut self.packer,
        };
        for write in batch {
            statements.write(write)?;
        }
        drop(statements);
        transaction.commit().map_err(|error| {
            let uncertain = error.sqlite_error_code() != Some(ErrorCode::DiskFull);
            Refused::Database { error, uncertain }
        })
    }

    #[cfg(test)]
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

/// A batch being written.
struct Statements<'a> {
    connection: &'a Connection,
    begin: CachedStatement<'a>,
    append: CachedStatement<'a>,
    prefixes: &'a mut HashMap<Box<str>, i64>,
    ends: &'a mut HashMap<ExecutionId, u64>,
    packer: &'a mut Packer,
}

impl Statements<'_> {
    fn write(&mut self, write: &Write) -> Result<(), Refused> {
        match write {
            Write::Begin { execution, chunk } => self.begin(execution, chunk),
            Write::Append { execution, chunk, summary } => self.append(*execution, chunk, summary.as_ref()),
            Write::StateMachine(machine) => self.state_machine(machine),
            Write::DeleteStateMachine(id) => self.delete_state_machine(*id),
            Write::Definition(definition) => self.definition(definition),
            Write::Version(version) => self.version(version),
            Write::DeleteVersion(machine, number) => {
                let sql = "DELETE FROM versions WHERE state_machine = ?1 AND number = ?2";
                self.connection.prepare_cached(sql)?.execute([machine.0, number.0])?;
                Ok(())
            }
            Write::Alias(alias) => self.alias(alias),
            Write::DeleteAlias(id) => self.delete("DELETE FROM aliases WHERE id = ?1", id.0),
            Write::Activity(activity) => self.activity(activity),
            Write::DeleteActivity(id) => self.delete("DELETE FROM activities WHERE id = ?1", id.0),
            Write::Meta { name, value } => {
                let sql = "INSERT INTO meta VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
                self.connection.prepare_cached(sql)?.execute(params![&**name, value])?;
                Ok(())
            }
        }
    }

    fn begin(&mut self, record: &ExecutionRecord, chunk: &Chunk) -> Result<(), Refused> {
        if chunk.first != 0 {
            return Err(Refused::Conflict(format!("execution {} cannot begin at event {}", record.id.0, chunk.first)));
        }
        let (prefix, end) = split_arn(&record.arn);
        let prefix = self.prefix(prefix)?;
        let Summary { status, stopped_at, wake_at, .. } = record.summary;
        let packed = self.packer.pack(&chunk.events)?;
        let running = status == Status::Running;
        let in_row = !running || packed.data.len() <= IN_ROW_MAX;
        let event_count = if in_row { number(chunk.count) } else { 0 };
        let inserted = self.begin.execute(params![
            record.id.0,
            prefix,
            end,
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
            let number = error.sqlite_error().is_some_and(|error| error.extended_code == SQLITE_CONSTRAINT_PRIMARYKEY);
            conflict(error, || match number {
                true => format!("execution {} exists", record.id.0),
                false => format!("the execution {} exists", record.arn),
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
            return Err(Refused::Conflict(format!("there is no execution {}", id.0)));
        };
        if chunk.first != stored {
            return Err(Refused::Conflict(format!(
                "execution {} has {stored} events; events from {} do not follow",
                id.0, chunk.first
            )));
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

    fn state_machine(&self, machine: &StateMachine) -> Result<(), Refused> {
        let sql = "INSERT INTO state_machines VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (id) DO UPDATE \
             SET arn = excluded.arn, name = excluded.name, type = excluded.type, status = excluded.status, \
             definition = excluded.definition, created_at = excluded.created_at, settings = excluded.settings, \
             tags = excluded.tags, last_version = excluded.last_version";
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
        ]);
        written.map_err(|error| conflict(error, || format!("another state machine has the ARN {}", machine.arn)))?;
        Ok(())
    }

    fn delete_state_machine(&self, id: StateMachineId) -> Result<(), Refused> {
        self.delete("DELETE FROM versions WHERE state_machine = ?1", id.0)?;
        self.delete("DELETE FROM aliases WHERE state_machine = ?1", id.0)?;
        self.delete("DELETE FROM state_machines WHERE id = ?1", id.0)
    }

    fn version(&self, version: &Version) -> Result<(), Refused> {
        let sql = "INSERT INTO versions VALUES (?1, ?2, ?3, ?4, ?5)";
        let written = self.connection.prepare_cached(sql)?.execute(params![
            version.state_machine.0,
            version.number.0,
            version.definition.0,
            version.description.as_deref(),
            version.created_at.0,
        ]);
        let (number, machine) = (version.number.0, version.state_machine.0);
        written.map_err(|error| conflict(error, || format!("version {number} of state machine {machine} exists")))?;
        Ok(())
    }

    fn alias(&self, alias: &Alias) -> Result<(), Refused> {
        let sql = "INSERT INTO aliases VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (id) DO UPDATE SET \
             state_machine = excluded.state_machine, name = excluded.name, description = excluded.description, \
             version = excluded.version, weight = excluded.weight, second_version = excluded.second_version, \
             second_weight = excluded.second_weight, created_at = excluded.created_at, updated_at = excluded.updated_at";
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
        ]);
        let (machine, name) = (alias.state_machine.0, &alias.name);
        written.map_err(|error| {
            conflict(error, || format!("another alias of state machine {machine} has the name {name}"))
        })?;
        Ok(())
    }

    fn definition(&self, definition: &Definition) -> Result<(), Refused> {
        let sql = "INSERT INTO definitions VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let written = self.connection.prepare_cached(sql)?.execute(params![
            definition.id.0,
            &*definition.state_machine_arn,
            &*definition.text,
            &*definition.role_arn,
            definition.revision_id.as_deref(),
            definition.created_at.0,
            definition.settings.to_json(),
        ]);
        written.map_err(|error| conflict(error, || format!("definition {} exists", definition.id.0)))?;
        Ok(())
    }

    fn activity(&self, activity: &Activity) -> Result<(), Refused> {
        let sql = "INSERT INTO activities VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (id) DO UPDATE SET \
             arn = excluded.arn, name = excluded.name, created_at = excluded.created_at, \
             settings = excluded.settings, tags = excluded.tags";
        let written = self.connection.prepare_cached(sql)?.execute(params![
            activity.id.0,
            &*activity.arn,
            &*activity.name,
            activity.created_at.0,
            activity.settings.to_json(),
            activity.tags.to_json(),
        ]);
        written.map_err(|error| conflict(error, || format!("another activity has the ARN {}", activity.arn)))?;
        Ok(())
    }

    fn delete(&self, sql: &str, id: i64) -> Result<(), Refused> {
        self.connection.prepare_cached(sql)?.execute([id])?;
        Ok(())
    }
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

fn conflict(error: Error, text: impl FnOnce() -> String) -> Refused {
    if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) {
        return Refused::Conflict(text());
    }
    error.into()
}
