//! Finds test files and reads them with their definitions.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use asl::Program;
use asl::diagnostic::Severity;
use asl::program::MachineType;
use document::placeholders::Values;
use document::{Document, Syntax};
use rehearsal::{Case, Problem, TestFile};
use runtime::quotas::Quotas;

use crate::check::{Checked, Subject, ValuesFrom};
use crate::excerpt::{Colour, place, render};

/// How the names of test files in a directory end.
const ENDINGS: [&str; 3] = [".test.yaml", ".test.yml", ".test.json"];
/// Directories that hold no tests of one's own; hidden ones are passed over too.
const PASSED_OVER: [&str; 2] = ["node_modules", "target"];

/// A test file that can be run.
pub(super) struct Loaded {
    /// The definition's path.
    pub(super) definition: PathBuf,
    /// The definition.
    pub(super) program: Arc<Program>,
    /// The cases.
    pub(super) cases: Vec<Case>,
}

/// What is given, or the working directory where nothing is.
pub(super) fn or_here(paths: &[PathBuf]) -> &[PathBuf] {
    static HERE: LazyLock<[PathBuf; 1]> = LazyLock::new(|| [PathBuf::from(".")]);
    if paths.is_empty() { &*HERE } else { paths }
}

/// Files given as they are, and the test files below directories, sorted. Links to directories are not followed.
pub(super) fn find(paths: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            let first = found.len();
            find_below(path, &mut found);
            found[first..].sort();
        } else {
            found.push(path.clone());
        }
    }
    found
}

/// A directory that cannot be read has no tests.
fn find_below(directory: &Path, found: &mut Vec<PathBuf>) {
    let mut open = vec![directory.to_owned()];
    while let Some(directory) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&directory) else { continue };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if is_directory && !name.starts_with('.') && !PASSED_OVER.contains(&&*name) {
                open.push(entry.path());
            } else if !is_directory && ENDINGS.iter().any(|ending| name.ends_with(ending)) {
                found.push(entry.path());
            }
        }
    }
}

/// Where the test file's definition is, as far as the file can be read.
pub(super) fn definition_of(file: &Path, text: &str) -> Option<PathBuf> {
    let document = Document::parse(text, Syntax::of_path(file)).ok()?;
    document.value().get("definition")?.as_str().map(|name| beside(file, name))
}

fn beside(file: &Path, name: &str) -> PathBuf {
    file.parent().unwrap_or(Path::new("")).join(name)
}

/// Reads a test file and its definition; an error is the text to show.
pub(super) fn load(file: &Path) -> Result<Loaded, String> {
    let source = read(file)?;
    let document = parse(file, &source)?;
    let test_file = TestFile::read(&document).map_err(|problems| listed(file, &source, &problems))?;
    let definition = beside(file, &test_file.definition);
    let text = read(&definition).map_err(|message| {
        line(file, &source, document.member("definition").start, &format!("definition: {message}"))
    })?;
    let program = program(&definition, &text, test_file.machine_type, &test_file.vars, ValuesFrom::TestFile)?;
    let misfits = TestFile::misfits(&document, &program);
    if !misfits.is_empty() {
        return Err(listed(file, &source, &misfits));
    }
    Ok(Loaded { definition, program: Arc::new(program), cases: test_file.cases })
}

/// Reads a definition; an error is the text to show. One of an EXPRESS state machine ends in the time that those have.
pub(super) fn program(
    file: &Path,
    text: &str,
    machine_type: MachineType,
    vars: &Values,
    values_from: ValuesFrom,
) -> Result<Program, String> {
    let (name, syntax) = (file.display().to_string(), Syntax::of_path(file));
    let subject = Subject::of_file(name, text.to_owned(), syntax, machine_type, vars);
    let subject = Subject { values_from, ..subject };
    let Checked { mut program, findings, .. } = subject.check();
    if let (Some(program), MachineType::Express) = (&mut program, machine_type) {
        let most = Quotas::default().express.as_secs();
        program.timeout_seconds = Some(program.timeout_seconds.unwrap_or(most).min(most));
    }
    program.ok_or_else(|| {
        let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
        let shown = errors.map(|finding| render(finding, &subject.name, text, Colour::None));
        shown.collect::<String>().trim_end().to_owned()
    })
}

/// Reads a file; an error is the text to show.
pub(crate) fn read(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| format!("cannot read {}: {error}", file.display()))
}

/// Parses a file; an error is the text to show.
pub(crate) fn parse<'t>(file: &Path, source: &'t str) -> Result<Document<'t>, String> {
    Document::parse(source, Syntax::of_path(file)).map_err(|error| line(file, source, error.offset, &error.message))
}

/// The problems of a file, one a line.
pub(crate) fn listed(file: &Path, source: &str, problems: &[Problem]) -> String {
    let shown = |problem: &Problem| {
        let at = if problem.at.is_empty() { String::new() } else { format!("{}: ", problem.at) };
        line(file, source, problem.span.start, &format!("{at}{}", problem.message))
    };
    problems.iter().map(shown).collect::<Vec<_>>().join("\n")
}

fn line(file: &Path, source: &str, offset: usize, message: &str) -> String {
    let place = place(source, offset);
    format!("{}:{}:{}: {message}", file.display(), place.line, place.column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_files_are_found_below_directories() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for directory in ["b/c", ".hidden", "node_modules"] {
            std::fs::create_dir_all(root.join(directory)).unwrap();
        }
        for file in [
            "z.test.yaml",
            "a.test.json",
            "b/c/x.test.yml",
            "b/x.yaml",
            ".hidden/x.test.yml",
            "node_modules/x.test.yml",
        ] {
            std::fs::write(root.join(file), "").unwrap();
        }
        let given = root.join("b/x.yaml");
        let found = find(&[given.clone(), root.to_owned()]);
        let below = ["a.test.json", "b/c/x.test.yml", "z.test.yaml"].map(|name| root.join(name));
        assert_eq!(found, [&[given][..], &below[..]].concat());
    }
}
