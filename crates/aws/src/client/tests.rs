//! The client against real servers, good and bad.

use super::*;
use crate::test_server::{CA, Reply, Seen, Server};
use crate::{MissingParameters, Signing};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};

const PATIENCE: Duration = Duration::from_secs(30);

/// No credentials anywhere, and nowhere to look for long.
fn nowhere() -> Vec<(&'static str, &'static str)> {
    vec![("AWS_EC2_METADATA_DISABLED", "true")]
}

fn options(server: &Server, service: &str) -> Options {
    let mut options = Options::new("eu-west-1", Environment::of(&nowhere()));
    options.endpoints.set(service, &server.url()).unwrap();
    options.backoff = Duration::from_millis(1);
    options
}

fn client(server: &Server, service: &str) -> Client {
    Client::new(options(server, service))
}

fn call<'a>(service: &'a str, operation: &'a str, input: &'a Value) -> Call<'a> {
    let missing = MissingParameters::Refused;
    Call { service, operation, input, idempotency_token: "token", missing, role: None, timeout: PATIENCE }
}

async fn list_tables(client: &Client, timeout: Duration) -> Result<ServiceAnswer, CallError> {
    client.call(&Call { timeout, ..call("dynamodb", "listTables", &json!({})) }).await
}

fn tables() -> Reply {
    Reply::Answer(200, "x-amzn-requestid: r-1\r\nX-Amz-Crc32: 7\r\n", r#"{"TableNames":["a"]}"#.to_owned())
}

fn transport(result: Result<ServiceAnswer, CallError>) -> String {
    match result {
        Err(CallError::Transport(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_call_is_signed_sent_and_its_answer_read() {
    let server = Server::start(|_, _| tables()).await;
    let answer = list_tables(&client(&server, "dynamodb"), PATIENCE).await.unwrap();
    assert_eq!(answer.output, json!({"TableNames": ["a"]}));
    assert_eq!((answer.status, answer.request_id.as_deref()), (200, Some("r-1")));
    let names: Vec<_> = answer.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["x-amzn-RequestId", "x-amz-crc32", "Content-Length"]);
    let seen = server.seen();
    assert_eq!((seen[0].line.as_str(), seen[0].body.as_str()), ("POST /", "{}"));
    assert_eq!(seen[0].header("x-amz-target"), Some("DynamoDB_20120810.ListTables"));
    assert_eq!(seen[0].header("host").unwrap(), server.address.to_string());
    let authorization = seen[0].header("authorization").unwrap();
    assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=test/"), "{authorization}");
    assert!(authorization.contains("/eu-west-1/dynamodb/aws4_request"), "{authorization}");
}

#[tokio::test]
async fn s3s_paths_are_sent_as_they_are_signed() {
    let server = Server::start(|_, _| Reply::ok("content")).await;
    let client = client(&server, "s3");
    let input = json!({"Bucket": "b", "Key": "a b//c+d/é?.txt"});
    let answer = client.call(&call("s3", "getObject", &input)).await.unwrap();
    assert_eq!(answer.output["Body"], "content");
    let seen = server.seen();
    assert!(seen[0].line.starts_with("GET /b/a%20b//c%2Bd/%C3%A9%3F.txt"), "{}", seen[0].line);
    assert!(seen[0].header("x-amz-content-sha256").is_some());
}

#[tokio::test]
async fn an_address_gets_no_host_prefix() {
    let server = Server::start(|_, _| Reply::ok(r#"{"executionArn":"a"}"#)).await;
    let input = json!({"StateMachineArn": "arn:aws:states:eu-west-1:123456789012:stateMachine:m"});
    client(&server, "sfn").call(&call("sfn", "startSyncExecution", &input)).await.ok();
    assert_eq!(server.seen()[0].header("host").unwrap(), server.address.to_string());
}

#[tokio::test]
async fn a_servers_fault_is_tried_again() {
    let fails_twice = |number, _: &Seen| if number < 2 { Reply::status(503, "busy") } else { tables() };
    let server = Server::start(fails_twice).await;
    let answer = list_tables(&client(&server, "dynamodb"), PATIENCE).await.unwrap();
    assert_eq!((answer.status, server.seen().len()), (200, 3));
}

#[tokio::test]
async fn refusals_say_how_often_the_request_was_sent() {
    let throttled = r#"{"__type":"com.amazonaws.dynamodb#ThrottlingException","message":"slow"}"#;
    let missing = r#"{"__type":"com.amazonaws.dynamodb#ResourceNotFoundException","message":"no table"}"#;
    let table = [
        (400, throttled, "ThrottlingException", 3),
        (400, missing, "ResourceNotFoundException", 1),
        (500, "<html>", "500", 3),
        (501, "", "501", 1),
    ];
    for (status, body, code, attempts) in table {
        let server = Server::start(move |_, _| Reply::status(status, body)).await;
        match list_tables(&client(&server, "dynamodb"), PATIENCE).await {
            Err(CallError::Service(error)) => {
                assert_eq!((error.code.as_str(), error.status, error.attempts), (code, status, attempts));
                assert_eq!(server.seen().len(), attempts as usize);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn attempts_are_a_setting() {
    let server = Server::start(|_, _| Reply::status(503, "")).await;
    let client = Client::new(Options { attempts: 0, ..options(&server, "dynamodb") });
    assert!(list_tables(&client, PATIENCE).await.is_err());
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_delay_longer_than_the_budget_is_not_begun() {
    let busy = |_, _: &Seen| Reply::Answer(503, "Retry-After: 60\r\n", String::new());
    let server = Server::start(busy).await;
    let refused = list_tables(&client(&server, "dynamodb"), PATIENCE).await;
    assert!(matches!(refused, Err(CallError::Service(error)) if error.attempts == 1));
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn broken_exchanges_are_tried_again_and_then_told_in_the_sdks_words() {
    let table: [(&[u8], &str); 4] = [
        (b"", "The target server failed to respond"),
        (b"HTTP/1.1 200 OK\r\nconte", "The target server failed to respond"),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"Table",
            "Premature end of Content-Length delimited message body (expected: 100; received: 7)",
        ),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"Tab",
            "Premature end of chunk coded message body: closing chunk expected",
        ),
    ];
    for (raw, why) in table {
        let server = Server::start(move |_, _| Reply::Raw(raw.to_vec())).await;
        let text = transport(list_tables(&client(&server, "dynamodb"), PATIENCE).await);
        assert_eq!(text, format!("Unable to execute HTTP request: {why}"));
        assert_eq!(server.seen().len(), 3, "{why}");
    }
}

#[tokio::test]
async fn answers_that_are_none_are_not_tried_again() {
    let table: [(&[u8], &str); 2] = [
        (b"SSH-2.0-OpenSSH_9\r\n\r\n", "The server failed to respond with a valid HTTP response"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nno", "Unable to unmarshall response"),
    ];
    for (raw, why) in table {
        let server = Server::start(move |_, _| Reply::Raw(raw.to_vec())).await;
        let text = transport(list_tables(&client(&server, "dynamodb"), PATIENCE).await);
        assert!(text.contains(why), "{text}");
        assert_eq!(server.seen().len(), 1, "{why}");
    }
}

#[tokio::test]
async fn hosts_that_cannot_be_reached_are_named() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    // A label of more than 63 letters is refused without asking any server.
    let unknown = format!("{}.test", "a".repeat(64));
    let table = [
        (free.to_string(), format!("Connect to {free} failed: Connection refused")),
        (unknown.clone(), format!("{unknown}: ")),
    ];
    for (host, why) in table {
        let server = Server::start(|_, _| Reply::Hang).await;
        let mut options = options(&server, "sqs");
        options.endpoints.set("dynamodb", &format!("http://{host}")).unwrap();
        let text = transport(list_tables(&Client::new(options), PATIENCE).await);
        assert!(text.starts_with(&format!("Unable to execute HTTP request: {why}")), "{text}");
    }
}

#[tokio::test]
async fn a_server_that_hangs_costs_the_timeout() {
    let server = Server::start(|_, _| Reply::Hang).await;
    let timeout = Duration::from_millis(50);
    assert_eq!(list_tables(&client(&server, "dynamodb"), timeout).await, Err(CallError::Timeout(timeout)));
}

#[tokio::test]
async fn answers_are_bounded() {
    let name = "x".repeat(10 * 1024 * 1024);
    let body = json!({"TableNames": [name]}).to_string();
    let length = body.len();
    let plan = move |_, seen: &Seen| match seen.header("x-chunked") {
        None => Reply::ok(body.clone()),
        Some(_) => Reply::Raw(format!("HTTP/1.1 200 OK\r\n\r\n{body}").into_bytes()),
    };
    let server = Server::start(plan).await;
    let answer = list_tables(&client(&server, "dynamodb"), PATIENCE).await.unwrap();
    assert_eq!(answer.output["TableNames"][0].as_str().map(str::len), Some(10 * 1024 * 1024));

    let bounded = Client::new(Options { max_answer_bytes: length - 1, ..options(&server, "dynamodb") });
    let text = transport(list_tables(&bounded, PATIENCE).await);
    assert!(text.ends_with(&format!("the answer is larger than the {} bytes allowed", length - 1)), "{text}");
    // One that does not announce its length is stopped where it passes the limit.
    let headers = vec![("x-chunked".to_owned(), "1".to_owned())];
    let request = RawRequest { headers, ..RawRequest::get(server.url(), PATIENCE) };
    assert!(matches!(bounded.send(request.clone()).await, Err(CallError::Transport(text)) if text.contains("larger")));
    let exact = Client::new(Options { max_answer_bytes: length, ..options(&server, "dynamodb") });
    assert_eq!(exact.send(request).await.unwrap().body.len(), length);
}

#[tokio::test]
async fn what_the_model_does_not_know_is_not_sent() {
    let server = Server::start(|_, _| Reply::ok("{}")).await;
    let client = client(&server, "dynamodb");
    let none = json!({});
    let unknown = client.call(&call("nosuchservice", "get", &none)).await;
    assert_eq!(unknown, Err(CallError::UnknownService("nosuchservice".to_owned())));
    let unknown = client.call(&call("dynamodb", "fly", &none)).await;
    assert!(matches!(unknown, Err(CallError::UnknownOperation { .. })));
    let wrong = client.call(&call("dynamodb", "getItem", &none)).await;
    assert!(matches!(wrong, Err(CallError::Parameters(_))));
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_wrong_setting_is_named() {
    let variables = [("AWS_ENDPOINT_URL_DYNAMODB", "localhost:8000")];
    let mut options = Options::new("eu-west-1", Environment::of(&nowhere()));
    options.endpoints = Endpoints::from_environment(&Environment::of(&variables), None).unwrap();
    let text = transport(list_tables(&Client::new(options), PATIENCE).await);
    assert!(text.starts_with("AWS_ENDPOINT_URL_DYNAMODB: \"localhost:8000\""), "{text}");
}

#[tokio::test]
async fn aws_is_not_called_without_credentials() {
    let client = Client::new(Options::new("eu-west-1", Environment::of(&nowhere())));
    let Err(CallError::Credentials(text)) = list_tables(&client, PATIENCE).await else { panic!() };
    for place in [
        "dynamodb",
        "AWS_ACCESS_KEY_ID",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "profile default",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_EC2_METADATA_DISABLED",
    ] {
        assert!(text.contains(place), "{place}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_calls_wait_their_turn() {
    let server = Server::start(|_, _| tables()).await;
    let client = Client::new(Options { max_requests_per_host: 20, ..options(&server, "dynamodb") });
    let calls: Vec<_> = (0..2000)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { list_tables(&client, PATIENCE).await })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap().map(|answer| answer.status), Ok(200));
    }
    assert_eq!(server.seen().len(), 2000);
    assert!((2..=20).contains(&server.most_busy()), "{} at once", server.most_busy());
}

#[tokio::test]
async fn plain_requests_are_sent_as_they_are() {
    let server = Server::start(|_, _| Reply::status(418, "teapot")).await;
    let client = client(&server, "dynamodb");
    let request = RawRequest {
        method: "PATCH".to_owned(),
        url: format!("{}/a%20b?x=1&y", server.url()),
        headers: vec![("X-One".to_owned(), "1".to_owned()), ("User-Agent".to_owned(), "mine".to_owned())],
        body: Bytes::from_static(b"body"),
        ..RawRequest::get(String::new(), PATIENCE)
    };
    let answer = client.send(request).await.unwrap();
    assert_eq!((answer.status, &answer.body[..]), (418, &b"teapot"[..]));
    let seen = server.seen();
    assert_eq!((seen.len(), seen[0].line.as_str(), seen[0].body.as_str()), (1, "PATCH /a%20b?x=1&y", "body"));
    assert_eq!((seen[0].header("x-one"), seen[0].header("user-agent")), (Some("1"), Some("mine")));
    assert_eq!(seen[0].header("authorization"), None);
}

#[tokio::test]
async fn plain_requests_can_be_signed() {
    let server = Server::start(|_, _| Reply::ok("")).await;
    let environment = Environment::of(&[("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_SECRET_ACCESS_KEY", "hidden")]);
    let client = Client::new(Options { environment, ..options(&server, "dynamodb") });
    let signing = Signing { service: "execute-api".to_owned(), region: "us-west-2".to_owned(), role: None };
    let request = RawRequest { signing: Some(signing), ..RawRequest::get(server.url(), PATIENCE) };
    client.send(request.clone()).await.unwrap();
    let seen = server.seen();
    let authorization = seen[0].header("authorization").unwrap();
    assert!(authorization.contains("Credential=AKID/"), "{authorization}");
    assert!(authorization.contains("/us-west-2/execute-api/aws4_request"), "{authorization}");

    let without = Client::new(options(&server, "dynamodb"));
    assert!(matches!(without.send(request).await, Err(CallError::Credentials(_))));
}

#[tokio::test]
async fn plain_requests_that_cannot_be_written_are_refused() {
    let client = Client::new(Options::new("eu-west-1", Environment::of(&nowhere())));
    let good = RawRequest::get("http://localhost:1".to_owned(), PATIENCE);
    let header = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
    let table = [
        (RawRequest { url: "not a url".to_owned(), ..good.clone() }, "is not a URL"),
        (RawRequest { method: "GE T".to_owned(), ..good.clone() }, "method"),
        (RawRequest { headers: header("a b", "1"), ..good.clone() }, "header a b"),
        (RawRequest { headers: header("a", "1\r\nb: 2"), ..good.clone() }, "header a"),
        (RawRequest { url: "https://localhost:1".to_owned(), root_ca: Some("no pem".to_owned()), ..good }, "in PEM"),
    ];
    for (request, problem) in table {
        match client.send(request).await {
            Err(CallError::Transport(text)) => assert!(text.contains(problem), "{text}"),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn certificates_are_checked_against_the_roots_that_are_trusted() {
    let server = Server::start_tls(|_, _| Reply::ok("safe")).await;
    let url = format!("https://localhost:{}/", server.address.port());
    let directory = tempfile::tempdir().unwrap();
    let bundle = directory.path().join("ca.pem");
    std::fs::write(&bundle, CA).unwrap();
    let with_bundle = Environment::of(&[("AWS_CA_BUNDLE", bundle.to_str().unwrap())]);

    let trusting = Client::new(Options::new("eu-west-1", with_bundle));
    let plain = RawRequest::get(url, PATIENCE);
    assert_eq!(trusting.send(plain.clone()).await.unwrap().body, "safe");

    let given = RawRequest { root_ca: Some(CA.to_owned()), ..plain.clone() };
    let client = Client::new(Options::new("eu-west-1", Environment::of(&[])));
    assert_eq!(client.send(given.clone()).await.unwrap().body, "safe");
    assert_eq!(client.send(given).await.unwrap().body, "safe", "the same connections again");

    // A certificate is not valid for a name that it does not hold.
    let other_name = RawRequest {
        url: format!("https://[::ffff:127.0.0.1]:{}/", server.address.port()),
        root_ca: Some(CA.to_owned()),
        ..plain.clone()
    };
    for untrusted in [plain, other_name] {
        match client.send(untrusted).await {
            Err(CallError::Transport(text)) => {
                assert!(text.starts_with("Unable to execute HTTP request: "), "{text}");
                assert!(text.contains("certificate"), "{text}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_is_shown_of_a_client_and_a_request_holds_no_secret() {
    let environment = Environment::of(&[
        ("AWS_ACCESS_KEY_ID", "AKID"),
        ("AWS_SECRET_ACCESS_KEY", "hidden"),
        ("AWS_SESSION_TOKEN", "hidden"),
    ]);
    let options = Options::new("eu-west-1", environment);
    let request = RawRequest {
        url: "https://host/path?key=hidden".to_owned(),
        headers: vec![("Authorization".to_owned(), "hidden".to_owned())],
        body: Bytes::from_static(b"hidden"),
        ..RawRequest::get(String::new(), PATIENCE)
    };
    let credentials = Credentials::new("AKID", "hidden", Some("hidden".to_owned()), None, "test");
    for shown in [
        format!("{options:?}"),
        format!("{:?}", Client::new(options)),
        format!("{request:?}"),
        format!("{:?}", Looked::Found(credentials)),
    ] {
        assert!(!shown.contains("hidden"), "{shown}");
    }
}

#[tokio::test]
async fn a_guarded_request_reaches_what_it_may_and_what_is_opened_to_it() {
    let guarded = |url: &str| RawRequest { reach: Reach::Guarded, ..RawRequest::get(url.to_owned(), PATIENCE) };
    let server = Server::start(|_, _| Reply::ok("{}")).await;
    let client = Client::new(options(&server, "dynamodb"));
    assert!(client.send(guarded(&server.url().replace("127.0.0.1", "localhost"))).await.is_ok());

    let port = server.url().rsplit(':').next().unwrap().trim_end_matches('/').to_owned();
    // Linux takes the unspecified address for its own.
    for host in ["0.0.0.0", "[::ffff:0.0.0.0]", "0"] {
        let url = format!("http://{host}:{port}/");
        let error = client.send(guarded(&url)).await.unwrap_err().to_string();
        assert!(error.contains("link-local") || host == "0", "{error}");
    }
    let open = Client::new(Options { open_hosts: vec!["0.0.0.0".to_owned()], ..options(&server, "dynamodb") });
    assert!(open.send(guarded(&format!("http://0.0.0.0:{port}/"))).await.is_ok());
}

/// Answers what is asked for at `/` and nothing else.
struct AtRoot(Arc<AtomicUsize>);

impl crate::in_process::Server for AtRoot {
    fn answer(&self, request: ::http::Request<Bytes>) -> crate::in_process::Answering {
        self.0.fetch_add(1, Ordering::SeqCst);
        let is_signed =
            request.headers().contains_key("authorization") || request.headers().contains_key("x-amz-target");
        let answer = ::http::Response::builder().status(200).header("x-amzn-requestid", "own");
        let answer = answer.body(Bytes::from_static(br#"{"TableNames":["own"]}"#)).ok();
        Box::pin(std::future::ready(answer.filter(|_| is_signed && request.uri().path() == "/")))
    }
}

#[tokio::test]
async fn a_server_in_this_process_is_asked_without_a_socket_and_only_where_it_is() {
    let server = Server::start(|_, _| tables()).await;
    let other = Server::start(|_, _| tables()).await;
    let asked = Arc::new(AtomicUsize::new(0));
    let own = InProcess::at(server.address.to_string().parse().unwrap());
    let client_of =
        |server: &Server| Client::new(Options { in_process: Some(own.clone()), ..options(server, "dynamodb") });
    let names = |answer: Result<ServiceAnswer, CallError>| answer.unwrap().output["TableNames"][0].clone();
    // Before it serves, requests take the socket.
    assert_eq!(names(list_tables(&client_of(&server), PATIENCE).await), "a");
    own.serve(AtRoot(Arc::clone(&asked)));
    assert_eq!(names(list_tables(&client_of(&server), PATIENCE).await), "own");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    // Elsewhere, and what it does not answer.
    assert_eq!(names(list_tables(&client_of(&other), PATIENCE).await), "a");
    let raw = RawRequest::get(format!("{}/elsewhere", server.url()), PATIENCE);
    assert!(client_of(&server).send(raw.clone()).await.unwrap().body.starts_with(b"{\"TableNames\":[\"a\"]"));
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    let guarded = RawRequest { url: server.url(), reach: Reach::Guarded, ..raw };
    drop(client_of(&server).send(guarded).await);
    assert_eq!(asked.load(Ordering::SeqCst), 2, "what a definition names never reaches it so");
}
