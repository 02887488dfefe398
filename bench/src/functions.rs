//! The functions that are invoked: trivial ones, in each language that the server runs by itself.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::error::BenchError;

/// Functions of each language that are invoked once only, for their cold start.
pub(crate) const COLD: u32 = 5;

/// The variables a function gets of the server's own environment: with them the language's own start is measured.
const INHERITED: [&str; 6] = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR"];

/// A language, and its trivial handler.
#[derive(Debug)]
pub(crate) struct Language {
    /// The language.
    pub(crate) name: &'static str,
    /// What runs it, looked up in `PATH`; also the name of its warm function.
    pub(crate) program: &'static str,
    /// Arguments that make it do nothing.
    nothing: &'static [&'static str],
    file: &'static str,
    handler: &'static str,
}

/// Node and Python.
pub(crate) const LANGUAGES: [Language; 2] = [
    Language {
        name: "Node",
        program: "node",
        nothing: &["-e", "0"],
        file: "index.js",
        handler: "exports.handler = async () => ({ ok: true });\n",
    },
    Language {
        name: "Python",
        program: "python3",
        nothing: &["-c", "pass"],
        file: "lambda_function.py",
        handler: "def lambda_handler(event, context):\n    return {\"ok\": True}\n",
    },
];

impl Language {
    /// The name of a function that nothing has invoked yet.
    pub(crate) fn cold(&self, number: u32) -> String {
        format!("{}-cold-{number}", self.program)
    }

    /// How long the language alone takes from its start to its end, as a function's process is started in that folder.
    pub(crate) fn bare_start(&self, folder: &Path) -> Result<Duration, BenchError> {
        let attempt = || format!("run {}", self.program);
        let inherited = INHERITED.iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
        let mut command = Command::new(self.program);
        command.args(self.nothing).env_clear().envs(inherited).current_dir(folder);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let begin = Instant::now();
        let status = command.status().map_err(BenchError::io(attempt()))?;
        let elapsed = begin.elapsed();
        if !status.success() {
            return Err(BenchError::Failed { program: self.program.to_owned(), status });
        }
        Ok(elapsed)
    }
}

/// Writes the functions into that directory, a folder each.
pub(crate) fn write(directory: &Path) -> Result<(), BenchError> {
    for language in &LANGUAGES {
        let cold = (0..COLD).map(|number| language.cold(number));
        for name in cold.chain([language.program.to_owned()]) {
            let folder = directory.join(name);
            fs::create_dir_all(&folder)
                .and_then(|()| fs::write(folder.join(language.file), language.handler))
                .map_err(BenchError::io(format!("write a function to {}", folder.display())))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_has_a_warm_function_and_the_cold_ones() {
        let directory = tempfile::tempdir().expect("a directory");
        write(directory.path()).expect("written");
        let folders = fs::read_dir(directory.path()).expect("a directory").count();
        assert_eq!(folders, LANGUAGES.len() * (COLD as usize + 1));
        assert!(directory.path().join("node-cold-0/index.js").is_file());
        assert!(directory.path().join("python3/lambda_function.py").is_file());
    }

    #[test]
    fn a_program_that_is_missing_or_fails_is_an_error() {
        let folder = tempfile::tempdir().expect("a directory");
        let bare_start = |program| Language { program, nothing: &[], ..LANGUAGES[0] }.bare_start(folder.path());
        assert!(matches!(bare_start("no-such-program-here"), Err(BenchError::Io { .. })));
        assert!(matches!(bare_start("false"), Err(BenchError::Failed { .. })));
        bare_start("true").expect("a duration");
    }
}
