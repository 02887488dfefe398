//! `stepwright run`: runs one definition in memory and prints its output.

use std::borrow::Cow;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use asl::diagnostic::Severity;
use asl::program::{Program, Resource, StateKind};
use asl::{Text, Value};
use engine::{EventId, Limits, Status};
use rehearsal::{Definition, Syntax};
use runtime::calls::{
    CreateStateMachine, ExecutionDescription, GetExecutionHistory, HistoryPage, StartExecution, StopExecution,
};
use runtime::clock::{Clock, SteadyClock};
use runtime::quotas::Quotas;
use runtime::tasks::Tasks;
use runtime::{AfterCrash, Dispatcher, Runtime, RuntimeOptions, TaskOptions};
use store::memory::MemoryStore;
use store::record::MachineType;
use tokio::runtime::Handle;

use crate::cli::{RunArguments, ServiceArguments};
use crate::config::{WAIT_TIME_SCALE, wait_time_scale};
use crate::definition::{read_text, shown_name};
use crate::excerpt::{Colour, render};
use crate::progress::Progress;
use crate::services::{Services, Setup};
use crate::signals::Signals;
use crate::{FAILED, Failure, USAGE, say};

/// Exit code: the execution timed out.
const TIMED_OUT: u8 = 3;
/// Exit code: the execution was aborted.
const ABORTED: u8 = 4;

/// How often the history is read while nothing happens: quickly first, then at most this rarely.
const LONGEST_PAUSE: Duration = Duration::from_millis(50);
/// Tasks done at once.
const TASKS_AT_ONCE: usize = 100;
/// Of the ARNs made here.
const REGION: &str = "us-east-1";
const ACCOUNT: &str = "123456789012";
/// Events read at once.
const PAGE: usize = 1000;

/// An argument that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UsageError {
    /// The input is not JSON.
    #[error("--input: expected JSON, found an error at line {line}, column {column}")]
    Input {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What is wrong there.
        source: asl::JsonError,
    },
    /// The wait time scale is no factor.
    #[error("--wait-time-scale: expected {WAIT_TIME_SCALE}, found {0:?}")]
    WaitTimeScale(String),
    /// The name is not one an execution may have.
    #[error(
        "--name: expected 1 to 80 characters without spaces, brackets, wildcards and special characters, found {0:?}"
    )]
    Name(String),
}

/// Runs the definition to its end.
pub(crate) fn run(arguments: &RunArguments) -> Result<ExitCode, Failure> {
    let scale = wait_time_scale(&arguments.wait_time_scale)
        .ok_or_else(|| UsageError::WaitTimeScale(arguments.wait_time_scale.clone()))?;
    let definition = read_text(&arguments.file)?;
    let input = input(&arguments.input)?;
    let name = arguments.name.as_deref().map(execution_name).transpose()?;
    let Some((program, definition)) = program(&arguments.file, &definition) else {
        return Ok(ExitCode::from(USAGE));
    };
    warn_of_tasks(&program);

    let job = Job {
        definition: definition.as_ref().into(),
        machine: machine_name(&arguments.file),
        name,
        input,
        quotas: Quotas { execution: Limits { wait_time_scale: scale, ..Limits::default() }, ..Quotas::default() },
        services: services(&arguments.services)?,
        progress: Progress::new(arguments.quiet, std::io::stderr().is_terminal()),
    };
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?.block_on(execute(job))
}

/// Everything one run needs.
struct Job {
    definition: Text,
    machine: Text,
    name: Option<Text>,
    input: Value,
    quotas: Quotas,
    services: Services,
    progress: Progress,
}

fn services(arguments: &ServiceArguments) -> Result<Services, Failure> {
    let functions = arguments.functions.clone().or_else(|| std::env::var("STEPWRIGHT_FUNCTIONS").ok());
    let functions = functions.filter(|directory| !directory.is_empty());
    let setup = Setup {
        arguments,
        functions: functions.as_deref().map(Path::new),
        region: REGION,
        account: ACCOUNT,
        assume_role: false,
        open_hosts: &[],
        http_task: Quotas::default().http_task,
        own_url: None,
        in_process: None,
    };
    setup.services()
}

async fn execute(mut job: Job) -> Result<ExitCode, Failure> {
    let mut signals = Signals::listen()?;
    let options =
        RuntimeOptions { region: REGION.into(), account: ACCOUNT.into(), quotas: job.quotas.clone(), shards: 1 };
    let tasks = TaskOptions {
        integrations: job.services.integrations.clone(),
        after_crash: AfterCrash::default(),
        concurrency: TASKS_AT_ONCE,
        nested_starts: job.quotas.nested_starts,
    };
    let clock: Arc<dyn Clock> = Arc::new(SteadyClock::default());
    let of_tasks = Arc::clone(&clock);
    let services = |reports| Arc::new(Dispatcher::new(tasks, reports, of_tasks, Handle::current())) as Arc<dyn Tasks>;
    let runtime = Runtime::open(Arc::new(MemoryStore::new()), clock, options, services)?;
    let execution = start(&runtime, &job).await?;

    let mut seen = EventId::NONE;
    let mut pause = Duration::from_millis(1);
    loop {
        let page = history(&runtime, &execution, seen).await?;
        let fresh: Vec<_> = page.events.iter().filter(|event| event.id > seen).collect();
        for event in &fresh {
            job.progress.show(event);
        }
        if let Some(last) = fresh.last() {
            seen = last.id;
            pause = Duration::from_millis(1);
            if is_end(last.event_type) {
                break;
            }
            continue;
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
            _ = signals.next() => abort(&runtime, &execution).await?,
        }
    }
    let description = runtime.describe_execution(execution).await?;
    job.progress.finish(&description, seen);
    runtime.shut_down().await;
    if let Some(functions) = &job.services.functions {
        functions.shut_down().await;
    }
    report(&description)
}

