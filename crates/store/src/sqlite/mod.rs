//! The embedded store: one SQLite file in the data directory, `stepwright.db`, opened with any SQLite tool.
//!
//! One connection writes, a few read, one thread moves the log into the file. A commit is durable when it
//! returns (`synchronous=FULL`). The directory is locked: a second server on it is refused.

mod checkpoint;
mod commit;
mod commit_log;
mod doubt;
mod error;
mod examine;
mod files;
mod open;
mod packing;
mod presence;
mod read;
mod schema;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use asl::Text;
use engine::Timestamp;

use crate::commit_log::{CommitPosition, LoggedCommit};
use crate::lane::{Lanes, SessionId, Ticket};
use crate::partition::{PartitionSet, Partitions};
use crate::record::{
    Activity, Alias, Chunk, Definition, DefinitionId, EventRange, ExecutionFilter, ExecutionId, ExecutionRecord,
    LastIds, Listing, Order, Page, StateMachine, StateMachineId, Summary, Version, Write,
};
use crate::{Commit, DueWork, Executions, Records, Store, StoreError};
use checkpoint::{Log, Pace};
use commit::{Refused, WriteConnection};
use doubt::{Doubt, Evidence};
use files::Flaw;
use open::DirectoryLock;
use presence::Presence;
use read::ReadConnection;

/// The database in the data directory.
const FILE: &str = "stepwright.db";

/// Idle readers kept open; more are opened when all are busy.
const READERS_KEPT: usize = 8;

/// The store on disk.
pub struct Sqlite {
    file: PathBuf,
    partitions: Partitions,
    // Dropped before the writer: the last connection to close moves the log into the file, which a reader may not.
    readers: Mutex<Vec<ReadConnection>>,
    writer: Arc<Mutex<Writing>>,
    log: Arc<Log>,
    checkpoints: Option<JoinHandle<()>>,
    // Dropped last: the directory stays locked until every connection is closed.
    _lock: DirectoryLock,
    presence: Presence,
}

/// What a commit needs.
#[derive(Default)]
struct Writing {
    /// The data is only looked at: nothing is ever committed.
    is_refused: bool,
    /// Absent after a commit that failed badly: to be opened again before the next.
    connection: Option<WriteConnection>,
    lanes: Lanes,
    /// The commit that failed badly, until it is settled.
    doubt: Option<Doubt>,
}

impl Writing {
    /// The connection, opened again and the commit in doubt settled where the last one failed badly.
    fn connection(&mut self, file: &Path) -> Result<&mut WriteConnection, StoreError> {
        let Self { is_refused, connection, lanes, doubt } = self;
        match connection {
            None if *is_refused => Err(StoreError::Unusable(format!("{} is only examined", file.display()))),
            Some(open) => Ok(open),
            lost => {
                let reopened = reopen_writer(file)?;
                if let Some(Doubt { ticket, evidence }) = doubt {
                    let is_there = evidence.is_there(reopened.connection());
                    if is_there.map_err(|error| error::in_use(error, "look for what was committed", file))? {
                        lanes.advance(ticket);
                    }
                }
                *doubt = None;
                Ok(lost.insert(reopened))
            }
        }
    }

    fn commit(&mut self, ticket: &Ticket, batch: &[Write], file: &Path) -> Result<(), StoreError> {
        self.connection(file)?;
        self.lanes.check(ticket)?;
        if !batch.is_empty() {
            self.write(ticket, batch, file)?;
        }
        self.lanes.advance(ticket);
        Ok(())
    }

    fn write(&mut self, ticket: &Ticket, batch: &[Write], file: &Path) -> Result<(), StoreError> {
        let refused = match self.connection(file)?.commit(batch) {
            Ok(()) => return Ok(()),
            Err(refused) => refused,
        };
        if matches!(refused, Refused::Database { uncertain: true, .. }) {
            self.connection = None;
            self.doubt = Some(Doubt { ticket: *ticket, evidence: Evidence::of(batch) });
        }
        Err(told(refused, file))
    }
}

fn told(refused: Refused, file: &Path) -> StoreError {
    const ACTION: &str = "commit";
    match refused {
        Refused::Conflict(what) => StoreError::Conflict(what),
        Refused::Stale(machines) => StoreError::Stale(machines),
        Refused::Database { error, .. } => error::in_use(error, ACTION, file),
        Refused::Packing(error) => StoreError::Failed { action: ACTION, source: Box::new(error) },
    }
}

