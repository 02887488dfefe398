//! Lambda's own HTTP API.

use bytes::Bytes;
use functions::invoke_api::{FUNCTION_PARAMETER, ROUTES, answer};
use http::{Request, Response};
use serde_json::{Value, json};

use crate::House;

const NODE: &str = "exports.handler = async (e, c) => { console.log('hello'); if (e.fail) throw new Error('no'); \
                    return [e, c.clientContext?.custom] }";

async fn send(house: &House, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Response<Bytes> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut routes = matchit::Router::new();
    for (path, known, operation) in &ROUTES {
        routes.insert(*path, (known, *operation)).unwrap();
    }
    let found = routes.at(path.split('?').next().unwrap()).unwrap();
    assert_eq!(found.value.0, method, "{path}");
    let function = found.params.get(FUNCTION_PARAMETER).unwrap_or_default();
    let request = request.body(Bytes::copy_from_slice(body.as_bytes())).unwrap();
    answer(&house.functions, found.value.1, function, request).await
}

fn header<'a>(response: &'a Response<Bytes>, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

fn body(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap()
}

#[tokio::test]
async fn invoke_answers_as_lambda_does() {
    let house = House::new(&[("f/index.js", NODE)]);
    let names = [
        "f",
        "f:$LATEST",
        "arn%3Aaws%3Alambda%3Aeu-west-1%3A210987654321%3Afunction%3Af",
        "123456789012:function:f",
        "f/invocations?Qualifier=%24LATEST&x=",
    ];
    for name in names {
        let path = if name.contains('/') {
            format!("/2015-03-31/functions/{name}")
        } else {
            format!("/2015-03-31/functions/{name}/invocations")
        };
        let response = send(&house, "POST", &path, &[], r#"{"a": 1}"#).await;
        assert_eq!((response.status().as_u16(), body(&response)), (200, json!([{"a": 1}, null])), "{name}");
        assert_eq!(header(&response, "x-amz-executed-version"), Some("$LATEST"));
        assert_eq!(header(&response, "x-amzn-requestid").map(str::len), Some(36));
        assert_eq!(header(&response, "x-amz-function-error"), None);
        assert_eq!(header(&response, "x-amz-log-result"), None);
    }
    // eyJjdXN0b20iOjF9 is {"custom":1}, aGVsbG8K is hello.
    let headers = [("X-Amz-Log-Type", "Tail"), ("X-Amz-Client-Context", "eyJjdXN0b20iOjF9")];
    let response = send(&house, "POST", "/2015-03-31/functions/f/invocations", &headers, "").await;
    assert_eq!(body(&response), json!([{}, 1]));
    assert_eq!(header(&response, "x-amz-log-result"), Some("aGVsbG8K"));

    let response = send(&house, "POST", "/2015-03-31/functions/f/invocations", &[], r#"{"fail": 1}"#).await;
    assert_eq!(response.status(), 200);
    assert_eq!(header(&response, "x-amz-function-error"), Some("Unhandled"));
    assert_eq!(body(&response)["errorMessage"], "no");
}

#[tokio::test]
async fn what_is_refused_is_refused_in_lambdas_words() {
    let house = House::new(&[("f/index.js", NODE), ("bad/bootstrap", ""), ("f/lib/x", "")]);
    let invoke = |name: &str| format!("/2015-03-31/functions/{name}/invocations");
    let big = format!("\"{}\"", "x".repeat(functions::invoke_api::MAX_EVENT_BYTES));
    let event = ("X-Amz-Invocation-Type", "Event");
    type Case<'a> = (&'a str, String, &'a [(&'a str, &'a str)], &'a str, u16, &'a str, &'a str);
    let cases: &[Case<'_>] = &[
        (
            "POST",
            invoke("g"),
            &[],
            "",
            404,
            "ResourceNotFoundException",
            "Function not found: arn:aws:lambda:us-east-1:123456789012:function:g",
        ),
        (
            "POST",
            invoke("f:1"),
            &[],
            "",
            404,
            "ResourceNotFoundException",
            "Function not found: arn:aws:lambda:us-east-1:123456789012:function:f:1",
        ),
        ("POST", invoke("a:b:c"), &[], "", 400, "ValidationException", "a:b:c is no name"),
        (
            "POST",
            invoke("f"),
            &[],
            "{",
            400,
            "InvalidRequestContentException",
            "Could not parse request body into json: Could not parse payload into json: ",
        ),
        (
            "POST",
            invoke("f"),
            &[("X-Amz-Client-Context", "!")],
            "",
            400,
            "InvalidRequestContentException",
            "Client context must be",
        ),
        (
            "POST",
            invoke("f"),
            &[("X-Amz-Invocation-Type", "Later")],
            "",
            400,
            "InvalidParameterValueException",
            "the invocation type Later",
        ),
        (
            "POST",
            invoke("f"),
            &[event],
            &big,
            413,
            "RequestTooLargeException",
            "Request must be smaller than 1048576 bytes",
        ),
        ("POST", invoke("g"), &[event], "", 404, "ResourceNotFoundException", "Function not found: "),
        ("POST", invoke("bad"), &[], "", 400, "InvalidParameterValueException", "bootstrap: is not executable"),
        ("GET", "/2015-03-31/functions/g".into(), &[], "", 404, "ResourceNotFoundException", "Function not found: "),
    ];
    for (method, path, headers, payload, status, kind, text) in cases {
        let response = send(&house, method, path, headers, payload).await;
        assert_eq!(
            (response.status().as_u16(), header(&response, "x-amzn-errortype")),
            (*status, Some(*kind)),
            "{path}"
        );
        let body = body(&response);
        assert_eq!(body["Type"], "User");
        assert!(body["Message"].as_str().unwrap().contains(text), "{body}");
    }
}

#[tokio::test]
async fn an_event_runs_without_its_caller_and_a_dry_run_not_at_all() {
    let house =
        House::new(&[("f/index.js", "exports.handler = async (e) => require('fs').writeFileSync('.ran', e.text)")]);
    let path = "/2015-03-31/functions/f/invocations";
    let response = send(&house, "POST", path, &[("X-Amz-Invocation-Type", "DryRun")], "{}").await;
    assert_eq!((response.status().as_u16(), response.body().len()), (204, 0));
    let response = send(&house, "POST", path, &[("X-Amz-Invocation-Type", "Event")], r#"{"text": "by event"}"#).await;
    assert_eq!((response.status().as_u16(), response.body().len()), (202, 0));
    let ran = house.folder.path().join("f/.ran");
    while !std::fs::read_to_string(&ran).is_ok_and(|text| text == "by event") {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn functions_are_listed_and_described() {
    let json = r#"{"runtime": "nodejs22.x", "timeout": 7, "memory": 256, "environment": {"A": "b"}}"#;
    let house = House::new(&[("f/index.js", NODE), ("f/function.json", json), ("g/handler.py", ""), ("lib/x.js", "")]);
    let list = body(&send(&house, "GET", "/2015-03-31/functions/?MaxItems=50", &[], "").await);
    let names: Vec<&Value> = list["Functions"].as_array().unwrap().iter().map(|one| &one["FunctionName"]).collect();
    assert_eq!(names, ["f", "g"]);
    let configuration = body(&send(&house, "GET", "/2015-03-31/functions/f/configuration", &[], "").await);
    assert_eq!(configuration, list["Functions"][0]);
    let code_size = NODE.len() + json.len();
    let expected = json!({
        "FunctionName": "f",
        "FunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:f",
        "Runtime": "nodejs22.x",
        "Handler": "index.handler",
        "CodeSize": code_size,
        "Timeout": 7,
        "MemorySize": 256,
        "LastModified": configuration["LastModified"],
        "Version": "$LATEST",
        "Environment": {"Error": {
            "ErrorCode": "AccessDeniedException",
            "Message": "Environment variables are not shown: they may hold secrets.",
        }},
        "PackageType": "Zip",
        "State": "Active",
        "LastUpdateStatus": "Successful",
    });
    assert_eq!(configuration, expected);
    let whole = body(&send(&house, "GET", "/2015-03-31/functions/f", &[], "").await);
    assert_eq!(whole["Configuration"], configuration);
    assert!(whole["Code"]["Location"].as_str().unwrap().ends_with("/f"), "{whole}");
}
