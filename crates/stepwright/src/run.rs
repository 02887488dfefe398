//! `stepwright run`: runs one definition in memory and prints its output.

mod event_reader;
mod function_output;
mod progress;

use std::io::{IsTerminal, Write};
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use api::OwnServer;
use asl::diagnostic::Severity;
use asl::program::{Program, Resource, StateKind};
use asl::resource::Pattern;
use asl::{Text, Value};
use aws::in_process::InProcess;
use document::Syntax;
use document::placeholders::Values;
use engine::history::HistoryEvent;
use engine::{Event, EventKind, Limits, Status, TaskFamily};
use integrations::Integrations;
use runtime::calls::{
    CreateActivity, CreateStateMachine, ExecutionDescription, GetExecutionHistory, StartExecution, StopExecution,
};
use runtime::clock::{Clock, SteadyClock};
use runtime::quotas::Quotas;
use runtime::tasks::Tasks;
use runtime::{AfterCrash, Dispatcher, Runtime, RuntimeOptions, TaskOptions};
use store::Store;
use store::memory::MemoryStore;
use store::record::ExecutionId;
use tokio::net::TcpListener;
use tokio::runtime::Handle;

use crate::check::{Checked, Subject};
use crate::cli::{MachineType, RunArguments};
use crate::config::{WAIT_TIME_SCALE, wait_time_scale};
use crate::definition::{read_text, shown_name};
use crate::excerpt::{Colour, render};
use crate::placeholder_values;
use crate::services::{Services, Setup};
use crate::signals::Signals;
use crate::{FAILED, Failure, USAGE, say};
use event_reader::EventReader;
use function_output::FunctionOutput;
use progress::Progress;

/// Exit code: the execution timed out.
const TIMED_OUT: u8 = 3;
/// Exit code: the execution was aborted.
const ABORTED: u8 = 4;

/// How often the history is read while nothing happens: quickly first, then at most this rarely.
const LONGEST_PAUSE: Duration = Duration::from_millis(50);
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);
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
    let values = placeholder_values::values(&arguments.placeholders)?;
    let Some((program, definition)) = program(arguments, definition, &values) else {
        return Ok(ExitCode::from(USAGE));
    };
    let program = Arc::new(program);
    let clock: Arc<dyn Clock> = Arc::new(SteadyClock::default());
    let job = Job {
        arguments,
        definition: bounded(&definition, arguments.machine_type).into(),
        machine: machine_name(&arguments.file),
        name,
        input,
        quotas: Quotas { execution: Limits { wait_time_scale: scale, ..Limits::default() }, ..Quotas::default() },
        progress: Progress::new(Arc::clone(&program), arguments.quiet, std::io::stderr().is_terminal()),
        program,
        output: FunctionOutput::listen(Arc::clone(&clock)),
        clock,
    };
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?.block_on(job.execute())
}

/// An EXPRESS execution ends after five minutes; here the machine's own timeout ends it.
fn bounded(definition: &str, machine_type: MachineType) -> String {
    let Ok(Value::Object(object)) = asl::json::parse(definition.as_bytes()) else { return definition.to_owned() };
    if machine_type == MachineType::Standard {
        return definition.to_owned();
    }
    let most = i64::try_from(Quotas::default().express.as_secs()).unwrap_or(i64::MAX);
    let own = object.get("TimeoutSeconds").and_then(Value::as_i64);
    let mut bounded = (*object).clone();
    bounded.insert("TimeoutSeconds".into(), Value::int(own.unwrap_or(most).min(most)));
    Value::Object(Arc::new(bounded)).to_json()
}

/// Everything one run needs.
struct Job<'a> {
    arguments: &'a RunArguments,
    program: Arc<Program>,
    definition: Text,
    machine: Text,
    name: Option<Text>,
    input: Value,
    quotas: Quotas,
    progress: Progress,
    /// What functions write.
    output: FunctionOutput,
    /// Of the events, and of what functions write.
    clock: Arc<dyn Clock>,
}

