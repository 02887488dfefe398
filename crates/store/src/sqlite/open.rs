//! Opening: the directory and its lock, connections and their settings, the format and its migrations.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension, params};

use super::error;
use super::schema::{APPLICATION_ID, MIGRATIONS, PARTITIONS};
use crate::StoreError;
use crate::partition::Partitions;

/// The version that migrates, as it writes itself down for older ones to read.
const WRITTEN_BY: &str = env!("CARGO_PKG_VERSION");

/// SQLite's default. With a sync for each batch, pages of 8 and 16 KiB were measured to be no faster, and they
/// lengthen the log.
const PAGE_BYTES: u32 = 4096;

/// Says which process has the data directory, and is locked by it.
const LOCK: &str = "stepwright.lock";

/// How long a connection waits for a lock another program holds, such as a user's `sqlite3`.
const BUSY_MS: u32 = 5_000;

/// The lock of a data directory, until it is dropped. The file says who has it. The directory itself is locked as well:
/// whoever removes the file lets no second server in.
#[derive(Debug)]
pub(super) struct DirectoryLock {
    _file: Option<File>,
    _directory: Option<File>,
}

/// Creates the directory where it is missing, and takes its lock.
pub(super) fn lock_directory(directory: &Path) -> Result<DirectoryLock, StoreError> {
    let unusable = |error| error::directory(&error, directory);
    create_directory(directory).map_err(unusable)?;
    let path = directory.join(LOCK);
    let mut file = for_owner(OpenOptions::new().read(true).write(true)).open(&path).map_err(unusable)?;
    let opened = lock_both(directory, &mut file, File::try_lock)?;
    protect_files(directory).map_err(unusable)?;
    file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id())).map_err(unusable)?;
    Ok(DirectoryLock { _file: Some(file), _directory: opened })
}

/// Keeps servers away while somebody reads. A directory that no server ever locked has no file to lock.
pub(super) fn lock_directory_shared(directory: &Path) -> Result<DirectoryLock, StoreError> {
    let Ok(mut file) = File::open(directory.join(LOCK)) else {
        let opened = File::open(directory).map_err(|error| error::directory(&error, directory))?;
        return match opened.try_lock_shared() {
            Err(TryLockError::WouldBlock) => Err(in_use(directory, None)),
            _ => Ok(DirectoryLock { _file: None, _directory: Some(opened) }),
        };
    };
    let opened = lock_both(directory, &mut file, File::try_lock_shared)?;
    Ok(DirectoryLock { _file: Some(file), _directory: opened })
}

/// Not every file system locks directories; the file is enough where nobody removes it.
fn lock_both(
    directory: &Path,
    file: &mut File,
    lock: fn(&File) -> Result<(), TryLockError>,
) -> Result<Option<File>, StoreError> {
    match lock(file) {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(in_use(directory, Some(file))),
        Err(TryLockError::Error(error)) => return Err(error::directory(&error, directory)),
    }
    let opened = File::open(directory).ok();
    match opened.as_ref().map(lock) {
        Some(Err(TryLockError::WouldBlock)) => Err(in_use(directory, Some(file))),
        _ => Ok(opened),
    }
}

/// Options that make a file which is missing, for its owner alone.
fn for_owner(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.create(true).truncate(false)
}

/// Makes the database where it is missing, and keeps all files from everybody but their owner, whatever the directory and
/// the umask allow: payloads and the key of task tokens are in them. SQLite gives its other files the rights of the
/// database.
fn protect_files(directory: &Path) -> std::io::Result<()> {
    let database = directory.join("stepwright.db");
    if !database.try_exists()? {
        for_owner(OpenOptions::new().write(true)).open(&database)?;
    }
    #[cfg(unix)]
    for name in ["stepwright.db", "stepwright.db-wal", "stepwright.db-shm", LOCK] {
        use std::os::unix::fs::PermissionsExt;
        let path = directory.join(name);
        let Ok(metadata) = fs::metadata(&path) else { continue };
        if metadata.is_file() && metadata.permissions().mode() & 0o077 != 0 {
            // Another's files may be readable on purpose, and are not ours to change.
            if let Err(error) = fs::set_permissions(&path, fs::Permissions::from_mode(0o600)) {
                tracing::warn!(path = %path.display(), %error, "a file of the data stays readable to others");
            }
        }
    }
    Ok(())
}

