//! The readers: every question of the store's traits as SQL.

use std::borrow::Cow;
use std::ops::ControlFlow;

use asl::{Text, Value};
use engine::{EventId, Timestamp};
use rusqlite::types::{FromSqlError, Type, ValueRef};
use rusqlite::{Connection, Error, OptionalExtension, Result, Row, ToSql, params};

use super::commit_log;
use super::packing::Unpacker;
use super::schema::{STATUS_COUNT, machine_status, machine_type, recovery, split_arn, status, status_code};
use crate::commit_log::{CommitPosition, LoggedCommit};
use crate::execution_name;
use crate::partition::PartitionSet;
use crate::record::{
    Activity, ActivityId, Alias, AliasId, Chunk, Definition, DefinitionId, EventRange, ExecutionFilter, ExecutionId,
    ExecutionRecord, LastIds, Listing, Order, Page, Route, Routing, StartedWith, StateMachine, StateMachineId, Summary,
    Version, VersionNumber,
};

/// A connection that only reads.
pub(super) struct ReadConnection {
    connection: Connection,
    unpacker: Unpacker,
}

macro_rules! execution_by {
    ($condition:literal) => {
        concat!(
            "SELECT e.id, p.prefix, e.arn_end, e.name, e.state_machine, e.definition, e.started_at, e.trace_header, \
             e.status, e.stopped_at, e.wake_at, e.recovery, e.version, e.alias, e.profile \
             FROM executions e JOIN arn_prefixes p ON p.id = e.arn_prefix WHERE ",
            $condition
        )
    };
}

macro_rules! state_machines {
    ($condition:literal) => {
        concat!(
            "SELECT id, arn, name, type, status, definition, created_at, settings, tags, last_version, revision \
             FROM state_machines ",
            $condition
        )
    };
}

macro_rules! activities {
    ($condition:literal) => {
        concat!("SELECT id, arn, name, created_at, settings, tags, revision FROM activities ", $condition)
    };
}

pub(super) const EXECUTION_BY_ID: &str = execution_by!("e.id = ?1");
pub(super) const EXECUTION_BY_ARN: &str =
    execution_by!("p.prefix = ?1 AND e.arn_end = ?2 AND typeof(e.arn_end) = 'text'");
pub(super) const FIRST_CHUNK: &str = "SELECT 0, event_count, first_id, last_id, unpacked_size, data FROM executions \
     WHERE id = ?1 AND data IS NOT NULL";
pub(super) const CHUNKS: &str = "SELECT first, event_count, first_id, last_id, unpacked_size, data FROM events \
     WHERE execution = ?1 AND first >= ?2 ORDER BY first";
pub(super) const CHUNKS_BACKWARD: &str = "SELECT first, event_count, first_id, last_id, unpacked_size, data \
     FROM events WHERE execution = ?1 AND first <= ?2 ORDER BY first DESC";
// From the last one back to one with shown events: those after the end of an execution are few.
pub(super) const LAST_CHUNK: &str = "SELECT first, event_count, first_id, last_id, unpacked_size, data FROM events \
     WHERE execution = ?1 AND first_id <= last_id ORDER BY first DESC LIMIT 1";
// The index alone answers this.
pub(super) const FIRST_OF_CHUNK: &str =
    "SELECT first FROM events WHERE execution = ?1 AND last_id >= ?2 ORDER BY first LIMIT 1";
pub(super) const LISTED_IDS: &str =
    "SELECT id FROM executions WHERE state_machine = ?1 AND status = ?2 AND id <= ?3 ORDER BY id DESC LIMIT ?4";
pub(super) const LISTED_IDS_OF_VERSION: &str = "SELECT id FROM executions INDEXED BY executions_of_version \
     WHERE state_machine = ?1 AND version = ?5 AND status = ?2 AND id <= ?3 ORDER BY id DESC LIMIT ?4";
