//! What a function's folder says: which runtime, which handler, which limits. By convention or in a `function.json`.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::Deserialize;

use crate::folder::Snapshot;

/// The file in which a function may say what it is.
const FILE: &str = "function.json";

/// The longest `function.json`, and how much of a Python file is searched for its handler's name, in bytes.
const MAX_READ: u64 = 1 << 20;

/// The files that make a folder a function, in the order in which they are looked for, with the handler each means.
/// Node's endings in the order of Lambda's own Node runtime.
const CONVENTIONS: &[(&str, Language, &str)] = &[
    ("bootstrap", Language::Provided, "bootstrap"),
    ("index.js", Language::Node, "index.handler"),
    ("index.mjs", Language::Node, "index.handler"),
    ("index.cjs", Language::Node, "index.handler"),
    ("lambda_function.py", Language::Python, "lambda_function"),
    ("handler.py", Language::Python, "handler"),
];

/// What runs a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Node.js, ECMAScript or CommonJS modules.
    Node,
    /// Python 3.
    Python,
    /// An executable `bootstrap` that speaks the runtime API itself.
    Provided,
}

/// What a function is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Its name: its folder's.
    pub name: String,
    /// Its ARN, unqualified.
    pub arn: String,
    /// The runtime's identifier as `function.json` has it; by convention `nodejs`, `python3` or `provided.al2023`.
    pub runtime: String,
    /// What runs it.
    pub language: Language,
    /// The handler, `file.function`.
    pub handler: String,
    /// The longest an invocation may take: 1 to 900 seconds; Lambda's default is 3.
    pub timeout: Duration,
    /// The memory in MiB: 128 to 10,240; told to the function, not enforced.
    pub memory_mib: u32,
    /// Its own variables.
    pub environment: Vec<(String, String)>,
    /// Its folder, absolute.
    pub folder: PathBuf,
    /// The size of its files in bytes, installed packages left out.
    pub code_size: u64,
    /// When its files changed last.
    pub last_modified: SystemTime,
}

/// What is wrong with a function's folder.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {problem}", .path.display())]
pub struct DefinitionError {
    /// The file or folder that is wrong.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: DefinitionProblem,
}

/// The ways in which a function's folder can be wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DefinitionProblem {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// It is no JSON object of the right form. The text names line, column and, for an unknown key, the known ones.
    #[error("{0}")]
    Malformed(String),
    /// No such runtime, or one that does not run here.
    #[error(
        "the runtime {0} does not run here: name nodejs or a nodejs version (nodejs22.x), python3 or a python version \
         (python3.13), or provided.al2023 for an executable bootstrap"
    )]
    UnknownRuntime(String),
    /// A number is out of bounds.
    #[error("{key} is {value}, it must be {least} to {most}")]
    OutOfBounds {
        /// The key in `function.json`.
        key: &'static str,
        /// What it says.
        value: u64,
        /// The least allowed.
        least: u64,
        /// The most allowed.
        most: u64,
    },
    /// The handler names a file that is not there.
    #[error("no file of the folder fits the handler {0}: name the file and its function, as in index.handler")]
    HandlerWithoutFile(String),
    /// The folder has nothing to run.
    #[error(
        "no handler was found: a function has an index.js, index.mjs or index.cjs that exports handler, a \
         lambda_function.py or handler.py with lambda_handler or handler, an executable bootstrap, or a function.json"
    )]
    NoHandler,
    /// `bootstrap` is there but may not be executed.
    #[error("is not executable: chmod +x it")]
    NotExecutable,
}

/// `function.json`. Every key may be left out.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FunctionFile {
    runtime: Option<String>,
    handler: Option<String>,
    timeout: Option<u64>,
    memory: Option<u64>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
}

impl Description {
    /// Reads what a folder says.
    ///
    /// # Errors
    /// It says nothing, or something wrong.
    pub(crate) fn read(folder: &Path, name: &str, arn: String, snapshot: &Snapshot) -> Result<Self, DefinitionError> {
        let file = folder.join(FILE);
        let wrong = |problem| DefinitionError { path: file.clone(), problem };
        let said = read_file(&file)?;
        let language = said.runtime.as_deref().map(language).transpose().map_err(wrong)?;
        let timeout = bounded("timeout", said.timeout, 3, 1, 900).map_err(wrong)?;
        let memory = bounded("memory", said.memory, 128, 128, 10_240).map_err(wrong)?;
        let (language, handler) = match (language, said.handler) {
            (Some(language), Some(handler)) => (language, handler),
            (None, Some(handler)) => (language_of(folder, &handler).map_err(wrong)?, handler),
            (wanted, None) => by_convention(folder, wanted)
                .ok_or_else(|| DefinitionError { path: folder.to_owned(), problem: DefinitionProblem::NoHandler })?,
        };
        if language == Language::Provided {
            check_bootstrap(folder)?;
        }
        Ok(Self {
            name: name.to_owned(),
            arn,
            runtime: said.runtime.unwrap_or_else(|| usual_runtime(language).to_owned()),
            language,
            handler,
            timeout: Duration::from_secs(timeout),
            memory_mib: u32::try_from(memory).unwrap_or(u32::MAX),
            environment: said.environment.into_iter().collect(),
            folder: folder.to_owned(),
            code_size: snapshot.code_size,
            last_modified: snapshot.last_modified,
        })
    }
}