fn create_directory(directory: &Path) -> std::io::Result<()> {
    if directory.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    {
        // Payloads may hold secrets.
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.recursive(true).create(directory)?;
    // SQLite syncs the directory of its files, but not the entry of that directory.
    match directory.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}

pub(super) fn in_use(directory: &Path, lock: Option<&mut File>) -> StoreError {
    let mut holder = String::new();
    let read = lock.map(|lock| lock.take(20).read_to_string(&mut holder));
    let known = matches!(read, Some(Ok(_))) && holder.ends_with('\n');
    let holder = if known { format!(" (process {})", holder.trim_end()) } else { String::new() };
    StoreError::Unusable(format!(
        "the data directory {} is in use by another Stepwright{holder}; stop that one, or choose another data directory",
        directory.display()
    ))
}

/// A connection that may write; makes the file where it is missing, and brings it to this version's format.
pub(super) fn writer(file: &Path) -> Result<Connection, StoreError> {
    let failed = |error| error::at_open(error, file);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(file, flags).map_err(failed)?;
    let settings = format!("PRAGMA busy_timeout = {BUSY_MS}; PRAGMA page_size = {PAGE_BYTES};");
    connection.execute_batch(&settings).map_err(failed)?;
    // Before anything is changed: a file that is not ours stays as it is.
    let format = check_format(&connection, file)?;
    if connection.is_readonly("main").map_err(failed)? {
        return Err(failed(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_READONLY),
            None,
        )));
    }
    set_journal(&connection, file)?;
    connection
        .execute_batch(
            "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -65536;
             PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;",
        )
        .map_err(failed)?;
    migrate(&mut connection, format, MIGRATIONS).map_err(failed)?;
    if let Some(missing) = missing_parts(&connection).map_err(failed)?.first() {
        return Err(StoreError::Damaged(format!(
            "{} has no {missing}; restore it from a backup, or see what is left with `stepwright doctor`",
            file.display()
        )));
    }
    touch_tables(&connection).map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// The tables without a rowid: their first column is their key.
const KEYED_BY_NAME: [&str; 2] = ["meta", "versions"];

/// Tables and indexes that there should be and that are not.
pub(super) fn missing_parts(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let there = parts(connection)?;
    let mut missing = parts(&reference()?)?;
    missing.retain(|part| !there.contains(part));
    Ok(missing)
}

/// Reads the first row of each table, and the last: a quick look at whether they can be read.
fn touch_tables(connection: &Connection) -> rusqlite::Result<()> {
    for part in parts(&reference()?)? {
        let Some(table) = part.strip_prefix("table ") else { continue };
        let key = if KEYED_BY_NAME.contains(&table) { "1" } else { "rowid" };
        for order in ["", "DESC"] {
            let sql = format!("SELECT * FROM \"{table}\" ORDER BY {key} {order} LIMIT 1");
            connection.query_row(&sql, [], |_| Ok(())).optional()?;
        }
    }
    Ok(())
}

/// An empty database of this version's format.
fn reference() -> rusqlite::Result<Connection> {
    let connection = Connection::open_in_memory()?;
    connection.execute_batch(&MIGRATIONS.concat())?;
    Ok(connection)
}

/// Its tables and indexes, as `table meta`, in the order they were made.
fn parts(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("SELECT type || ' ' || name FROM sqlite_schema ORDER BY rowid")?;
    statement.query_map([], |row| row.get(0))?.collect()
}

/// How many partitions the data has. Data that has none yet gets those wanted, or the usual number.
pub(super) fn partitions(
    connection: &Connection,
    wanted: Option<Partitions>,
    file: &Path,
) -> Result<Partitions, StoreError> {
    let failed = |error| error::at_open(error, file);
    let read = "SELECT value FROM meta WHERE name = ?1";
    let stored = connection.query_row(read, [PARTITIONS], |row| row.get::<_, Vec<u8>>(0)).optional().map_err(failed)?;
    let Some(stored) = stored else {
        let given = wanted.unwrap_or_default();
        let value = given.count().to_string().into_bytes();
        let sql = "INSERT INTO meta (name, value) VALUES (?1, ?2)";
        connection.execute(sql, params![PARTITIONS, value]).map_err(failed)?;
        return Ok(given);
    };
    let count = std::str::from_utf8(&stored).ok().and_then(|count| count.parse().ok()).and_then(Partitions::new);
    let damaged = || StoreError::Damaged(format!("{}: its number of partitions cannot be read", file.display()));
    let count = count.ok_or_else(damaged)?;
    match wanted {
        Some(wanted) if wanted != count => Err(StoreError::Unusable(format!(
            "{} has {} partitions, which never changes, and {} are configured; configure {1} again, or choose another \
             data directory",
            file.display(),
            count.count(),
            wanted.count()
        ))),
        _ => Ok(count),
    }
}

