//! What the tests of the rules share.

use crate::diagnostic::Severity;
use crate::read::{MachineType, Reading, read};

/// A machine of the one state `X`.
pub(crate) fn machine(state: &str) -> String {
    format!(r#"{{"StartAt": "X", "States": {{"X": {state}}}}}"#)
}

/// A JSONata machine of the one state `X`.
pub(crate) fn jsonata_machine(state: &str) -> String {
    format!(r#"{{"QueryLanguage": "JSONata", "StartAt": "X", "States": {{"X": {state}}}}}"#)
}

/// What reading says, each as `CODE: text at place`.
pub(crate) fn findings(definition: &str) -> Vec<String> {
    printed(&read(definition, MachineType::Standard), |_| true)
}

/// The definition is refused with exactly these texts.
#[track_caller]
pub(crate) fn refused(definition: &str, texts: &[&str]) {
    refused_as(MachineType::Standard, definition, texts);
}

/// The definition is refused with exactly these texts as a machine of that type.
#[track_caller]
pub(crate) fn refused_as(machine_type: MachineType, definition: &str, texts: &[&str]) {
    let reading = read(definition, machine_type);
    assert_eq!(printed(&reading, |severity| severity == Severity::Error), texts, "{definition}");
    assert!(reading.program.is_none(), "refused definitions give no program: {definition}");
}

/// The definition is accepted.
#[track_caller]
pub(crate) fn accepted(definition: &str) {
    accepted_as(MachineType::Standard, definition);
}

/// The definition is accepted as a machine of that type.
#[track_caller]
pub(crate) fn accepted_as(machine_type: MachineType, definition: &str) {
    let reading = read(definition, machine_type);
    assert_eq!(printed(&reading, |severity| severity == Severity::Error), [""; 0], "{definition}");
    assert!(reading.program.is_some(), "accepted definitions give a program: {definition}");
}

fn printed(reading: &Reading, shown: impl Fn(Severity) -> bool) -> Vec<String> {
    reading.diagnostics.iter().filter(|d| shown(d.severity)).map(ToString::to_string).collect()
}
