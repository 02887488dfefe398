//! Runs the tests again whenever one of their files changes.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use super::tested::Tested;
use super::{files, report};
use crate::cli::TestArguments;
use crate::excerpt::Colour;
use crate::{Failure, chain, say};

/// How often the files are looked at.
const PAUSE: Duration = Duration::from_millis(300);

/// Runs the tests, waits for a change, and so on, until the process is interrupted.
pub(super) fn watch(arguments: &TestArguments, colour: Colour) -> Result<ExitCode, Failure> {
    loop {
        // Taken before the run, so that a change in the midst of it is seen.
        let before = snapshot(files::or_here(&arguments.paths));
        match Tested::run(arguments) {
            Ok(tested) => std::io::stdout().write_all(report(&tested, arguments, colour)?.as_bytes())?,
            Err(error) => say(&format!("stepwright: {}", chain(&error))),
        }
        say("watching; Ctrl-C ends");
        while snapshot(files::or_here(&arguments.paths)) == before {
            std::thread::sleep(PAUSE);
        }
        say("");
    }
}

/// When a file was last written, and its length; `None` where it is not there.
type Stamp = Option<(Option<SystemTime>, u64)>;

/// The test files and their definitions, with what tells that one has changed.
fn snapshot(paths: &[PathBuf]) -> BTreeMap<PathBuf, Stamp> {
    let mut stamps = BTreeMap::new();
    for file in files::find(paths) {
        if let Ok(text) = files::read(&file)
            && let Some(definition) = files::definition_of(&file, &text)
        {
            stamps.insert(definition.clone(), stamp(&definition));
        }
        stamps.insert(file.clone(), stamp(&file));
    }
    stamps
}

fn stamp(file: &PathBuf) -> Stamp {
    let metadata = std::fs::metadata(file).ok()?;
    Some((metadata.modified().ok(), metadata.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_any_file_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let look = || snapshot(&[folder.path().to_owned()]);
        write("a.test.yaml", "definition: ../no-such-definition.json");
        let mut before = look();
        assert_eq!(before.len(), 2);
        for (name, text) in
            [("a.test.yaml", "definition: a.json"), ("a.json", "{}"), ("a.json", "{ }"), ("b.test.json", "")]
        {
            write(name, text);
            let after = look();
            assert_ne!(after, before, "{name}");
            before = after;
        }
        assert_eq!(look(), before);
    }
}