/// A connection that only reads. The memory map stays off: with it, a disk that cannot be read would kill
/// the process by a signal instead of giving an error.
pub(super) fn reader(file: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.execute_batch(&format!(
        "PRAGMA busy_timeout = {BUSY_MS}; PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY;
         PRAGMA trusted_schema = OFF;"
    ))?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// A connection for checkpoints: it moves pages, and never commits.
pub(super) fn checkpointer(file: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    // No waiting for readers: what they hold back is moved the next time.
    connection.execute_batch("PRAGMA busy_timeout = 0; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;")?;
    Ok(connection)
}

fn set_journal(connection: &Connection, file: &Path) -> Result<(), StoreError> {
    let mode: String = connection
        .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))
        .map_err(|error| error::at_open(error, file))?;
    if mode == "wal" {
        return Ok(());
    }
    Err(StoreError::Unusable(format!(
        "{} lies on a file system that cannot share memory between connections; choose a data directory on a local disk",
        file.display()
    )))
}

/// The file's format, 0 for an empty file; refuses what is not ours and what is newer.
pub(super) fn check_format(connection: &Connection, file: &Path) -> Result<usize, StoreError> {
    let failed = |error| error::at_open(error, file);
    let number = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(failed);
    if number("SELECT count(*) FROM sqlite_schema")? == 0 {
        return Ok(0);
    }
    if number("PRAGMA application_id")? != APPLICATION_ID {
        return Err(StoreError::Unusable(format!(
            "{} is a SQLite database, but not one of Stepwright's; move it away, or choose another data directory",
            file.display()
        )));
    }
    let format = number("PRAGMA user_version")?;
    match usize::try_from(format) {
        Ok(format) if format <= MIGRATIONS.len() => Ok(format),
        _ => {
            let by: Result<String, _> = connection.query_row("SELECT written_by FROM format", [], |row| row.get(0));
            let by = by.map_or_else(|_| "a newer Stepwright".to_owned(), |version| format!("Stepwright {version}"));
            Err(StoreError::Unusable(format!(
                "{} is in format {format}, written by {by}; this is Stepwright {WRITTEN_BY}, which reads up to format \
                 {}: start {by} or a newer one",
                file.display(),
                MIGRATIONS.len()
            )))
        }
    }
}

/// Brings the file from `format` to the newest, all in one transaction.
fn migrate(connection: &mut Connection, format: usize, migrations: &[&str]) -> rusqlite::Result<()> {
    if format >= migrations.len() {
        return Ok(());
    }
    let transaction = connection.transaction()?;
    for migration in &migrations[format..] {
        transaction.execute_batch(migration)?;
    }
    transaction.execute("UPDATE format SET written_by = ?1", [WRITTEN_BY])?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", migrations.len() as i64)?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_format_is_migrated_and_keeps_its_rows() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut connection = writer(&directory.path().join("stepwright.db")).expect("a connection");
        connection.execute("INSERT INTO meta VALUES ('key', x'01')", []).expect("a row");
        let next = [MIGRATIONS, &["ALTER TABLE meta ADD COLUMN note TEXT NOT NULL DEFAULT 'old'"]].concat();
        migrate(&mut connection, MIGRATIONS.len(), &next).expect("migrated");
        let note: String = connection.query_row("SELECT note FROM meta", [], |row| row.get(0)).expect("the row");
        let format: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).expect("the format");
        assert_eq!((note.as_str(), format), ("old", next.len() as i64));
    }

    #[test]
    fn a_failed_migration_changes_nothing() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut connection = writer(&directory.path().join("stepwright.db")).expect("a connection");
        let next = [MIGRATIONS, &["CREATE TABLE more (id)", "no SQL"]].concat();
        assert!(migrate(&mut connection, MIGRATIONS.len(), &next).is_err());
        let tables: i64 = connection
            .query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'more'", [], |row| row.get(0))
            .expect("a count");
        let format: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).expect("the format");
        assert_eq!((tables, format), (0, MIGRATIONS.len() as i64));
    }
}