pub(super) const LISTED_IDS_OF_ALIAS: &str = "SELECT id FROM executions INDEXED BY executions_of_alias \
     WHERE state_machine = ?1 AND alias = ?5 AND status = ?2 AND id <= ?3 ORDER BY id DESC LIMIT ?4";
pub(super) const COUNT_RUNNING: &str = "SELECT count(*) FROM executions WHERE state_machine = ?1 AND status = 0";
pub(super) const NEWEST_EXECUTION_IDS: &str = "SELECT id FROM executions ORDER BY id DESC";
pub(super) const DUE: &str = "SELECT wake_at, id FROM executions INDEXED BY executions_due \
     WHERE status = 0 AND wake_at IS NOT NULL AND wake_at <= ?1 AND (wake_at, id) > (?2, ?3) \
     ORDER BY wake_at, id LIMIT ?4";
pub(super) const UNSETTLED: &str = "SELECT id, status, stopped_at, wake_at, recovery FROM executions \
     INDEXED BY executions_unsettled WHERE recovery <> 0 AND id > ?1 ORDER BY id LIMIT ?2";
pub(super) const STATE_MACHINE: &str = state_machines!("WHERE arn = ?1");
pub(super) const STATE_MACHINES: &str = state_machines!("WHERE arn > ?1 ORDER BY arn LIMIT ?2");
pub(super) const DEFINITION: &str = "SELECT id, state_machine_arn, text, role_arn, revision_id, created_at, settings \
     FROM definitions WHERE id = ?1";
pub(super) const VERSIONS: &str = "SELECT state_machine, number, definition, description, created_at FROM versions \
     WHERE state_machine = ?1 ORDER BY number";
pub(super) const ALIASES: &str = "SELECT id, state_machine, name, description, version, weight, second_version, \
     second_weight, created_at, updated_at, revision FROM aliases WHERE state_machine = ?1";
pub(super) const ACTIVITY: &str = activities!("WHERE arn = ?1");
pub(super) const ACTIVITIES: &str = activities!("WHERE id > ?1 ORDER BY id LIMIT ?2");
pub(super) const COMMITTED_AFTER: &str = "SELECT seq, data FROM commits WHERE seq > ?1 ORDER BY seq LIMIT ?2";
pub(super) const LAST_COMMIT: &str = "SELECT seq FROM commits ORDER BY seq DESC LIMIT 1";
pub(super) const META: &str = "SELECT value FROM meta WHERE name = ?1";

impl ReadConnection {
    pub(super) fn new(connection: Connection) -> std::io::Result<Self> {
        Ok(Self { connection, unpacker: Unpacker::new()? })
    }

    pub(super) fn executions_by_arn(&mut self, arns: &[Text]) -> Result<Vec<Option<ExecutionRecord>>> {
        self.at_one_moment(arns.len(), |connection, _| {
            let mut by_id = connection.prepare_cached(EXECUTION_BY_ID)?;
            let mut by_arn = connection.prepare_cached(EXECUTION_BY_ARN)?;
            let mut find = |arn: &Text| {
                let (prefix, end) = split_arn(arn);
                if let Some(id) = execution_name::number_of(end)
                    && let Some(record) = by_id.query_row([id.0], execution).optional()?
                    && record.arn == *arn
                {
                    return Ok(Some(record));
                }
                by_arn.query_row([prefix, end], execution).optional()
            };
            arns.iter().map(&mut find).collect()
        })
    }

    pub(super) fn executions(&mut self, ids: &[ExecutionId]) -> Result<Vec<Option<ExecutionRecord>>> {
        self.at_one_moment(ids.len(), |connection, _| {
            let mut statement = connection.prepare_cached(EXECUTION_BY_ID)?;
            ids.iter().map(|id| statement.query_row([id.0], execution).optional()).collect()
        })
    }

