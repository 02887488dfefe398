//! Records that many change at once, through one server and through two over one store: each change is made on what is
//! stored by then, so that none is lost, and none is made on what is gone.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::time::Duration;

use asl::{Text, Value};
use runtime::calls::*;
use runtime::clock::WallClock;
use runtime::tasks::no_tasks;
use runtime::{Runtime, RuntimeOptions};
use store::memory::MemoryStore;
use store::record::{MachineType, Page, Route, Routing, VersionNumber};
use store::{Records, Store};

const MACHINE: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:m";
const ACTIVITY: &str = "arn:aws:states:us-east-1:123456789012:activity:a";
const ALL: Page = Page { limit: 10_000, after: None };
const CALLERS: usize = 12;

/// Two servers over one store: what one changes, the other's memory does not know.
struct Servers {
    store: Arc<MemoryStore>,
    runtimes: [Runtime; 2],
}

impl Servers {
    fn new() -> Self {
        let store = Arc::new(MemoryStore::new());
        let runtimes = [open(&store), open(&store)];
        Self { store, runtimes }
    }

    /// Does that at once from many callers, every other one at the second server.
    async fn at_once<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
        &self,
        callers: usize,
        call: impl Fn(Runtime, usize) -> F,
    ) -> Vec<T> {
        let runtime = |caller: usize| self.runtimes[caller % 2].clone();
        let calls: Vec<_> = (0..callers).map(|caller| tokio::spawn(call(runtime(caller), caller))).collect();
        let mut answers = Vec::new();
        for answer in calls {
            answers.push(answer.await.unwrap());
        }
        answers
    }
}

fn open(store: &Arc<MemoryStore>) -> Runtime {
    let options = RuntimeOptions {
        region: "us-east-1".into(),
        account: "123456789012".into(),
        quotas: runtime::quotas::Quotas::default(),
        shards: 1,
    };
    Runtime::open(Arc::clone(store) as Arc<dyn Store>, Arc::new(WallClock), options, no_tasks).unwrap()
}

