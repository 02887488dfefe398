//! A small HTTP server for tests: it answers as it is told and remembers what it was asked.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use asl::Value;
use asl::resource::Integration;
use aws::{Client, Endpoints, Environment};
use functions::Functions;

use crate::{Integrations, Options, Target, TaskCall};

/// A request as the server saw it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Seen {
    /// A header's value; empty where the request has none of the name.
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value.as_str())
    }
}

/// What the server answers.
pub(crate) struct Reply(pub(crate) u16, pub(crate) Vec<(&'static str, String)>, pub(crate) Vec<u8>);

impl Reply {
    /// JSON with a status.
    pub(crate) fn json(status: u16, body: impl Into<String>) -> Self {
        Self(status, vec![("content-type", "application/json".to_owned())], body.into().into_bytes())
    }
}

/// The server. It runs until the test's process ends.
pub(crate) struct Server {
    /// `http://127.0.0.1:PORT`
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// Starts a server. An answer of `None` closes the connection without one.
    pub(crate) fn start(answer: impl Fn(&Seen) -> Option<Reply> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (answer, memory) = (Arc::new(answer), seen.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, memory) = (answer.clone(), memory.clone());
                thread::spawn(move || serve(stream, &*answer, &memory));
            }
        });
        Self { url, seen }
    }

    /// What was asked so far, in order.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn serve(mut stream: TcpStream, answer: &dyn Fn(&Seen) -> Option<Reply>, memory: &Mutex<Vec<Seen>>) {
    let Some(seen) = read(&mut stream) else { return };
    memory.lock().unwrap_or_else(PoisonError::into_inner).push(seen.clone());
    let Some(Reply(status, headers, body)) = answer(&seen) else { return };
    let mut head = format!("HTTP/1.1 {status} X\r\nconnection: close\r\n");
    // A reply may lie about its length.
    if !headers.iter().any(|(name, _)| *name == "content-length") {
        head.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
}

fn read(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        match stream.read(&mut buffer) {
            Ok(length) if length > 0 => bytes.extend_from_slice(&buffer[..length]),
            _ => return None,
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    let mut seen = Seen { method, target, headers, body: String::new() };
    let length: usize = seen.header("content-length").parse().unwrap_or(0);
    let mut body = bytes[end + 4..].to_vec();
    while body.len() < length {
        match stream.read(&mut buffer) {
            Ok(length) if length > 0 => body.extend_from_slice(&buffer[..length]),
            _ => return None,
        }
    }
    seen.body = String::from_utf8_lossy(&body).into_owned();
    Some(seen)
}

/// Integrations whose services of AWS are all at one address.
pub(crate) fn integrations(aws_url: &str, functions: Option<Functions>) -> Integrations {
    Integrations::new(options(aws_url, functions))
}

/// What such integrations work with.
pub(crate) fn options(aws_url: &str, functions: Option<Functions>) -> Options {
    let environment = Environment::of(&[
        ("AWS_ENDPOINT_URL", aws_url),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ]);
    let endpoints = Endpoints::from_environment(&environment, None).unwrap();
    let client = Client::new(aws::Options { endpoints, attempts: 1, ..aws::Options::new("eu-west-1", environment) });
    Options {
        client,
        functions,
        other_functions: crate::OtherFunctions::Lambda,
        region: "eu-west-1".to_owned(),
        assume_execution_role: false,
        plain_http: super::PlainHttp::Loopback,
        http_task: std::time::Duration::from_secs(60),
    }
}

/// A task that calls `service:resource` with these parameters.
pub(crate) fn task(service: &str, resource: &str, parameters: &str) -> TaskCall {
    TaskCall {
        resource: format!("arn:aws:states:::{service}:{resource}").into(),
        target: target(service, resource),
        parameters: value(parameters),
        execution_arn: "arn:aws:states:eu-west-1:123456789012:execution:m:e".into(),
        state_machine_arn: "arn:aws:states:eu-west-1:123456789012:stateMachine:m".into(),
        role_arn: "arn:aws:iam::123456789012:role/r".into(),
        credentials: None,
        idempotency_token: "6ba7b810-9dad-11d1-80b4-00c04fd430c8".to_owned(),
        timeout: None,
    }
}

/// `service:resource` as a target.
pub(crate) fn target(service: &str, resource: &str) -> Target {
    Target::Integration(Integration::parse(service.into(), resource.into()).unwrap())
}

/// JSON as a value.
pub(crate) fn value(json: &str) -> Value {
    asl::json::parse(json.as_bytes()).unwrap()
}