impl Job<'_> {
    async fn execute(mut self) -> Result<ExitCode, Failure> {
        let mut signals = Signals::listen()?;
        // Whoever answers a task token, works for an activity or is a function needs a server to speak to.
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let in_process = InProcess::at(listener.local_addr()?.to_string().parse()?);
        let Services { integrations, functions } = self.services(&url, in_process.clone())?;
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let runtime = self.open(Arc::clone(&store), integrations)?;
        let api = Arc::new(api::Api::new(runtime.clone()).with_functions(functions.clone()));
        in_process.serve(OwnServer::new(&api));
        let server = tokio::spawn(api::server::serve(listener, api, std::future::pending()));

        self.make_activities(&runtime).await?;
        let execution = self.start(&runtime).await?;
        let events = EventReader::new(store, &execution)?;
        self.follow(events, &runtime, &execution, &url, &mut signals).await?;
        let description = runtime.describe_execution(execution.clone()).await?;
        let count = history_length(&runtime, &execution).await?;
        self.progress.finish(&description, count);
        let exit = match self.arguments.history {
            true => print_history(&runtime, &execution, description.record.summary.status).await?,
            false => report(&description)?,
        };
        runtime.shut_down().await;
        server.abort();
        if let Some(functions) = &functions {
            functions.shut_down().await;
        }
        Ok(exit)
    }

    fn services(&self, url: &str, in_process: InProcess) -> Result<Services, Failure> {
        let arguments = &self.arguments.services;
        let functions = arguments.functions.clone().or_else(|| std::env::var("STEPWRIGHT_FUNCTIONS").ok());
        let functions = functions.filter(|directory| !directory.is_empty());
        let setup = Setup {
            arguments,
            functions: functions.as_deref().map(Path::new),
            region: REGION,
            account: ACCOUNT,
            assume_role: false,
            open_hosts: &[],
            http_task: self.quotas.http_task,
            own_url: Some(url),
            in_process: Some(in_process),
        };
        setup.services()
    }

    fn open(&self, store: Arc<dyn Store>, integrations: Integrations) -> Result<Runtime, Failure> {
        let options =
            RuntimeOptions { region: REGION.into(), account: ACCOUNT.into(), quotas: self.quotas.clone(), shards: 1 };
        let tasks = TaskOptions {
            integrations,
            after_crash: AfterCrash::default(),
            concurrency: TASKS_AT_ONCE,
            nested_starts: self.quotas.nested_starts,
        };
        let (clock, of_tasks) = (Arc::clone(&self.clock), Arc::clone(&self.clock));
        let services =
            |reports| Arc::new(Dispatcher::new(tasks, reports, of_tasks, Handle::current())) as Arc<dyn Tasks>;
        Ok(Runtime::open(store, clock, options, services)?)
    }

    /// The activities that the definition names, as far as they could be here.
    async fn make_activities(&self, runtime: &Runtime) -> Result<(), Failure> {
        let prefix = format!("arn:aws:states:{REGION}:{ACCOUNT}:activity:");
        for state in &self.program.states {
            let StateKind::Task(task) = &state.kind else { continue };
            let Resource::Activity(arn) = &task.resource else { continue };
            match arn.strip_prefix(&prefix) {
                Some(name) => {
                    let activity = CreateActivity {
                        name: name.into(),
                        tags: Value::empty_object(),
                        settings: Value::empty_object(),
                    };
                    runtime.create_activity(activity).await?;
                }
                None => say(&format!(
                    "warning: state \"{}\" names an activity of another account or region; those here begin with {prefix}",
                    state.name
                )),
            }
        }
        Ok(())
    }

    async fn start(&self, runtime: &Runtime) -> Result<Text, Failure> {
        let machine = runtime
            .create_state_machine(CreateStateMachine {
                name: self.machine.clone(),
                definition: self.definition.clone(),
                role_arn: "arn:aws:iam::123456789012:role/stepwright-run".into(),
                machine_type: store::record::MachineType::Standard,
                settings: Value::empty_object(),
                tags: Value::empty_object(),
                publish: None,
            })
            .await?;
        let started = runtime
            .start_execution(StartExecution {
                state_machine_arn: machine.arn,
                name: self.name.clone(),
                input: self.input.clone(),
                input_text: None,
                trace_header: None,
                profile: None,
            })
            .await?;
        Ok(started.arn)
    }

    /// Shows what happens until the execution is over.
    async fn follow(
        &mut self,
        mut events: EventReader,
        runtime: &Runtime,
        execution: &Text,
        url: &str,
        signals: &mut Signals,
    ) -> Result<(), Failure> {
        let mut pause = SHORTEST_PAUSE;
        loop {
            // What these lines were written for has begun by now.
            let known = self.output.gather();
            let fresh = events.fresh()?;
            // What these events came of was written by now.
            let mut later = self.output.gather() - known;
            for event in &fresh {
                while let Some(line) = self.output.before(event.at, &event.kind) {
                    self.progress.show_output(&line);
                }
                if event.kind.is_end() {
                    later = 0;
                    break;
                }
                self.show(event, runtime, events.execution(), url);
            }
            while self.output.waiting() > later
                && let Some(line) = self.output.next()
            {
                self.progress.show_output(&line);
            }
            if let Some(end) = fresh.iter().find(|event| event.kind.is_end()) {
                self.progress.show(end);
                return Ok(());
            }
            if fresh.is_empty() && known == 0 {
                tokio::select! {
                    () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
                    _ = signals.next() => abort(runtime, execution).await?,
                }
            } else {
                pause = SHORTEST_PAUSE;
            }
        }
    }

    fn show(&mut self, event: &Event, runtime: &Runtime, execution: ExecutionId, url: &str) {
        self.progress.show(event);
        match &event.kind {
            EventKind::TaskScheduled { family: TaskFamily::Activity, resource, .. } => {
                self.progress.tell(&format!("    waits for a worker of {resource} at {url} (AWS_ENDPOINT_URL_SFN)"));
            }
            EventKind::TaskScheduled { family: TaskFamily::Integration(integration), .. }
                if integration.pattern() == Pattern::WaitForTaskToken =>
            {
                let token = runtime.task_token(execution, event.id);
                self.progress.tell(&callback(&token, url));
            }
            _ => {}
        }
    }
}

