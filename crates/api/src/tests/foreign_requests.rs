//! What a web page can make a browser send, on every route.

use std::io::Write;

use serde_json::{Value as Json, json};

use super::sockets::{Server, answer, connect, post, read_answer, server};

const ROUTES: [&str; 7] = [
    "POST /",
    "GET /",
    "GET /health",
    "OPTIONS /",
    "GET /elsewhere",
    "POST /2015-03-31/functions/f/invocations",
    "GET /2015-03-31/functions/f",
];

/// Status and error of the answer to a request with those header lines and this body.
fn sent(server: &Server, route: &str, headers: &str, body: &str) -> (String, Json) {
    let mut client = connect(server);
    write!(client, "{route} HTTP/1.1\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()).unwrap();
    let (head, body) = read_answer(&mut client);
    let status = head.split(' ').nth(1).unwrap().to_owned();
    (status, serde_json::from_str::<Json>(&body).unwrap()["__type"].take())
}

#[test]
fn foreign_hosts_and_foreign_pages_are_refused_on_every_route() {
    let server = server();
    let call = "x-amz-target: AWSStepFunctions.CreateActivity\r\ncontent-type: application/x-amz-json-1.0\r\n";
    for route in ROUTES {
        for headers in [
            "host: evil.example\r\n",
            "host: evil.example:80\r\norigin: http://evil.example:80\r\n",
            "host: localhost\r\norigin: http://evil\r\n",
            "host: localhost\r\norigin: null\r\n",
            "host: localhost\r\norigin: http://localhost:3000\r\n",
            "host: localhost\r\nsec-fetch-site: cross-site\r\n",
            "host: localhost\r\nsec-fetch-site: same-site\r\n",
        ] {
            let found = sent(&server, route, &format!("{headers}{call}"), r#"{"name":"made"}"#);
            assert_eq!(found, ("403".to_owned(), json!("AccessDeniedException")), "{route} {headers}");
        }
        let found = sent(&server, route, call, "{}");
        assert_eq!(found, ("400".to_owned(), json!("ValidationException")), "{route} without a host");
    }
    assert_eq!(answer(&server, "ListActivities", &json!({})), json!({"activities": []}));
}

#[test]
fn what_pages_may_send_unasked_is_no_call() {
    let server = server();
    let target = "host: localhost\r\nx-amz-target: AWSStepFunctions.CreateActivity\r\n";
    for content_type in [
        "",
        "content-type: text/plain\r\n",
        "content-type: text/plain; application/x-amz-json-1.0\r\n",
        "content-type: application/x-www-form-urlencoded\r\n",
        "content-type: multipart/form-data; boundary=x\r\n",
        "content-type: application/json\r\n",
    ] {
        let found = sent(&server, "POST /", &format!("{target}{content_type}"), r#"{"name":"made"}"#);
        assert_eq!(found, ("400".to_owned(), json!("UnknownOperationException")), "{content_type}");
    }
    assert_eq!(answer(&server, "ListActivities", &json!({})), json!({"activities": []}));
}

#[test]
fn a_page_of_this_server_may_call() {
    let server = server();
    let own = format!("host: {0}\r\norigin: http://{0}\r\nsec-fetch-site: same-origin\r\n", server.address);
    let mut client = connect(&server);
    client
        .write_all(post("CreateActivity", r#"{"name":"a"}"#).replace("host: localhost\r\n", &own).as_bytes())
        .unwrap();
    assert!(read_answer(&mut client).0.starts_with("http/1.1 200"));
}

#[test]
fn who_is_refused_while_sending_much_reads_the_answer() {
    let server = server();
    let found = sent(&server, "POST /", "host: evil.example\r\n", &"x".repeat(3_000_000));
    assert_eq!(found.0, "403");
}
