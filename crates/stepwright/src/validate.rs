//! `stepwright validate`: reads definitions and shows what is wrong with them, where, and what to do about it.
//!
//! One submodule per way to print. They print what [`finding`] has gathered and decide nothing.

mod files;
mod finding;
mod github;
mod json;
mod pointer;
mod rules;
mod sarif;
mod text;

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use asl::diagnostic::Severity;
use asl::read::MachineType;
use rehearsal::{Definition, Syntax};

use crate::cli::{self, ValidateArguments, ValidateFormat};
use crate::definition::{ReadError, read_text};
use crate::excerpt::Colour;
use crate::{FAILED, Failure, USAGE, chain, say};
use finding::Checked;

impl From<cli::MachineType> for MachineType {
    fn from(machine_type: cli::MachineType) -> Self {
        match machine_type {
            cli::MachineType::Standard => Self::Standard,
            cli::MachineType::Express => Self::Express,
        }
    }
}

impl From<cli::Severity> for Severity {
    fn from(severity: cli::Severity) -> Self {
        match severity {
            cli::Severity::Error => Self::Error,
            cli::Severity::Warning => Self::Warning,
        }
    }
}

/// Checks every definition and prints what was found. One that cannot be read keeps none of the others from being
/// checked.
pub(crate) fn validate(arguments: &ValidateArguments) -> Result<ExitCode, Failure> {
    let found = files::find(&arguments.files);
    let mut is_complete = found.problems.is_empty();
    for problem in &found.problems {
        complain(problem);
    }
    let mut checked = Vec::new();
    for file in &found.files {
        match check(file, arguments) {
            Ok(one) => checked.push(one),
            Err(error) => {
                is_complete = false;
                complain(&error);
            }
        }
    }
    std::io::stdout().write_all(printed(&checked, is_complete, arguments.format).as_bytes())?;
    Ok(match (is_complete, checked.iter().all(Checked::is_valid)) {
        (false, _) => ExitCode::from(USAGE),
        (true, false) => ExitCode::from(FAILED),
        (true, true) => ExitCode::SUCCESS,
    })
}

fn complain(error: &(dyn std::error::Error + 'static)) {
    say(&format!("stepwright: {}", chain(error)));
}

fn check(file: &Path, arguments: &ValidateArguments) -> Result<Checked, ReadError> {
    let source = read_text(file)?;
    let syntax = Syntax::of_path(file);
    let diagnostics = Definition::read(&source, syntax, arguments.machine_type.into()).diagnostics;
    Ok(Checked::new(file, source, syntax, diagnostics, arguments.severity.into()))
}

fn printed(checked: &[Checked], is_complete: bool, format: ValidateFormat) -> String {
    match format {
        ValidateFormat::Text => text::print(checked, Colour::for_terminal(std::io::stdout().is_terminal())),
        ValidateFormat::Json => format!("{:#}\n", json::print(checked)),
        ValidateFormat::Github => github::print(checked),
        ValidateFormat::Sarif => format!("{:#}\n", sarif::print(checked, is_complete)),
    }
}