    pub(super) fn chunks_of(&mut self, ids: &[ExecutionId]) -> Result<Vec<Vec<Chunk>>> {
        self.at_one_moment(ids.len(), |connection, unpacker| {
            ids.iter().map(|id| all_chunks(connection, unpacker, *id)).collect()
        })
    }

    pub(super) fn visit_chunks(
        &mut self,
        id: ExecutionId,
        events: EventRange,
        order: Order,
        see: &mut dyn FnMut(Chunk) -> ControlFlow<()>,
    ) -> Result<()> {
        visit_chunks(&self.connection, &mut self.unpacker, (id, events, order), see)
    }

    pub(super) fn first_chunk(&mut self, id: ExecutionId) -> Result<Option<Chunk>> {
        let Self { connection, unpacker } = self;
        if let Some(in_row) = chunk_in_row(connection, unpacker, id)? {
            return Ok(Some(in_row));
        }
        let mut statement = connection.prepare_cached(CHUNKS)?;
        statement.query_row([id.0, 0], |row| chunk(row, unpacker)).optional()
    }

    pub(super) fn last_chunk(&mut self, id: ExecutionId) -> Result<Option<Chunk>> {
        let Self { connection, unpacker } = self;
        let last = connection.prepare_cached(LAST_CHUNK)?.query_row([id.0], |row| chunk(row, unpacker)).optional()?;
        match last {
            Some(last) => Ok(Some(last)),
            None => self.first_chunk(id),
        }
    }

    /// Answers from one view of the data, where the question has several parts.
    fn at_one_moment<T>(
        &mut self,
        parts: usize,
        ask: impl FnOnce(&Connection, &mut Unpacker) -> Result<T>,
    ) -> Result<T> {
        let Self { connection, unpacker } = self;
        let _view = if parts > 1 { Some(connection.unchecked_transaction()?) } else { None };
        ask(connection, unpacker)
    }

    pub(super) fn list_executions(
        &mut self,
        filter: &ExecutionFilter,
        page: &Page,
    ) -> Result<Listing<ExecutionRecord>> {
        // One view for all statements: an execution may end between them.
        let view = self.connection.unchecked_transaction()?;
        let codes = filter.status.map_or(0..STATUS_COUNT, |status| status_code(status)..status_code(status) + 1);
        let mut ids: Vec<i64> = Vec::new();
        let mut statement = view.prepare_cached(match filter.started_with {
            None => LISTED_IDS,
            Some(StartedWith::Version(_)) => LISTED_IDS_OF_VERSION,
            Some(StartedWith::Alias(_)) => LISTED_IDS_OF_ALIAS,
        })?;
        let machine = filter.state_machine.0;
        for code in codes {
            let (to, limit) = (up_to(page), fetched(page));
            let rows = match &filter.started_with {
                None => statement.query_map(params![machine, code, to, limit], id)?,
                Some(StartedWith::Version(number)) => {
                    statement.query_map(params![machine, code, to, limit, number.0], id)?
                }
                Some(StartedWith::Alias(name)) => {
                    statement.query_map(params![machine, code, to, limit, &**name], id)?
                }
            };
            for id in rows {
                ids.push(id?);
            }
        }
        ids.sort_unstable_by(|a, b| b.cmp(a));
        let next = cut(&mut ids, page, |id| *id);
        let mut statement = view.prepare_cached(EXECUTION_BY_ID)?;
        let items = ids.iter().map(|id| statement.query_row([id], execution)).collect::<Result<_>>()?;
        Ok(Listing { items, next })
    }

    pub(super) fn count_running(&mut self, state_machine: StateMachineId) -> Result<u64> {
        let count = self.connection.prepare_cached(COUNT_RUNNING)?.query_row([state_machine.0], id)?;
        Ok(count.cast_unsigned())
    }