impl Sqlite {
    /// Opens the data in that directory; makes directory and data where they are missing.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] where the directory cannot be used, is in use, or was written by a newer
    /// version; [`StoreError::Damaged`]; [`StoreError::Full`].
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        Self::open_paced(directory, None, Pace::DEFAULT)
    }

    /// Opens the data in that directory, which must have so many partitions; new data, and data from before there were
    /// partitions, gets them.
    ///
    /// # Errors
    /// Those of [`Sqlite::open`]; [`StoreError::Unusable`] where the data has another number of partitions.
    pub fn open_with_partitions(directory: &Path, partitions: Partitions) -> Result<Self, StoreError> {
        Self::open_paced(directory, Some(partitions), Pace::DEFAULT)
    }

    fn open_paced(directory: &Path, wanted: Option<Partitions>, pace: Pace) -> Result<Self, StoreError> {
        let lock = open::lock_directory(directory)?;
        let file = directory.join(FILE);
        match files::check(&file) {
            // What cannot be read at all, SQLite says better.
            Ok(()) | Err(Flaw::Unreadable(_)) => {}
            Err(flaw) => return Err(flaw.told(&file)),
        }
        let connection = open_writer(&file)?;
        let partitions = open::partitions(connection.connection(), wanted, &file)?;
        let writing = Writing { connection: Some(connection), ..Writing::default() };
        let writer = Arc::new(Mutex::new(writing));
        let log = Arc::new(Log::new(pace));
        let checkpoints = Some(start_checkpoints(&file, &log, &writer)?);
        let (readers, presence) = (Mutex::default(), Presence::of(&file));
        Ok(Self { file, partitions, writer, readers, log, checkpoints, _lock: lock, presence })
    }

    /// Asks with a reader of its own. A reader that failed is not used again.
    fn read<T>(
        &self,
        action: &'static str,
        ask: impl FnOnce(&mut ReadConnection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let idle = lock(&self.readers).pop();
        let mut reader = match idle {
            Some(reader) => reader,
            None => self.open_reader().map_err(|error| self.failed(error, action))?,
        };
        let answer = ask(&mut reader).map_err(|error| self.failed(error, action))?;
        let mut readers = lock(&self.readers);
        if readers.len() < READERS_KEPT {
            readers.push(reader);
        }
        Ok(answer)
    }

    fn open_reader(&self) -> rusqlite::Result<ReadConnection> {
        let connection = open::reader(&self.file)?;
        ReadConnection::new(connection).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
    }

    fn failed(&self, error: rusqlite::Error, action: &'static str) -> StoreError {
        error::in_use(error, action, &self.file)
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        self.log.stop();
        if let Some(Err(panic)) = self.checkpoints.take().map(JoinHandle::join) {
            tracing::error!(?panic, "the checkpoint thread panicked");
        }
    }
}

fn open_writer(file: &Path) -> Result<WriteConnection, StoreError> {
    let connection = open::writer(file)?;
    checkpoint::count_pages(&connection);
    WriteConnection::new(connection)
        .map_err(|error| StoreError::Failed { action: "open the stored data", source: Box::new(error) })
}

/// Opens the writer again after a commit that failed badly.
fn reopen_writer(file: &Path) -> Result<WriteConnection, StoreError> {
    let writer = open_writer(file)?;
    writer.settle().map_err(|error| error::in_use(error, "write again after a failure", file))?;
    Ok(writer)
}

fn start_checkpoints(file: &Path, log: &Arc<Log>, writer: &Arc<Mutex<Writing>>) -> Result<JoinHandle<()>, StoreError> {
    let connection = open::checkpointer(file).map_err(|error| error::at_open(error, file))?;
    let (log, writer) = (Arc::clone(log), Arc::clone(writer));
    std::thread::Builder::new()
        .name("checkpoints".to_owned())
        .spawn(move || checkpoint::run(&log, &connection, || lock(&writer)))
        .map_err(|error| StoreError::Failed { action: "start the checkpoint thread", source: Box::new(error) })
}

// A panic under the lock leaves a transaction that its guard has rolled back.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Commit for Sqlite {
    fn commit(&self, ticket: &Ticket, batch: &[Write]) -> Result<(), StoreError> {
        lock(&self.writer).commit(ticket, batch, &self.file)?;
        if !batch.is_empty() {
            self.log.committed();
        }
        Ok(())
    }

    fn open_lane(&self, session: SessionId, lane: u16) -> Result<Ticket, StoreError> {
        Ok(lock(&self.writer).lanes.open(session, lane))
    }

    fn settle(&self, session: SessionId, lane: u16) -> Result<Ticket, StoreError> {
        let mut writing = lock(&self.writer);
        writing.connection(&self.file)?;
        writing.lanes.base(session, lane)
    }
}

