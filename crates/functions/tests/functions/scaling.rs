//! Many invocations at once, bounds, warm processes, changed files, and the end of it all.

use std::collections::HashSet;
use std::time::Duration;

use functions::{Invocation, InvokeError};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::House;

const PID: &str =
    "exports.handler = async (e) => { await new Promise((r) => setTimeout(r, e.ms || 0)); return process.pid }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invocations_at_once_share_as_many_processes_as_allowed() {
    let house = House::with(&[("f/index.js", PID)], |options| options.max_processes = 3);
    let mut all = JoinSet::new();
    for _ in 0..50 {
        let functions = house.functions.clone();
        let invocation = Invocation { function: "f".into(), payload: r#"{"ms": 20}"#.into(), ..Invocation::default() };
        all.spawn(async move { functions.invoke(invocation).await.unwrap() });
    }
    let answers = all.join_all().await;
    assert!(answers.iter().all(|answer| answer.error.is_none()));
    assert_eq!(answers.iter().map(|answer| &answer.payload).collect::<HashSet<_>>().len(), 3);
    assert_eq!(answers.iter().map(|answer| &answer.request_id).collect::<HashSet<_>>().len(), 50);
}

#[tokio::test]
async fn one_after_the_other_uses_one_process() {
    let house = House::new(&[("f/index.js", PID)]);
    let pid = house.answer("f", "{}").await;
    for _ in 0..20 {
        assert_eq!(house.answer("f", "{}").await, pid);
    }
}