    pub(super) fn last_execution_id(&mut self, among: &PartitionSet) -> Result<ExecutionId> {
        let mut statement = self.connection.prepare_cached(NEWEST_EXECUTION_IDS)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let id = ExecutionId(row.get(0)?);
            if among.contains(id) {
                return Ok(id.max(ExecutionId(0)));
            }
        }
        Ok(ExecutionId(0))
    }

    pub(super) fn due(
        &mut self,
        among: &PartitionSet,
        until: Timestamp,
        after: Option<(Timestamp, ExecutionId)>,
        limit: usize,
    ) -> Result<Vec<(Timestamp, ExecutionId)>> {
        let (at, id) = after.unwrap_or((Timestamp(i64::MIN), ExecutionId(i64::MIN)));
        let mut statement = self.connection.prepare_cached(DUE)?;
        let due = |row: &Row<'_>| Ok((Timestamp(row.get(0)?), ExecutionId(row.get(1)?)));
        let due = statement.query_map(params![until.0, at.0, id.0, scanned(among, limit)], due)?;
        due.filter(|due| due.as_ref().map_or(true, |(_, id)| among.contains(*id))).take(limit).collect()
    }

    pub(super) fn unsettled(
        &mut self,
        among: &PartitionSet,
        after: Option<ExecutionId>,
        limit: usize,
    ) -> Result<Vec<(ExecutionId, Summary)>> {
        let after = after.map_or(i64::MIN, |id| id.0);
        let mut statement = self.connection.prepare_cached(UNSETTLED)?;
        let unsettled = |row: &Row<'_>| Ok((ExecutionId(row.get(0)?), summary(row, 1)?));
        let unsettled = statement.query_map([after, scanned(among, limit)], unsettled)?;
        unsettled.filter(|found| found.as_ref().map_or(true, |(id, _)| among.contains(*id))).take(limit).collect()
    }

    pub(super) fn state_machine(&mut self, arn: &str) -> Result<Option<StateMachine>> {
        self.connection.prepare_cached(STATE_MACHINE)?.query_row([arn], state_machine).optional()
    }

    pub(super) fn list_state_machines(&mut self, page: &Page<Text>) -> Result<Listing<StateMachine, Text>> {
        let from = page.after.as_deref().unwrap_or_default();
        self.list(STATE_MACHINES, (page, from), state_machine, |machine| machine.arn.clone())
    }

    pub(super) fn definition(&mut self, id: DefinitionId) -> Result<Option<Definition>> {
        self.connection.prepare_cached(DEFINITION)?.query_row([id.0], definition).optional()
    }

    pub(super) fn versions(&mut self, state_machine: StateMachineId) -> Result<Vec<Version>> {
        self.connection.prepare_cached(VERSIONS)?.query_map([state_machine.0], version)?.collect()
    }

    pub(super) fn aliases(&mut self, state_machine: StateMachineId) -> Result<Vec<Alias>> {
        let mut statement = self.connection.prepare_cached(ALIASES)?;
        let mut found = statement.query_map([state_machine.0], alias)?.collect::<Result<Vec<_>>>()?;
        // They are few, and come in the order of their names.
        found.sort_unstable_by_key(|alias| alias.id);
        Ok(found)
    }

    pub(super) fn activity(&mut self, arn: &str) -> Result<Option<Activity>> {
        self.connection.prepare_cached(ACTIVITY)?.query_row([arn], activity).optional()
    }

    pub(super) fn list_activities(&mut self, page: &Page) -> Result<Listing<Activity>> {
        self.list(ACTIVITIES, (page, page.after.unwrap_or(i64::MIN)), activity, |activity| activity.id.0)
    }

    pub(super) fn last_record_ids(&mut self) -> Result<LastIds> {
        // Kept by SQLite for the tables with AUTOINCREMENT; a few rows.
        let mut statement = self.connection.prepare_cached("SELECT name, seq FROM sqlite_sequence")?;
        let mut rows = statement.query([])?;
        let mut last = LastIds::default();
        while let Some(row) = rows.next()? {
            match row.get_ref(0)?.as_str()? {
                "state_machines" => last.state_machine = StateMachineId(row.get(1)?),
                "definitions" => last.definition = DefinitionId(row.get(1)?),
                "aliases" => last.alias = AliasId(row.get(1)?),
                "activities" => last.activity = ActivityId(row.get(1)?),
                _ => {}
            }
        }
        Ok(last)
    }

    pub(super) fn committed_after(&mut self, position: CommitPosition, limit: usize) -> Result<Vec<LoggedCommit>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut statement = self.connection.prepare_cached(COMMITTED_AFTER)?;
        let commits = statement.query_map([position.0, limit], |row| {
            let committed = commit_log::unpack(row.get_ref(1)?.as_blob()?)
                .map_err(|error| Error::FromSqlConversionFailure(1, Type::Blob, Box::new(error)))?;
            Ok(LoggedCommit { position: CommitPosition(row.get(0)?), committed })
        })?;
        commits.collect()
    }

    pub(super) fn last_commit_position(&mut self) -> Result<CommitPosition> {
        let last = self.connection.prepare_cached(LAST_COMMIT)?.query_row([], id).optional()?;
        Ok(CommitPosition(last.unwrap_or_default()))
    }

    pub(super) fn meta(&mut self, name: &str) -> Result<Option<Vec<u8>>> {
        self.connection.prepare_cached(META)?.query_row([name], |row| row.get(0)).optional()
    }

    fn list<T, P>(
        &self,
        sql: &str,
        (page, from): (&Page<P>, impl ToSql),
        read: fn(&Row<'_>) -> Result<T>,
        position: fn(&T) -> P,
    ) -> Result<Listing<T, P>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut items = statement.query_map((from, fetched(page)), read)?.collect::<Result<Vec<T>>>()?;
        let next = cut(&mut items, page, position);
        Ok(Listing { items, next })
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }
}

