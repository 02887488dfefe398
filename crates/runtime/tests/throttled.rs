//! What happens where more work waits than may: calls are throttled and counted, what the server sends itself goes on.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use asl::resource::Resource;
use asl::{Text, Value};
use engine::{Status, Timestamp};
use runtime::calls::{
    CallError, CreateActivity, CreateStateMachine, GetActivityTask, SendTaskSuccess, StartExecution, StopExecution,
};
use runtime::clock::{Clock, WallClock};
use runtime::quotas::Quotas;
use runtime::task_reports::{Reported, TaskReport, TaskReports};
use runtime::tasks::{Doing, Profiles, Tasks, Work, no_tasks};
use runtime::{Runtime, RuntimeOptions, Throttled};
use store::Store;
use store::fault::{Fate, Faulty};
use store::memory::MemoryStore;
use store::record::MachineType;
use tokio::task::JoinSet;

const PATIENCE: Duration = Duration::from_secs(20);
const PASS: &str = r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#;
const TASK: &str = r#"{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:f","End":true}}}"#;
const ACTIVITY: &str = r#"{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:states:us-east-1:123456789012:activity:a","End":true}}}"#;

fn open(
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    quotas: Quotas,
    tasks: impl FnOnce(TaskReports) -> Arc<dyn Tasks>,
) -> Runtime {
    let options = RuntimeOptions { region: "us-east-1".into(), account: "123456789012".into(), quotas, shards: 1 };
    Runtime::open(store, clock, options, tasks).unwrap()
}

async fn machine(runtime: &Runtime, name: &str, definition: &str) -> Text {
    let request = CreateStateMachine {
        name: name.into(),
        definition: definition.into(),
        role_arn: "arn:aws:iam::123456789012:role/r".into(),
        machine_type: MachineType::Standard,
        settings: Value::Null,
        tags: Value::empty_object(),
        publish: None,
    };
    runtime.create_state_machine(request).await.unwrap().arn
}

fn start(machine: &Text) -> StartExecution {
    StartExecution {
        state_machine_arn: machine.clone(),
        name: None,
        input: Value::Null,
        input_text: None,
        trace_header: None,
        profile: None,
    }
}

fn throttled(runtime: &Runtime, what: Throttled) -> u64 {
    runtime.metrics().throttled.iter().find(|(name, _)| *name == what.as_str()).unwrap().1
}

/// A gate that a thread waits before.
#[derive(Default)]
struct Gate {
    is_shut: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    fn set_shut(&self, is_shut: bool) {
        *self.is_shut.lock().unwrap() = is_shut;
        self.opened.notify_all();
    }

    fn pass(&self) {
        drop(self.opened.wait_while(self.is_shut.lock().unwrap(), |is_shut| *is_shut).unwrap());
    }
}

/// A clock that holds the shard's thread up.
struct HoldsShard(Arc<Gate>);

impl Clock for HoldsShard {
    fn now(&self) -> Timestamp {
        if std::thread::current().name() == Some("shard-0") {
            self.0.pass();
        }
        WallClock.now()
    }
}

/// Does no task by itself: says which there are.
struct Office {
    dispatched: Mutex<Sender<Work>>,
}

impl Tasks for Office {
    fn refusal(&self, _: &Resource) -> Option<String> {
        None
    }

    fn prepare(&self, _: &Resource, parameters: Value) -> Result<Value, String> {
        Ok(parameters)
    }

    fn profiles(&self) -> Option<&dyn Profiles> {
        None
    }

    fn dispatch(&self, work: Work) {
        // The test may be over.
        let _ = self.dispatched.lock().unwrap().send(work);
    }

    fn do_once(&self, work: Work) -> Doing {
        panic!("nobody tests states here, and yet {} is to be called", work.task.resource);
    }

    fn cancel(&self, work: Work) {
        panic!("no task has a job here, and yet {} is cancelled", work.task.resource);
    }

    fn is_watching(&self) -> bool {
        false
    }

    fn ended(&self, _: &Text) {}
}