/// Whether a folder looks like a function, be it a faulty one.
pub(crate) fn looks_like_function(folder: &Path) -> bool {
    folder.join(FILE).is_file() || CONVENTIONS.iter().any(|(file, ..)| folder.join(file).is_file())
}

fn read_file(path: &Path) -> Result<FunctionFile, DefinitionError> {
    let wrong = |problem| DefinitionError { path: path.to_owned(), problem };
    match read_bounded(path) {
        Ok(text) => {
            serde_json::from_slice(&text).map_err(|error| wrong(DefinitionProblem::Malformed(error.to_string())))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(FunctionFile::default()),
        Err(error) => Err(wrong(DefinitionProblem::Unreadable(error.to_string()))),
    }
}

fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    fs::File::open(path)?.take(MAX_READ).read_to_end(&mut text)?;
    Ok(text)
}

fn language(runtime: &str) -> Result<Language, DefinitionProblem> {
    let version =
        |prefix| runtime.strip_prefix(prefix).is_some_and(|rest: &str| !rest.starts_with(char::is_alphabetic));
    match runtime {
        "provided" | "provided.al2" | "provided.al2023" => Ok(Language::Provided),
        _ if version("nodejs") => Ok(Language::Node),
        "python2.7" => Err(DefinitionProblem::UnknownRuntime(runtime.to_owned())),
        _ if version("python") => Ok(Language::Python),
        _ => Err(DefinitionProblem::UnknownRuntime(runtime.to_owned())),
    }
}

fn usual_runtime(language: Language) -> &'static str {
    match language {
        Language::Node => "nodejs",
        Language::Python => "python3",
        Language::Provided => "provided.al2023",
    }
}

fn bounded(key: &'static str, value: Option<u64>, usual: u64, least: u64, most: u64) -> Result<u64, DefinitionProblem> {
    let value = value.unwrap_or(usual);
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    Err(DefinitionProblem::OutOfBounds { key, value, least, most })
}

/// The language of a handler whose runtime nobody named: that of the file it names.
fn language_of(folder: &Path, handler: &str) -> Result<Language, DefinitionProblem> {
    const ENDINGS: &[(&str, Language)] =
        &[("js", Language::Node), ("mjs", Language::Node), ("cjs", Language::Node), ("py", Language::Python)];
    let module = handler.rsplit_once('.').map_or(handler, |(module, _)| module);
    // Python separates folders with points as well.
    for module in [module.to_owned(), module.replace('.', "/")] {
        let found = ENDINGS.iter().find(|(ending, _)| folder.join(format!("{module}.{ending}")).is_file());
        if let Some((_, language)) = found {
            return Ok(*language);
        }
    }
    if folder.join("bootstrap").is_file() {
        return Ok(Language::Provided);
    }
    Err(DefinitionProblem::HandlerWithoutFile(handler.to_owned()))
}

fn by_convention(folder: &Path, wanted: Option<Language>) -> Option<(Language, String)> {
    let (file, language, handler) = CONVENTIONS
        .iter()
        .find(|(file, language, _)| wanted.is_none_or(|wanted| wanted == *language) && folder.join(file).is_file())?;
    let handler = match language {
        Language::Python => format!("{handler}.{}", python_function(&folder.join(file))),
        Language::Node | Language::Provided => (*handler).to_owned(),
    };
    Some((*language, handler))
}

/// Which of its two usual names the handler has. A file that mentions neither is asked for the one that Lambda's console
/// would write, so that the error names it.
fn python_function(path: &Path) -> &'static str {
    let text = read_bounded(path).unwrap_or_default();
    let has = |word: &[u8]| text.windows(word.len()).any(|window| window == word);
    if has(b"lambda_handler") || !has(b"handler") { "lambda_handler" } else { "handler" }
}

