//! Versions and aliases over a store: what stays after a restart, and after a write of which nobody knows.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::time::Duration;

use asl::{Text, Value};
use engine::Status;
use runtime::calls::*;
use runtime::clock::WallClock;
use runtime::quotas::Quotas;
use runtime::tasks::no_tasks;
use runtime::{Runtime, RuntimeOptions};
use store::Store;
use store::fault::{Fate, Faulty};
use store::memory::MemoryStore;
use store::record::{MachineType, Page, Route, Routing, VersionNumber};

const MACHINE: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:m";
const TASK: &str = r#"{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:states:us-east-1:123456789012:activity:a","Next":"Old"},"Old":{"Type":"Pass","Result":"old","End":true}}}"#;
const PASS: &str = r#"{"StartAt":"New","States":{"New":{"Type":"Pass","Result":"new","End":true}}}"#;
const ALL: Page = Page { limit: 10_000, after: None };

fn open(store: Arc<dyn Store>) -> Runtime {
    let options = RuntimeOptions {
        region: "us-east-1".into(),
        account: "123456789012".into(),
        quotas: Quotas::default(),
        shards: 2,
    };
    Runtime::open(store, Arc::new(WallClock), options, no_tasks).unwrap()
}

async fn create(runtime: &Runtime) {
    let request = CreateStateMachine {
        name: "m".into(),
        definition: TASK.into(),
        role_arn: "arn:aws:iam::123456789012:role/r".into(),
        machine_type: MachineType::Standard,
        settings: Value::empty_object(),
        tags: Value::empty_object(),
        publish: Some(Publish { description: Some("first".into()) }),
    };
    runtime.create_state_machine(request).await.unwrap();
}

fn update(definition: &str) -> UpdateStateMachine {
    UpdateStateMachine {
        arn: MACHINE.into(),
        definition: Some(definition.into()),
        role_arn: None,
        settings: Value::empty_object(),
        publish: Some(Publish { description: None }),
    }
}

fn routing(number: i64) -> Routing {
    Routing { first: Route { version: VersionNumber(number), weight: 100 }, second: None }
}

fn alias(name: &str, number: i64) -> CreateAlias {
    CreateAlias { machine_arn: MACHINE.into(), name: name.into(), description: None, routing: routing(number) }
}

async fn start(runtime: &Runtime, arn: &str) -> Text {
    let request = StartExecution {
        state_machine_arn: arn.into(),
        name: None,
        input: Value::Null,
        input_text: None,
        trace_header: None,
        profile: None,
    };
    runtime.start_execution(request).await.unwrap().arn
}