fn all_chunks(connection: &Connection, unpacker: &mut Unpacker, id: ExecutionId) -> Result<Vec<Chunk>> {
    let mut found = Vec::new();
    visit_chunks(connection, unpacker, (id, EventRange::ALL, Order::Forward), &mut |chunk| {
        found.push(chunk);
        ControlFlow::Continue(())
    })?;
    Ok(found)
}

fn visit_chunks(
    connection: &Connection,
    unpacker: &mut Unpacker,
    (id, events, order): (ExecutionId, EventRange, Order),
    see: &mut dyn FnMut(Chunk) -> ControlFlow<()>,
) -> Result<()> {
    let in_row = chunk_in_row(connection, unpacker, id)?;
    let in_row = in_row.filter(|first| first.first_id <= events.to && first.last_id >= events.from);
    match order {
        Order::Forward => {
            if in_row.is_some_and(|first| see(first).is_break()) {
                return Ok(());
            }
            let Some(first) = first_of_chunk(connection, id, events.from)? else { return Ok(()) };
            let mut statement = connection.prepare_cached(CHUNKS)?;
            let mut rows = statement.query([id.0, first])?;
            while let Some(row) = rows.next()? {
                let is_beyond = row.get::<_, i64>(2)?.cast_unsigned() > events.to.0;
                if is_beyond || see(chunk(row, unpacker)?).is_break() {
                    return Ok(());
                }
            }
        }
        Order::Backward => {
            let last = first_of_chunk(connection, id, events.to)?.unwrap_or(i64::MAX);
            let mut statement = connection.prepare_cached(CHUNKS_BACKWARD)?;
            let mut rows = statement.query([id.0, last])?;
            while let Some(row) = rows.next()? {
                let is_beyond = row.get::<_, i64>(3)?.cast_unsigned() < events.from.0;
                if is_beyond || see(chunk(row, unpacker)?).is_break() {
                    return Ok(());
                }
            }
            if let Some(first) = in_row {
                // Nothing comes after it.
                let _ = see(first);
            }
        }
    }
    Ok(())
}