#[tokio::test]
async fn functions_share_the_places_in_all() {
    let files = [("a/index.js", PID), ("b/index.js", PID), ("c/index.js", PID)];
    let house = House::with(&files, |options| options.max_processes_in_all = 2);
    let first = house.answer("a", "{}").await;
    for name in ["b", "c", "b", "a", "c"] {
        house.answer(name, "{}").await;
    }
    assert_ne!(house.answer("a", "{}").await, first);
    // One that always has work leaves room for one that has no process.
    let busy = async {
        let more = |_| async { while house.answer("a", r#"{"ms": 1}"#).await.is_null() {} };
        for _ in 0..30 {
            tokio::join!(more(0), more(1), more(2));
        }
    };
    tokio::join!(busy, async { house.answer("b", "{}").await });
}

#[tokio::test]
async fn too_many_who_wait_are_refused() {
    let house = House::with(&[("f/index.js", PID)], |options| {
        options.max_processes = 1;
        options.max_waiting = 1;
    });
    house.answer("f", "{}").await;
    let invoke = || {
        let payload = r#"{"ms": 200}"#.into();
        house.functions.invoke(Invocation { function: "f".into(), payload, ..Invocation::default() })
    };
    let (one, two, three) = tokio::join!(biased; invoke(), invoke(), invoke());
    assert!(one.is_ok() && two.is_ok());
    assert!(matches!(three, Err(InvokeError::TooManyRequests)), "{three:?}");
}

#[tokio::test]
async fn one_who_gives_up_waiting_leaves_the_others_their_turn() {
    let house = House::with(&[("f/index.js", PID)], |options| options.max_processes = 1);
    let pid = house.answer("f", "{}").await;
    let (slow, _) = tokio::join!(biased; house.answer("f", r#"{"ms": 100}"#), async {
        tokio::time::timeout(Duration::from_millis(20), house.answer("f", "{}")).await.unwrap_err();
        // Gives up in the middle of its run, which goes on.
        tokio::time::timeout(Duration::from_millis(150), house.answer("f", r#"{"ms": 200}"#)).await.unwrap_err();
    });
    assert_eq!(slow, pid);
    assert_eq!(house.answer("f", "{}").await, pid);
}

#[tokio::test]
async fn changed_new_and_removed_files_are_seen_at_once() {
    let house = House::new(&[
        ("f/index.js", "exports.handler = async () => require('./lib').v"),
        ("f/lib.js", "exports.v = 1"),
    ]);
    assert_eq!(house.answer("f", "{}").await, 1);
    house.write("f/lib.js", "exports.v = 22");
    assert_eq!(house.answer("f", "{}").await, 22);
    house.write("f/function.json", r#"{"environment": {"A": "1"}}"#);
    house.write("f/index.js", "exports.handler = async () => process.env.A");
    assert_eq!(house.answer("f", "{}").await, "1");
    house.write("g/handler.py", "def handler(e, c): return 'new'");
    assert_eq!(house.functions.names(), ["f", "g"]);
    assert_eq!(house.answer("g", "{}").await, "new");
    std::fs::remove_dir_all(house.folder.path().join("f")).unwrap();
    let gone = house.functions.invoke(Invocation { function: "f".into(), ..Invocation::default() }).await;
    assert!(matches!(gone, Err(InvokeError::NotFound { .. })));
}

#[tokio::test]
async fn an_idle_process_ends_after_its_time() {
    let house = House::with(&[("f/index.js", PID)], |options| options.idle_time = Duration::from_millis(50));
    let pid = house.answer("f", "{}").await;
    wait_for_end(&pid).await;
    assert_ne!(house.answer("f", "{}").await, pid);
}

#[tokio::test]
async fn shutting_down_ends_all_processes_and_what_they_started() {
    let spawning = "const { spawn } = require('child_process'); const child = spawn('sleep', ['600']); \
                    exports.handler = async (e) => e.wait ? new Promise((r) => setTimeout(r, 60000)) : [process.pid, child.pid]";
    let house = House::new(&[("f/index.js", spawning), ("f/function.json", r#"{"timeout": 60}"#)]);
    let pids = house.answer("f", "{}").await;
    let wait = Invocation { function: "f".into(), payload: r#"{"wait": true}"#.into(), ..Invocation::default() };
    let (cut_off, ()) = tokio::join!(biased; house.functions.invoke(wait.clone()), house.functions.shut_down());
    assert!(matches!(cut_off, Err(InvokeError::ShuttingDown)), "{cut_off:?}");
    for pid in pids.as_array().unwrap() {
        wait_for_end(pid).await;
    }
    assert!(matches!(house.functions.invoke(wait).await, Err(InvokeError::ShuttingDown)));
}

#[tokio::test]
async fn dropping_the_functions_ends_their_processes() {
    let house = House::new(&[("f/index.js", PID)]);
    let pid = house.answer("f", "{}").await;
    drop(house);
    wait_for_end(&pid).await;
}

/// The test runs itself as another process, kills that, and looks what became of the function's process.
#[tokio::test]
async fn a_functions_processes_do_not_outlive_us_when_we_are_killed() {
    const MARK: &str = "FUNCTIONS_TEST_VICTIM";
    let code = "const { spawn } = require('child_process'); const child = spawn('sleep', ['600']); \
                exports.handler = async () => [process.pid, child.pid]";
    if let Ok(folder) = std::env::var(MARK) {
        let functions = functions::Functions::open(functions::Options::new(&folder)).unwrap();
        let invoked = functions.invoke(Invocation { function: "f".into(), ..Invocation::default() }).await.unwrap();
        let temporary = format!("{folder}/answer.new");
        std::fs::write(&temporary, &invoked.payload).unwrap();
        std::fs::rename(temporary, format!("{folder}/answer")).unwrap();
        tokio::time::sleep(Duration::from_secs(60)).await;
        return;
    }
    let house = House::new(&[("f/index.js", code)]);
    let mut victim = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "scaling::a_functions_processes_do_not_outlive_us_when_we_are_killed"])
        .env(MARK, house.folder.path())
        .stdout(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let answer = house.folder.path().join("answer");
    let pids: Value = loop {
        if let Ok(text) = std::fs::read(&answer) {
            break serde_json::from_slice(&text).unwrap();
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    victim.kill().await.unwrap();
    for pid in pids.as_array().unwrap() {
        wait_for_end(pid).await;
    }
    assert_eq!(pids.as_array().unwrap().len(), 2, "{}", json!(pids));
}

async fn wait_for_end(pid: &Value) {
    let gone = async {
        while !crate::has_ended(pid) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), gone).await.expect("the process still runs");
}
