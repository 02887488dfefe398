//! Has a function's folder changed? A cheap look at its files' times and sizes.
//!
//! A look is a few system calls for a usual function, so it is made before every invocation and a change is seen at
//! once; a watcher of the file system would be told later, and by another thread. Large folders are looked at less
//! often: see [`Snapshot::look_again_after`].

use std::collections::hash_map::DefaultHasher;
use std::ffi::OsStr;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The most entries that are looked at. Changes in files beyond them are not seen.
const MAX_ENTRIES: usize = 2_000;

/// How deep folders in the function's folder are looked into.
const MAX_DEPTH: usize = 16;

/// Folders with at most so many entries are looked at before every invocation.
const ENTRIES_AT_ONCE: usize = 64;

/// What a folder's files looked like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// Equal for equal files: names, sizes, times of change.
    pub(crate) fingerprint: u64,
    /// How many files and folders were looked at.
    pub(crate) entries: usize,
    /// The files' sizes together, in bytes.
    pub(crate) code_size: u64,
    /// When the file changed last that changed last.
    pub(crate) last_modified: SystemTime,
}

impl Snapshot {
    /// Looks at a folder. Installed packages (`node_modules`), `__pycache__` and hidden files are left out.
    ///
    /// # Errors
    /// The folder itself cannot be read. A file that vanishes meanwhile is not there.
    pub(crate) fn take(folder: &Path) -> io::Result<Self> {
        let mut snapshot = Self { fingerprint: 0, entries: 0, code_size: 0, last_modified: UNIX_EPOCH };
        let mut folders = vec![(fs::read_dir(folder)?, 0)];
        while let Some((entries, depth)) = folders.pop() {
            for entry in entries.flatten() {
                if snapshot.entries == MAX_ENTRIES {
                    return Ok(snapshot);
                }
                if is_left_out(&entry.file_name()) {
                    continue;
                }
                snapshot.entries += 1;
                let path = entry.path();
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    let inner = fs::read_dir(&path).ok().filter(|_| depth < MAX_DEPTH);
                    folders.extend(inner.map(|entries| (entries, depth + 1)));
                    continue;
                }
                if let Ok(metadata) = fs::metadata(&path) {
                    snapshot.add(&path, &metadata);
                }
            }
        }
        Ok(snapshot)
    }

    /// How long this look stays good: nothing for a small folder; a large one costs about 2 µs an entry to look at, and
    /// a twentieth of the time is enough for that.
    pub(crate) fn look_again_after(&self) -> Duration {
        if self.entries <= ENTRIES_AT_ONCE {
            return Duration::ZERO;
        }
        Duration::from_micros(40) * u32::try_from(self.entries).unwrap_or(u32::MAX)
    }

    fn add(&mut self, path: &Path, metadata: &fs::Metadata) {
        let mut hasher = DefaultHasher::new();
        path.hash(&mut hasher);
        (metadata.mtime(), metadata.mtime_nsec(), metadata.ctime(), metadata.ctime_nsec()).hash(&mut hasher);
        (metadata.size(), metadata.ino()).hash(&mut hasher);
        // A sum: the order in which the system lists a folder does not matter.
        self.fingerprint = self.fingerprint.wrapping_add(hasher.finish());
        self.code_size += metadata.size();
        self.last_modified = self.last_modified.max(metadata.modified().unwrap_or(UNIX_EPOCH));
    }
}

fn is_left_out(name: &OsStr) -> bool {
    name == "node_modules" || name == "__pycache__" || name.as_encoded_bytes().starts_with(b".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_changes_with_any_file_but_not_with_packages() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("lib/deep")).unwrap();
        fs::create_dir_all(root.join("node_modules/x")).unwrap();
        fs::write(root.join("index.js"), "1").unwrap();
        fs::write(root.join("lib/deep/a.js"), "1").unwrap();
        let first = Snapshot::take(root).unwrap();
        assert_eq!(first, Snapshot::take(root).unwrap());

        fs::write(root.join("node_modules/x/index.js"), "1").unwrap();
        fs::write(root.join(".swp"), "1").unwrap();
        assert_eq!(first.fingerprint, Snapshot::take(root).unwrap().fingerprint);

        fs::write(root.join("lib/deep/a.js"), "22").unwrap();
        let second = Snapshot::take(root).unwrap();
        assert_ne!(first.fingerprint, second.fingerprint);
        assert_eq!((second.code_size, second.entries), (3, 4));

        fs::remove_file(root.join("lib/deep/a.js")).unwrap();
        assert_ne!(second.fingerprint, Snapshot::take(root).unwrap().fingerprint);
    }

    #[test]
    fn a_huge_folder_is_looked_at_within_bounds_and_less_often() {
        let folder = tempfile::tempdir().unwrap();
        for n in 0..MAX_ENTRIES + 10 {
            fs::write(folder.path().join(n.to_string()), "").unwrap();
        }
        let snapshot = Snapshot::take(folder.path()).unwrap();
        assert_eq!(snapshot.entries, MAX_ENTRIES);
        assert_eq!(snapshot.look_again_after(), Duration::from_millis(80));
    }
}
