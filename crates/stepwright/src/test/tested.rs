//! One round of tests: every case that is wanted, run and judged.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use asl::Text;
use engine::Limits;
use rehearsal::{Coverage, Ending, Mismatch, Run};

use super::{UsageError, files};
use crate::cli::TestArguments;

/// What one round gave.
#[derive(Default)]
pub(super) struct Tested {
    /// The test files that could be run, in order.
    pub(super) files: Vec<TestedFile>,
    /// What was reached, by the definition's path.
    pub(super) coverage: BTreeMap<PathBuf, Coverage>,
    /// The files that could not be run.
    pub(super) problems: Vec<Unusable>,
}

/// A file that cannot be run.
pub(super) struct Unusable {
    /// The test file.
    pub(super) file: PathBuf,
    /// Where and why, perhaps of several lines.
    pub(super) message: String,
}

/// A test file that was run.
pub(super) struct TestedFile {
    /// The test file.
    pub(super) file: PathBuf,
    /// Its definition.
    pub(super) definition: PathBuf,
    /// The cases that were run, in order.
    pub(super) cases: Vec<TestedCase>,
}

/// A case that was run.
pub(super) struct TestedCase {
    /// Its name.
    pub(super) name: Text,
    /// What the execution did.
    pub(super) run: Run,
    /// What is not as expected.
    pub(super) mismatches: Vec<Mismatch>,
    /// The real time it took.
    pub(super) took: Duration,
}

impl TestedCase {
    /// Why the execution came to no end.
    pub(super) fn dead_end(&self) -> Option<String> {
        match &self.run.ending {
            Ending::Ended(_) => None,
            ending => Some(ending.to_string()),
        }
    }

    /// Whether all is as expected.
    pub(super) fn passed(&self) -> bool {
        self.mismatches.is_empty() && matches!(self.run.ending, Ending::Ended(_))
    }
}

impl Tested {
    /// Finds the test files, reads them and runs the cases that the filter leaves.
    pub(super) fn run(arguments: &TestArguments) -> Result<Self, UsageError> {
        let found = files::find(files::or_here(&arguments.paths));
        if found.is_empty() {
            let paths: Vec<_> =
                files::or_here(&arguments.paths).iter().map(|path| path.display().to_string()).collect();
            return Err(UsageError::NoFiles(paths.join(", ")));
        }
        let mut tested = Self::default();
        for file in found {
            tested.file(file, arguments.filter.as_deref());
        }
        match &arguments.filter {
            Some(filter) if tested.cases().next().is_none() && tested.problems.is_empty() => {
                Err(UsageError::NothingMatches(filter.clone()))
            }
            _ => Ok(tested),
        }
    }

    fn file(&mut self, file: PathBuf, filter: Option<&str>) {
        let loaded = match files::load(&file) {
            Ok(loaded) => loaded,
            Err(message) => return self.problems.push(Unusable { file, message }),
        };
        let limits = Limits::default();
        let mut cases = Vec::new();
        for case in loaded.cases.into_iter().filter(|case| filter.is_none_or(|text| case.name.contains(text))) {
            let begun = Instant::now();
            let run = rehearsal::run(&loaded.program, case.input, case.start_time, &case.mocks, &limits);
            let mismatches = rehearsal::judge(&case.expect, &run);
            cases.push(TestedCase { name: case.name, run, mismatches, took: begun.elapsed() });
        }
        let definition = tidied(&loaded.definition);
        if !cases.is_empty() {
            let coverage = self.coverage.entry(definition.clone()).or_insert_with(|| Coverage::of(&loaded.program));
            cases.iter().for_each(|case| coverage.add(&case.run.reached));
        }
        self.files.push(TestedFile { file, definition, cases });
    }

    /// Every case that was run.
    pub(super) fn cases(&self) -> impl Iterator<Item = &TestedCase> {
        self.files.iter().flat_map(|file| &file.cases)
    }

    /// How many cases did not pass.
    pub(super) fn failed(&self) -> usize {
        self.cases().filter(|case| !case.passed()).count()
    }

    /// How many cases passed.
    pub(super) fn passed(&self) -> usize {
        self.cases().count() - self.failed()
    }

    /// Whether that many percent of each definition were reached.
    pub(super) fn is_covered(&self, percent: f64) -> bool {
        self.coverage.values().all(|coverage| coverage.percent() >= percent)
    }
}

/// The path without `x/..`, so that one definition has one name, however its test files spell it. A path through a
/// link stays as it is written.
fn tidied(path: &Path) -> PathBuf {
    use std::path::Component;
    let mut tidied = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if matches!(tidied.components().next_back(), Some(Component::Normal(_))) => {
                tidied.pop();
            }
            component => tidied.push(component),
        }
    }
    // Where a link makes the short path another file, the long one stays.
    let is_same = matches!((path.canonicalize(), tidied.canonicalize()), (Ok(long), Ok(short)) if long == short);
    if is_same { tidied } else { path.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_has_one_name() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("tests")).unwrap();
        std::fs::write(folder.path().join("a.json"), "").unwrap();
        let plain = folder.path().join("a.json");
        for spelling in ["a.json", "./a.json", "tests/../a.json", "tests/./../a.json"] {
            assert_eq!(tidied(&folder.path().join(spelling)), plain, "{spelling}");
        }
        assert_eq!(tidied(Path::new("../no-such-file")), Path::new("../no-such-file"));
    }
}
