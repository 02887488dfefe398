//! HTTP tasks against a server: connections, tokens, results, failures, traces.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::testing::{Reply, Server, integrations, task, value};
use super::*;

const ARN: &str = "arn:aws:events:eu-west-1:123456789012:connection/Shop/8121";

/// EventBridge and Secrets Manager with one connection.
fn aws(description: &'static str, secret: &'static str) -> Server {
    Server::start(move |seen| {
        let operation = seen.header("x-amz-target").rsplit('.').next().unwrap_or_default().to_owned();
        Some(match operation.as_str() {
            "DescribeConnection" => Reply::json(200, description),
            "GetSecretValue" => {
                let answer = Value::object([("ARN", Value::from("arn")), ("SecretString", Value::from(secret))]);
                Reply::json(200, answer.to_json())
            }
            _ => Reply::json(400, r#"{"__type":"UnknownOperationException"}"#),
        })
    })
}

fn basic() -> Server {
    aws(
        r#"{"ConnectionState":"AUTHORIZED","AuthorizationType":"BASIC","SecretArn":"arn:s",
            "AuthParameters":{"BasicAuthParameters":{"Username":"u"},
                "InvocationHttpParameters":{"HeaderParameters":[{"Key":"x-shop","Value":"1","IsValueSecret":false}]}}}"#,
        r#"{"username":"u","password":"p"}"#,
    )
}

fn invoke(url: &str, method: &str, rest: &str) -> TaskCall {
    let parameters = format!(
        r#"{{"ApiEndpoint":"{url}","Method":"{method}","InvocationConfig":{{"ConnectionArn":"{ARN}"}}{rest}}}"#
    );
    task("http", "invoke", &parameters)
}

