//! `stepwright validate`: reads definitions and shows what is wrong with them, and where.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use asl::diagnostic::{Diagnostic, Severity};
use asl::read::MachineType;
use rehearsal::{Definition, Syntax};
use serde_json::{Value, json};

use crate::cli::{self, Format, ValidateArguments};
use crate::definition::{read_text, shown_name};
use crate::excerpt::{Colour, place, render};
use crate::{FAILED, Failure};

impl From<cli::MachineType> for MachineType {
    fn from(machine_type: cli::MachineType) -> Self {
        match machine_type {
            cli::MachineType::Standard => Self::Standard,
            cli::MachineType::Express => Self::Express,
        }
    }
}

/// What one file gave.
struct Checked {
    file: String,
    source: String,
    diagnostics: Vec<Diagnostic>,
}

impl Checked {
    fn count(&self, severity: Severity) -> usize {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count()
    }

    fn is_valid(&self) -> bool {
        self.count(Severity::Error) == 0
    }
}

/// Checks every file and prints what was found.
pub(crate) fn validate(arguments: &ValidateArguments) -> Result<ExitCode, Failure> {
    let mut checked = Vec::new();
    for file in &arguments.files {
        checked.push(check(file, arguments.machine_type.into())?);
    }
    let text = match arguments.format {
        Format::Text => as_text(&checked, Colour::for_terminal(std::io::stdout().is_terminal())),
        Format::Json => format!("{:#}\n", as_json(&checked)),
    };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(if checked.iter().all(Checked::is_valid) { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}

fn check(file: &Path, machine_type: MachineType) -> Result<Checked, Failure> {
    let source = read_text(file)?;
    let diagnostics = Definition::read(&source, Syntax::of_path(file), machine_type).diagnostics;
    Ok(Checked { file: shown_name(file), source, diagnostics })
}

fn as_text(checked: &[Checked], colour: Colour) -> String {
    let mut text = String::new();
    for one in checked {
        for diagnostic in &one.diagnostics {
            text.push_str(&render(diagnostic, &one.file, &one.source, colour));
            text.push('\n');
        }
        text.push_str(&format!("{}: {}\n", one.file, verdict(one, colour)));
    }
    text
}

fn verdict(checked: &Checked, colour: Colour) -> String {
    let counted = |count: usize, noun: &str| match count {
        0 => None,
        1 => Some(format!("1 {noun}")),
        _ => Some(format!("{count} {noun}s")),
    };
    let errors = counted(checked.count(Severity::Error), "error");
    let warnings = counted(checked.count(Severity::Warning), "warning");
    let found: Vec<_> = [errors, warnings].into_iter().flatten().collect();
    match (checked.is_valid(), found.is_empty()) {
        (true, true) => colour.paint("1;32", "valid"),
        (true, false) => format!("{}, {}", colour.paint("1;32", "valid"), found.join(", ")),
        (false, _) => colour.paint("1;31", &found.join(", ")),
    }
}

fn as_json(checked: &[Checked]) -> Value {
    checked.iter().map(file_as_json).collect()
}

fn file_as_json(checked: &Checked) -> Value {
    let diagnostics: Vec<Value> =
        checked.diagnostics.iter().map(|one| diagnostic_as_json(one, &checked.source)).collect();
    json!({
        "file": checked.file,
        "result": if checked.is_valid() { "OK" } else { "FAIL" },
        "diagnostics": diagnostics,
    })
}

fn diagnostic_as_json(diagnostic: &Diagnostic, source: &str) -> Value {
    let place = diagnostic.span.as_ref().map(|span| place(source, span.start));
    json!({
        "severity": match diagnostic.severity { Severity::Error => "ERROR", Severity::Warning => "WARNING" },
        "code": diagnostic.code.as_str(),
        "message": diagnostic.message,
        "location": diagnostic.location,
        "line": place.map(|place| place.line),
        "column": place.map(|place| place.column),
        "help": diagnostic.help,
    })
}