fn check_bootstrap(folder: &Path) -> Result<(), DefinitionError> {
    let path = folder.join("bootstrap");
    match fs::metadata(&path) {
        Ok(metadata) if metadata.permissions().mode() & 0o111 != 0 => Ok(()),
        Ok(_) => Err(DefinitionError { path, problem: DefinitionProblem::NotExecutable }),
        Err(error) => Err(DefinitionError { path, problem: DefinitionProblem::Unreadable(error.to_string()) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names and texts.
    type Files<'a> = &'a [(&'a str, &'a str)];

    fn read(files: Files<'_>) -> Result<Description, DefinitionError> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            let executable = *name == "bootstrap" && text.starts_with("#!");
            fs::set_permissions(&path, fs::Permissions::from_mode(if executable { 0o755 } else { 0o644 })).unwrap();
        }
        let snapshot = Snapshot::take(folder.path()).unwrap();
        Description::read(folder.path(), "f", "arn".to_owned(), &snapshot)
    }

    #[test]
    fn a_handler_is_found_by_convention_or_named() {
        let cases: &[(Files<'_>, &str, &str)] = &[
            (&[("index.js", "")], "nodejs", "index.handler"),
            (&[("index.mjs", "")], "nodejs", "index.handler"),
            (&[("index.cjs", "")], "nodejs", "index.handler"),
            (&[("lambda_function.py", "def lambda_handler(e, c): pass")], "python3", "lambda_function.lambda_handler"),
            (&[("handler.py", "def handler(e, c): pass")], "python3", "handler.handler"),
            (&[("handler.py", "def lambda_handler(e, c): pass")], "python3", "handler.lambda_handler"),
            (&[("lambda_function.py", "def main(e, c): pass")], "python3", "lambda_function.lambda_handler"),
            (&[("bootstrap", "#!/bin/sh"), ("index.js", "")], "provided.al2023", "bootstrap"),
            (&[("a/app.py", ""), ("function.json", r#"{"handler": "a/app.main"}"#)], "python3", "a/app.main"),
            (&[("a/app.py", ""), ("function.json", r#"{"handler": "a.app.main"}"#)], "python3", "a.app.main"),
            (&[("app.mjs", ""), ("function.json", r#"{"handler": "app.main"}"#)], "nodejs", "app.main"),
            (
                &[("index.js", ""), ("handler.py", "handler"), ("function.json", r#"{"runtime": "python3.12"}"#)],
                "python3.12",
                "handler.handler",
            ),
        ];
        for (files, runtime, handler) in cases {
            let description = read(files).unwrap();
            assert_eq!((&*description.runtime, &*description.handler), (*runtime, *handler), "{files:?}");
        }
    }

    #[test]
    fn what_is_not_said_is_what_lambda_says() {
        let description = read(&[("index.js", "")]).unwrap();
        assert_eq!((description.timeout, description.memory_mib), (Duration::from_secs(3), 128));
        let json = r#"{"timeout": 900, "memory": 256, "environment": {"B": "2", "A": "1"}}"#;
        let description = read(&[("index.js", ""), ("function.json", json)]).unwrap();
        assert_eq!((description.timeout, description.memory_mib), (Duration::from_secs(900), 256));
        assert_eq!(description.environment, [("A".into(), "1".into()), ("B".into(), "2".into())]);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let node = ("index.js", "");
        let cases: &[(Files<'_>, &str)] = &[
            (&[], "no handler was found"),
            (&[("bootstrap", "no script")], "bootstrap: is not executable"),
            (&[("function.json", r#"{"runtime": "provided.al2023", "handler": "x"}"#)], "bootstrap: cannot be read"),
            (&[node, ("function.json", "{")], "function.json: EOF while parsing an object at line 1 column 1"),
            (
                &[node, ("function.json", "{\n \"memmory\": 1}")],
                "unknown field `memmory`, expected one of `runtime`, `handler`, `timeout`, `memory`, `environment` at \
                 line 2 column 10",
            ),
            (&[node, ("function.json", r#"{"timeout": 901}"#)], "timeout is 901, it must be 1 to 900"),
            (&[node, ("function.json", r#"{"memory": 1}"#)], "memory is 1, it must be 128 to 10240"),
            (&[node, ("function.json", r#"{"runtime": "java21"}"#)], "the runtime java21 does not run here"),
            (&[node, ("function.json", r#"{"runtime": "python2.7"}"#)], "the runtime python2.7 does not run here"),
            (&[node, ("function.json", r#"{"handler": "app.run"}"#)], "no file of the folder fits the handler app.run"),
        ];
        for (files, text) in cases {
            let error = read(files).unwrap_err().to_string();
            assert!(error.contains(text), "{error}");
        }
    }
}
