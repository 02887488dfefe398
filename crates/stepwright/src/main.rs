//! The binary: reads the command line, wires the parts together, and turns the outcome into an exit code.
//!
//! No logic lives here. One file per command; what several commands need has a file of its own.

mod check;
mod cli;
mod completions;
mod config;
mod definition;
mod descriptors;
mod doctor;
mod excerpt;
mod failure_log;
mod logging;
mod mock_config;
mod placeholder_values;
mod run;
mod serve;
mod services;
mod signals;
mod test;
mod validate;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use cli::{Cli, Command};

/// The C library's allocator grows slow where ten thousand waiting tasks leave small allocations scattered in its heap
/// (docs/performance.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What a command could not do, for the one line on stderr.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Exit code: the command did not do its work.
const FAILED: u8 = 1;
/// Exit code: the server found itself broken, and is to be started again (EX_SOFTWARE).
const BROKEN: u8 = 70;
/// Exit code: the command line, the configuration or a definition is wrong.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let arguments = config::local::with_long_spellings(std::env::args_os());
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return explain(&error),
    };
    let outcome = match cli.command {
        Command::Serve(arguments) => serve::serve(&arguments),
        Command::Validate(arguments) => validate::validate(&arguments),
        Command::Run(arguments) => run::run(&arguments),
        Command::Test(arguments) => test::test(&arguments),
        Command::Doctor(arguments) => doctor::doctor(&arguments),
        Command::Completions(arguments) => completions::completions(&arguments),
    };
    outcome.unwrap_or_else(|failure| {
        say(&format!("stepwright: {}", chain(failure.as_ref())));
        ExitCode::from(if is_usage(failure.as_ref()) { USAGE } else { FAILED })
    })
}

/// Whether the caller, not the machine, has something to put right.
fn is_usage(failure: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    failure.is::<config::ConfigError>()
        || failure.is::<definition::ReadError>()
        || failure.is::<mock_config::MockConfigError>()
        || failure.is::<placeholder_values::PlaceholderError>()
        || failure.is::<run::UsageError>()
        || failure.is::<services::FunctionsError>()
        || failure.is::<test::UsageError>()
}

/// Prints clap's own help, version or complaint.
fn explain(error: &clap::Error) -> ExitCode {
    if error.kind() == ErrorKind::DisplayVersion {
        // clap would call it by the command's name.
        let _ = writeln!(std::io::stdout(), "stepwright {}", env!("CARGO_PKG_VERSION"));
        return ExitCode::SUCCESS;
    }
    // A closed pipe (`stepwright --help | head`) is no reason to fail.
    let _ = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
        _ => ExitCode::from(USAGE),
    }
}

/// One line on stderr.
fn say(line: &str) {
    // Nothing can be done about a stderr that is closed.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// An error and its causes on one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        if !line.ends_with(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        source = cause.source();
    }
    line.replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn an_error_with_its_causes_is_one_line() {
        let error = Outer(std::io::Error::other("first\nsecond"));
        assert_eq!(chain(&error), "outer: first second");
    }
}
