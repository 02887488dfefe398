//! Which functions there are. A function's folder is looked at whenever it is asked for, and read when it changed.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::Options;
use crate::definition::{DefinitionError, Description, looks_like_function};
use crate::error::{InvokeError, OpenError};
use crate::folder::Snapshot;
use crate::patience::{PAUSE, is_exhausted};

/// The functions of a folder.
pub(crate) struct Catalog {
    directory: PathBuf,
    region: String,
    account: String,
    seen: Mutex<HashMap<String, Arc<Mutex<Seen>>>>,
}

/// A function as its folder was at one time.
pub(crate) struct Definition {
    /// What it is.
    pub(crate) description: Description,
    /// Which state of its files this is.
    pub(crate) fingerprint: u64,
}

/// What the last look at a folder showed.
struct Seen {
    snapshot: Snapshot,
    at: Instant,
    definition: Result<Arc<Definition>, DefinitionError>,
}

impl Catalog {
    /// # Errors
    /// The folder cannot be read.
    pub(crate) fn open(options: &Options) -> Result<Self, OpenError> {
        let unreadable = |source| OpenError::Directory { path: options.directory.clone(), source };
        let directory = fs::canonicalize(&options.directory).map_err(unreadable)?;
        fs::read_dir(&directory).map_err(unreadable)?;
        Ok(Self {
            directory,
            region: options.region.clone(),
            account: options.account.clone(),
            seen: Mutex::new(HashMap::new()),
        })
    }

    /// The folder that holds the functions.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(crate) fn arn(&self, name: &str) -> String {
        format!("arn:aws:lambda:{}:{}:function:{name}", self.region, self.account)
    }

    pub(crate) fn names(&self) -> Vec<String> {
        // The folder was there when we opened it; if it is gone, so are its functions.
        let Ok(entries) = fs::read_dir(&self.directory) else { return Vec::new() };
        let mut names: Vec<String> = entries
            .flatten()
            .filter(|entry| looks_like_function(&entry.path()))
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| is_name(name))
            .collect();
        names.sort_unstable();
        names
    }

    /// # Errors
    /// [`InvokeError::NotFound`] and [`InvokeError::Definition`].
    pub(crate) fn find(&self, name: &str) -> Result<Arc<Definition>, InvokeError> {
        let not_found = || InvokeError::NotFound { arn: self.arn(name) };
        if !is_name(name) {
            return Err(not_found());
        }
        let known = lock(&self.seen).get(name).cloned();
        let found = match &known {
            Some(seen) => self.look_again(name, &mut lock(seen)),
            None => self.look(name),
        };
        if found.is_none() {
            lock(&self.seen).remove(name);
        }
        Ok(found.ok_or_else(not_found)??)
    }

    /// As [`Self::find`]. Where a folder cannot be looked at because no file descriptor is left, waits for one.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub(crate) async fn find_patiently(&self, name: &str) -> Result<Arc<Definition>, InvokeError> {
        let mut waited = false;
        loop {
            let found = self.find(name);
            // What a folder seems to be while no descriptor is left says nothing of it.
            let may_be_wrong = found.is_err() && fs::File::open("/dev/null").is_err_and(|error| is_exhausted(&error));
            if !may_be_wrong && (found.is_ok() || !waited) {
                return found;
            }
            waited = may_be_wrong;
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Looks at a folder for the first time. Nothing where there is no folder.
    fn look(&self, name: &str) -> Option<Result<Arc<Definition>, DefinitionError>> {
        let at = Instant::now();
        let snapshot = Snapshot::take(&self.directory.join(name)).ok()?;
        let definition = self.read(name, &snapshot);
        let seen = Seen { snapshot, at, definition: definition.clone() };
        lock(&self.seen).insert(name.to_owned(), Arc::new(Mutex::new(seen)));
        Some(definition)
    }

    fn look_again(&self, name: &str, seen: &mut Seen) -> Option<Result<Arc<Definition>, DefinitionError>> {
        let now = Instant::now();
        if now - seen.at < seen.snapshot.look_again_after() {
            return Some(seen.definition.clone());
        }
        let snapshot = Snapshot::take(&self.directory.join(name)).ok()?;
        let changed = snapshot.fingerprint != seen.snapshot.fingerprint;
        // What is wrong with a folder may have been put right in a way no snapshot shows: a file's permissions.
        if changed || seen.definition.is_err() {
            seen.definition = self.read(name, &snapshot);
        }
        (seen.snapshot, seen.at) = (snapshot, now);
        Some(seen.definition.clone())
    }

    fn read(&self, name: &str, snapshot: &Snapshot) -> Result<Arc<Definition>, DefinitionError> {
        let folder = self.directory.join(name);
        let description = Description::read(&folder, name, self.arn(name), snapshot)?;
        Ok(Arc::new(Definition { description, fingerprint: snapshot.fingerprint }))
    }
}

/// Whether Lambda would take this as a function's name. What it would not, never becomes a path.
pub(crate) fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// No code panics while it holds one of these locks, so a poisoned one guards sound data.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_come_change_and_go_with_their_folders() {
        let folder = tempfile::tempdir().unwrap();
        let catalog = Catalog::open(&Options::new(folder.path())).unwrap();
        assert!(matches!(catalog.find("f"), Err(InvokeError::NotFound { .. })));

        fs::create_dir(folder.path().join("f")).unwrap();
        assert!(matches!(catalog.find("f"), Err(InvokeError::Definition(_))));
        assert!(catalog.names().is_empty());

        fs::write(folder.path().join("f/index.js"), "1").unwrap();
        let first = catalog.find("f").unwrap();
        assert_eq!(catalog.names(), ["f"]);
        assert!(Arc::ptr_eq(&first, &catalog.find("f").unwrap()));

        fs::write(folder.path().join("f/index.js"), "22").unwrap();
        assert_ne!(first.fingerprint, catalog.find("f").unwrap().fingerprint);

        fs::remove_dir_all(folder.path().join("f")).unwrap();
        assert!(matches!(catalog.find("f"), Err(InvokeError::NotFound { .. })));
        assert!(lock(&catalog.seen).is_empty());
    }

    #[test]
    fn a_name_is_never_a_path() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("dir/f")).unwrap();
        fs::write(folder.path().join("dir/f/index.js"), "").unwrap();
        fs::write(folder.path().join("index.js"), "").unwrap();
        let catalog = Catalog::open(&Options::new(folder.path().join("dir"))).unwrap();
        for name in ["", ".", "..", "../dir/f", "f/", "f/../f", "f\0", &"f".repeat(65)] {
            assert!(matches!(catalog.find(name), Err(InvokeError::NotFound { .. })), "{name:?}");
        }
        assert!(catalog.find("f").is_ok());
    }

    #[test]
    fn a_folder_that_is_not_there_is_told() {
        let error = Catalog::open(&Options::new("/nonexistent/functions")).err().unwrap().to_string();
        assert!(error.starts_with("the folder of functions /nonexistent/functions cannot be read: "), "{error}");
    }
}