async fn start(runtime: &Runtime, job: &Job) -> Result<Text, Failure> {
    let machine = runtime
        .create_state_machine(CreateStateMachine {
            name: job.machine.clone(),
            definition: job.definition.clone(),
            role_arn: "arn:aws:iam::123456789012:role/stepwright-run".into(),
            machine_type: MachineType::Standard,
            settings: Value::empty_object(),
            tags: Value::empty_object(),
            publish: None,
        })
        .await?;
    let started = runtime
        .start_execution(StartExecution {
            state_machine_arn: machine.arn,
            name: job.name.clone(),
            input: job.input.clone(),
            input_text: None,
            trace_header: None,
            profile: None,
        })
        .await?;
    Ok(started.arn)
}

/// The history from the last event seen on, that one included: it is sure to be there.
async fn history(runtime: &Runtime, execution: &Text, seen: EventId) -> Result<HistoryPage, Failure> {
    let from = Some(seen).filter(|seen| *seen != EventId::NONE);
    let request = GetExecutionHistory { arn: execution.clone(), limit: PAGE, reverse: false, from, include_data: true };
    Ok(runtime.get_execution_history(request).await?)
}

async fn abort(runtime: &Runtime, execution: &Text) -> Result<(), Failure> {
    let stop = StopExecution { arn: execution.clone(), error: Some("Interrupted".into()), cause: None };
    runtime.stop_execution(stop).await?;
    Ok(())
}

fn is_end(event_type: &str) -> bool {
    matches!(event_type, "ExecutionSucceeded" | "ExecutionFailed" | "ExecutionTimedOut" | "ExecutionAborted")
}

/// Prints the output, where there is one, and gives the exit code.
fn report(description: &ExecutionDescription) -> Result<ExitCode, Failure> {
    if let Some(output) = &description.output {
        writeln!(std::io::stdout(), "{}", output.to_json())?;
    }
    Ok(match description.record.summary.status {
        Status::Succeeded => ExitCode::SUCCESS,
        Status::TimedOut => ExitCode::from(TIMED_OUT),
        Status::Aborted => ExitCode::from(ABORTED),
        Status::Failed | Status::Running => ExitCode::from(FAILED),
    })
}

/// The program and the definition as JSON; `None` where the definition is refused, after saying why on stderr.
fn program<'t>(file: &Path, definition: &'t str) -> Option<(Program, Cow<'t, str>)> {
    let reading = Definition::read(definition, Syntax::of_path(file), asl::read::MachineType::Standard);
    let colour = Colour::for_terminal(std::io::stderr().is_terminal());
    for diagnostic in reading.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error) {
        say(render(diagnostic, &shown_name(file), definition, colour).trim_end());
    }
    Some((reading.program?, reading.json))
}

/// Says of each Task state that nobody serves here, before the execution fails on it or waits.
fn warn_of_tasks(program: &Program) {
    for state in &program.states {
        let StateKind::Task(task) = &state.kind else { continue };
        let (name, arn) = (&state.name, task.resource.arn());
        say(&match &task.resource {
            Resource::Activity(_) => format!(
                "warning: state \"{name}\" needs a worker for {arn}. `run` has none, and fails there: use `stepwright serve`."
            ),
            resource if resource.is_callback() => format!(
                "warning: state \"{name}\" waits for a task token. Nobody can send it here: use `stepwright serve`."
            ),
            Resource::LambdaFunction(_) | Resource::Integration { .. } => continue,
        });
    }
}

/// `JSON`, `@FILE` or `-`.
pub(crate) fn input(argument: &str) -> Result<Value, Failure> {
    let text = match argument.strip_prefix('@') {
        Some(file) => read_text(Path::new(file))?,
        None if argument == "-" => read_text(Path::new("-"))?,
        None => argument.to_owned(),
    };
    Ok(asl::json::parse(text.as_bytes()).map_err(|source| {
        let (line, column) = source.position(text.as_bytes());
        UsageError::Input { line, column, source }
    })?)
}

fn execution_name(name: &str) -> Result<Text, UsageError> {
    if (1..=80).contains(&name.chars().count()) && name.chars().all(is_name_character) {
        Ok(name.into())
    } else {
        Err(UsageError::Name(name.to_owned()))
    }
}

/// AWS's rule for names (API reference, StartExecution).
fn is_name_character(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && !"<>{}[]?*\"#%\\^|~`$&,;:/".contains(c)
}

/// The file's name without what follows its first dot, as far as a state machine may be called so.
fn machine_name(file: &Path) -> Text {
    let stem = file.file_name().and_then(|name| name.to_str()).unwrap_or("").split('.').next().unwrap_or("");
    let name: String = stem.chars().filter(|c| is_name_character(*c)).take(80).collect();
    if name.is_empty() || name == "-" { "run".into() } else { name.as_str().into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_named_after_its_file() {
        for (file, expected) in
            [("dir/order.asl.json", "order"), ("-", "run"), (".json", "run"), ("my machine.json", "mymachine")]
        {
            assert_eq!(&*machine_name(Path::new(file)), expected);
        }
    }

    #[test]
    fn names_follow_awss_rule() {
        for (name, fits) in [("order-1_ä.b", true), ("", false), ("a b", false), ("a/b", false), ("a\u{7f}", false)] {
            assert_eq!(execution_name(name).is_ok(), fits, "{name:?}");
        }
        assert!(execution_name(&"n".repeat(81)).is_err());
    }

    #[test]
    fn input_that_is_not_json_is_refused_with_a_place() {
        let error = input("{\"a\":\n nope}").unwrap_err().to_string();
        assert!(error.starts_with("--input: expected JSON, found an error at line 2"), "{error}");
    }
}
