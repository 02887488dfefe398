//! Calls that compute for long, and the others.

use std::io::Write;
use std::net::TcpStream;
use std::sync::mpsc::{Sender, channel};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use runtime::Throttled;
use runtime::quotas::Quotas;
use serde_json::{Value as Json, json};

use super::sockets::{Server, answer, connect, post, read_answer, server_with};
use super::{PASS, ROLE};

/// Takes all threads that compute, as many as docs/operations.md says, until what is given is dropped.
fn take_all_threads(server: &Server) -> Vec<Sender<()>> {
    let threads = available_parallelism().map_or(1, |cores| cores.get() / 2).max(2);
    let take = |_| {
        let (hold, held) = channel::<()>();
        let (began, begun) = channel();
        let runtime = server.api.runtime.clone();
        let wait = move || {
            let _ = began.send(());
            let _ = held.recv();
            Ok(())
        };
        let caller = server.tokio.spawn(async move { runtime.compute(wait).await });
        begun.recv().unwrap();
        // Whoever goes away does not give the thread back: it still computes.
        caller.abort();
        hold
    };
    (0..threads).map(take).collect()
}

fn is_answered(client: &TcpStream) -> bool {
    client.set_nonblocking(true).unwrap();
    let is_answered = client.peek(&mut [0]).is_ok();
    client.set_nonblocking(false).unwrap();
    is_answered
}

#[test]
fn whoever_does_not_compute_does_not_wait_for_those_who_do() {
    let server = server_with(Quotas::default());
    let machine = json!({"name": "m", "definition": PASS, "roleArn": ROLE});
    let arn = answer(&server, "CreateStateMachine", &machine)["stateMachineArn"].take();
    let holds = take_all_threads(&server);
    let costly = [
        ("ValidateStateMachineDefinition", json!({"definition": PASS})),
        ("CreateStateMachine", json!({"name": "n", "definition": PASS, "roleArn": ROLE})),
        ("UpdateStateMachine", json!({"stateMachineArn": arn, "definition": PASS.replace("\"A\"", "\"B\"")})),
        ("TestState", json!({"definition": r#"{"Type":"Pass","End":true}"#, "roleArn": ROLE})),
    ];
    let mut waiting: Vec<TcpStream> = costly
        .iter()
        .map(|(operation, body)| {
            let mut client = connect(&server);
            client.write_all(post(operation, &body.to_string()).as_bytes()).unwrap();
            client
        })
        .collect();
    for _ in 0..20 {
        let mut client = connect(&server);
        client.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
        assert!(read_answer(&mut client).0.starts_with("http/1.1 200"));
        let started = answer(&server, "StartExecution", &json!({"stateMachineArn": arn}));
        assert!(started["executionArn"].is_string(), "{started}");
        let found = answer(&server, "DescribeStateMachine", &json!({"stateMachineArn": arn}));
        assert_eq!(found["name"], "m");
    }
    for ((operation, _), client) in costly.iter().zip(&waiting) {
        assert!(!is_answered(client), "{operation}");
    }
    drop(holds);
    for ((operation, _), client) in costly.iter().zip(&mut waiting) {
        let (head, body) = read_answer(client);
        assert!(head.starts_with("http/1.1 200"), "{operation}: {body}");
    }
}

#[test]
fn where_too_many_wait_to_compute_calls_are_throttled() {
    let server = server_with(Quotas { waiting_computations: 2, ..Quotas::default() });
    let holds = take_all_threads(&server);
    let call = post("ValidateStateMachineDefinition", &json!({"definition": PASS}).to_string());
    let mut waiting: Vec<TcpStream> = Vec::new();
    let begun = Instant::now();
    while server.throttled(Throttled::Computation) == 0 {
        assert!(begun.elapsed() < Duration::from_secs(20), "{} wait", waiting.len());
        let mut client = connect(&server);
        client.write_all(call.as_bytes()).unwrap();
        waiting.push(client);
    }
    assert!(waiting.len() > 2, "{}", waiting.len());
    // All have come, and all but two were turned away, before the threads are free again.
    while server.throttled(Throttled::Computation) < waiting.len() as u64 - 2 {
        assert!(begun.elapsed() < Duration::from_secs(20), "{} came", waiting.len());
        std::thread::yield_now();
    }
    drop(holds);
    let answers: Vec<Json> = waiting.iter_mut().map(|c| serde_json::from_str(&read_answer(c).1).unwrap()).collect();
    let is_answered = |answer: &&Json| answer["result"] == "OK";
    assert_eq!(answers.iter().filter(is_answered).count(), 2, "{answers:?}");
    let is_throttled = |answer: &&Json| answer["__type"] == "ThrottlingException";
    assert_eq!(answers.iter().filter(is_throttled).count(), answers.len() - 2, "{answers:?}");
}
