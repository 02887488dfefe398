//! Reading is not judging: a state machine whose definition today's rules refuse, as an older version stored it, is
//! described, started and recovered.
//!
//! The examples are those of `crates/asl/tests/refused`, at least one for every rule of the validator.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use asl::{Text, Value};
use engine::Status;
use runtime::calls::*;
use runtime::clock::WallClock;
use runtime::quotas::Quotas;
use runtime::tasks::no_tasks;
use runtime::{Runtime, RuntimeOptions};
use store::memory::MemoryStore;
use store::record::{Definition, DefinitionId, MachineType, StateMachine, Write};
use store::suite::{put_machine, try_commit};
use store::{Records, Store};

/// What every state machine is when it is created, before its definition is exchanged in the store.
const ACCEPTED: &str = r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#;

const HOLD: &str = "arn:aws:states:us-east-1:123456789012:activity:hold";

/// An example, and the same behind a state that waits for a worker.
struct Example {
    name: String,
    definition: String,
    /// Nothing where the example has no first state to stand before.
    held: Option<String>,
    machine_type: MachineType,
}

fn examples() -> Vec<Example> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../asl/tests/refused");
    let mut examples: Vec<Example> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap().replace(".asl.json", "");
            let definition = std::fs::read_to_string(entry.path()).unwrap();
            let is_express = name.split('.').any(|part| part == "express");
            let machine_type = if is_express { MachineType::Express } else { MachineType::Standard };
            // An EXPRESS execution outlives no runtime.
            let held = (!is_express).then(|| held(&definition)).flatten();
            Example { name, definition, held, machine_type }
        })
        .collect();
    examples.sort_by(|left, right| left.name.cmp(&right.name));
    examples
}

/// The machine behind a first state that waits for a worker.
fn held(definition: &str) -> Option<String> {
    let value = asl::json::parse(definition.as_bytes()).ok()?;
    let hold = [("Type", "Task".into()), ("Resource", HOLD.into()), ("Next", value.get("StartAt")?.clone())];
    let mut states = value.get("States")?.as_object()?.clone();
    states.insert("Hold".into(), Value::object(hold));
    let mut machine = value.as_object()?.clone();
    machine.insert("StartAt".into(), "Hold".into());
    machine.insert("States".into(), Value::Object(Arc::new(states)));
    Some(Value::Object(Arc::new(machine)).to_json())
}

fn open(store: &Arc<MemoryStore>) -> Runtime {
    let options = RuntimeOptions {
        region: "us-east-1".into(),
        account: "123456789012".into(),
        quotas: Quotas {
            execution: engine::Limits { history_events: 100, ..engine::Limits::default() },
            ..Quotas::default()
        },
        shards: 2,
    };
    Runtime::open(Arc::clone(store) as Arc<dyn Store>, Arc::new(WallClock), options, no_tasks).unwrap()
}

async fn create(runtime: &Runtime, name: &str, machine_type: MachineType) -> Text {
    let request = CreateStateMachine {
        name: name.into(),
        definition: ACCEPTED.into(),
        role_arn: "arn:aws:iam::123456789012:role/r".into(),
        machine_type,
        settings: Value::empty_object(),
        tags: Value::empty_object(),
        publish: None,
    };
    runtime.create_state_machine(request).await.unwrap().arn
}

/// Puts a definition in force, as a version with other rules would have.
fn store_definition(store: &MemoryStore, machine: &Text, text: &str) {
    let record = store.state_machine(machine).unwrap().unwrap();
    let id = DefinitionId(store.last_record_ids().unwrap().definition.0 + 1);
    let in_force = store.definition(record.definition).unwrap().unwrap();
    let definition = Definition { id, text: text.into(), ..in_force };
    let seen = Some(record.revision);
    let record = StateMachine { definition: id, ..record };
    try_commit(store, &[Write::Definition(definition), put_machine(record, seen)]).unwrap();
}

fn to_start(machine: &Text) -> StartExecution {
    StartExecution {
        state_machine_arn: machine.clone(),
        name: None,
        input: Value::empty_object(),
        input_text: None,
        trace_header: None,
        profile: None,
    }
}

async fn start(runtime: &Runtime, machine: &Text) -> Result<Text, CallError> {
    Ok(runtime.start_execution(to_start(machine)).await?.arn)
}

/// Asks until the answer is as wanted; the background threads need a moment.
async fn until<T, F: Future<Output = Option<T>>>(ask: impl Fn() -> F) -> T {
    let asking = async {
        loop {
            if let Some(found) = ask().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), asking).await.unwrap()
}

