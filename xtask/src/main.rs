//! The chores: `cargo xtask tidy` says where the project breaks its own rules; `cargo xtask models` makes the service
//! models anew.

mod models;
mod tidy;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["tidy"] => tidy(),
        ["models"] => models(None),
        ["models", data] => models(Some(Path::new(data))),
        _ => {
            say("usage: cargo xtask tidy\n       cargo xtask models [BOTOCORE_DATA]");
            ExitCode::from(2)
        }
    }
}

fn tidy() -> ExitCode {
    match tidy::untidy() {
        Ok(findings) if findings.is_empty() => {
            say("tidy");
            ExitCode::SUCCESS
        }
        Ok(findings) => {
            findings.iter().for_each(|finding| say(&finding.to_string()));
            ExitCode::FAILURE
        }
        Err(error) => {
            say(&format!("tidy: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn models(data: Option<&Path>) -> ExitCode {
    match models::make(data) {
        Ok(made) => {
            say(&made.to_string());
            ExitCode::SUCCESS
        }
        Err(error) => {
            say(&format!("models: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// The workspace: the folder above this crate's.
fn root() -> &'static Path {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_dir.parent().unwrap_or(crate_dir)
}

fn say(line: &str) {
    // Nothing can be done about a stderr that is closed.
    let _ = writeln!(std::io::stderr(), "{line}");
}
