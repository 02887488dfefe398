//! The whole runtime over a store: threads, writer, background work.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::time::Duration;

use asl::{Text, Value};
use engine::{EventId, Status};
use runtime::calls::*;
use runtime::clock::WallClock;
use runtime::quotas::Quotas;
use runtime::tasks::no_tasks;
use runtime::{Runtime, RuntimeOptions};
use store::fault::{Fate, Faulty};
use store::memory::MemoryStore;
use store::record::{MachineStatus, MachineType, Page};
use store::{Executions, Store};

const PASS: &str = r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#;
const WAIT: &str = r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":86400,"End":true}}}"#;
const TASK: &str = r#"{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:states:us-east-1:123456789012:activity:a","End":true}}}"#;

fn options(shards: usize) -> RuntimeOptions {
    RuntimeOptions { region: "us-east-1".into(), account: "123456789012".into(), quotas: Quotas::default(), shards }
}

fn open(store: Arc<dyn Store>) -> Runtime {
    Runtime::open(store, Arc::new(WallClock), options(2), no_tasks).unwrap()
}

fn in_memory() -> Runtime {
    open(Arc::new(MemoryStore::new()))
}

fn machine(name: &str, definition: &str) -> CreateStateMachine {
    CreateStateMachine {
        name: name.into(),
        definition: definition.into(),
        role_arn: "arn:aws:iam::123456789012:role/r".into(),
        machine_type: MachineType::Standard,
        settings: Value::object([("tracingConfiguration", Value::Null)]),
        tags: Value::empty_object(),
        publish: None,
    }
}

async fn create(runtime: &Runtime, name: &str, definition: &str) -> Text {
    runtime.create_state_machine(machine(name, definition)).await.unwrap().arn
}

async fn create_activity(runtime: &Runtime) -> Text {
    let request = CreateActivity { name: "a".into(), tags: Value::empty_object(), settings: Value::empty_object() };
    runtime.create_activity(request).await.unwrap().arn
}

fn start(machine: &Text, name: Option<&str>, input: Value) -> StartExecution {
    StartExecution {
        state_machine_arn: machine.clone(),
        name: name.map(Text::from),
        input,
        input_text: None,
        trace_header: None,
        profile: None,
    }
}

async fn begin(runtime: &Runtime, machine: &Text) -> Text {
    runtime.start_execution(start(machine, None, Value::int(1))).await.unwrap().arn
}

fn poll(activity: &Text) -> GetActivityTask {
    GetActivityTask { arn: activity.clone(), worker: Some("w".into()), wait: Duration::from_secs(60) }
}

async fn history(runtime: &Runtime, arn: &Text, reverse: bool) -> Vec<(u64, &'static str)> {
    let mut request = GetExecutionHistory { arn: arn.clone(), limit: 2, reverse, from: None, include_data: true };
    let mut all = Vec::new();
    loop {
        let page = runtime.get_execution_history(request.clone()).await.unwrap();
        assert!(page.events.len() <= 2);
        all.extend(page.events.iter().map(|event| (event.id.0, event.event_type)));
        request.from = page.next;
        if page.next.is_none() {
            return all;
        }
    }
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
    tokio::time::timeout(Duration::from_secs(20), asking).await.unwrap()
}

#[tokio::test]
async fn an_execution_that_ends_at_once_is_described_with_its_output() {
    let runtime = in_memory();
    let machine = create(&runtime, "m", PASS).await;
    let arn = begin(&runtime, &machine).await;
    let description = runtime.describe_execution(arn.clone()).await.unwrap();
    assert_eq!(description.record.summary.status, Status::Succeeded);
    assert_eq!((description.input, description.output), (Value::int(1), Some(Value::int(1))));
    assert_eq!(description.state_machine_arn, machine);

    let forward = [(1, "ExecutionStarted"), (2, "PassStateEntered"), (3, "PassStateExited"), (4, "ExecutionSucceeded")];
    assert_eq!(history(&runtime, &arn, false).await, forward);
    let mut backward = history(&runtime, &arn, true).await;
    backward.reverse();
    assert_eq!(backward, forward);
    runtime.shut_down().await;
}

