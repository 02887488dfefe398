//! TestState of an HTTP task without a mock: the request is sent, and TRACE shows what went over the wire.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use integrations::Integrations;
use integrations::http::PlainHttp;
use runtime::clock::WallClock;
use runtime::quotas::Quotas;
use runtime::tasks::Tasks;
use runtime::{AfterCrash, Dispatcher, Runtime, RuntimeOptions, TaskOptions};
use serde_json::{Value as Json, json};
use store::memory::MemoryStore;

use super::{ROLE, ok};
use crate::Api;

const CONNECTION: &str = "arn:aws:events:us-east-1:000000000000:connection/Shop/1";

/// EventBridge, Secrets Manager and the endpoint in one. `None` closes the connection.
fn answer(request: &str) -> Option<(u16, &'static str)> {
    if request.contains("DescribeConnection") {
        return Some((
            200,
            r#"{"ConnectionState":"AUTHORIZED","AuthorizationType":"API_KEY","SecretArn":"arn:s",
                "AuthParameters":{"ApiKeyAuthParameters":{"ApiKeyName":"x-key"}}}"#,
        ));
    }
    if request.contains("GetSecretValue") {
        return Some((200, r#"{"SecretString":"{\"api_key_name\":\"x-key\",\"api_key_value\":\"hush\"}"}"#));
    }
    match request.split(' ').nth(1)? {
        "/items" => Some((200, r#"{"price":1.10}"#)),
        "/missing" => Some((404, "none")),
        _ => None,
    }
}

fn serve(mut stream: &TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let start = head.len();
        reader.read_line(&mut head)?;
        let line = head[start..].trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    reader.take(length).read_to_end(&mut Vec::new())?;
    let Some((status, body)) = answer(&head) else { return Ok(()) };
    write!(
        stream,
        "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// The URL of a server that runs until the test's process ends.
fn server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that goes away is no matter.
            std::thread::spawn(move || drop(serve(&stream)));
        }
    });
    url
}

fn api(url: &str) -> Api {
    let environment = aws::Environment::of(&[
        ("AWS_ENDPOINT_URL", url),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ]);
    let endpoints = aws::Endpoints::from_environment(&environment, None).unwrap();
    let client =
        aws::Client::new(aws::Options { endpoints, attempts: 1, ..aws::Options::new("us-east-1", environment) });
    let (region, account) = ("us-east-1".to_owned(), "000000000000".to_owned());
    let integrations = Integrations::new(integrations::Options {
        client,
        functions: None,
        other_functions: integrations::OtherFunctions::Lambda,
        region: region.clone(),
        assume_execution_role: false,
        plain_http: PlainHttp::Loopback,
        http_task: Quotas::default().http_task,
    });
    let tasks = TaskOptions { integrations, after_crash: AfterCrash::default(), concurrency: 4, nested_starts: 0 };
    let options = RuntimeOptions { region, account, quotas: Quotas::default(), shards: 1 };
    let dispatcher = |reports| {
        Arc::new(Dispatcher::new(tasks, reports, Arc::new(WallClock), tokio::runtime::Handle::current()))
            as Arc<dyn Tasks>
    };
    Api::new(Runtime::open(Arc::new(MemoryStore::new()), Arc::new(WallClock), options, dispatcher).unwrap())
}

async fn tested(api: &Api, endpoint: &str, more: &Json) -> Json {
    let definition = json!({
        "Type": "Task", "Resource": "arn:aws:states:::http:invoke", "End": true,
        "Parameters": {
            "ApiEndpoint": endpoint, "Method": "POST", "RequestBody": { "n": 1 },
            "InvocationConfig": { "ConnectionArn": CONNECTION },
        },
    });
    let mut call = json!({ "definition": definition.to_string(), "roleArn": ROLE });
    for (name, value) in more.as_object().unwrap() {
        call[name] = value.clone();
    }
    ok(api, "TestState", call).await
}

#[tokio::test(flavor = "multi_thread")]
async fn trace_shows_the_exchange_and_secrets_on_demand() {
    let url = server();
    let (api, endpoint) = (api(&url), format!("{url}/items"));
    let agent = "User-Agent: Amazon|StepFunctions|HttpInvoke|us-east-1, Range: bytes=0-262144";
    for (reveal, headers) in [(false, format!("[{agent}]")), (true, format!("[x-key: hush, {agent}]"))] {
        let more = json!({ "inspectionLevel": "TRACE", "revealSecrets": reveal });
        let answer = tested(&api, &endpoint, &more).await;
        assert_eq!(answer["status"], "SUCCEEDED", "{answer}");
        let output: Json = serde_json::from_str(answer["output"].as_str().unwrap()).unwrap();
        assert_eq!(output["ResponseBody"], json!({ "price": 1.10 }));
        let request = json!({
            "protocol": "http", "method": "POST", "url": endpoint, "headers": headers,
            "body": r#"{"n":1}"#,
        });
        let response = json!({
            "protocol": "http", "statusCode": "200", "statusMessage": "OK", "body": r#"{"price":1.10}"#,
            "headers": "[connection: close, content-type: application/json, content-length: 14]",
        });
        let data = &answer["inspectionData"];
        assert_eq!((&data["request"], &data["response"]), (&request, &response));
        assert!(data["result"].is_string(), "{data}");
    }
    let data = tested(&api, &endpoint, &json!({ "inspectionLevel": "DEBUG" })).await["inspectionData"].take();
    assert!(data["result"].is_string() && data.get("request").is_none() && data.get("response").is_none(), "{data}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_traced_as_far_as_it_came() {
    let url = server();
    let api = api(&url);
    let trace = json!({ "inspectionLevel": "TRACE" });
    for (path, error, status) in
        [("missing", "States.Http.StatusCode.404", Some("404")), ("broken", "States.Http.Socket", None)]
    {
        let answer = tested(&api, &format!("{url}/{path}"), &trace).await;
        assert_eq!((&answer["status"], &answer["error"]), (&json!("FAILED"), &json!(error)), "{answer}");
        let data = &answer["inspectionData"];
        assert_eq!(data["request"]["method"], "POST");
        let seen = data.get("response").map(|response| response["statusCode"].as_str().unwrap());
        assert_eq!(seen, status, "{path}");
    }
}
