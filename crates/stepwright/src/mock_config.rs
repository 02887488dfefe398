//! The mock configuration that `serve` answers tasks from: a file that is read again when it has changed.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use mocks::MockSource;
use rehearsal::MockConfig;

use crate::test::files;

/// Step Functions Local reads a file of this name in the working directory, where none is named.
const USUAL_NAME: &str = "MockConfigFile.json";

/// A mock configuration that cannot be used: file, line and column of each mistake.
#[derive(Debug, thiserror::Error)]
#[error("--mock-config: {0}")]
pub(crate) struct MockConfigError(String);

/// The mock configuration of a file.
pub(crate) struct MockFile {
    path: PathBuf,
    last: Mutex<Last>,
}

/// What was read last.
struct Last {
    stamp: Stamp,
    config: Arc<MockConfig>,
}

/// When the file was last written, and its length; `None` where it is not there.
type Stamp = Option<(Option<SystemTime>, u64)>;

/// The file to read: the one that is named, or the usual one where that exists.
pub(crate) fn file(named: Option<&Path>) -> Option<PathBuf> {
    let usual = || Some(PathBuf::from(USUAL_NAME)).filter(|path| path.is_file());
    named.map(Path::to_owned).or_else(usual)
}

/// Reads a mock configuration; an error is the text to show.
pub(crate) fn read(path: &Path) -> Result<MockConfig, String> {
    let source = files::read(path)?;
    let document = files::parse(path, &source)?;
    MockConfig::read(&document).map_err(|problems| files::listed(path, &source, &problems))
}

impl MockFile {
    /// Reads the file for the first time.
    pub(crate) fn open(path: PathBuf) -> Result<Self, MockConfigError> {
        // Before the file, so that a change in between is seen.
        let stamp = stamp(&path);
        let config = Arc::new(read(&path).map_err(MockConfigError)?);
        Ok(Self { path, last: Mutex::new(Last { stamp, config }) })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl MockSource for MockFile {
    fn config(&self) -> Arc<MockConfig> {
        // What was read last is whole, also after a panic.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = stamp(&self.path);
        if stamp != last.stamp {
            last.stamp = stamp;
            match read(&self.path) {
                Ok(config) => {
                    last.config = Arc::new(config);
                    tracing::info!(file = %self.path.display(), "the mock configuration was read again");
                }
                Err(why) => {
                    tracing::warn!(why, "the mock configuration has changed and cannot be used; the earlier one stays")
                }
            }
        }
        Arc::clone(&last.config)
    }
}

fn stamp(path: &Path) -> Stamp {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok(), metadata.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(cases: &[&str]) -> String {
        let cases: Vec<_> = cases.iter().map(|case| format!("\"{case}\": {{}}")).collect();
        format!("{{\"StateMachines\": {{\"M\": {{\"TestCases\": {{{}}}}}}}}}", cases.join(", "))
    }

    fn cases(file: &MockFile) -> Vec<String> {
        file.config().cases("M").iter().map(|(name, _)| name.to_string()).collect()
    }

    #[test]
    fn a_changed_file_is_read_again_and_a_broken_one_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mocks.json");
        let write = |text: &str| std::fs::write(&path, text).unwrap();
        write(&text(&["A"]));
        let file = MockFile::open(path.clone()).unwrap();
        assert_eq!(cases(&file), ["A"]);
        // Each of another length, so that the file's date need not differ.
        write(&text(&["A", "B"]));
        assert_eq!(cases(&file), ["A", "B"]);
        write("{");
        assert_eq!(cases(&file), ["A", "B"]);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(cases(&file), ["A", "B"]);
        write(&text(&["A", "B", "C"]));
        assert_eq!(cases(&file), ["A", "B", "C"]);
    }

    #[test]
    fn a_file_that_cannot_be_used_says_where_and_what() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mocks.json");
        let error = |path: &Path| MockFile::open(path.to_owned()).map(|_| ()).unwrap_err().to_string();
        assert!(error(&path).starts_with("--mock-config: cannot read"), "{}", error(&path));
        std::fs::write(&path, "{\n  \"StateMachines\": {\"M\": {}}\n}").unwrap();
        let text = error(&path);
        assert!(text.contains("mocks.json:2:21: StateMachines.M: the key \"TestCases\" is missing"), "{text}");
    }

    #[test]
    fn the_named_file_is_taken_whether_it_exists_or_not() {
        assert_eq!(file(Some(Path::new("/no/such/file"))), Some("/no/such/file".into()));
        assert_eq!(file(None), None);
    }
}
