//! What the server says of its health: whether commits get through, and whether what is stored is still there.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use asl::Value;
use runtime::calls::CreateActivity;
use runtime::clock::WallClock;
use runtime::quotas::Quotas;
use runtime::tasks::no_tasks;
use runtime::{Runtime, RuntimeOptions, Unwell, VitalFailure};
use store::Store;
use store::fault::{Fate, Faulty};
use store::memory::MemoryStore;
use store::sqlite::Sqlite;

/// A test waits no longer for what is to happen.
const PATIENCE: Duration = Duration::from_secs(60);

fn open(store: Arc<dyn Store>) -> Runtime {
    let options = RuntimeOptions {
        region: "us-east-1".into(),
        account: "123456789012".into(),
        quotas: Quotas::default(),
        shards: 1,
    };
    Runtime::open(store, Arc::new(WallClock), options, no_tasks).unwrap()
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn while_the_disk_is_full_the_server_is_unwell_and_well_again_without_a_call() {
    let store = Arc::new(Faulty::new(Arc::new(MemoryStore::new()), |_, _| Fate::Pass));
    let runtime = open(Arc::clone(&store) as Arc<dyn Store>);
    assert_eq!(runtime.check(), Ok(()));
    store.set_plan(|_, _| Fate::Full);
    let activity = CreateActivity { name: "a".into(), tags: Value::empty_object(), settings: Value::empty_object() };
    runtime.create_activity(activity).await.unwrap_err();
    assert_eq!(runtime.check(), Err(Unwell::Commits("the disk that holds the data is full".to_owned())));
    store.set_plan(|_, _| Fate::Pass);
    until("nobody tried again", || runtime.check().is_ok()).await;
    runtime.shut_down().await;
}

#[tokio::test]
async fn where_the_data_is_removed_the_server_ends() {
    let directory = tempfile::tempdir().unwrap();
    let runtime = open(Arc::new(Sqlite::open(directory.path()).unwrap()));
    assert_eq!(runtime.check(), Ok(()));
    std::fs::remove_dir_all(directory.path()).unwrap();
    let failure = tokio::time::timeout(PATIENCE, runtime.failure()).await.unwrap();
    assert!(matches!(&failure, VitalFailure::Store(_)), "{failure}");
    assert_eq!(runtime.check(), Err(Unwell::Vital(failure)));
    runtime.shut_down().await;
}
