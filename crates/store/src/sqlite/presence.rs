//! Whether the file that is written is still the one that the next start will read.
//!
//! A file that is removed or replaced while it is open can be written on and on, and all of it is gone when it is closed.

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use crate::StoreError;

/// Which file was there when the database was opened. SQLite begins its log anew as it likes: that is not looked at.
#[derive(Debug)]
pub(super) struct Presence {
    database: PathBuf,
    /// None where that could not be told.
    known: Option<Identity>,
}

/// What tells a file from another that has its name: the device and its number there.
type Identity = (u64, u64);

impl Presence {
    /// Of an open database.
    pub(super) fn of(database: &Path) -> Self {
        Self { database: database.to_owned(), known: identity(database) }
    }

    /// # Errors
    /// [`StoreError::Unusable`] where it is no longer there, or is another one.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        if self.known.is_none() || identity(&self.database) == self.known {
            return Ok(());
        }
        Err(StoreError::Unusable(format!(
            "{} was removed or replaced while it is in use: what is written now would be lost",
            self.database.display()
        )))
    }
}

fn identity(file: &Path) -> Option<Identity> {
    fs::metadata(file).ok().map(|metadata| identity_in(&metadata))
}

#[cfg(unix)]
fn identity_in(metadata: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

/// Only whether it is there.
#[cfg(not(unix))]
fn identity_in(_: &Metadata) -> Identity {
    (0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;
    use crate::sqlite::Sqlite;

    #[test]
    fn a_file_that_is_removed_or_replaced_is_missed() {
        for replaced in [false, true] {
            let directory = tempfile::tempdir().unwrap();
            let store = Sqlite::open(directory.path()).unwrap();
            assert!(store.check().is_ok());
            let file = directory.path().join("stepwright.db");
            let copy = directory.path().join("copy");
            fs::copy(&file, &copy).unwrap();
            fs::remove_file(&file).unwrap();
            if replaced {
                fs::rename(&copy, &file).unwrap();
            }
            let error = store.check().unwrap_err().to_string();
            assert!(error.contains("stepwright.db") && error.contains("would be lost"), "{error}");
        }
    }

    #[test]
    fn whoever_removes_the_lock_file_lets_no_second_server_in() {
        let directory = tempfile::tempdir().unwrap();
        let store = Sqlite::open(directory.path()).unwrap();
        fs::remove_file(directory.path().join("stepwright.lock")).unwrap();
        let error = Sqlite::open(directory.path()).err().unwrap().to_string();
        assert!(error.contains("in use"), "{error}");
        fs::remove_file(directory.path().join("stepwright.lock")).unwrap();
        let error = Sqlite::open_to_examine(directory.path()).err().unwrap().to_string();
        assert!(error.contains("in use"), "{error}");
        drop(store);
        Sqlite::open(directory.path()).unwrap();
    }
}
