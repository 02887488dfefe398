//! Reads a definition: JSON text to a [`Program`], and to diagnostics that say what is wrong and where.
//!
//! One pass walks the JSON and makes the program; every mistake is logged and the walk goes on. Reading is not judging:
//! the rules decide what comes in ([`read`]), never what runs ([`load`]). A definition that was accepted once is run by
//! every later version, whatever its rules are. Places are resolved to byte ranges only when there is something to
//! report.

mod catch;
mod container;
mod fields;
mod log;
mod machine;
mod place;
pub mod positions;
mod retry;
mod rules;
mod states;
mod supported;

use crate::diagnostic::{Diagnostic, Severity};
use crate::json::{self, JsonError};
use crate::program::Program;
use crate::value::{Object, Value};

use log::Log;

pub use crate::program::MachineType;

/// What reading a definition gave.
#[derive(Debug)]
pub struct Reading {
    /// The program, where no diagnostic is an error.
    pub program: Option<Program>,
    /// Errors and warnings, in the order of the source; those about how the states of a branch hang together come
    /// behind those about the states themselves. At most some thousand.
    pub diagnostics: Vec<Diagnostic>,
}

/// Why a stored text is no program. Everything less is in the program, in the states that it is about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// It is no JSON.
    #[error("the definition is not JSON at byte {}: {}", .0.offset, .0.message)]
    NotJson(#[from] JsonError),
    /// It is JSON, but no object.
    #[error("the definition is no object but of type {0}")]
    NotAnObject(&'static str),
    /// It has no `States`, or they are no object.
    #[error("the definition has no object States")]
    NoStates,
    /// It has no `StartAt`, or that is no string.
    #[error("the definition has no string StartAt")]
    NoStartAt,
}

/// Reads a definition that is stored: no rule judges it.
///
/// What cannot be run of it is found by the executions that come to it: the states concerned have a
/// [`fault`](crate::program::State::fault).
///
/// # Errors
/// There is nothing to run at all.
pub fn load(definition: &str) -> Result<Program, LoadError> {
    let value = json::parse_to_keep(definition.as_bytes())?;
    let object = value.as_object().ok_or_else(|| LoadError::NotAnObject(value.type_name()))?;
    object.get("States").and_then(Value::as_object).ok_or(LoadError::NoStates)?;
    object.get("StartAt").and_then(Value::as_str).ok_or(LoadError::NoStartAt)?;
    // The type decides about diagnostics alone.
    Ok(machine::read(object, MachineType::Standard, &Log::default()))
}

/// Reads and validates a definition.
pub fn read(definition: &str, machine_type: MachineType) -> Reading {
    read_object(definition, Log::default(), |object, log| machine::read(object, machine_type, log))
}

/// Reads and validates one state, as TestState takes it. The program is a machine of that state, named `name`, and
/// of the states its transitions name, which are taken to exist. Locations are `/States/<name>/…`.
pub fn read_state(definition: &str, name: &str, machine_type: MachineType) -> Reading {
    read_object(definition, Log::below(2), |object, log| machine::read_state(object, name, machine_type, log))
}

fn read_object(definition: &str, log: Log, read: impl FnOnce(&Object, &Log) -> Program) -> Reading {
    let refused = |diagnostic| Reading { program: None, diagnostics: vec![diagnostic] };
    let value = match json::parse_to_keep(definition.as_bytes()) {
        Ok(value) => value,
        Err(error) => return refused(rules::json_syntax::not_json(definition, &error)),
    };
    let Some(object) = value.as_object() else {
        return refused(rules::json_syntax::not_an_object(definition));
    };
    let program = read(object, &log);
    let diagnostics = log.into_diagnostics(definition);
    let has_error = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    Reading { program: (!has_error).then_some(program), diagnostics }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::program::{StateKind, Transition};

    const ORDER: &str = r#"{
      "Comment": "orders",
      "TimeoutSeconds": 60,
      "StartAt": "Check",
      "States": {
        "Check": {"Type": "Choice", "Choices": [{"Variable": "$.a", "IsPresent": true, "Next": "Both"}], "Default": "No"},
        "Both": {"Type": "Parallel", "Next": "Done", "Branches": [
          {"StartAt": "L", "States": {"L": {"Type": "Pass", "End": true}}},
          {"StartAt": "R", "States": {"R": {"Type": "Wait", "Seconds": 1, "End": true}}}]},
        "No": {"Type": "Fail", "Error": "E"},
        "Done": {"Type": "Succeed"}
      }
    }"#;

    #[test]
    fn a_definition_becomes_a_program() {
        let reading = read(ORDER, MachineType::Standard);
        assert_eq!(reading.diagnostics, []);
        let program = reading.program.unwrap();
        assert_eq!((program.comment.as_deref(), program.timeout_seconds), (Some("orders"), Some(60)));
        let id = |name: &str| program.state_named(name).unwrap();
        assert_eq!(program.branch(Program::ROOT).start_at, id("Check"));
        let StateKind::Parallel(both) = &program.state(id("Both")).kind else { panic!("Both is a Parallel state") };
        let starts: Vec<_> = both.branches.iter().map(|branch| program.branch(*branch).start_at).collect();
        assert_eq!((starts, both.transition), (vec![id("L"), id("R")], Transition::Next(id("Done"))));
        assert_eq!(program.state(id("L")).branch, both.branches[0]);
        assert_eq!(program.state(id("Done")).branch, Program::ROOT);
    }

    #[test]
    fn diagnostics_point_into_the_source() {
        let text = ORDER.replace("\"Seconds\": 1", "\"Seconds\": -1");
        let reading = read(&text, MachineType::Standard);
        let [diagnostic] = &reading.diagnostics[..] else { panic!("one finding: {:?}", reading.diagnostics) };
        assert_eq!(diagnostic.location.as_deref(), Some("/States/Both/Branches[1]/States/R/Seconds"));
        assert_eq!(&text[diagnostic.span.clone().unwrap()], "-1");
        assert!(diagnostic.help.is_some());
    }

    #[test]
    fn every_mistake_is_found_in_one_go() {
        let text =
            r#"{"StartAt": "A", "Versoin": 1, "States": {"A": {"Type": "Pass"}, "B": {"Type": "Wait", "Next": "C"}}}"#;
        let found: Vec<String> =
            read(text, MachineType::Standard).diagnostics.iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "SCHEMA_VALIDATION_FAILED: Field 'Versoin' is not supported at /",
                "SCHEMA_VALIDATION_FAILED: There should be one of the following fields: [Next, End] at /States/A",
                "SCHEMA_VALIDATION_FAILED: There should be one of the following fields: \
                 [Seconds, SecondsPath, Timestamp, TimestampPath] at /States/B",
                "MISSING_TRANSITION_TARGET: Missing 'Next' target: C at /States/B/Next",
            ]
        );
    }

    #[test]
    fn one_state_is_read_without_those_it_leads_to() {
        let state =
            r#"{"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": true, "Next": "B"}], "Default": "C"}"#;
        let program = read_state(state, "A", MachineType::Standard).program.unwrap();
        assert_eq!(program.branch(Program::ROOT).start_at, program.state_named("A").unwrap());
        assert!(matches!(program.state(program.state_named("C").unwrap()).kind, StateKind::Succeed));

        let text = r#"{"Type": "Parallel", "Branches": [], "End": true}"#;
        let reading = read_state(text, "StateName", MachineType::Standard);
        let [diagnostic] = &reading.diagnostics[..] else { panic!("one finding: {:?}", reading.diagnostics) };
        assert_eq!(
            diagnostic.to_string(),
            "SCHEMA_VALIDATION_FAILED: Value cannot be empty at /States/StateName/Branches"
        );
        assert_eq!(&text[diagnostic.span.clone().unwrap()], "\"Branches\"");
    }

    #[test]
    fn deep_values_are_survived() {
        let deep = format!("{}{}", "[".repeat(900), "]".repeat(900));
        for field in ["Parameters", "Result", "Assign", "Next", "InputPath"] {
            reads(&format!(r#"{{"StartAt": "A", "States": {{"A": {{"Type": "Pass", "{field}": {deep}}}}}}}"#));
        }
    }

    /// JSON made of the words of the language, so that readers of every field meet values of every type.
    fn json() -> impl Strategy<Value = Value> {
        let words = || {
            let tables: [&supported::Table; 8] = [
                supported::STATE,
                supported::TRANSITION,
                supported::WORK,
                supported::TASK,
                supported::MAP,
                supported::WAIT,
                supported::CHOICE_RULE,
                supported::RETRIER,
            ];
            let mut words: Vec<String> =
                tables.iter().flat_map(|table| table.iter().map(|(name, _)| (*name).to_owned())).collect();
            words.extend(
                [
                    "Choices",
                    "Default",
                    "Branches",
                    "StartAt",
                    "States",
                    "And",
                    "Not",
                    "Variable",
                    "StringEquals",
                    "a.$",
                ]
                .map(str::to_owned),
            );
            proptest::sample::select(words)
        };
        let texts = ["Pass", "Task", "Map", "Choice", "Parallel", "Wait", "$.a", "$", "JSONata", "{% 1 %}", "A", "é["];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::int),
            proptest::sample::select(texts.to_vec()).prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 64, 8, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::array),
                proptest::collection::vec((words(), inner), 0..8).prop_map(Value::object),
            ]
        })
    }

    /// Every span must be a range of the text, or showing it would panic.
    fn reads(text: &str) {
        let readings = [read(text, MachineType::Express), read_state(text, "A", MachineType::Standard)];
        for reading in readings {
            for diagnostic in &reading.diagnostics {
                let span = diagnostic.span.clone().unwrap();
                assert!(text.get(span.clone()).is_some(), "{span:?} of {diagnostic}");
            }
            let has_error = reading.diagnostics.iter().any(|d| d.severity == Severity::Error);
            assert_eq!(reading.program.is_none(), has_error);
            let runs = reading.program.is_none_or(|program| program.states.iter().all(|state| state.fault.is_none()));
            assert!(runs, "what is accepted can be run: {text}");
        }
        if let Ok(program) = load(text) {
            program.branches.iter().for_each(|branch| _ = program.state(branch.start_at));
            program.variable_references();
        }
    }

    proptest! {
        #[test]
        fn reading_any_text_gives_an_answer(text in ".{0,200}") {
            reads(&text);
        }

        #[test]
        fn reading_any_json_gives_an_answer(value in json()) {
            reads(&value.to_json());
            reads(&format!(r#"{{"StartAt": "A", "States": {{"A": {value}}}}}"#));
        }
    }
}
