//! SQLite's and the file system's errors, told as ours: what is wrong, where, and what to do.

use std::io;
use std::path::Path;

use rusqlite::{Error, ErrorCode};

use crate::StoreError;

/// An error while the data is in use.
pub(super) fn in_use(error: Error, action: &'static str, file: &Path) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => damaged(&error, file),
        None if is_misread(&error) => damaged(&error, file),
        _ => StoreError::Failed { action, source: Box::new(error) },
    }
}

/// An error while the data is being opened.
pub(super) fn at_open(error: Error, file: &Path) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            StoreError::Unusable(format!(
                "cannot open {} for writing ({error}); let the user that runs Stepwright write to the file and its \
             directory, or choose another data directory",
                file.display()
            ))
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Unusable(format!(
            "{} is locked by another program; end that program and start again",
            file.display()
        )),
        _ => in_use(error, "open the stored data", file),
    }
}

/// An error of the file system while the data is being opened.
pub(super) fn directory(error: &io::Error, directory: &Path) -> StoreError {
    let remedy = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => return StoreError::Full,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "let the user that runs Stepwright write to it, or choose another data directory"
        }
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
            "that path is not a directory; choose another data directory"
        }
        _ => "mend that, or choose another data directory",
    };
    StoreError::Unusable(format!("cannot use the data directory {} ({error}): {remedy}", directory.display()))
}

fn damaged(error: &Error, file: &Path) -> StoreError {
    StoreError::Damaged(format!(
        "{} ({error}); restore it from a backup, or move it and its -wal file away to begin without data",
        file.display()
    ))
}

/// Whether a row was read that we cannot have written.
fn is_misread(error: &Error) -> bool {
    matches!(
        error,
        Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::InvalidColumnType(..)
            | Error::Utf8Error(..)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sqlite(code: i32) -> Error {
        Error::SqliteFailure(rusqlite::ffi::Error::new(code), None)
    }

    #[test]
    fn errors_in_use_are_told_apart() {
        let file = Path::new("/data/stepwright.db");
        let told = |code| in_use(sqlite(code), "commit", file);
        assert!(matches!(told(rusqlite::ffi::SQLITE_FULL), StoreError::Full));
        assert!(
            matches!(told(rusqlite::ffi::SQLITE_CORRUPT), StoreError::Damaged(text) if text.contains("/data/stepwright.db"))
        );
        assert!(matches!(told(rusqlite::ffi::SQLITE_IOERR), StoreError::Failed { action: "commit", .. }));
        let misread = in_use(Error::IntegralValueOutOfRange(3, 99), "read", file);
        assert!(matches!(misread, StoreError::Damaged(_)));
    }

    #[test]
    fn errors_at_open_name_the_path_and_the_remedy() {
        let path = Path::new("/data");
        let cases = [
            (at_open(sqlite(rusqlite::ffi::SQLITE_READONLY), path), "for writing"),
            (at_open(sqlite(rusqlite::ffi::SQLITE_CANTOPEN), path), "for writing"),
            (at_open(sqlite(rusqlite::ffi::SQLITE_BUSY), path), "another program"),
            (directory(&io::ErrorKind::PermissionDenied.into(), path), "let the user"),
            (directory(&io::ErrorKind::ReadOnlyFilesystem.into(), path), "let the user"),
            (directory(&io::ErrorKind::NotADirectory.into(), path), "not a directory"),
            (directory(&io::ErrorKind::Interrupted.into(), path), "choose another"),
        ];
        for (error, words) in cases {
            let text = error.to_string();
            assert!(text.contains("/data") && text.contains(words), "{text}");
        }
        assert!(matches!(directory(&io::ErrorKind::StorageFull.into(), path), StoreError::Full));
        assert!(matches!(at_open(sqlite(rusqlite::ffi::SQLITE_FULL), path), StoreError::Full));
    }
}
