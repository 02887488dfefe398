//! The server on a real socket, with a client that writes bytes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use tokio::net::TcpListener;
use tokio::runtime::Runtime as Tokio;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::{PASS, ROLE, api_with};
use crate::Api;
use crate::server::{TOLD_MAX, serve};
use runtime::Throttled;
use runtime::quotas::Quotas;

pub(super) struct Server {
    pub(super) tokio: Tokio,
    pub(super) api: Arc<Api>,
    pub(super) address: SocketAddr,
    pub(super) stop: oneshot::Sender<()>,
    pub(super) served: JoinHandle<()>,
}

pub(super) fn server() -> Server {
    server_with(Quotas::default())
}

pub(super) fn server_with(quotas: Quotas) -> Server {
    let tokio = Tokio::new().unwrap();
    let listener = tokio.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let api = Arc::new(api_with(quotas));
    let served = tokio.spawn(serve(listener, api.clone(), async {
        let _ = stopped.await;
    }));
    Server { tokio, api, address, stop, served }
}

impl Server {
    /// How often that was turned away.
    pub(super) fn throttled(&self, what: Throttled) -> u64 {
        let counts = self.api.runtime.metrics().throttled;
        counts.into_iter().find(|(name, _)| *name == what.as_str()).unwrap().1
    }
}

pub(super) fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