#[tokio::test]
async fn a_name_is_used_once() {
    let runtime = in_memory();
    let machine = create(&runtime, "m", WAIT).await;
    let first = runtime.start_execution(start(&machine, Some("n"), Value::int(1))).await.unwrap();
    let again = runtime.start_execution(start(&machine, Some("n"), Value::int(1))).await.unwrap();
    assert_eq!((first.arn.clone(), first.started_at), (again.arn, again.started_at));
    let other = runtime.start_execution(start(&machine, Some("n"), Value::int(2))).await;
    assert!(matches!(other, Err(CallError::ExecutionAlreadyExists(arn)) if arn == first.arn));

    let stop = StopExecution { arn: first.arn.clone(), error: Some("E".into()), cause: None };
    let stopped_at = runtime.stop_execution(stop.clone()).await.unwrap();
    assert_eq!(runtime.stop_execution(stop).await.unwrap(), stopped_at);
    let closed = runtime.start_execution(start(&machine, Some("n"), Value::int(1))).await;
    assert!(matches!(closed, Err(CallError::ExecutionAlreadyExists(_))));
    let description = runtime.describe_execution(first.arn).await.unwrap();
    assert_eq!((description.record.summary.status, description.error.as_deref()), (Status::Aborted, Some("E")));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_starts_of_one_name_at_once_begin_one_execution() {
    let runtime = in_memory();
    let machine = create(&runtime, "m", WAIT).await;
    let starts: Vec<_> = (0..50)
        .map(|_| {
            let (runtime, request) = (runtime.clone(), start(&machine, Some("n"), Value::int(1)));
            tokio::spawn(async move { runtime.start_execution(request).await.unwrap().started_at })
        })
        .collect();
    let mut times = Vec::new();
    for start in starts {
        times.push(start.await.unwrap());
    }
    times.dedup();
    assert_eq!(times.len(), 1);
    assert_eq!(runtime.metrics().executions_started, 1);
}

#[tokio::test]
async fn a_worker_gets_a_task_and_its_result_ends_the_execution() {
    let runtime = in_memory();
    let activity = create_activity(&runtime).await;
    let machine = create(&runtime, "m", TASK).await;
    let polling = tokio::spawn({
        let (runtime, request) = (runtime.clone(), poll(&activity));
        async move { runtime.get_activity_task(request).await }
    });
    let arn = begin(&runtime, &machine).await;
    let task = polling.await.unwrap().unwrap().unwrap();
    assert_eq!(task.input, Value::int(1));
    runtime.send_task_heartbeat(task.token.clone()).await.unwrap();
    let success = SendTaskSuccess { token: task.token.clone(), output: Value::int(2) };
    runtime.send_task_success(success.clone()).await.unwrap();
    assert!(matches!(runtime.send_task_success(success).await, Err(CallError::TaskTimedOut)));
    assert!(matches!(runtime.send_task_heartbeat("garbage".into()).await, Err(CallError::InvalidToken)));
    let description = runtime.describe_execution(arn).await.unwrap();
    assert_eq!(description.output, Some(Value::int(2)));
}

#[tokio::test]
async fn an_execution_that_reaches_a_missing_activity_fails() {
    let runtime = in_memory();
    let machine = create(&runtime, "m", TASK).await;
    let arn = begin(&runtime, &machine).await;
    let description = runtime.describe_execution(arn).await.unwrap();
    assert_eq!(description.error.as_deref(), Some("States.Runtime"));
    let cause = description.cause.unwrap();
    assert!(
        cause.ends_with("The activity arn:aws:states:us-east-1:123456789012:activity:a does not exist."),
        "{cause}"
    );
    let missing = runtime.get_activity_task(poll(&"arn:aws:states:us-east-1:123456789012:activity:a".into())).await;
    assert!(matches!(missing, Err(CallError::ActivityDoesNotExist(_))));
}

#[tokio::test]
async fn what_was_open_goes_on_after_a_restart() {
    let store = Arc::new(MemoryStore::new());
    let runtime = open(Arc::clone(&store) as Arc<dyn Store>);
    let activity = create_activity(&runtime).await;
    let machine = create(&runtime, "m", TASK).await;
    let short = r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":1,"End":true}}}"#;
    let waiting = create(&runtime, "w", short).await;
    let offered = begin(&runtime, &machine).await;
    let waits = begin(&runtime, &waiting).await;
    let taken = runtime.get_activity_task(poll(&activity)).await.unwrap().unwrap();
    let other = begin(&runtime, &machine).await;
    runtime.shut_down().await;
    assert!(matches!(
        runtime.start_execution(start(&machine, None, Value::Null)).await,
        Err(CallError::Unavailable(_))
    ));

    let runtime = open(store);
    runtime.send_task_success(SendTaskSuccess { token: taken.token, output: Value::Null }).await.unwrap();
    let task = runtime.get_activity_task(poll(&activity)).await.unwrap().unwrap();
    runtime.send_task_success(SendTaskSuccess { token: task.token, output: Value::Null }).await.unwrap();
    for arn in [offered, other, waits] {
        until(|| async {
            let record = runtime.describe_execution(arn.clone()).await.unwrap().record;
            (record.summary.status == Status::Succeeded).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn a_failed_commit_fails_the_request_and_not_the_data() {
    let memory = Arc::new(MemoryStore::new());
    let faulty = Arc::new(Faulty::new(Arc::clone(&memory), |_, _| Fate::Pass));
    let runtime = open(Arc::clone(&faulty) as Arc<dyn Store>);
    let activity = create_activity(&runtime).await;
    let machine = create(&runtime, "m", TASK).await;
    let arn = begin(&runtime, &machine).await;

    faulty.set_plan(|_, _| Fate::Full);
    let refused = runtime.start_execution(start(&machine, Some("n"), Value::Null)).await;
    assert!(matches!(refused, Err(CallError::Unavailable(text)) if text.contains("full")));
    // The worker asks in vain; the task stays.
    assert!(matches!(runtime.get_activity_task(poll(&activity)).await, Err(CallError::Unavailable(_))));
    assert!(matches!(runtime.create_state_machine(machine_named("x")).await, Err(CallError::Unavailable(_))));

    faulty.set_plan(|_, _| Fate::FailAfter);
    // The answer of that commit is lost; the lane finds it durable.
    let written = runtime.start_execution(start(&machine, Some("written"), Value::Null)).await;
    assert!(written.is_ok());

    faulty.set_plan(|_, _| Fate::Pass);
    for _ in 0..2 {
        let task = runtime.get_activity_task(poll(&activity)).await.unwrap().unwrap();
        runtime.send_task_success(SendTaskSuccess { token: task.token, output: Value::Null }).await.unwrap();
    }
    let description = runtime.describe_execution(arn).await.unwrap();
    assert_eq!(description.record.summary.status, Status::Succeeded);
    let taken = runtime.start_execution(start(&machine, Some("written"), Value::Null)).await;
    assert!(matches!(taken, Err(CallError::ExecutionAlreadyExists(_))));
    assert!(runtime.start_execution(start(&machine, Some("n"), Value::Null)).await.is_ok());
    assert!(runtime.create_state_machine(machine_named("x")).await.is_ok());
    assert!(runtime.metrics().commit_failures >= 3);
}

fn machine_named(name: &str) -> CreateStateMachine {
    machine(name, PASS)
}

#[tokio::test]
async fn creating_the_same_again_is_the_same_and_another_is_refused() {
    let runtime = in_memory();
    let first = runtime.create_state_machine(machine("m", PASS)).await.unwrap();
    let other_role = CreateStateMachine { role_arn: "other".into(), ..machine("m", PASS) };
    let again = runtime.create_state_machine(other_role).await.unwrap();
    assert_eq!((first.arn.clone(), first.created_at), (again.arn, again.created_at));
    let spaced = PASS.replace(':', ": ");
    for other in
        [machine("m", WAIT), machine("m", &spaced), CreateStateMachine { settings: Value::Null, ..machine("m", PASS) }]
    {
        let refused = runtime.create_state_machine(other).await;
        assert!(matches!(refused, Err(CallError::StateMachineAlreadyExists(arn)) if arn == first.arn));
    }
    assert!(matches!(
        runtime.create_state_machine(machine("n", "{}")).await,
        Err(CallError::InvalidDefinition(found)) if !found.is_empty()
    ));
}

#[tokio::test]
async fn an_update_makes_a_revision_and_one_that_changes_nothing_repeats_it() {
    let runtime = in_memory();
    let arn = create(&runtime, "m", PASS).await;
    let update = |definition: Option<&str>| UpdateStateMachine {
        arn: arn.clone(),
        definition: definition.map(Text::from),
        role_arn: None,
        settings: Value::empty_object(),
        publish: None,
    };
    assert_eq!(runtime.describe_state_machine(arn.clone()).await.unwrap().definition.revision_id, None);
    let running = begin(&runtime, &arn).await;
    assert_eq!(runtime.update_state_machine(update(Some(PASS))).await.unwrap().revision_id, None);
    let role = UpdateStateMachine { role_arn: Some("arn:aws:iam::123456789012:role/r".into()), ..update(None) };
    let first = runtime.update_state_machine(role).await.unwrap().revision_id;
    assert!(first.is_some());
    assert_eq!(runtime.update_state_machine(update(Some(PASS))).await.unwrap().revision_id, first);
    let second = runtime.update_state_machine(update(Some(WAIT))).await.unwrap().revision_id;
    assert_ne!(first, second);
    let described = runtime.describe_state_machine(arn.clone()).await.unwrap();
    assert_eq!((&*described.definition.text, described.definition.revision_id), (WAIT, second));
    let of_execution = runtime.describe_state_machine_for_execution(running).await.unwrap();
    assert_eq!(&*of_execution.definition.text, PASS);
    assert!(of_execution.machine.is_some());
}

#[tokio::test]
async fn deleting_a_state_machine_stops_its_executions_and_its_name_is_free_again() {
    let runtime = in_memory();
    let machine = create(&runtime, "m", WAIT).await;
    let arn = begin(&runtime, &machine).await;
    runtime.delete_state_machine(machine.clone()).await.unwrap();
    runtime.delete_state_machine(machine.clone()).await.unwrap();
    let refused = runtime.start_execution(start(&machine, None, Value::Null)).await;
    assert!(matches!(refused, Err(CallError::StateMachineDeleting(_) | CallError::StateMachineDoesNotExist(_))));
    until(|| async { runtime.describe_state_machine(machine.clone()).await.is_err().then_some(()) }).await;
    let description = runtime.describe_execution(arn.clone()).await.unwrap();
    assert_eq!(description.record.summary.status, Status::Aborted);
    assert!(runtime.describe_state_machine_for_execution(arn).await.unwrap().machine.is_none());
    let page = Page { limit: 10, after: None };
    assert!(runtime.list_state_machines(page).await.unwrap().items.is_empty());
    create(&runtime, "m", PASS).await;
}

#[tokio::test]
async fn describing_an_ended_execution_reads_its_record_and_at_most_two_chunks() {
    let store = Arc::new(Faulty::new(Arc::new(MemoryStore::new()), |_, _| Fate::Pass));
    let runtime = open(Arc::clone(&store) as Arc<dyn Store>);
    let activity = create_activity(&runtime).await;
    let state = |number: usize| {
        let next = if number < 5 { format!(r#""Next":"T{}""#, number + 1) } else { r#""End":true"#.into() };
        format!(r#""T{number}":{{"Type":"Task","Resource":"{activity}",{next}}}"#)
    };
    let states = (0..=5).map(state).collect::<Vec<_>>().join(",");
    let machine = create(&runtime, "tasks", &format!(r#"{{"StartAt":"T0","States":{{{states}}}}}"#)).await;
    let arn = begin(&runtime, &machine).await;
    for number in 0..=5 {
        let task = runtime.get_activity_task(poll(&activity)).await.unwrap().unwrap();
        let success = SendTaskSuccess { token: task.token, output: Value::int(number) };
        runtime.send_task_success(success).await.unwrap();
    }
    let id = store.inner().execution_by_arn(&arn).unwrap().unwrap().id;
    assert!(store.inner().chunks(id).unwrap().len() > 6);
    store.take_reads();
    let description = runtime.describe_execution(arn).await.unwrap();
    assert_eq!(store.take_reads(), (1, 2));
    assert_eq!((description.input, description.output), (Value::int(1), Some(Value::int(5))));

    let machine = create(&runtime, "m", PASS).await;
    let arn = begin(&runtime, &machine).await;
    store.take_reads();
    assert_eq!(runtime.describe_execution(arn).await.unwrap().output, Some(Value::int(1)));
    assert_eq!(store.take_reads(), (1, 1));
}

#[tokio::test]
async fn a_deletion_goes_on_after_a_restart() {
    let memory = Arc::new(MemoryStore::new());
    let runtime = open(Arc::clone(&memory) as Arc<dyn Store>);
    let machine = create(&runtime, "m", WAIT).await;
    begin(&runtime, &machine).await;
    runtime.shut_down().await;
    let record = memory_machine(&*memory, &machine);
    let seen = Some(record.revision);
    let deleting = store::record::StateMachine { status: MachineStatus::Deleting, ..record };
    store::suite::try_commit(&*memory, &[store::suite::put_machine(deleting, seen)]).unwrap();
    let runtime = open(memory);
    until(|| async { runtime.describe_state_machine(machine.clone()).await.is_err().then_some(()) }).await;
}

fn memory_machine(store: &dyn Store, arn: &Text) -> store::record::StateMachine {
    store.state_machine(arn).unwrap().unwrap()
}

#[tokio::test]
async fn an_express_execution_runs_in_memory_only() {
    let runtime = in_memory();
    let request = CreateStateMachine { machine_type: MachineType::Express, ..machine("m", PASS) };
    let machine = runtime.create_state_machine(request).await.unwrap().arn;
    let started = runtime.start_execution(start(&machine, Some("n"), Value::Null)).await.unwrap();
    let again = runtime.start_execution(start(&machine, Some("n"), Value::Null)).await.unwrap();
    assert!(started.arn.starts_with("arn:aws:states:us-east-1:123456789012:express:m:n:"));
    assert_ne!(started.arn, again.arn);
    assert!(matches!(
        runtime.describe_execution(started.arn).await,
        Err(CallError::InvalidArn(text)) if text == "Resource type not valid in this context: express"
    ));
    let list = ListExecutions { state_machine_arn: machine, status: None, page: Page { limit: 1, after: None } };
    assert!(matches!(runtime.list_executions(list).await, Err(CallError::StateMachineTypeNotSupported)));
    until(|| async { (runtime.metrics().executions_ended == 2).then_some(()) }).await;
    assert_eq!(runtime.metrics().writes, 2, "definition and state machine, no execution");
}

#[tokio::test]
async fn tags_are_added_replaced_and_removed_up_to_fifty() {
    let runtime = in_memory();
    let activity = create_activity(&runtime).await;
    let machine = create(&runtime, "m", PASS).await;
    for arn in [activity, machine] {
        let tag = |tags: Value| runtime.tag_resource(TagResource { arn: arn.clone(), tags });
        tag(Value::object([("a", Value::string("1")), ("b", Value::string("2"))])).await.unwrap();
        tag(Value::object([("a", Value::string("3"))])).await.unwrap();
        runtime.untag_resource(UntagResource { arn: arn.clone(), keys: vec!["b".into(), "x".into()] }).await.unwrap();
        let many = Value::object((0..50).map(|i| (format!("k{i}"), Value::string("v"))));
        assert!(matches!(tag(many).await, Err(CallError::TooManyTags(_))));
        assert_eq!(runtime.list_tags_for_resource(arn.clone()).await.unwrap().to_json(), r#"{"a":"3"}"#);
    }
    let missing = runtime.list_tags_for_resource("arn:aws:states:us-east-1:123456789012:activity:x".into()).await;
    assert!(matches!(missing, Err(CallError::ResourceNotFound(_))));
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let runtime = in_memory();
    let machine: Text = "arn:aws:states:us-east-1:123456789012:stateMachine:m".into();
    let execution: Text = "arn:aws:states:us-east-1:123456789012:execution:m:e".into();
    assert!(matches!(
        runtime.start_execution(start(&machine, None, Value::Null)).await,
        Err(CallError::StateMachineDoesNotExist(arn)) if arn == machine
    ));
    assert!(matches!(
        runtime.start_execution(start(&"garbage".into(), None, Value::Null)).await,
        Err(CallError::InvalidArn(_))
    ));
    runtime.delete_state_machine(machine.clone()).await.unwrap();
    assert!(matches!(runtime.describe_state_machine(machine).await, Err(CallError::StateMachineDoesNotExist(_))));
    let stop = StopExecution { arn: execution.clone(), error: None, cause: None };
    assert!(matches!(runtime.stop_execution(stop).await, Err(CallError::ExecutionDoesNotExist(_))));
    let history = GetExecutionHistory {
        arn: execution.clone(),
        limit: 1,
        reverse: true,
        from: Some(EventId(9)),
        include_data: false,
    };
    assert!(matches!(runtime.get_execution_history(history).await, Err(CallError::ExecutionDoesNotExist(_))));
    assert!(matches!(runtime.describe_execution(execution).await, Err(CallError::ExecutionDoesNotExist(_))));
}

#[tokio::test]
async fn stopping_answers_the_workers_that_wait() {
    let runtime = in_memory();
    let activity = create_activity(&runtime).await;
    let polling = tokio::spawn({
        let (runtime, request) = (runtime.clone(), poll(&activity));
        async move { runtime.get_activity_task(request).await }
    });
    tokio::task::yield_now().await;
    runtime.shut_down().await;
    let answer = polling.await.unwrap();
    assert!(matches!(answer, Ok(None) | Err(CallError::Unavailable(_))));
    runtime.shut_down().await;
}

#[tokio::test]
async fn idle_executions_leave_memory_and_come_back() {
    let runtime = in_memory();
    let machine = create(&runtime, "m", WAIT).await;
    let arn = begin(&runtime, &machine).await;
    assert_eq!(runtime.metrics().live, 1);
    until(|| async { (runtime.metrics().live == 0).then_some(()) }).await;
    assert_eq!(runtime.metrics().evictions, 1);
    runtime.stop_execution(StopExecution { arn, error: None, cause: None }).await.unwrap();
    assert_eq!(runtime.metrics().loads, 1);
}
