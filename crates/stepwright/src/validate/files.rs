//! Finds the definitions that the command line names.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

/// How the names of definitions in a directory end.
const ENDINGS: [&str; 3] = [".asl.json", ".asl.yaml", ".asl.yml"];
/// Directories that hold no definitions of one's own; hidden ones are passed over too.
const PASSED_OVER: [&str; 2] = ["node_modules", "target"];

/// A directory that gives no definitions.
#[derive(Debug, thiserror::Error)]
pub(super) enum DirectoryError {
    /// It cannot be listed.
    #[error("cannot read {name}")]
    Unreadable {
        /// The directory.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// There are no definitions below it.
    #[error(
        "no definitions below {name}: expected files named *.asl.json, *.asl.yaml or *.asl.yml, or templates with state \
         machines named template.yaml, template.json, *.template.yaml or *.template.json"
    )]
    Empty {
        /// The directory.
        name: String,
    },
}

/// Whether a file may be a template of CloudFormation: a definition in a file of its own has another name.
pub(super) fn may_be_template(file: &Path) -> bool {
    let name = file.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let is_text = [".json", ".yaml", ".yml"].iter().any(|ending| name.ends_with(ending));
    is_text && !ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// Whether a file in a directory is a template that has state machines, by its name and by what stands in it.
fn is_template(path: &Path, name: &str) -> bool {
    let stem = [".json", ".yaml", ".yml"].iter().find_map(|ending| name.strip_suffix(ending));
    let is_named_so = stem.is_some_and(|stem| stem == "template" || stem.ends_with(".template"));
    is_named_so && std::fs::read_to_string(path).is_ok_and(|text| text.contains("::StateMachine"))
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The definitions, none twice.
    pub(super) files: Vec<PathBuf>,
    /// The directories that gave none.
    pub(super) problems: Vec<DirectoryError>,
}

impl Found {
    /// Where a file comes; what a template names comes first.
    pub(super) fn place(&self, file: Option<&Path>) -> Option<usize> {
        self.files.iter().position(|found| Some(found.as_path()) == file.or(Some(Path::new("-"))))
    }
}

/// Files given as they are, and the definitions below directories, sorted. Links to directories are not followed.
pub(super) fn find(paths: &[PathBuf]) -> Found {
    let mut found = Found::default();
    for path in paths {
        if path.is_dir() {
            find_below(path, &mut found);
        } else {
            found.files.push(path.clone());
        }
    }
    let mut seen = HashSet::new();
    found.files.retain(|file| seen.insert(file.clone()));
    found
}

fn find_below(root: &Path, found: &mut Found) {
    let mut files = Vec::new();
    let mut problems = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(directory) = open.pop() {
        if let Err(source) = list(&directory, &mut open, &mut files) {
            problems.push(DirectoryError::Unreadable { name: directory.display().to_string(), source });
        }
    }
    if files.is_empty() && problems.is_empty() {
        problems.push(DirectoryError::Empty { name: root.display().to_string() });
    }
    files.sort();
    found.files.append(&mut files);
    found.problems.append(&mut problems);
}

fn list(directory: &Path, directories: &mut Vec<PathBuf>, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_directory = entry.file_type()?.is_dir();
        if is_directory && !name.starts_with('.') && !PASSED_OVER.contains(&&*name) {
            directories.push(entry.path());
        } else if !is_directory
            && (ENDINGS.iter().any(|ending| name.ends_with(ending)) || is_template(&entry.path(), &name))
        {
            files.push(entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_are_found_below_directories_and_none_twice() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for directory in ["b/c", ".hidden", "node_modules"] {
            std::fs::create_dir_all(root.join(directory)).unwrap();
        }
        for file in
            ["z.asl.yaml", "a.asl.json", "b/c/x.asl.yml", "b/x.json", ".hidden/x.asl.json", "node_modules/x.asl.json"]
        {
            std::fs::write(root.join(file), "").unwrap();
        }
        let [plain, stdin] = [root.join("b/x.json"), PathBuf::from("-")];
        std::fs::write(root.join("b/template.yaml"), "Type: AWS::Serverless::StateMachine").unwrap();
        std::fs::write(root.join("b/c/x.template.json"), "{}").unwrap();
        let found = find(&[plain.clone(), stdin.clone(), root.to_owned(), root.join("a.asl.json"), stdin.clone()]);
        let below = ["a.asl.json", "b/c/x.asl.yml", "b/template.yaml", "z.asl.yaml"].map(|name| root.join(name));
        assert_eq!(found.files, [&[plain, stdin][..], &below[..]].concat());
        assert!(found.problems.is_empty(), "{:?}", found.problems);
    }

    #[test]
    fn a_directory_without_definitions_is_a_problem() {
        let folder = tempfile::tempdir().unwrap();
        let found = find(&[folder.path().to_owned()]);
        assert!(found.files.is_empty());
        assert!(matches!(found.problems[..], [DirectoryError::Empty { .. }]), "{:?}", found.problems);
    }
}
