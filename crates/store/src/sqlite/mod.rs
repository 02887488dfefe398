//! The embedded store: one SQLite file in the data directory, `stepwright.db`, opened with any SQLite tool.
//!
//! One connection writes, a few read, one thread moves the log into the file. A commit is durable when it
//! returns (`synchronous=FULL`). The directory is locked: a second server on it is refused.

mod checkpoint;
mod commit;
mod error;
mod open;
mod packing;
mod read;
mod schema;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use asl::Text;
use engine::{EventId, Timestamp};

use crate::record::{
    Activity, Alias, Chunk, Definition, DefinitionId, ExecutionFilter, ExecutionId, ExecutionRecord, LastIds, Listing,
    Page, StateMachine, StateMachineId, Summary, Version, Write,
};
use crate::{Commit, DueWork, Executions, Records, Store, StoreError};
use checkpoint::{Log, Pace};
use commit::{Refused, Writer};
use read::Reader;

/// Idle readers kept open; more are opened when all are busy.
const READERS_KEPT: usize = 8;

/// The store on disk.
pub struct Sqlite {
    file: PathBuf,
    // Dropped before the writer: the last connection to close moves the log into the file, which a reader may not.
    readers: Mutex<Vec<Reader>>,
    /// Absent after a commit that failed badly: to be opened again before the next.
    writer: Arc<Mutex<Option<Writer>>>,
    log: Arc<Log>,
    checkpoints: Option<JoinHandle<()>>,
    // Dropped last: the directory stays locked until every connection is closed.
    _lock: File,
}

impl Sqlite {
    /// Opens the data in that directory; makes directory and data where they are missing.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] where the directory cannot be used, is in use, or was written by a newer
    /// version; [`StoreError::Damaged`]; [`StoreError::Full`].
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        Self::open_paced(directory, Pace::DEFAULT)
    }

    fn open_paced(directory: &Path, pace: Pace) -> Result<Self, StoreError> {
        let lock = open::lock_directory(directory)?;
        let file = directory.join("stepwright.db");
        let writer = Arc::new(Mutex::new(Some(open_writer(&file)?)));
        let log = Arc::new(Log::new(pace));
        let checkpoints = start_checkpoints(&file, &log, &writer)?;
        Ok(Self { file, writer, readers: Mutex::default(), log, checkpoints: Some(checkpoints), _lock: lock })
    }

    /// Asks with a reader of its own. A reader that failed is not used again.
    fn read<T>(
        &self,
        action: &'static str,
        ask: impl FnOnce(&mut Reader) -> rusqlite::Result<T>,
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

    fn open_reader(&self) -> rusqlite::Result<Reader> {
        let connection = open::reader(&self.file)?;
        Reader::new(connection).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
    }

    fn failed(&self, error: rusqlite::Error, action: &'static str) -> StoreError {
        error::in_use(error, action, &self.file)
    }

    fn refused(&self, refused: Refused) -> StoreError {
        const ACTION: &str = "commit";
        match refused {
            Refused::Conflict(what) => StoreError::Conflict(what),
            Refused::Database { error, .. } => self.failed(error, ACTION),
            Refused::Packing(error) => StoreError::Failed { action: ACTION, source: Box::new(error) },
        }
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

fn open_writer(file: &Path) -> Result<Writer, StoreError> {
    let connection = open::writer(file)?;
    checkpoint::count_pages(&connection);
    Writer::new(connection)
        .map_err(|error| StoreError::Failed { action: "open the stored data", source: Box::new(error) })
}

/// Opens the writer again after a commit that failed badly.
fn reopen_writer(file: &Path) -> Result<Writer, StoreError> {
    let writer = open_writer(file)?;
    writer.settle().map_err(|error| error::in_use(error, "write again after a failure", file))?;
    Ok(writer)
}

fn start_checkpoints(
    file: &Path,
    log: &Arc<Log>,
    writer: &Arc<Mutex<Option<Writer>>>,
) -> Result<JoinHandle<()>, StoreError> {
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
    fn commit(&self, batch: &[Write]) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        let mut slot = lock(&self.writer);
        let writer = match &mut *slot {
            Some(writer) => writer,
            none => none.insert(reopen_writer(&self.file)?),
        };
        match writer.commit(batch) {
            Ok(()) => {
                self.log.committed();
                Ok(())
            }
            Err(refused) => {
                if matches!(refused, Refused::Database { uncertain: true, .. }) {
                    *slot = None;
                }
                Err(self.refused(refused))
            }
        }
    }
}

impl Executions for Sqlite {
    fn execution_by_arn(&self, arn: &str) -> Result<Option<ExecutionRecord>, StoreError> {
        self.read("read an execution", |reader| reader.execution_by_arn(arn))
    }

    fn execution(&self, id: ExecutionId) -> Result<Option<ExecutionRecord>, StoreError> {
        self.read("read an execution", |reader| reader.execution(id))
    }

    fn chunks(&self, id: ExecutionId) -> Result<Vec<Chunk>, StoreError> {
        self.chunks_between(id, EventId::NONE, EventId(u64::MAX))
    }

    fn chunks_between(&self, id: ExecutionId, from: EventId, to: EventId) -> Result<Vec<Chunk>, StoreError> {
        self.read("read events", |reader| reader.chunks_between(id, from, to))
    }

    fn list_executions(&self, filter: &ExecutionFilter, page: &Page) -> Result<Listing<ExecutionRecord>, StoreError> {
        self.read("list executions", |reader| reader.list_executions(filter, page))
    }

    fn count_running(&self, state_machine: StateMachineId) -> Result<u64, StoreError> {
        self.read("count executions", |reader| reader.count_running(state_machine))
    }

    fn last_execution_id(&self) -> Result<ExecutionId, StoreError> {
        self.read("read the last execution", Reader::last_execution_id)
    }
}

impl DueWork for Sqlite {
    fn due(
        &self,
        until: Timestamp,
        after: Option<(Timestamp, ExecutionId)>,
        limit: usize,
    ) -> Result<Vec<(Timestamp, ExecutionId)>, StoreError> {
        self.read("read the timers", |reader| reader.due(until, after, limit))
    }

    fn unsettled(&self, after: Option<ExecutionId>, limit: usize) -> Result<Vec<(ExecutionId, Summary)>, StoreError> {
        self.read("read what to recover", |reader| reader.unsettled(after, limit))
    }
}

impl Records for Sqlite {
    fn state_machine(&self, arn: &str) -> Result<Option<StateMachine>, StoreError> {
        self.read("read a state machine", |reader| reader.state_machine(arn))
    }

    fn list_state_machines(&self, page: &Page) -> Result<Listing<StateMachine>, StoreError> {
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
        self.read("read the last numbers", Reader::last_record_ids)
    }

    fn meta(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.read("read a named value", |reader| reader.meta(name))
    }
}

impl Store for Sqlite {
    fn describe(&self) -> Text {
        Text::from(format!("SQLite file {}", self.file.display()))
    }
}