/// The last event of an execution once it has ended, or waits.
async fn rests(runtime: &Runtime, execution: &Text) -> &'static str {
    until(|| async {
        let request =
            GetExecutionHistory { arn: execution.clone(), limit: 1, reverse: true, from: None, include_data: false };
        let last = runtime.get_execution_history(request).await.unwrap().events.first().unwrap().event_type;
        let rests = last.starts_with("Execution") && last != "ExecutionStarted";
        (rests || ["WaitStateEntered", "ActivityScheduled"].contains(&last)).then_some(last)
    })
    .await
}

/// How an execution ended, or what it waits in.
async fn outcome(runtime: &Runtime, execution: &Text) -> String {
    let last = rests(runtime, execution).await;
    let described = runtime.describe_execution(execution.clone()).await.unwrap();
    match described.record.summary.status {
        Status::Running => format!("waits after {last}"),
        Status::Succeeded => format!("succeeded with {}", described.output.unwrap()),
        _ => format!("failed with {}: {}", described.error.unwrap_or_default(), described.cause.unwrap_or_default()),
    }
}

async fn outcome_of_express(runtime: &Runtime, machine: &Text) -> String {
    let ended = runtime.start_sync_execution(to_start(machine)).await.unwrap().ended;
    format!("{:?} with {}: {}", ended.status, ended.error.unwrap_or_default(), ended.cause.unwrap_or_default())
}

#[tokio::test]
async fn what_today_is_refused_is_described_and_run() {
    let store = Arc::new(MemoryStore::new());
    let runtime = open(&store);
    let examples = examples();
    let mut machines = Vec::new();
    for (index, example) in examples.iter().enumerate() {
        machines.push(create(&runtime, &format!("m{index}"), example.machine_type).await);
    }
    runtime.shut_down().await;
    for (example, machine) in examples.iter().zip(&machines) {
        store_definition(&store, machine, &example.definition);
    }

    let runtime = open(&store);
    let mut shown = String::new();
    for (example, machine) in examples.iter().zip(&machines) {
        let described = runtime.describe_state_machine(machine.clone()).await.unwrap();
        assert_eq!(*described.definition.text, *example.definition, "{}", example.name);
        let came_of_it = match example.machine_type {
            MachineType::Express => outcome_of_express(&runtime, machine).await,
            MachineType::Standard => match start(&runtime, machine).await {
                Ok(execution) => outcome(&runtime, &execution).await,
                Err(error) => format!("not started: {error}"),
            },
        };
        writeln!(shown, "{}: {came_of_it}", example.name).unwrap();
    }
    runtime.shut_down().await;
    insta::assert_snapshot!(shown);
}

#[tokio::test]
async fn executions_of_what_today_is_refused_are_recovered() {
    let store = Arc::new(MemoryStore::new());
    let runtime = open(&store);
    let request = CreateActivity { name: "hold".into(), tags: Value::empty_object(), settings: Value::empty_object() };
    runtime.create_activity(request).await.unwrap();
    let examples: Vec<Example> = examples().into_iter().filter(|example| example.held.is_some()).collect();
    let mut machines = Vec::new();
    for (index, _) in examples.iter().enumerate() {
        let plain = create(&runtime, &format!("plain{index}"), MachineType::Standard).await;
        machines.push((plain, create(&runtime, &format!("held{index}"), MachineType::Standard).await));
    }
    runtime.shut_down().await;
    for (example, (plain, held)) in examples.iter().zip(&machines) {
        store_definition(&store, plain, &example.definition);
        store_definition(&store, held, example.held.as_ref().unwrap());
    }

    let runtime = open(&store);
    let mut waiting = Vec::new();
    for (example, (plain, held)) in examples.iter().zip(&machines) {
        let execution = start(&runtime, held).await.unwrap();
        // What concerns the whole machine, or the way into the state, ends an execution before it waits.
        if rests(&runtime, &execution).await == "ActivityScheduled" {
            waiting.push((example, plain, execution));
        }
    }
    assert!(waiting.len() + 3 >= examples.len(), "{} of {} wait", waiting.len(), examples.len());
    runtime.shut_down().await;

    let runtime = open(&store);
    for _ in &waiting {
        let poll = GetActivityTask { arn: HOLD.into(), worker: None, wait: Duration::from_secs(60) };
        let task = runtime.get_activity_task(poll).await.unwrap().unwrap();
        let done = SendTaskSuccess { token: task.token, output: Value::empty_object() };
        runtime.send_task_success(done).await.unwrap();
    }
    for (example, plain, recovered) in &waiting {
        let fresh = start(&runtime, plain).await.unwrap();
        let expected = outcome(&runtime, &fresh).await;
        let found = outcome(&runtime, recovered).await;
        assert_eq!(without_numbers(&found), without_numbers(&expected), "{}", example.name);
    }
    runtime.shut_down().await;
}

/// The numbers of events differ by those of the state before.
fn without_numbers(text: &str) -> String {
    text.chars().filter(|c| !c.is_ascii_digit()).collect()
}