/// How a task that waits for its token is answered.
fn callback(token: &str, url: &str) -> String {
    format!(
        "    waits for its task token; from another terminal:\n      AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any aws \
         stepfunctions send-task-success \\\n        --endpoint-url {url} --region {REGION} --task-output '{{}}' \\\n        \
         --task-token {token}"
    )
}

/// How many events the history has.
async fn history_length(runtime: &Runtime, execution: &Text) -> Result<u64, Failure> {
    let last = GetExecutionHistory { arn: execution.clone(), limit: 1, reverse: true, from: None, include_data: false };
    let page = runtime.get_execution_history(last).await?;
    Ok(page.events.first().map_or(0, |event| event.id.0))
}

/// Prints the history as GetExecutionHistory gives it, and gives the exit code.
async fn print_history(runtime: &Runtime, execution: &Text, status: Status) -> Result<ExitCode, Failure> {
    let mut out = std::io::BufWriter::new(std::io::stdout());
    let mut from = None;
    writeln!(out, "{{\"events\": [")?;
    loop {
        let call =
            GetExecutionHistory { arn: execution.clone(), limit: PAGE, reverse: false, from, include_data: true };
        let page = runtime.get_execution_history(call).await?;
        for event in &page.events {
            let comma = if event.id.0 == 1 { " " } else { "," };
            writeln!(out, "{comma} {}", shown(event).to_json())?;
        }
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    writeln!(out, "]}}")?;
    out.flush()?;
    Ok(exit_code(status))
}

/// An event as the AWS CLI prints it.
fn shown(event: &HistoryEvent) -> Value {
    let mut members = vec![
        ("timestamp", asl::timestamp::format(event.at.0).into()),
        ("type", event.event_type.into()),
        ("id", Value::int(event.id.0 as i64)),
        ("previousEventId", Value::int(event.previous.0 as i64)),
    ];
    members.extend(event.details.clone());
    Value::object(members)
}

async fn abort(runtime: &Runtime, execution: &Text) -> Result<(), Failure> {
    let stop = StopExecution { arn: execution.clone(), error: Some("Interrupted".into()), cause: None };
    runtime.stop_execution(stop).await?;
    Ok(())
}

/// Prints the output, where there is one, and gives the exit code.
fn report(description: &ExecutionDescription) -> Result<ExitCode, Failure> {
    if let Some(output) = &description.output {
        writeln!(std::io::stdout(), "{}", output.to_json())?;
    }
    Ok(exit_code(description.record.summary.status))
}

fn exit_code(status: Status) -> ExitCode {
    match status {
        Status::Succeeded => ExitCode::SUCCESS,
        Status::TimedOut => ExitCode::from(TIMED_OUT),
        Status::Aborted => ExitCode::from(ABORTED),
        Status::Failed | Status::Running => ExitCode::from(FAILED),
    }
}

/// The program and the definition as JSON; `None` where the definition is refused. Says on stderr what there is to say
/// of it.
fn program(arguments: &RunArguments, source: String, values: &Values) -> Option<(Program, String)> {
    let (name, syntax) = (shown_name(&arguments.file), Syntax::of_path(&arguments.file));
    let subject = Subject::of_file(name, source, syntax, arguments.machine_type.into(), values);
    let Checked { program, json, findings } = subject.check();
    let least = if arguments.quiet { Severity::Error } else { Severity::Warning };
    let colour = Colour::for_terminal(std::io::stderr().is_terminal());
    for finding in findings.iter().filter(|finding| finding.severity >= least) {
        say(render(finding, &subject.name, &subject.source, colour).trim_end());
    }
    Some((program?, json))
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
