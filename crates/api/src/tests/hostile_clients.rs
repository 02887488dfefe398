//! Clients that hold what they do not use: half a request, a place, the room for bodies.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use runtime::Throttled;
use runtime::quotas::Quotas;

use super::sockets::{Server, connect, post, read_answer, served_client, server, server_with};

const EMPTY_LIST: &str = r#"{"activities":[]}"#;

fn call() -> String {
    post("ListActivities", "{}")
}

#[test]
fn an_answer_does_not_wait_for_what_follows_its_request() {
    let server = server();
    let next = call();
    let (half, rest) = next.split_at(next.len() / 2);
    for behind in ["\r\n", "\n", "\r", "P", half, &next[..next.len() - 1]] {
        let mut client = connect(&server);
        client.write_all((call() + behind).as_bytes()).unwrap();
        assert_eq!(read_answer(&mut client).1, EMPTY_LIST, "{behind:?}");
    }
    // The rest may come later, and is answered too.
    let mut client = connect(&server);
    client.write_all((call() + "\r\n" + &call() + half).as_bytes()).unwrap();
    assert_eq!([read_answer(&mut client).1, read_answer(&mut client).1], [EMPTY_LIST; 2]);
    client.write_all(rest.as_bytes()).unwrap();
    assert_eq!(read_answer(&mut client).1, EMPTY_LIST);
}

fn is_answered(client: &TcpStream) -> bool {
    client.set_nonblocking(true).unwrap();
    let is_answered = client.peek(&mut [0]).is_ok();
    client.set_nonblocking(false).unwrap();
    is_answered
}

/// A request of which so many bytes of its body are sent, and more are announced.
fn unfinished(server: &Server, bytes: usize) -> TcpStream {
    let mut client = connect(server);
    let head = post("ListActivities", &" ".repeat(bytes + 1));
    client.write_all(&head.as_bytes()[..head.len() - 1]).unwrap();
    client
}

#[test]
fn unfinished_bodies_have_one_budget_and_make_room_for_others() {
    let server = server_with(Quotas { bodies_bytes: 100_000, ..Quotas::default() });
    let mut holding = unfinished(&server, 90_000);
    // As soon as its bytes have come, there is no room for as many again.
    let begun = Instant::now();
    let head = loop {
        let mut client = connect(&server);
        client.write_all(post("ListActivities", &format!("{{}}{}", " ".repeat(50_000))).as_bytes()).unwrap();
        let (head, body) = read_answer(&mut client);
        if head.starts_with("http/1.1 400") {
            assert_eq!(body, r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#);
            break head;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "everybody has room: {head}");
        // The other one may have been first.
        if is_answered(&holding) {
            holding = unfinished(&server, 90_000);
        }
    };
    assert!(head.contains("x-amzn-errortype: throttlingexception"), "{head}");
    assert!(server.throttled(Throttled::Body) > 0);
    // Small requests still have room, and whoever holds it for long has to give it back.
    let mut client = connect(&server);
    client.write_all(call().as_bytes()).unwrap();
    assert_eq!(read_answer(&mut client).1, EMPTY_LIST);
    assert!(read_answer(&mut holding).0.starts_with("http/1.1 408"));
    let mut client = connect(&server);
    client.write_all(post("ListActivities", &format!("{{}}{}", " ".repeat(90_000))).as_bytes()).unwrap();
    assert_eq!(read_answer(&mut client).1, EMPTY_LIST);
}

#[test]
fn a_body_that_breaks_off_gives_its_room_back() {
    let server = server_with(Quotas { bodies_bytes: 100_000, ..Quotas::default() });
    drop(unfinished(&server, 90_000));
    let begun = Instant::now();
    loop {
        let mut client = connect(&server);
        client.write_all(post("ListActivities", &format!("{{}}{}", " ".repeat(90_000))).as_bytes()).unwrap();
        if read_answer(&mut client).0.starts_with("http/1.1 200") {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "the room stays taken");
    }
}

/// A connection that gets an answer, once there is a place for it.
fn served_at_last(server: &Server) -> TcpStream {
    let begun = Instant::now();
    loop {
        let mut client = connect(server);
        client.write_all(call().as_bytes()).unwrap();
        if read_answer(&mut client).0.starts_with("http/1.1 200") {
            return client;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "there is no place");
    }
}

#[test]
fn places_are_for_those_who_speak() {
    let server = server_with(Quotas { connections: 4, ..Quotas::default() });
    let mut busy = served_client(&server);
    let mut idle = connect(&server);
    idle.write_all(call().as_bytes()).unwrap();
    read_answer(&mut idle);
    let mut halves: Vec<TcpStream> = (0..2).map(|_| connect(&server)).collect();
    halves.iter_mut().for_each(|half| half.write_all(b"POST / HTTP/1.1\r\nhost: loc").unwrap());

    let is_closed = |client: &mut TcpStream| matches!(client.read(&mut [0]), Ok(0) | Err(_));
    // First those make room that never had a request.
    let _first = served_at_last(&server);
    assert!(is_closed(&mut halves[0]));
    let _second = served_at_last(&server);
    assert!(is_closed(&mut halves[1]));
    // Then one that is idle; never one whose call is in flight.
    let _third = served_at_last(&server);
    assert!(is_closed(&mut idle));
    busy.write_all(b"{}").unwrap();
    assert_eq!(read_answer(&mut busy).1, EMPTY_LIST);
}

#[test]
fn shutdown_waits_for_calls_and_not_for_half_a_head() {
    let server = server();
    let mut busy = served_client(&server);
    let mut half = connect(&server);
    half.write_all(b"POST / HTTP/1.1\r\nhost: loc").unwrap();
    let mut silent = connect(&server);
    // Both are accepted before this one is answered.
    drop(served_at_last(&server));
    server.stop.send(()).unwrap();
    assert!(matches!(half.read(&mut [0]), Ok(0) | Err(_)));
    assert!(matches!(silent.read(&mut [0]), Ok(0) | Err(_)));
    busy.write_all(b"{}").unwrap();
    assert_eq!(read_answer(&mut busy).1, EMPTY_LIST);
    server.tokio.block_on(server.served).unwrap();
}

#[test]
fn a_head_without_end_is_refused() {
    let server = server();
    let mut client = connect(&server);
    let _ = client.write_all(format!("GET / HTTP/1.1\r\nhost: {}", "x".repeat(1_000_000)).as_bytes());
    let mut answer = Vec::new();
    let _ = client.read_to_end(&mut answer);
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 431"), "{}", String::from_utf8_lossy(&answer));
}