impl Executions for Sqlite {
    fn executions_by_arn(&self, arns: &[Text]) -> Result<Vec<Option<ExecutionRecord>>, StoreError> {
        self.read("read an execution", |reader| reader.executions_by_arn(arns))
    }

    fn executions(&self, ids: &[ExecutionId]) -> Result<Vec<Option<ExecutionRecord>>, StoreError> {
        self.read("read an execution", |reader| reader.executions(ids))
    }

    fn chunks_of(&self, ids: &[ExecutionId]) -> Result<Vec<Vec<Chunk>>, StoreError> {
        self.read("read events", |reader| reader.chunks_of(ids))
    }

    fn first_chunk(&self, id: ExecutionId) -> Result<Option<Chunk>, StoreError> {
        self.read("read events", |reader| reader.first_chunk(id))
    }

    fn last_chunk(&self, id: ExecutionId) -> Result<Option<Chunk>, StoreError> {
        self.read("read events", |reader| reader.last_chunk(id))
    }

    fn visit_chunks(
        &self,
        id: ExecutionId,
        events: EventRange,
        order: Order,
        see: &mut dyn FnMut(Chunk) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.read("read events", |reader| reader.visit_chunks(id, events, order, see))
    }

    fn list_executions(&self, filter: &ExecutionFilter, page: &Page) -> Result<Listing<ExecutionRecord>, StoreError> {
        self.read("list executions", |reader| reader.list_executions(filter, page))
    }

    fn count_running(&self, state_machine: StateMachineId) -> Result<u64, StoreError> {
        self.read("count executions", |reader| reader.count_running(state_machine))
    }

    fn last_execution_id(&self, among: &PartitionSet) -> Result<ExecutionId, StoreError> {
        self.read("read the last execution", |reader| reader.last_execution_id(among))
    }

    fn committed_after(&self, position: CommitPosition, limit: usize) -> Result<Vec<LoggedCommit>, StoreError> {
        self.read("read the commit log", |reader| reader.committed_after(position, limit))
    }

    fn last_commit_position(&self) -> Result<CommitPosition, StoreError> {
        self.read("read the commit log", ReadConnection::last_commit_position)
    }
}

impl DueWork for Sqlite {
    fn due(
        &self,
        among: &PartitionSet,
        until: Timestamp,
        after: Option<(Timestamp, ExecutionId)>,
        limit: usize,
    ) -> Result<Vec<(Timestamp, ExecutionId)>, StoreError> {
        self.read("read the timers", |reader| reader.due(among, until, after, limit))
    }

    fn unsettled(
        &self,
        among: &PartitionSet,
        after: Option<ExecutionId>,
        limit: usize,
    ) -> Result<Vec<(ExecutionId, Summary)>, StoreError> {
        self.read("read what to recover", |reader| reader.unsettled(among, after, limit))
    }
}

impl Records for Sqlite {
    fn state_machine(&self, arn: &str) -> Result<Option<StateMachine>, StoreError> {
        self.read("read a state machine", |reader| reader.state_machine(arn))
    }

    fn list_state_machines(&self, page: &Page<Text>) -> Result<Listing<StateMachine, Text>, StoreError> {
        self.read("list state machines", |reader| reader.list_state_machines(page))
    }

    fn definition(&self, id: DefinitionId) -> Result<Option<Definition>, StoreError> {
        self.read("read a definition", |reader| reader.definition(id))
    }

    fn versions(&self, state_machine: StateMachineId) -> Result<Vec<Version>, StoreError> {
        self.read("read versions", |reader| reader.versions(state_machine))
    }

    fn aliases(&self, state_machine: StateMachineId) -> Result<Vec<Alias>, StoreError> {
        self.read("read aliases", |reader| reader.aliases(state_machine))
    }

    fn activity(&self, arn: &str) -> Result<Option<Activity>, StoreError> {
        self.read("read an activity", |reader| reader.activity(arn))
    }

    fn list_activities(&self, page: &Page) -> Result<Listing<Activity>, StoreError> {
        self.read("list activities", |reader| reader.list_activities(page))
    }

    fn last_record_ids(&self) -> Result<LastIds, StoreError> {
        self.read("read the last numbers", ReadConnection::last_record_ids)
    }

    fn partitions(&self) -> Result<Partitions, StoreError> {
        Ok(self.partitions)
    }

    fn meta(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.read("read a named value", |reader| reader.meta(name))
    }
}

impl Store for Sqlite {
    fn describe(&self) -> Text {
        Text::from(format!("SQLite file {}", self.file.display()))
    }

    fn check(&self) -> Result<(), StoreError> {
        self.presence.check()
    }
}
