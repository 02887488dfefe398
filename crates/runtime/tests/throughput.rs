//! How fast it is: run by hand with `--ignored --nocapture`, in release.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic, and a measurement prints")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use asl::{Text, Value};
use runtime::calls::{CreateStateMachine, StartExecution};
use runtime::clock::WallClock;
use runtime::quotas::Quotas;
use runtime::tasks::no_tasks;
use runtime::{Runtime, RuntimeOptions};
use store::Store;
use store::memory::MemoryStore;
use store::record::MachineType;
use store::sqlite::Sqlite;

const PASS: &str = r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#;
const WAIT: &str = r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":86400,"End":true}}}"#;

fn open(store: Arc<dyn Store>) -> Runtime {
    let options = RuntimeOptions {
        region: "us-east-1".into(),
        account: "123456789012".into(),
        quotas: Quotas::default(),
        shards: 0,
    };
    Runtime::open(store, Arc::new(WallClock), options, no_tasks).unwrap()
}

async fn run(store: Arc<dyn Store>, definition: &str, count: usize, clients: usize) -> Runtime {
    let runtime = open(store);
    let request = CreateStateMachine {
        name: "m".into(),
        definition: definition.into(),
        role_arn: "arn:aws:iam::123456789012:role/r".into(),
        machine_type: MachineType::Standard,
        settings: Value::empty_object(),
        tags: Value::empty_object(),
        publish: None,
    };
    let machine: Text = runtime.create_state_machine(request).await.unwrap().arn;
    let began = Instant::now();
    let clients: Vec<_> = (0..clients)
        .map(|_| {
            let (runtime, state_machine_arn) = (runtime.clone(), machine.clone());
            let input = Value::object([("order", Value::string("123456")), ("amount", Value::int(12))]);
            tokio::spawn(async move {
                for _ in 0..count / clients {
                    let (state_machine_arn, input) = (state_machine_arn.clone(), input.clone());
                    let start = StartExecution {
                        state_machine_arn,
                        name: None,
                        input,
                        input_text: None,
                        trace_header: None,
                        profile: None,
                    };
                    runtime.start_execution(start).await.unwrap();
                }
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
    let seconds = began.elapsed().as_secs_f64();
    let metrics = runtime.metrics();
    println!(
        "{:.0} executions/s, {:.1} writes a commit",
        count as f64 / seconds,
        metrics.writes as f64 / metrics.commits as f64
    );
    runtime
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn pass_in_memory() {
    run(Arc::new(MemoryStore::new()), PASS, 100_000, 128).await.shut_down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn pass_in_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    run(Arc::new(Sqlite::open(directory.path()).unwrap()), PASS, 100_000, 256).await.shut_down().await;
}

/// `WAITING` executions in a one-day Wait (1,000,000 by default), then a restart.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn many_waiting_in_sqlite() {
    let count = std::env::var("WAITING").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    let directory = tempfile::tempdir().unwrap();
    let runtime = run(Arc::new(Sqlite::open(directory.path()).unwrap()), WAIT, count, 512).await;
    tokio::time::sleep(Duration::from_secs(7)).await;
    println!("{:?}; {}", runtime.metrics(), memory());
    runtime.shut_down().await;
    drop(runtime);
    let began = Instant::now();
    let runtime = open(Arc::new(Sqlite::open(directory.path()).unwrap()));
    let machine = "arn:aws:states:us-east-1:123456789012:stateMachine:m".into();
    let start = StartExecution {
        state_machine_arn: machine,
        name: None,
        input: Value::Null,
        input_text: None,
        trace_header: None,
        profile: None,
    };
    runtime.start_execution(start).await.unwrap();
    println!("first answer after {:?}; {}", began.elapsed(), memory());
    runtime.shut_down().await;
}

/// The resident set, as the kernel tells it.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().filter(|line| line.starts_with("VmRSS") || line.starts_with("VmHWM")).collect::<Vec<_>>().join(", ")
}