/// How all calls ended, once all have.
async fn ends(mut calls: JoinSet<Result<(), CallError>>) -> (u64, u64) {
    let (mut done, mut refused) = (0, 0);
    while let Some(ended) = tokio::time::timeout(PATIENCE, calls.join_next()).await.unwrap() {
        match ended.unwrap() {
            Ok(()) => done += 1,
            Err(CallError::Throttled) => refused += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    (done, refused)
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_to_a_shard_that_is_held_up_are_throttled_and_what_came_of_tasks_goes_through() {
    const WAITING: u64 = 4;
    let gate = Arc::new(Gate::default());
    let quotas = Quotas { waiting_inputs: WAITING as usize, ..Quotas::default() };
    let (dispatched, works) = channel();
    let (kept, reports) = channel();
    let clock = Arc::new(HoldsShard(Arc::clone(&gate)));
    let runtime = open(Arc::new(MemoryStore::new()), clock, quotas, |reports| {
        kept.send(reports).unwrap();
        Arc::new(Office { dispatched: Mutex::new(dispatched) })
    });
    let pass = machine(&runtime, "pass", PASS).await;
    let task = machine(&runtime, "task", TASK).await;
    // Its definition is in memory now, so that the next start reads nothing.
    runtime.start_execution(start(&pass)).await.unwrap();
    let arn = runtime.start_execution(start(&task)).await.unwrap().arn;
    let work = works.recv_timeout(PATIENCE).unwrap();

    gate.set_shut(true);
    // The shard takes at most as many as may wait, once, before it is held up. Then as many wait; one is too many.
    let mut starts = JoinSet::new();
    let mut sent = 0;
    while throttled(&runtime, Throttled::Call) == 0 {
        assert!(sent <= 2 * WAITING, "{sent} calls and none is throttled");
        let (runtime, request) = (runtime.clone(), start(&pass));
        let (polled, is_polled) = tokio::sync::oneshot::channel();
        starts.spawn(async move {
            let mut starting = Box::pin(runtime.start_execution(request));
            // What is polled once has been sent.
            let told = at_once(&mut starting).await;
            polled.send(()).unwrap();
            match told {
                Some(started) => started.map(|_| ()),
                None => starting.await.map(|_| ()),
            }
        });
        is_polled.await.unwrap();
        sent += 1;
    }
    let stop = StopExecution { arn: arn.clone(), error: None, cause: None };
    assert!(matches!(runtime.stop_execution(stop).await, Err(CallError::Throttled)));
    assert_eq!(throttled(&runtime, Throttled::Call), 2);

    let reports = reports.recv().unwrap();
    let mut report = Box::pin(reports.report(&work, TaskReport::Succeeded(Value::Null)));
    assert_eq!(at_once(&mut report).await, None);
    gate.set_shut(false);
    assert_eq!(tokio::time::timeout(PATIENCE, report).await.unwrap(), Reported::Durable);
    assert_eq!(runtime.describe_execution(arn).await.unwrap().record.summary.status, Status::Succeeded);
    assert_eq!(ends(starts).await, (sent - 1, 1));
    // And calls are taken again.
    runtime.start_execution(start(&pass)).await.unwrap();
    runtime.shut_down().await;
}

/// What a future has to say at once.
async fn at_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(match std::pin::Pin::new(&mut *future).poll(context) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        })
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_store_throttles_calls_in_the_end_and_loses_none_that_was_taken() {
    // No run ahead of a store that stands still is longer.
    const CALLS_MAX: u64 = 100_000;
    let gate = Arc::new(Gate::default());
    let waits = Arc::clone(&gate);
    let store = Arc::new(Faulty::new(Arc::new(MemoryStore::new()), move |_, _| {
        waits.pass();
        Fate::Pass
    }));
    let quotas = Quotas { waiting_inputs: 10, ..Quotas::default() };
    let runtime = open(store, Arc::new(WallClock), quotas, no_tasks);
    let pass = machine(&runtime, "pass", PASS).await;
    let ended_before = runtime.metrics().executions_ended;

    gate.set_shut(true);
    let mut starts = JoinSet::new();
    while throttled(&runtime, Throttled::Call) == 0 {
        assert!((starts.len() as u64) < CALLS_MAX, "a store that stands still throttles nobody");
        let (runtime, request) = (runtime.clone(), start(&pass));
        starts.spawn(async move { runtime.start_execution(request).await.map(|_| ()) });
        tokio::task::yield_now().await;
    }
    gate.set_shut(false);
    let sent = starts.len() as u64;
    let (done, refused) = ends(starts).await;
    assert_eq!((done + refused, refused), (sent, throttled(&runtime, Throttled::Call)));
    assert_eq!(runtime.metrics().executions_ended - ended_before, done);
    runtime.shut_down().await;
}

#[tokio::test]
async fn workers_beyond_the_bound_are_counted_and_a_task_finds_those_that_wait() {
    let quotas = Quotas { activity_pollers: 1, ..Quotas::default() };
    let runtime = open(Arc::new(MemoryStore::new()), Arc::new(WallClock), quotas, no_tasks);
    let request = CreateActivity { name: "a".into(), tags: Value::empty_object(), settings: Value::empty_object() };
    let activity = runtime.create_activity(request).await.unwrap().arn;
    let poll = || GetActivityTask { arn: activity.clone(), worker: None, wait: PATIENCE };
    let mut waiting = Box::pin(runtime.get_activity_task(poll()));
    assert!(at_once(&mut waiting).await.is_none());
    for refused in 1..=2 {
        let error = runtime.get_activity_task(poll()).await.unwrap_err();
        assert!(matches!(error, CallError::ActivityWorkerLimitExceeded), "{error:?}");
        assert_eq!(throttled(&runtime, Throttled::ActivityPoll), refused);
    }
    let machine = machine(&runtime, "m", ACTIVITY).await;
    runtime.start_execution(start(&machine)).await.unwrap();
    let task = waiting.await.unwrap().unwrap();
    runtime.send_task_success(SendTaskSuccess { token: task.token, output: Value::Null }).await.unwrap();
    assert_eq!(throttled(&runtime, Throttled::Call), 0);
    runtime.shut_down().await;
}

#[tokio::test]
async fn no_more_executions_run_than_may_and_repeated_starts_are_no_more() {
    const WAIT: &str = r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":3600,"End":true}}}"#;
    let quotas = Quotas { open_executions: 2, ..Quotas::default() };
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let runtime = open(Arc::clone(&store), Arc::new(WallClock), quotas.clone(), no_tasks);
    let (waits, passes) = (machine(&runtime, "w", WAIT).await, machine(&runtime, "p", PASS).await);
    let named = |name: &str| StartExecution { name: Some(name.into()), ..start(&waits) };
    let first = runtime.start_execution(named("a")).await.unwrap();
    // What ends at once makes room at once.
    for _ in 0..5 {
        runtime.start_execution(start(&passes)).await.unwrap();
    }
    let second = runtime.start_execution(start(&waits)).await.unwrap();
    for request in [named("b"), start(&waits), start(&passes)] {
        let error = runtime.start_execution(request).await.unwrap_err();
        assert!(matches!(error, CallError::ExecutionLimitExceeded), "{error:?}");
    }
    assert_eq!(throttled(&runtime, Throttled::OpenExecution), 3);
    assert_eq!(runtime.start_execution(named("a")).await.unwrap().arn, first.arn);
    let stop = StopExecution { arn: second.arn, error: None, cause: None };
    runtime.stop_execution(stop).await.unwrap();
    runtime.start_execution(named("b")).await.unwrap();
    runtime.shut_down().await;

    let runtime = open(store, Arc::new(WallClock), quotas, no_tasks);
    let error = runtime.start_execution(start(&waits)).await.unwrap_err();
    assert!(matches!(error, CallError::ExecutionLimitExceeded), "those of before count: {error:?}");
    runtime.shut_down().await;
}

#[tokio::test]
async fn where_memory_is_scarce_what_was_accepted_goes_on_and_new_work_is_refused() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let runtime = open(Arc::clone(&store), Arc::new(WallClock), Quotas::default(), no_tasks);
    let pass = machine(&runtime, "p", PASS).await;
    runtime.start_execution(start(&pass)).await.unwrap();
    runtime.shut_down().await;

    // No process takes so little.
    let scarce = Quotas { memory_bytes: 1, ..Quotas::default() };
    let runtime = open(store, Arc::new(WallClock), scarce, no_tasks);
    // It has looked when it first refuses.
    let deadline = std::time::Instant::now() + PATIENCE;
    let error = loop {
        match runtime.start_execution(start(&pass)).await {
            Ok(_) => assert!(std::time::Instant::now() < deadline, "it never looked"),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, CallError::Throttled), "{error:?}");
    assert_eq!(throttled(&runtime, Throttled::Memory), 1);
    // A definition takes memory too.
    let error = runtime.compute(|| Ok(())).await.unwrap_err();
    assert!(matches!(error, CallError::Throttled), "{error:?}");
    assert_eq!(runtime.metrics().executions_started, runtime.metrics().executions_ended);
    runtime.shut_down().await;
}