/// The position of the first chunk in the table of events that holds that shown event or a later one.
fn first_of_chunk(connection: &Connection, id: ExecutionId, event: EventId) -> Result<Option<i64>> {
    let event = i64::try_from(event.0).unwrap_or(i64::MAX);
    connection.prepare_cached(FIRST_OF_CHUNK)?.query_row([id.0, event], |row| row.get(0)).optional()
}

/// The first events of an execution, where they lie in its row.
fn chunk_in_row(connection: &Connection, unpacker: &mut Unpacker, id: ExecutionId) -> Result<Option<Chunk>> {
    connection.prepare_cached(FIRST_CHUNK)?.query_row([id.0], |row| chunk(row, unpacker)).optional()
}

/// How many rows SQLite may give where `limit` of these partitions are wanted: any number, where some are passed over.
fn scanned(among: &PartitionSet, limit: usize) -> i64 {
    match among {
        PartitionSet::All => count(limit),
        PartitionSet::Some(_) => -1,
    }
}

/// The greatest number on a page.
fn up_to(page: &Page) -> i64 {
    page.after.map_or(i64::MAX, |after| after.saturating_sub(1))
}

/// One more than the page holds, which tells whether there is more.
fn fetched<P>(page: &Page<P>) -> i64 {
    count(page.limit.saturating_add(1))
}

/// Cuts what was fetched down to the page; where there was more, the position to continue after.
fn cut<T, P>(found: &mut Vec<T>, page: &Page<P>, position: impl Fn(&T) -> P) -> Option<P> {
    let more = found.len() > page.limit;
    found.truncate(page.limit);
    found.last().map(position).filter(|_| more)
}

fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn id(row: &Row<'_>) -> Result<i64> {
    row.get(0)
}

fn execution(row: &Row<'_>) -> Result<ExecutionRecord> {
    let end = arn_end(row.get_ref(2)?)?;
    let name = row.get_ref(3)?.as_str_or_null()?.unwrap_or(&end);
    let prefix = row.get_ref(1)?.as_str()?;
    let mut arn = String::with_capacity(prefix.len() + end.len());
    arn.push_str(prefix);
    arn.push_str(&end);
    Ok(ExecutionRecord {
        id: ExecutionId(row.get(0)?),
        arn: Text::from(arn),
        name: Text::from(name),
        state_machine: StateMachineId(row.get(4)?),
        definition: DefinitionId(row.get(5)?),
        started_at: Timestamp(row.get(6)?),
        trace_header: optional_text(row, 7)?,
        summary: summary(row, 8)?,
        version: row.get::<_, Option<i64>>(12)?.map(VersionNumber),
        alias: optional_text(row, 13)?,
        profile: optional_text(row, 14)?,
    })
}

