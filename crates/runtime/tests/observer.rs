//! Observers of a whole runtime: told of every commit, once in a normal run, and again after a crash.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::{Arc, Mutex};

use asl::{Text, Value};
use engine::Status;
use runtime::calls::*;
use runtime::clock::WallClock;
use runtime::observer::Observer;
use runtime::quotas::Quotas;
use runtime::tasks::no_tasks;
use runtime::{Oversight, Runtime, RuntimeOptions};
use store::commit_log::{CommitPosition, Committed};
use store::fault::{Fate, Faulty};
use store::memory::MemoryStore;
use store::record::{ExecutionId, MachineType, Write};
use store::suite::{chunk, ended, execution, try_commit};
use store::{Executions, Records, Store};

const FAIL: &str = r#"{"StartAt":"F","States":{"F":{"Type":"Fail","Error":"E","Cause":"C"}}}"#;
const WAIT: &str = r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":86400,"End":true}}}"#;

#[derive(Default)]
struct Recorder(Mutex<Vec<Committed>>);

impl Observer for Recorder {
    fn name(&self) -> &'static str {
        "recorder"
    }

    fn committed(&self, commits: &[Committed]) {
        self.0.lock().unwrap().extend(commits);
    }
}

impl Recorder {
    fn seen(&self) -> Vec<Committed> {
        self.0.lock().unwrap().clone()
    }

    fn ends(&self) -> Vec<(ExecutionId, Status)> {
        self.seen().iter().filter_map(|committed| Some((committed.execution, committed.end()?))).collect()
    }
}

fn open(store: Arc<dyn Store>, observers: &[&Arc<Recorder>]) -> Runtime {
    let options = RuntimeOptions {
        region: "us-east-1".into(),
        account: "123456789012".into(),
        quotas: Quotas::default(),
        shards: 2,
    };
    let observers = observers.iter().map(|recorder| Arc::clone(recorder) as Arc<dyn Observer>).collect();
    Runtime::open_observed(
        store,
        Arc::new(WallClock),
        options,
        no_tasks,
        Oversight { observers, ..Oversight::default() },
    )
    .unwrap()
}

async fn create(runtime: &Runtime, name: &str, definition: &str) -> Text {
    let machine = CreateStateMachine {
        name: name.into(),
        definition: definition.into(),
        role_arn: "arn:aws:iam::123456789012:role/r".into(),
        machine_type: MachineType::Standard,
        settings: Value::empty_object(),
        tags: Value::empty_object(),
        publish: None,
    };
    runtime.create_state_machine(machine).await.unwrap().arn
}

async fn begin(runtime: &Runtime, machine: &Text) -> Text {
    let start = StartExecution {
        state_machine_arn: machine.clone(),
        name: None,
        input: Value::int(1),
        input_text: None,
        trace_header: None,
        profile: None,
    };
    runtime.start_execution(start).await.unwrap().arn
}

/// Three executions: one that fails at once, one that is stopped, one that waits on. Gives their numbers.
async fn three(runtime: &Runtime, store: &MemoryStore) -> [ExecutionId; 3] {
    let (fail, wait) = (create(runtime, "fail", FAIL).await, create(runtime, "wait", WAIT).await);
    let failed = begin(runtime, &fail).await;
    let (stopped, waiting) = (begin(runtime, &wait).await, begin(runtime, &wait).await);
    let stop = StopExecution { arn: stopped.clone(), error: None, cause: None };
    runtime.stop_execution(stop).await.unwrap();
    [failed, stopped, waiting].map(|arn| store.execution_by_arn(&arn).unwrap().unwrap().id)
}

#[tokio::test]
async fn each_execution_is_seen_to_begin_and_to_end_once() {
    let (store, recorder) = (Arc::new(MemoryStore::new()), Arc::new(Recorder::default()));
    let runtime = open(Arc::clone(&store) as _, &[&recorder]);
    let [failed, stopped, waiting] = three(&runtime, &store).await;
    runtime.shut_down().await;

    assert_eq!(recorder.ends(), [(failed, Status::Failed), (stopped, Status::Aborted)]);
    let begun: Vec<_> = recorder.seen().iter().filter(|one| one.begins).map(|one| one.execution).collect();
    assert_eq!(begun, [failed, stopped, waiting]);
    for id in [failed, stopped, waiting] {
        let last = recorder.seen().into_iter().rfind(|one| one.execution == id).unwrap();
        assert_eq!(Some(last.last_event), store.last_chunk(id).unwrap().map(|chunk| chunk.last_id));
    }

    // A server that stopped cleanly tells nothing twice.
    let again = Arc::new(Recorder::default());
    open(Arc::clone(&store) as _, &[&again]).shut_down().await;
    assert_eq!(again.seen(), []);
}

#[tokio::test]
async fn what_was_committed_and_never_observed_is_told_after_the_start() {
    let store = Arc::new(MemoryStore::new());
    for id in 1..=600 {
        let mut record = execution(id, 1, &format!("e{id}"));
        record.summary = ended(Status::Failed);
        let begin = Write::Begin { execution: record, chunk: chunk(0, 1), machine_revision: None };
        try_commit(&*store, &[begin, Write::LogCommit { position: CommitPosition(id) }]).unwrap();
    }
    let seen_before = Write::Meta { name: "observer:recorder".into(), value: 2_i64.to_be_bytes().to_vec() };
    try_commit(&*store, &[seen_before]).unwrap();

    let recorder = Arc::new(Recorder::default());
    let runtime = open(Arc::clone(&store) as _, &[&recorder]);
    let fail = create(&runtime, "fail", FAIL).await;
    let new = store.execution_by_arn(&begin(&runtime, &fail).await).unwrap().unwrap().id;
    let missed = (3..=600).map(ExecutionId);
    let expected: Vec<_> = missed.chain([new]).map(|id| (id, Status::Failed)).collect();
    let all_seen = async {
        while recorder.ends().len() < expected.len() {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), all_seen).await.unwrap();
    assert_eq!(recorder.ends(), expected);
    runtime.shut_down().await;
}

#[tokio::test]
async fn an_observer_whose_position_was_lost_is_told_again() {
    let memory = Arc::new(MemoryStore::new());
    let is_position = |write: &Write| matches!(write, Write::Meta { name, .. } if name.starts_with("observer:"));
    let faulty =
        Faulty::new(
            Arc::clone(&memory),
            move |_, writes| {
                if writes.iter().any(is_position) { Fate::FailBefore } else { Fate::Pass }
            },
        );
    let first = Arc::new(Recorder::default());
    let runtime = open(Arc::new(faulty), &[&first]);
    three(&runtime, &memory).await;
    runtime.shut_down().await;
    assert_eq!(memory.meta("observer:recorder").unwrap(), None);

    let again = Arc::new(Recorder::default());
    let runtime = open(Arc::clone(&memory) as _, &[&again]);
    let all_seen = async {
        while again.seen().len() < first.seen().len() {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), all_seen).await.unwrap();
    runtime.shut_down().await;
    assert_eq!(again.seen(), first.seen());
}

#[tokio::test]
async fn without_observers_nothing_is_logged() {
    let store = Arc::new(MemoryStore::new());
    let runtime = open(Arc::clone(&store) as _, &[]);
    three(&runtime, &store).await;
    runtime.shut_down().await;
    assert_eq!(store.last_commit_position().unwrap(), CommitPosition(0));
}