#[tokio::test]
async fn an_endpoint_is_called_with_what_the_connection_adds() {
    let aws = basic();
    let shop = Server::start(|_| {
        let headers = vec![
            ("Content-Type", "application/json".to_owned()),
            ("Set-Cookie", "a".to_owned()),
            ("Set-Cookie", "b".to_owned()),
        ];
        Some(Reply(201, headers, br#"{"price":1.10}"#.to_vec()))
    });
    let task = invoke(
        &format!("{}/v1/items", shop.url),
        "POST",
        r#","Headers":{"x-shop":"0","x-own":"2"},"QueryParameters":{"a":"b c"},"RequestBody":{"n":1.50}"#,
    );
    let Traced { outcome, trace } = traced(&integrations(&aws.url, None), &task).await;

    let Ok(TaskAnswer::Done(result)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(result.get("ResponseBody").unwrap().to_json(), r#"{"price":1.10}"#);
    assert_eq!(result.get("StatusCode"), Some(&Value::int(201)));
    assert_eq!(result.get("StatusText"), Some(&Value::from("Created")));
    assert_eq!(result.get("Headers").unwrap().get("set-cookie"), Some(&value(r#"["a","b"]"#)));

    let seen = &shop.seen()[0];
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("POST", "/v1/items?a=b%20c"));
    assert_eq!(seen.body, r#"{"n":1.50}"#);
    for (name, expected) in [
        ("authorization", "Basic dTpw"),
        ("x-shop", "1"),
        ("x-own", "2"),
        ("user-agent", "Amazon|StepFunctions|HttpInvoke|eu-west-1"),
        ("range", "bytes=0-262144"),
        ("content-type", "application/json; charset=UTF-8"),
    ] {
        assert_eq!(seen.header(name), expected, "{name}");
    }

    let trace = trace.unwrap();
    assert_eq!(
        trace.request.headers,
        "[x-shop: 1, x-own: 2, Authorization: Basic dTpw, User-Agent: Amazon|StepFunctions|HttpInvoke|eu-west-1, Range: bytes=0-262144]"
    );
    assert!(!trace.concealed_request.headers.contains("dTpw"), "{}", trace.concealed_request.headers);
    assert!(trace.concealed_request.headers.contains("x-shop: 0"), "{}", trace.concealed_request.headers);
    assert_eq!(trace.response.unwrap().body, r#"{"price":1.10}"#);
}

#[tokio::test]
async fn failures_have_their_names() {
    let aws = basic();
    let shop = Server::start(|seen| match seen.target.as_str() {
        "/missing" => Some(Reply::json(404, r#"{"error":"none"}"#)),
        "/moved" => Some(Reply(302, vec![("location", "/".to_owned())], Vec::new())),
        "/image" => Some(Reply(200, vec![("content-type", "image/png".to_owned())], b"x".to_vec())),
        _ => None,
    });
    let integrations = integrations(&aws.url, None);
    let cases = [
        ("/missing", "States.Http.StatusCode.404", r#"{"error":"none"}"#),
        ("/moved", "States.Http.StatusCode.302", ""),
        ("/image", "States.Runtime", "The response's content type 'image/png' is not supported"),
    ];
    for (path, error, cause) in cases {
        let failure = call(&integrations, &invoke(&format!("{}{path}", shop.url), "GET", "")).await.unwrap_err();
        assert_eq!((failure.error.as_str(), failure.cause.as_str()), (error, cause));
    }
    let broken = call(&integrations, &invoke(&format!("{}/broken", shop.url), "GET", "")).await.unwrap_err();
    assert_eq!(broken.error, "States.Http.Socket");
    let refused = call(&integrations, &invoke("http://example.com/", "GET", "")).await.unwrap_err();
    assert_eq!(refused.error, "States.Runtime");
    assert!(refused.cause.contains("must begin with https://"), "{}", refused.cause);
}

#[tokio::test]
async fn connections_that_cannot_be_used_have_their_errors() {
    let cases = [
        (
            r#"{"ConnectionState":"AUTHORIZING","AuthorizationType":"BASIC"}"#,
            "{}",
            "Events.ConnectionResource.AuthInProgress",
        ),
        (
            r#"{"ConnectionState":"AUTHORIZED","AuthorizationType":"BASIC","SecretArn":"arn:s"}"#,
            "{}",
            "Events.ConnectionResource.InvalidSecretValue",
        ),
    ];
    for (description, secret, error) in cases {
        let aws = aws(description, secret);
        let failure = call(&integrations(&aws.url, None), &invoke("http://127.0.0.1:9/", "GET", "")).await.unwrap_err();
        assert_eq!(failure.error, error);
    }
    let absent = Server::start(|_| {
        Some(Reply::json(
            400,
            r#"{"__type":"ResourceNotFoundException","message":"Connection 'Shop' does not exist."}"#,
        ))
    });
    let failure = call(&integrations(&absent.url, None), &invoke("http://127.0.0.1:9/", "GET", "")).await.unwrap_err();
    assert_eq!(failure.error, "Events.ConnectionResource.ResourceNotFound");
    assert!(failure.cause.contains("does not exist"), "{}", failure.cause);
}

fn oauth(token_url: &str) -> Server {
    let description = format!(
        r#"{{"ConnectionState":"AUTHORIZED","AuthorizationType":"OAUTH_CLIENT_CREDENTIALS","SecretArn":"arn:s",
            "AuthParameters":{{"OAuthParameters":{{"AuthorizationEndpoint":"{token_url}/token","HttpMethod":"POST",
                "ClientParameters":{{"ClientID":"id"}}}}}}}}"#
    );
    aws(description.leak(), r#"{"client_id":"id","client_secret":"s"}"#)
}

#[tokio::test]
async fn a_token_is_fetched_once_and_again_when_it_is_refused() {
    let issued = AtomicUsize::new(0);
    let tokens = Server::start(move |seen| {
        assert_eq!(seen.body, "grant_type=client_credentials&client_id=id&client_secret=s");
        let number = issued.fetch_add(1, Ordering::SeqCst) + 1;
        Some(Reply::json(200, format!(r#"{{"access_token":"t{number}","token_type":"Bearer","expires_in":3600}}"#)))
    });
    let aws = oauth(&tokens.url);
    let calls = AtomicUsize::new(0);
    // The third request finds its token refused.
    let shop = Server::start(move |_| {
        let refused = calls.fetch_add(1, Ordering::SeqCst) == 2;
        Some(Reply::json(if refused { 401 } else { 200 }, "{}"))
    });
    let integrations = integrations(&aws.url, None);
    for _ in 0..3 {
        call(&integrations, &invoke(&shop.url, "GET", "")).await.unwrap();
    }
    let used: Vec<String> = shop.seen().iter().map(|seen| seen.header("authorization").to_owned()).collect();
    assert_eq!(used, ["Bearer t1", "Bearer t1", "Bearer t1", "Bearer t2"]);
    assert_eq!(tokens.seen().len(), 2);
}

#[tokio::test]
async fn a_token_that_is_not_issued_fails_the_task() {
    for (status, body, error) in [
        (400, "{}", "Events.ConnectionResource.InvalidConnectionState"),
        (200, "{}", "Events.ConnectionResource.InvalidConnectionState"),
        (503, "", "Events.ConnectionResource.InternalError"),
    ] {
        let tokens = Server::start(move |_| Some(Reply::json(status, body)));
        let aws = oauth(&tokens.url);
        let failure = call(&integrations(&aws.url, None), &invoke("http://127.0.0.1:9/", "GET", "")).await.unwrap_err();
        assert_eq!(failure.error, error, "{status}");
    }
}

#[tokio::test]
async fn no_task_reaches_a_metadata_service() {
    let aws = basic();
    for host in ["169.254.169.254", "[fd00:ec2::254]", "[::ffff:169.254.169.254]", "[fe80::1]", "0.0.0.0", "2852039166"]
    {
        let url = format!("https://{host}/latest/meta-data/");
        let task = invoke(&url, "GET", "");
        let failure = call(&integrations(&aws.url, None), &task).await.unwrap_err();
        assert_eq!(failure.error, "States.Http.Socket", "{host}");
        // What the system does not take for an address is not found.
        assert!(failure.cause.contains("link-local") || host == "2852039166", "{}", failure.cause);
    }
    for header in ["X-aws-ec2-metadata-token", "x-aws-ec2-metadata-token-ttl-seconds", "Keep-Alive", "Proxy-Connection"]
    {
        let task = invoke("https://example.com", "GET", &format!(r#","Headers":{{"{header}":"1"}}"#));
        let failure = call(&integrations(&aws.url, None), &task).await.unwrap_err();
        assert!(failure.cause.contains("is not permitted"), "{header}: {failure:?}");
    }
}

#[tokio::test]
async fn no_redirect_leads_to_a_metadata_service() {
    let aws = basic();
    let elsewhere = "http://169.254.169.254/latest/meta-data/";
    let endpoint = Server::start(move |_| Some(Reply(307, vec![("location", elsewhere.to_owned())], Vec::new())));
    let failure = call(&integrations(&aws.url, None), &invoke(&endpoint.url, "GET", "")).await.unwrap_err();
    assert_eq!(failure.error, "States.Http.StatusCode.307");
    assert_eq!(endpoint.seen().len(), 1);
}

#[tokio::test]
async fn a_connection_reaches_no_metadata_service_either() {
    let aws = oauth("https://169.254.169.254/token");
    let failure = call(&integrations(&aws.url, None), &invoke("https://example.com", "GET", "")).await.unwrap_err();
    assert!(failure.cause.contains("link-local"), "{failure:?}");
    let aws = aws_with_header("X-aws-ec2-metadata-token");
    let failure = call(&integrations(&aws.url, None), &invoke("https://example.com", "GET", "")).await.unwrap_err();
    assert!(failure.cause.contains("cannot be sent"), "{failure:?}");
}

/// A connection that adds a header to each request.
fn aws_with_header(name: &'static str) -> Server {
    let description = format!(
        r#"{{"ConnectionState":"AUTHORIZED","AuthorizationType":"BASIC","SecretArn":"arn:s",
            "AuthParameters":{{"BasicAuthParameters":{{"Username":"u"}},
                "InvocationHttpParameters":{{"HeaderParameters":[{{"Key":"{name}","Value":"1","IsValueSecret":false}}]}}}}}}"#
    );
    aws(description.leak(), r#"{"username":"u","password":"p"}"#)
}
