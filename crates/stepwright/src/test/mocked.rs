//! `--mock-config`: runs the test cases of a Step Functions Local mock configuration.
//!
//! Such a file expects nothing: each case is run and how it ended is printed.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use asl::program::MachineType;
use asl::{Program, Text, Value};
use document::placeholders::Values;
use engine::{Limits, Timestamp};
use rehearsal::judge::seconds;
use rehearsal::pretty::pretty;
use rehearsal::{Ending, Run};

use super::{UsageError, files, json};
use crate::check::ValuesFrom;
use crate::cli::{Format, TestArguments};
use crate::{FAILED, Failure, mock_config};

/// When the executions begin: 2000-01-01T00:00:00Z.
const START_TIME: Timestamp = Timestamp(946_684_800_000);

struct Played {
    machine: Text,
    case: Text,
    run: Run,
}

/// Runs every test case that the filter leaves. Gives what to print and the exit code: whether each came to an end.
pub(super) fn run(config: &Path, arguments: &TestArguments) -> Result<(String, ExitCode), Failure> {
    let unusable = |why| UsageError::Unusable(format!("--mock-config: {why}"));
    let machines = mock_config::read(config).map_err(unusable)?.machines;
    let programs = programs(&arguments.definitions)?;
    let input = crate::run::input(arguments.input.as_deref().unwrap_or("{}"))?;
    let wanted = |machine: &str, case: &str| {
        arguments.filter.as_ref().is_none_or(|filter| format!("{machine}#{case}").contains(filter))
    };
    let limits = Limits::default();
    let mut played = Vec::new();
    for machine in &machines {
        let program = programs.get(&*machine.name).ok_or_else(|| UsageError::NoDefinition(machine.name.to_string()))?;
        for (case, mocks) in machine.cases.iter().filter(|(case, _)| wanted(&machine.name, case)) {
            let run = rehearsal::run(program, input.clone(), START_TIME, mocks, &limits);
            played.push(Played { machine: machine.name.clone(), case: case.clone(), run });
        }
    }
    if let (Some(filter), true) = (&arguments.filter, played.is_empty()) {
        return Err(UsageError::NothingMatches(filter.clone()).into());
    }
    let text = match arguments.format {
        Format::Text => played.iter().map(as_text).collect(),
        Format::Json => pretty(&Value::array(played.iter().map(as_json).collect())) + "\n",
    };
    let all_ended = played.iter().all(|played| matches!(played.run.ending, Ending::Ended(_)));
    Ok((text, if all_ended { ExitCode::SUCCESS } else { ExitCode::from(FAILED) }))
}

fn programs(definitions: &[String]) -> Result<BTreeMap<&str, Arc<Program>>, UsageError> {
    let mut programs = BTreeMap::new();
    for argument in definitions {
        let (name, file) = argument.split_once('=').ok_or_else(|| UsageError::Definition(argument.clone()))?;
        let text = files::read(Path::new(file)).map_err(UsageError::Unusable)?;
        let program =
            files::program(Path::new(file), &text, MachineType::Standard, &Values::new(), ValuesFrom::Nowhere)
                .map_err(UsageError::Unusable)?;
        programs.insert(name, Arc::new(program));
    }
    Ok(programs)
}

fn as_text(played: &Played) -> String {
    let run = &played.run;
    let mut text = String::new();
    let name = format!("{}#{}", played.machine, played.case);
    // Writing to a String does not fail.
    let _ = match run.ending {
        Ending::Ended(status) => writeln!(text, "{name}: {} ({})", status.as_str(), seconds(run.elapsed)),
        ref ending => writeln!(text, "{name}: cannot go on: {ending}"),
    };
    if let Some(output) = &run.output {
        let _ = writeln!(text, "  output: {}", output.to_json());
    }
    for (label, value) in [("error", &run.error), ("cause", &run.cause)] {
        if let Some(value) = value {
            let _ = writeln!(text, "  {label}: {}", value.replace(char::is_control, " "));
        }
    }
    text
}

fn as_json(played: &Played) -> Value {
    let run = &played.run;
    let optional = |text: &Option<Text>| text.clone().map_or(Value::Null, Value::String);
    let (status, message) = match &run.ending {
        Ending::Ended(status) => (status.as_str().into(), Value::Null),
        ending => (Value::Null, ending.to_string().into()),
    };
    Value::object([
        ("stateMachine", played.machine.clone().into()),
        ("testCase", played.case.clone().into()),
        ("status", status),
        ("message", message),
        ("output", run.output.clone().unwrap_or_default()),
        ("error", optional(&run.error)),
        ("cause", optional(&run.cause)),
        ("path", Value::array(run.path.iter().cloned().map(Text::into).collect())),
        ("elapsed", json::elapsed(run.elapsed)),
    ])
}