fn definition(result: usize) -> Text {
    format!(r#"{{"StartAt":"P","States":{{"P":{{"Type":"Pass","Result":{result},"End":true}}}}}}"#).into()
}

fn machine(result: usize) -> CreateStateMachine {
    CreateStateMachine {
        name: "m".into(),
        definition: definition(result),
        role_arn: "arn:aws:iam::123456789012:role/r".into(),
        machine_type: MachineType::Standard,
        settings: Value::empty_object(),
        tags: Value::empty_object(),
        publish: Some(Publish { description: None }),
    }
}

fn update(result: usize) -> UpdateStateMachine {
    UpdateStateMachine {
        arn: MACHINE.into(),
        definition: Some(definition(result)),
        role_arn: None,
        settings: Value::empty_object(),
        publish: Some(Publish { description: None }),
    }
}

fn activity() -> CreateActivity {
    CreateActivity { name: "a".into(), tags: Value::empty_object(), settings: Value::empty_object() }
}

fn routing(number: i64) -> Routing {
    Routing { first: Route { version: VersionNumber(number), weight: 100 }, second: None }
}

fn alias(name: &str) -> CreateAlias {
    CreateAlias { machine_arn: MACHINE.into(), name: name.into(), description: None, routing: routing(1) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_creations_at_once_one_makes_the_state_machine_and_the_others_find_it() {
    let servers = Servers::new();
    let created = servers.at_once(CALLERS, |runtime, _| async move { runtime.create_state_machine(machine(0)).await });
    let created: Vec<_> = created.await.into_iter().map(Result::unwrap).collect();
    assert!(created.iter().all(|one| one.created_at == created[0].created_at && one.version_arn.is_some()));
    let all = Page { limit: ALL.limit, after: None };
    assert_eq!(servers.store.list_state_machines(&all).unwrap().items.len(), 1);
    let machine = servers.store.state_machine(MACHINE).unwrap().unwrap();
    assert_eq!((machine.revision, servers.store.versions(machine.id).unwrap().len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_different_creations_at_once_one_wins() {
    let servers = Servers::new();
    let created = |runtime: Runtime, caller| async move { runtime.create_state_machine(machine(caller)).await };
    let answers = servers.at_once(CALLERS, created).await;
    let is_refused = |answer: &&Result<_, _>| matches!(answer, Err(CallError::StateMachineAlreadyExists(_)));
    assert_eq!(answers.iter().filter(is_refused).count(), CALLERS - 1);
    let winner = answers.iter().position(Result::is_ok).unwrap();
    let machine = servers.store.state_machine(MACHINE).unwrap().unwrap();
    assert_eq!(servers.store.definition(machine.definition).unwrap().unwrap().text, definition(winner));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn updates_at_once_are_made_one_after_the_other() {
    let servers = Servers::new();
    servers.runtimes[0].create_state_machine(machine(0)).await.unwrap();
    let updated = |runtime: Runtime, caller| async move { runtime.update_state_machine(update(caller + 1)).await };
    let answers = servers.at_once(CALLERS, updated).await;
    let mut published: Vec<_> = answers.into_iter().map(|answer| answer.unwrap().version_arn.unwrap()).collect();
    published.sort_unstable();
    published.dedup();
    assert_eq!(published.len(), CALLERS, "each published a version of its own");
    let machine = servers.store.state_machine(MACHINE).unwrap().unwrap();
    let versions = servers.store.versions(machine.id).unwrap();
    let numbers: Vec<_> = versions.iter().map(|version| version.number.0).collect();
    assert_eq!(numbers, (1..=1 + CALLERS as i64).collect::<Vec<_>>());
    assert_eq!(versions.last().unwrap().definition, machine.definition);
    assert_eq!(machine.revision, 1 + CALLERS as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_tag_is_lost() {
    let servers = Servers::new();
    servers.runtimes[0].create_state_machine(machine(0)).await.unwrap();
    servers.runtimes[1].create_activity(activity()).await.unwrap();
    let tag = |runtime: Runtime, caller: usize| async move {
        let arn = Text::from(if caller < CALLERS { MACHINE } else { ACTIVITY });
        let key = format!("key-{}", caller % CALLERS);
        let tags = Value::object([(&*key, Value::string("v"))]);
        runtime.tag_resource(TagResource { arn, tags }).await.unwrap();
    };
    servers.at_once(2 * CALLERS, tag).await;
    let count = |tags: &Value| tags.as_object().unwrap().len();
    assert_eq!(count(&servers.store.state_machine(MACHINE).unwrap().unwrap().tags), CALLERS);
    assert_eq!(count(&servers.store.activity(ACTIVITY).unwrap().unwrap().tags), CALLERS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn changes_of_one_alias_are_both_made() {
    let servers = Servers::new();
    let [first, second] = &servers.runtimes;
    first.create_state_machine(machine(0)).await.unwrap();
    first.update_state_machine(update(1)).await.unwrap();
    first.create_alias(alias("PROD")).await.unwrap();
    let arn = Text::from(format!("{MACHINE}:PROD"));
    second.describe_alias(arn.clone()).await.unwrap();
    let change = |description: Option<&str>, routing| UpdateAlias {
        arn: arn.clone(),
        description: description.map(Text::from),
        routing,
    };
    let (described, routed) =
        tokio::join!(first.update_alias(change(Some("d"), None)), second.update_alias(change(None, Some(routing(2)))));
    described.unwrap();
    routed.unwrap();
    let machine = servers.store.state_machine(MACHINE).unwrap().unwrap();
    let stored = servers.store.aliases(machine.id).unwrap();
    assert_eq!((stored[0].description.as_deref(), stored[0].routing), (Some("d"), routing(2)));
    // Each server describes what it knows; after its own change that is all of it.
    let known = open(&servers.store).describe_alias(arn.clone()).await.unwrap();
    assert_eq!(known, stored[0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_alias_leads_to_a_version_that_is_gone() {
    for round in 0..20 {
        let servers = Servers::new();
        servers.runtimes[0].create_state_machine(machine(0)).await.unwrap();
        servers.runtimes[1].list_versions(MACHINE.into(), ALL).await.unwrap();
        let [first, second] = servers.runtimes.clone();
        let name = format!("alias-{round}");
        let deleting = tokio::spawn(async move { first.delete_version(format!("{MACHINE}:1").into()).await });
        let creating = tokio::spawn(async move { second.create_alias(alias(&name)).await });
        let (deleted, created) = (deleting.await.unwrap(), creating.await.unwrap());
        let machine = servers.store.state_machine(MACHINE).unwrap().unwrap();
        let left =
            (servers.store.versions(machine.id).unwrap().len(), servers.store.aliases(machine.id).unwrap().len());
        match (&deleted, &created) {
            (Ok(()), Err(CallError::MissingReference)) => assert_eq!(left, (0, 0)),
            (Err(CallError::VersionInUse(_)), Ok(_)) => assert_eq!(left, (1, 1)),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_deletion_beside_updates_ends_the_state_machine() {
    for _ in 0..10 {
        let store = Arc::new(MemoryStore::new());
        let runtime = open(&store);
        runtime.create_state_machine(machine(0)).await.unwrap();
        let changes: Vec<_> = (1..6)
            .map(|result| {
                let runtime = runtime.clone();
                tokio::spawn(async move { runtime.update_state_machine(update(result)).await })
            })
            .collect();
        let deleted = [runtime.clone(), runtime.clone()]
            .map(|runtime| tokio::spawn(async move { runtime.delete_state_machine(MACHINE.into()).await }));
        for answer in changes {
            let answer = answer.await.unwrap();
            let is_expected = matches!(
                answer,
                Ok(_) | Err(CallError::StateMachineDeleting(_) | CallError::StateMachineDoesNotExist(_))
            );
            assert!(is_expected, "{answer:?}");
        }
        for answer in deleted {
            answer.await.unwrap().unwrap();
        }
        let gone = async {
            while store.state_machine(MACHINE).unwrap().is_some() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            // It leaves memory after it left the store.
            while runtime.describe_state_machine(MACHINE.into()).await.is_ok() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), gone).await.unwrap();
        // The name is free, and nothing of the old one is left.
        runtime.create_state_machine(machine(9)).await.unwrap();
        assert_eq!(runtime.list_versions(MACHINE.into(), ALL).await.unwrap().items.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_activity_made_and_deleted_at_once_is_there_or_not() {
    let servers = Servers::new();
    let change = |runtime: Runtime, caller: usize| async move {
        match caller % 3 {
            0 => runtime.delete_activity(ACTIVITY.into()).await.unwrap(),
            _ => drop(runtime.create_activity(activity()).await.unwrap()),
        }
    };
    servers.at_once(3 * CALLERS, change).await;
    let stored = servers.store.list_activities(&ALL).unwrap().items;
    assert!(stored.len() <= 1);
    // Whatever a server remembers, what it does next is done on what is stored.
    for runtime in &servers.runtimes {
        runtime.tag_resource(TagResource { arn: ACTIVITY.into(), tags: Value::empty_object() }).await.ok();
        let known = runtime.describe_activity(ACTIVITY.into()).await.ok();
        assert_eq!(known, servers.store.activity(ACTIVITY).unwrap());
    }
}
