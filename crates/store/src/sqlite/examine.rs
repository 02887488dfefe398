//! Looking at data without changing it, for whoever wants to know what is wrong with it.

use std::path::Path;
use std::sync::{Arc, Mutex};

use rusqlite::Result;

use super::checkpoint::{Log, Pace};
use super::presence::Presence;
use super::read::ReadConnection;
use super::schema::{MIGRATIONS, PARTITIONS};
use super::{FILE, Sqlite, Writing, error, files, open};
use crate::StoreError;
use crate::partition::Partitions;
use crate::record::ExecutionId;

/// Faults that SQLite's own check tells at most.
/// No quota: a report is for a reader.
const TOLD_MAX: usize = 100;

impl Sqlite {
    /// Opens the data in that directory to look at it. Nothing is written but SQLite's index of the log (`-shm`), and no
    /// server can open the data meanwhile. Commits are refused.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] where there is no data, a server has it, or it is in an older format or a newer one;
    /// [`StoreError::Damaged`] where SQLite cannot open it.
    pub fn open_to_examine(directory: &Path) -> std::result::Result<Self, StoreError> {
        let file = directory.join(FILE);
        if !file.is_file() {
            return Err(StoreError::Unusable(format!("there is no data in {}", directory.display())));
        }
        let lock = open::lock_directory_shared(directory)?;
        let failed = |error| error::at_open(error, &file);
        let connection = open::reader(&file).map_err(failed)?;
        let format = open::check_format(&connection, &file)?;
        if format != MIGRATIONS.len() {
            return Err(StoreError::Unusable(format!(
                "{} is in format {format}; `stepwright serve` converts it to format {} when it starts: make a backup, \
                 start it once, then examine it",
                file.display(),
                MIGRATIONS.len()
            )));
        }
        let mut reader = ReadConnection::new(connection)
            .map_err(|error| StoreError::Failed { action: "open the stored data", source: Box::new(error) })?;
        let stored = reader.meta(PARTITIONS).map_err(failed)?.and_then(|count| String::from_utf8(count).ok());
        let partitions = stored.and_then(|count| count.parse().ok()).and_then(Partitions::new).unwrap_or_default();
        let presence = Presence::of(&file);
        let writing = Writing { is_refused: true, ..Writing::default() };
        Ok(Self {
            presence,
            file,
            partitions,
            readers: Mutex::new(vec![reader]),
            writer: Arc::new(Mutex::new(writing)),
            log: Arc::new(Log::new(Pace::DEFAULT)),
            checkpoints: None,
            _lock: lock,
        })
    }

    /// What is wrong with the files: whether all of the database is there, and what SQLite's own check of all its pages,
    /// rows and indexes says. Takes as long as reading all of it.
    ///
    /// # Errors
    /// Where SQLite cannot go on.
    pub fn examine_file(&self) -> std::result::Result<Vec<String>, StoreError> {
        let mut found: Vec<_> = files::check(&self.file).err().iter().map(ToString::to_string).collect();
        found.extend(self.read("examine the data", ReadConnection::examine)?);
        Ok(found)
    }

    /// The numbers of executions after that one, in order: at most so many.
    ///
    /// # Errors
    /// Where the data cannot be read.
    pub fn execution_ids(
        &self,
        after: Option<ExecutionId>,
        limit: usize,
    ) -> std::result::Result<Vec<ExecutionId>, StoreError> {
        self.read("list executions", |reader| reader.execution_ids(after, limit))
    }

    /// The names of the named values.
    ///
    /// # Errors
    /// Where the data cannot be read.
    pub fn meta_names(&self) -> std::result::Result<Vec<String>, StoreError> {
        self.read("list named values", ReadConnection::meta_names)
    }
}

impl ReadConnection {
    fn examine(&mut self) -> Result<Vec<String>> {
        let mut found: Vec<_> =
            open::missing_parts(self.connection())?.into_iter().map(|part| format!("there is no {part}")).collect();
        let mut statement = self.connection().prepare(&format!("PRAGMA integrity_check({TOLD_MAX})"))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let told: String = row.get(0)?;
            if told != "ok" {
                found.push(told);
            }
        }
        Ok(found)
    }

    fn execution_ids(&mut self, after: Option<ExecutionId>, limit: usize) -> Result<Vec<ExecutionId>> {
        let sql = "SELECT id FROM executions WHERE id > ?1 ORDER BY id LIMIT ?2";
        let mut statement = self.connection().prepare_cached(sql)?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        statement.query_map([after.map_or(i64::MIN, |id| id.0), limit], |row| row.get(0).map(ExecutionId))?.collect()
    }

    fn meta_names(&mut self) -> Result<Vec<String>> {
        self.connection().prepare("SELECT name FROM meta ORDER BY name")?.query_map([], |row| row.get(0))?.collect()
    }
}