pub(super) fn post(operation: &str, body: &str) -> String {
    format!(
        "POST / HTTP/1.1\r\nhost: localhost\r\nx-amz-target: AWSStepFunctions.{operation}\r\n\
         content-type: application/x-amz-json-1.0\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// One answer: its head in lower case, and its body.
pub(super) fn read_answer(stream: &mut TcpStream) -> (String, String) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    (head, String::from_utf8(body).unwrap())
}

/// An answer in chunks, put together, and how many chunks it had.
fn read_chunks(stream: &mut TcpStream) -> (Vec<u8>, usize) {
    let mut reader = BufReader::new(stream);
    let (mut line, mut whole, mut count) = (String::new(), Vec::new(), 0);
    while line != "\r\n" {
        line.clear();
        reader.read_line(&mut line).unwrap();
        assert!(!line.to_lowercase().starts_with("content-length"), "{line}");
    }
    loop {
        line.clear();
        reader.read_line(&mut line).unwrap();
        let length = usize::from_str_radix(line.trim(), 16).unwrap();
        let mut chunk = vec![0; length + 2];
        reader.read_exact(&mut chunk).unwrap();
        if length == 0 {
            return (whole, count);
        }
        whole.extend_from_slice(&chunk[..length]);
        count += 1;
    }
}

/// The answer to a call on a connection of its own.
pub(super) fn answer(server: &Server, operation: &str, body: &Json) -> Json {
    let mut client = connect(server);
    client.write_all(post(operation, &body.to_string()).as_bytes()).unwrap();
    serde_json::from_str(&read_answer(&mut client).1).unwrap()
}

#[test]
fn a_long_page_of_history_is_sent_in_chunks() {
    let server = server();
    let machine = json!({"name": "m", "definition": PASS, "roleArn": ROLE});
    let arn = answer(&server, "CreateStateMachine", &machine)["stateMachineArn"].take();
    let input = json!({"data": "x".repeat(100_000)}).to_string();
    let arn =
        answer(&server, "StartExecution", &json!({"stateMachineArn": arn, "input": input}))["executionArn"].take();

    let mut client = connect(&server);
    let call = post("GetExecutionHistory", &json!({"executionArn": arn}).to_string());
    client.write_all((call + &post("ListActivities", "{}")).as_bytes()).unwrap();
    let (body, chunks) = read_chunks(&mut client);
    let history: Json = serde_json::from_slice(&body).unwrap();
    let types: Vec<&str> = history["events"].as_array().unwrap().iter().map(|e| e["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"]);
    assert_eq!(history["events"][1]["stateEnteredEventDetails"]["input"], input);
    assert_eq!(history.get("nextToken"), None);
    assert!(chunks > 1, "{chunks}");

    let page = answer(
        &server,
        "GetExecutionHistory",
        &json!({"executionArn": arn, "maxResults": 1, "includeExecutionData": false}),
    );
    assert_eq!(page["events"].as_array().unwrap().len(), 1);
    assert!(page["nextToken"].is_string());
}

#[test]
fn a_client_that_goes_away_in_the_middle_of_a_page_harms_nobody() {
    let server = server();
    let machine = json!({"name": "m", "definition": PASS, "roleArn": ROLE});
    let arn = answer(&server, "CreateStateMachine", &machine)["stateMachineArn"].take();
    let input = json!({"data": "x".repeat(250_000)}).to_string();
    let arn =
        answer(&server, "StartExecution", &json!({"stateMachineArn": arn, "input": input}))["executionArn"].take();
    let mut client = connect(&server);
    client.write_all(post("GetExecutionHistory", &json!({"executionArn": arn}).to_string()).as_bytes()).unwrap();
    client.read_exact(&mut [0; 1_000]).unwrap();
    drop(client);
    assert_eq!(answer(&server, "ListActivities", &json!({})), json!({"activities": []}));
}

#[test]
fn the_trace_of_the_request_is_that_of_the_execution() {
    let server = server();
    let machine = json!({"name": "m", "definition": PASS, "roleArn": ROLE});
    let arn = answer(&server, "CreateStateMachine", &machine)["stateMachineArn"].take();
    let header = "host: localhost\r\nX-Amzn-Trace-Id: Root=1-2-3;Sampled=1";
    for (name, traced, member, shown) in [
        ("a", true, json!(null), json!("Root=1-2-3;Sampled=1")),
        ("b", true, json!("member"), json!("Root=1-2-3;Sampled=1")),
        ("c", false, json!("member"), json!("member")),
        ("d", false, json!(null), json!(null)),
    ] {
        let body = json!({"stateMachineArn": arn, "name": name, "traceHeader": member}).to_string();
        let call = post("StartExecution", &body);
        let call = if traced { call.replace("host: localhost", header) } else { call };
        let mut client = connect(&server);
        client.write_all(call.as_bytes()).unwrap();
        let started: Json = serde_json::from_str(&read_answer(&mut client).1).unwrap();
        let execution = answer(&server, "DescribeExecution", &json!({"executionArn": started["executionArn"]}));
        assert_eq!(execution["traceHeader"], shown, "{name}");
    }
}

#[test]
fn a_connection_serves_many_calls() {
    let server = server();
    let mut client = connect(&server);
    // Both are sent before the first is answered.
    client.write_all((post("ListStateMachines", "{}") + &post("DescribeExecution", "{}")).as_bytes()).unwrap();
    let (head, body) = read_answer(&mut client);
    assert!(
        head.starts_with("http/1.1 200") && head.contains("content-type: application/x-amz-json-1.0\r\n"),
        "{head}"
    );
    assert!(head.contains("x-amzn-requestid: "), "{head}");
    assert_eq!(body, r#"{"stateMachines":[]}"#);
    let (head, body) = read_answer(&mut client);
    assert!(head.starts_with("http/1.1 400") && head.contains("x-amzn-errortype: validationexception\r\n"), "{head}");
    assert_eq!(serde_json::from_str::<Json>(&body).unwrap()["__type"], "ValidationException");
}

#[test]
fn health_and_unknown_places_are_answered() {
    let server = server();
    for (request, status) in [
        ("GET / HTTP/1.1", "200"),
        ("GET /health HTTP/1.1", "200"),
        ("GET /elsewhere HTTP/1.1", "404"),
        ("POST /elsewhere HTTP/1.1", "404"),
        ("POST /2015-03-31/functions/f/invocations HTTP/1.1", "404"),
        ("PUT / HTTP/1.1", "405"),
        ("POST /health HTTP/1.1", "405"),
    ] {
        let mut client = connect(&server);
        write!(client, "{request}\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n").unwrap();
        let (head, body) = read_answer(&mut client);
        assert_eq!(head.split(' ').nth(1), Some(status), "{request}");
        let body: Json = serde_json::from_str(&body).unwrap();
        assert!(status == "200" || body["__type"] == "UnknownOperationException", "{body}");
        assert_eq!(head.contains("\r\nallow: "), status == "405", "{head}");
    }
}

#[test]
fn a_body_is_taken_up_to_the_limit_and_refused_above() {
    let server = server();
    let most = Quotas::default().request_bytes;
    for (padding, status) in [(most, "200"), (most + 1, "413"), (4 * most, "413")] {
        let mut client = connect(&server);
        let body = format!("{{}}{}", " ".repeat(padding - 2));
        client.write_all(post("ListActivities", &body).as_bytes()).unwrap();
        let (head, body) = read_answer(&mut client);
        assert_eq!(head.split(' ').nth(1), Some(status));
        let code = &serde_json::from_str::<Json>(&body).unwrap()["__type"];
        assert!(status == "200" || code == "RequestEntityTooLargeException", "{body}");
    }
}

#[test]
fn who_announces_too_much_is_answered_without_sending_it() {
    let server = server();
    let mut client = connect(&server);
    let head = post("ListActivities", "").replace("content-length: 0", "content-length: 1000000000");
    let begun = Instant::now();
    client.write_all(head.as_bytes()).unwrap();
    assert_eq!(read_answer(&mut client).0.split(' ').nth(1), Some("413"));
    // No timing decides: it would otherwise be the half minute that a body may take.
    assert!(begun.elapsed() < Duration::from_secs(30));
}

#[test]
fn a_body_in_chunks_is_put_together() {
    let server = server();
    let mut client = connect(&server);
    let head = post("CreateActivity", "").replace("content-length: 0", "transfer-encoding: chunked");
    client.write_all(head.as_bytes()).unwrap();
    for chunk in [r#"{"na"#, r#"me":"#, r#""a"}"#, ""] {
        write!(client, "{:x}\r\n{chunk}\r\n", chunk.len()).unwrap();
        client.flush().unwrap();
    }
    assert!(read_answer(&mut client).1.contains(":activity:a\""));
}

#[test]
fn garbage_ends_only_its_own_connection() {
    let server = server();
    for garbage in
        [&b"\x16\x03\x01\x00\xff"[..], b"GET\r\n\r\n", b"POST / HTTP/1.1\r\ncontent-length: x\r\n\r\n", &[0xff; 4096]]
    {
        let mut client = connect(&server);
        client.write_all(garbage).unwrap();
        client.shutdown(std::net::Shutdown::Write).unwrap();
        // Whatever is answered, the connection is closed, perhaps with a reset.
        let _ = client.read_to_end(&mut Vec::new());
    }
    let mut client = connect(&server);
    client.write_all(post("ListActivities", "{}").as_bytes()).unwrap();
    assert_eq!(read_answer(&mut client).1, r#"{"activities":[]}"#);
}

#[test]
fn shutdown_lets_a_call_in_flight_finish_and_closes_idle_connections() {
    let server = server();
    let mut idle = connect(&server);
    idle.write_all(post("ListActivities", "{}").as_bytes()).unwrap();
    read_answer(&mut idle);
    let mut busy = connect(&server);
    let call = post("CreateActivity", &json!({"name": "late"}).to_string());
    let (head, body) = call.split_once("\r\n\r\n").unwrap();
    write!(busy, "{head}\r\nexpect: 100-continue\r\n\r\n").unwrap();
    // The server asks for the body, so the call is in flight.
    let mut go_on = [0; 25];
    busy.read_exact(&mut go_on).unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");

    server.stop.send(()).unwrap();
    assert_eq!(idle.read(&mut [0]).unwrap(), 0);
    busy.write_all(body.as_bytes()).unwrap();
    assert!(read_answer(&mut busy).1.contains(":activity:late\""));
    assert_eq!(busy.read(&mut [0]).unwrap(), 0);
    server.tokio.block_on(server.served).unwrap();
    assert!(TcpStream::connect(server.address).is_err());
}

/// A connection that is served, and keeps its place: a call is in flight on it.
pub(super) fn served_client(server: &Server) -> TcpStream {
    let mut client = connect(server);
    let (head, _) = post("ListActivities", "{}")
        .split_once("\r\n\r\n")
        .map(|(head, body)| (head.to_owned(), body.to_owned()))
        .unwrap();
    write!(client, "{head}\r\nexpect: 100-continue\r\n\r\n").unwrap();
    // The server asks for the body, so the call is in flight.
    let mut go_on = [0; 25];
    client.read_exact(&mut go_on).unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    client
}

/// The answer to the call that is in flight.
fn finish(client: &mut TcpStream) -> String {
    client.write_all(b"{}").unwrap();
    read_answer(client).1
}

#[test]
fn on_connections_beyond_the_bound_calls_are_throttled_and_health_is_told() {
    let server = server_with(Quotas { connections: 2, ..Quotas::default() });
    let mut places = [served_client(&server), served_client(&server)];
    let health = || "GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n".to_owned();
    let long = format!("{{}}{}", " ".repeat(3 * Quotas::default().request_bytes));
    let cases = [
        (post("ListActivities", "{}"), "400"),
        (post("StartExecution", &long), "400"),
        ("DELETE /elsewhere HTTP/1.1\r\nhost: localhost\r\n\r\n".to_owned(), "400"),
        (health(), "200"),
    ];
    for (count, (request, status)) in (1..).zip(cases) {
        let mut client = connect(&server);
        client.write_all(request.as_bytes()).unwrap();
        let (head, body) = read_answer(&mut client);
        assert_eq!(head.split(' ').nth(1), Some(status), "{head}");
        assert!(head.contains("\r\nconnection: close\r\n"), "{head}");
        if status == "400" {
            assert!(head.contains("\r\nx-amzn-errortype: throttlingexception\r\n"), "{head}");
            assert_eq!(body, r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#);
        }
        assert_eq!(client.read(&mut [0]).unwrap(), 0);
        assert_eq!(server.throttled(Throttled::Connection), count);
    }

    // Who is served already stays so, and a place that is given up is taken by the next.
    let [stays, goes] = &mut places;
    assert_eq!(finish(stays), r#"{"activities":[]}"#);
    goes.shutdown(std::net::Shutdown::Both).unwrap();
    let begun = Instant::now();
    loop {
        let mut client = connect(&server);
        client.write_all(post("ListActivities", "{}").as_bytes()).unwrap();
        if read_answer(&mut client).0.starts_with("http/1.1 200") {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "the place stays taken");
    }
    assert_eq!(server.throttled(Throttled::UnansweredConnection), 0);
}

#[test]
fn where_too_many_wait_to_be_told_a_connection_is_closed_at_once() {
    let server = server_with(Quotas { connections: 1, ..Quotas::default() });
    let mut place = served_client(&server);
    let mut silent = Vec::new();
    let begun = Instant::now();
    while server.throttled(Throttled::UnansweredConnection) == 0 {
        assert!(begun.elapsed() < Duration::from_secs(20), "{} wait to be told", silent.len());
        silent.push(connect(&server));
    }
    assert!(silent.len() > TOLD_MAX, "{}", silent.len());
    // It is one of the last: more may have been opened before this was seen.
    let is_closed = |client: &mut TcpStream| matches!(client.read(&mut [0]), Ok(0) | Err(_));
    assert!(is_closed(silent.last_mut().unwrap()));
    assert_eq!(finish(&mut place), r#"{"activities":[]}"#);
}

#[test]
fn shutdown_waits_for_nobody_who_is_told_that_there_are_too_many() {
    let server = server_with(Quotas { connections: 1, ..Quotas::default() });
    let place = served_client(&server);
    let mut silent = connect(&server);
    while server.throttled(Throttled::Connection) == 0 {
        std::thread::yield_now();
    }
    drop(place);
    server.stop.send(()).unwrap();
    server.tokio.block_on(server.served).unwrap();
    assert!(matches!(silent.read(&mut [0]), Ok(0) | Err(_)));
}
