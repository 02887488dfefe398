//! What a process may not do to others, and others not to it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{House, has_ended};

/// Starts a process that sleeps, in the way that the event says, and answers with its number.
const STARTS: &str = r#"
import os, subprocess, sys, time
SLEEP = [sys.executable, '-c', 'import time; time.sleep(1000)']
TWICE = '''
import os, sys, time
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
print(os.getpid(), flush=True)
os.close(1)
time.sleep(1000)
'''
def handler(event, context):
    if event == 'pid':
        return os.getpid()
    if event == 'exit':
        os._exit(1)
    if event == 'hang':
        time.sleep(1000)
    if event == 'child':
        return subprocess.Popen(SLEEP).pid
    if event == 'session':
        return subprocess.Popen(SLEEP, start_new_session=True).pid
    if event == 'bare session':
        return subprocess.Popen(SLEEP, start_new_session=True, env={}).pid
    if event == 'orphan':
        out = subprocess.Popen([sys.executable, '-c', TWICE], stdout=subprocess.PIPE).communicate()[0]
        return int(out)
"#;

fn house() -> House {
    House::new(&[("f/handler.py", STARTS), ("f/function.json", r#"{"timeout": 2}"#)])
}

async fn started(house: &House, ways: &[&str]) -> Vec<Value> {
    let mut pids = Vec::new();
    for way in ways {
        let pid = house.answer("f", &json!(way).to_string()).await;
        assert!(!has_ended(&pid), "{way}");
        pids.push(pid);
    }
    pids
}

fn assert_ended(ways: &[&str], pids: &[Value]) {
    let begun = Instant::now();
    for (way, pid) in ways.iter().zip(pids) {
        while !has_ended(pid) {
            assert!(begun.elapsed() < Duration::from_secs(20), "{way} goes on");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

#[tokio::test]
async fn what_a_process_started_ends_with_it_when_it_exits() {
    let (house, ways) = (house(), ["child", "session", "orphan"]);
    let pids = started(&house, &ways).await;
    assert_eq!(house.failure("f", "\"exit\"").await["errorType"], "Runtime.ExitError");
    assert_ended(&ways, &pids);
}

#[tokio::test]
async fn what_a_process_started_ends_with_it_when_it_takes_too_long() {
    let (house, ways) = (house(), ["child", "session", "bare session", "orphan"]);
    let pids = started(&house, &ways).await;
    assert_eq!(house.failure("f", "\"hang\"").await["errorType"], "Sandbox.Timedout");
    assert_ended(&ways, &pids);
}

#[tokio::test]
async fn all_that_was_started_ends_when_the_functions_are_shut_down() {
    let (house, ways) = (house(), ["child", "session", "bare session", "orphan"]);
    let pids = started(&house, &ways).await;
    house.functions.shut_down().await;
    assert_ended(&ways, &pids);
}

/// The status of the answer to a request of the runtime API.
fn status(address: &str, line: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    write!(stream, "{line} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_gets_no_event_and_answers_none() {
    let code = "exports.handler = async (event, context) => {\n  if (!event.wait) return process.env.AWS_LAMBDA_RUNTIME_API;\
                \n  require('fs').writeFileSync('.id', context.awsRequestId);\
                \n  while (!require('fs').existsSync('.go')) await new Promise((r) => setTimeout(r, 5));\n  return 'own' }";
    let house = House::new(&[("f/index.js", code), ("f/function.json", r#"{"timeout": 60}"#)]);
    let api = house.answer("f", "{}").await;
    let (address, secret) = api.as_str().unwrap().split_once('/').unwrap();
    assert_eq!(secret.len(), 32);

    let folder = house.folder.path().join("f");
    let (answer, ()) = tokio::join!(house.answer("f", r#"{"wait": true}"#), async {
        while !std::fs::read_to_string(folder.join(".id")).is_ok_and(|id| id.len() == 36) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let id = std::fs::read_to_string(folder.join(".id")).unwrap();
        let wrong = "0".repeat(32);
        for prefix in ["", "/", &format!("/{wrong}"), &format!("/{}", &secret[..31]), "/é"] {
            for line in [
                format!("GET {prefix}/2018-06-01/runtime/invocation/next"),
                format!("POST {prefix}/2018-06-01/runtime/invocation/{id}/response"),
                format!("POST {prefix}/2018-06-01/runtime/invocation/{id}/error"),
                format!("POST {prefix}/2018-06-01/runtime/init/error"),
            ] {
                let found = tokio::task::block_in_place(|| status(address, &line));
                assert!(found == "403" || (prefix == "/é" && found == "400"), "{line}: {found}");
            }
        }
        std::fs::write(folder.join(".go"), "").unwrap();
    });
    assert_eq!(answer, json!("own"));
}

#[tokio::test]
async fn each_process_has_a_secret_of_its_own() {
    let code =
        "exports.handler = async (e) => { if (e.exit) process.exit(1); return process.env.AWS_LAMBDA_RUNTIME_API }";
    let house = House::new(&[("f/index.js", code)]);
    let first = house.answer("f", "{}").await;
    house.failure("f", r#"{"exit": 1}"#).await;
    let second = house.answer("f", "{}").await;
    let secret = |api: &Value| api.as_str().unwrap().split_once('/').unwrap().1.to_owned();
    assert_ne!(secret(&first), secret(&second));
}