async fn numbers(runtime: &Runtime) -> Vec<i64> {
    let listed = runtime.list_versions(MACHINE.into(), ALL).await.unwrap();
    listed.items.iter().map(|version| version.number.0).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_runs_its_version_to_the_end_whatever_becomes_of_it() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let runtime = open(Arc::clone(&store));
    let request = CreateActivity { name: "a".into(), tags: Value::empty_object(), settings: Value::empty_object() };
    let activity = runtime.create_activity(request).await.unwrap().arn;
    create(&runtime).await;
    runtime.create_alias(alias("PROD", 1)).await.unwrap();
    let execution = start(&runtime, &format!("{MACHINE}:PROD")).await;

    runtime.update_state_machine(update(PASS)).await.unwrap();
    let to_new = UpdateAlias { arn: format!("{MACHINE}:PROD").into(), description: None, routing: Some(routing(2)) };
    runtime.update_alias(to_new).await.unwrap();
    runtime.delete_version(format!("{MACHINE}:1").into()).await.unwrap();
    runtime.shut_down().await;

    let runtime = open(store);
    let poll = GetActivityTask { arn: activity, worker: None, wait: Duration::from_secs(60) };
    let task = runtime.get_activity_task(poll).await.unwrap().unwrap();
    runtime.send_task_success(SendTaskSuccess { token: task.token, output: Value::Null }).await.unwrap();
    let described = loop {
        let described = runtime.describe_execution(execution.clone()).await.unwrap();
        if described.record.summary.status != Status::Running {
            break described;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(described.output, Some(Value::string("old")));
    assert_eq!((described.record.version, described.record.alias), (Some(VersionNumber(1)), Some("PROD".into())));
    let of_execution = runtime.describe_state_machine_for_execution(execution).await.unwrap();
    assert_eq!(&*of_execution.definition.text, TASK);
    runtime.shut_down().await;
}

#[tokio::test]
async fn versions_and_aliases_are_there_after_a_restart_and_no_number_comes_again() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let runtime = open(Arc::clone(&store));
    create(&runtime).await;
    for definition in [PASS, TASK] {
        runtime.update_state_machine(update(definition)).await.unwrap();
    }
    for name in ["z", "a"] {
        runtime.create_alias(alias(name, 2)).await.unwrap();
    }
    runtime.delete_version(format!("{MACHINE}:3").into()).await.unwrap();
    runtime.shut_down().await;

    let runtime = open(store);
    assert_eq!(numbers(&runtime).await, [2, 1]);
    let aliases = runtime.list_aliases(MACHINE.into(), ALL).await.unwrap().items;
    assert_eq!(aliases.iter().map(|alias| &*alias.name).collect::<Vec<_>>(), ["z", "a"]);
    let publish = PublishVersion { arn: MACHINE.into(), revision_id: None, description: None };
    assert_eq!(&*runtime.publish_version(publish).await.unwrap().arn, format!("{MACHINE}:4"));
    runtime.shut_down().await;
}

#[tokio::test]
async fn a_version_whose_write_failed_is_there_or_not_as_the_store_has_it() {
    for (fate, expected) in [(Fate::FailBefore, vec![1]), (Fate::FailAfter, vec![2, 1])] {
        let store = Arc::new(Faulty::new(Arc::new(MemoryStore::new()), |_, _| Fate::Pass));
        let runtime = open(Arc::clone(&store) as Arc<dyn Store>);
        create(&runtime).await;
        store.set_plan(move |_, _| fate);
        let answer = runtime.update_state_machine(update(PASS)).await;
        match fate {
            // The answer of that commit is lost; the lane finds it durable.
            Fate::FailAfter => drop(answer.unwrap()),
            _ => assert!(matches!(answer, Err(CallError::Unavailable(_))), "{answer:?}"),
        }
        store.set_plan(|_, _| Fate::Pass);
        assert_eq!(numbers(&runtime).await, expected);
        let updated = runtime.update_state_machine(update(PASS)).await.unwrap();
        assert_eq!(updated.version_arn, Some(format!("{MACHINE}:2").into()));
        runtime.shut_down().await;
    }
}

#[tokio::test]
async fn there_are_no_more_versions_and_aliases_than_may_be() {
    let runtime = open(Arc::new(MemoryStore::new()));
    create(&runtime).await;
    for number in 0..100 {
        runtime.create_alias(alias(&format!("a{number}"), 1)).await.unwrap();
    }
    assert!(matches!(runtime.create_alias(alias("more", 1)).await, Err(CallError::QuotaExceeded(_))));
    runtime.create_alias(alias("a7", 1)).await.unwrap();
    for number in 2..=1_000 {
        let definition = if number % 2 == 0 { PASS } else { TASK };
        runtime.update_state_machine(update(definition)).await.unwrap();
    }
    assert!(matches!(runtime.update_state_machine(update(TASK)).await, Err(CallError::QuotaExceeded(_))));
    // What was refused changed nothing.
    let latest = runtime.describe_state_machine(MACHINE.into()).await.unwrap();
    assert_eq!((&*latest.definition.text, numbers(&runtime).await.len()), (PASS, 1_000));
    runtime.shut_down().await;
}