/// The end of an ARN: text, or the bytes of a name that says the execution's number.
fn arn_end(value: ValueRef<'_>) -> Result<Cow<'_, str>> {
    Ok(match value {
        ValueRef::Blob(bytes) => {
            let size = bytes.len();
            let bytes =
                bytes.try_into().map_err(|_| FromSqlError::InvalidBlobSize { expected_size: 16, blob_size: size })?;
            Cow::Owned(execution_name::from_bytes(bytes))
        }
        text => Cow::Borrowed(text.as_str()?),
    })
}

/// A summary from four columns: status, stopped_at, wake_at, recovery.
fn summary(row: &Row<'_>, column: usize) -> Result<Summary> {
    let (open_tasks, ready) = coded(row, column + 3, recovery)?;
    Ok(Summary {
        status: coded(row, column, status)?,
        stopped_at: row.get::<_, Option<i64>>(column + 1)?.map(Timestamp),
        wake_at: row.get::<_, Option<i64>>(column + 2)?.map(Timestamp),
        open_tasks,
        ready,
    })
}

/// A chunk from six columns: first, event_count, first_id, last_id, unpacked_size, data.
fn chunk(row: &Row<'_>, unpacker: &mut Unpacker) -> Result<Chunk> {
    let number = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
    let data = row.get_ref(5)?.as_blob()?;
    let events = unpacker
        .unpack(data, row.get(4)?)
        .map_err(|error| Error::FromSqlConversionFailure(5, Type::Blob, Box::new(error)))?;
    Ok(Chunk {
        first: number(0)?,
        count: number(1)?,
        first_id: EventId(number(2)?),
        last_id: EventId(number(3)?),
        events,
    })
}

fn state_machine(row: &Row<'_>) -> Result<StateMachine> {
    Ok(StateMachine {
        id: StateMachineId(row.get(0)?),
        arn: text(row, 1)?,
        name: text(row, 2)?,
        machine_type: coded(row, 3, machine_type)?,
        status: coded(row, 4, machine_status)?,
        definition: DefinitionId(row.get(5)?),
        created_at: Timestamp(row.get(6)?),
        settings: json(row, 7)?,
        tags: json(row, 8)?,
        last_version: VersionNumber(row.get(9)?),
        revision: revision(row, 10)?,
    })
}

fn definition(row: &Row<'_>) -> Result<Definition> {
    Ok(Definition {
        id: DefinitionId(row.get(0)?),
        state_machine_arn: text(row, 1)?,
        text: text(row, 2)?,
        role_arn: text(row, 3)?,
        revision_id: optional_text(row, 4)?,
        created_at: Timestamp(row.get(5)?),
        settings: json(row, 6)?,
    })
}

fn version(row: &Row<'_>) -> Result<Version> {
    Ok(Version {
        state_machine: StateMachineId(row.get(0)?),
        number: VersionNumber(row.get(1)?),
        definition: DefinitionId(row.get(2)?),
        description: optional_text(row, 3)?,
        created_at: Timestamp(row.get(4)?),
    })
}

fn alias(row: &Row<'_>) -> Result<Alias> {
    let first = Route { version: VersionNumber(row.get(4)?), weight: row.get(5)? };
    let second = match row.get::<_, Option<i64>>(6)? {
        Some(number) => Some(Route { version: VersionNumber(number), weight: row.get(7)? }),
        None => None,
    };
    Ok(Alias {
        id: AliasId(row.get(0)?),
        state_machine: StateMachineId(row.get(1)?),
        name: text(row, 2)?,
        description: optional_text(row, 3)?,
        routing: Routing { first, second },
        created_at: Timestamp(row.get(8)?),
        updated_at: Timestamp(row.get(9)?),
        revision: revision(row, 10)?,
    })
}

fn activity(row: &Row<'_>) -> Result<Activity> {
    Ok(Activity {
        id: ActivityId(row.get(0)?),
        arn: text(row, 1)?,
        name: text(row, 2)?,
        created_at: Timestamp(row.get(3)?),
        settings: json(row, 4)?,
        tags: json(row, 5)?,
        revision: revision(row, 6)?,
    })
}

fn revision(row: &Row<'_>, column: usize) -> Result<u64> {
    row.get::<_, i64>(column).map(i64::cast_unsigned)
}

fn text(row: &Row<'_>, column: usize) -> Result<Text> {
    Ok(Text::from(row.get_ref(column)?.as_str()?))
}

fn optional_text(row: &Row<'_>, column: usize) -> Result<Option<Text>> {
    Ok(row.get_ref(column)?.as_str_or_null()?.map(Text::from))
}

fn json(row: &Row<'_>, column: usize) -> Result<Value> {
    let text = row.get_ref(column)?.as_str()?;
    asl::json::parse(text.as_bytes())
        .map_err(|error| Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

fn coded<T>(row: &Row<'_>, column: usize, decode: fn(i64) -> Option<T>) -> Result<T> {
    let code = row.get(column)?;
    decode(code).ok_or(Error::FromSqlConversionFailure(column, Type::Integer, Box::new(FromSqlError::OutOfRange(code))))
}
