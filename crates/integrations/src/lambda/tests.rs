//! Lambda: real functions as local processes, and a server that stands in for Lambda's API.

use std::fs;

use tempfile::TempDir;

use super::*;
use crate::Options;
use crate::http::testing::{Reply, Server, integrations, options, task, value};

const ARN: &str = "arn:aws:lambda:eu-west-1:123456789012:function:echo";

const ECHO: &str = r#"
import json
def handler(event, context):
    if isinstance(event, dict) and "fail" in event:
        raise ValueError("no")
    if isinstance(event, dict) and "context" in event:
        return context.client_context.custom if context.client_context else None
    print("hello log")
    return event
"#;

const GREET: &str = r#"
export const handler = async (event) => {
    if (event.crash) process.exit(1);
    if (event.fail) throw new Error("no");
    return { hello: event.name };
};
"#;

struct Local {
    integrations: Integrations,
    functions: Functions,
    _folder: TempDir,
}

fn local(aws_url: &str) -> Local {
    let folder = tempfile::tempdir().unwrap();
    let echo = folder.path().join("echo");
    fs::create_dir(&echo).unwrap();
    fs::write(echo.join("handler.py"), ECHO).unwrap();
    let greet = folder.path().join("greet");
    fs::create_dir(&greet).unwrap();
    fs::write(greet.join("index.mjs"), GREET).unwrap();
    let functions = Functions::open(functions::Options::new(folder.path())).unwrap();
    Local { integrations: integrations(aws_url, Some(functions.clone())), functions, _folder: folder }
}

fn function_task(arn: &str, input: &str) -> TaskCall {
    TaskCall { resource: arn.into(), target: Target::Function, ..task("lambda", "invoke", input) }
}

#[tokio::test]
async fn a_function_that_is_nowhere_is_an_error_that_lists_those_here() {
    let local = local("http://127.0.0.1:9");
    let task = function_task("arn:aws:lambda:eu-west-1:123456789012:function:ecko", "{}");
    for (functions, expected) in [
        (Some(local.functions.clone()), "are: echo, greet. For Lambda itself name its endpoint"),
        (None, "No folder holds functions: name one with --functions."),
    ] {
        let options = options("http://127.0.0.1:9", functions);
        let integrations = Integrations::new(Options { other_functions: OtherFunctions::Missing, ..options });
        let failure = integrations.call(&task).await.unwrap_err();
        assert_eq!(failure.error, "Lambda.ResourceNotFoundException");
        assert!(failure.cause.contains(expected), "{}", failure.cause);
    }
    // Where Lambda is named, it is asked.
    let failure = local.integrations.call(&task).await.unwrap_err();
    assert_eq!(failure.error, "Lambda.SdkClientException", "{}", failure.cause);
}

#[test]
fn a_function_is_named_in_many_ways() {
    let cases = [
        ("echo", Some("echo")),
        ("echo:prod", Some("echo")),
        ("function:echo", Some("echo")),
        ("123456789012:function:echo", Some("echo")),
        ("123456789012:function:echo:7", Some("echo")),
        (ARN, Some("echo")),
        ("arn:aws-cn:lambda:cn-north-1:123456789012:function:echo:$LATEST", Some("echo")),
        ("arn:aws:sqs:eu-west-1:123456789012:function:echo", None),
        ("", None),
        ("a:b:c:d:e", None),
    ];
    for (function, expected) in cases {
        assert_eq!(name_in(function), expected, "{function}");
    }
}

#[test]
fn payloads_keep_their_text() {
    let cases = [
        ("{}", "{}"),
        (r#"{"Payload":{"n":1.10}}"#, r#"{"n":1.10}"#),
        (r#"{"Payload":"{\"n\": 1.10}"}"#, r#"{"n": 1.10}"#),
        (r#"{"Payload":"text"}"#, r#""text""#),
        (r#"{"Payload":null}"#, "{}"),
        (r#"{"Payload":"null"}"#, "null"),
        (r#"{"Payload":[null]}"#, "[null]"),
    ];
    for (parameters, expected) in cases {
        let parameters = value(parameters);
        let named = Value::object([
            ("FunctionName", Value::from("f")),
            ("Payload", parameters.get("Payload").cloned().unwrap_or_default()),
        ]);
        assert_eq!(payload(Fields(&parameters).get("Payload")), expected);
        assert_eq!(Request::of_action(&named).unwrap().payload, expected);
    }
    assert_eq!(Request::of_function(&function_task(ARN, "null")).payload, "null", "the input of the state");
}

#[test]
fn a_functions_error_is_named_by_its_type() {
    let cases = [
        (r#"{"errorType":"Custom","errorMessage":"m"}"#, "Custom", r#"{"errorType":"Custom","errorMessage":"m"}"#),
        (
            r#"{"errorMessage":"Task timed out"}"#,
            "Lambda.Unknown",
            r#"The cause could not be determined because Lambda did not return an error type. Returned payload: {"errorMessage":"Task timed out"}"#,
        ),
    ];
    for (payload, error, cause) in cases {
        assert_eq!(function_failure(payload.as_bytes()), Failure { error: error.into(), cause: cause.into() });
    }
}

#[tokio::test]
async fn the_cause_is_raw_for_a_functions_arn_and_written_anew_for_an_action() {
    const RAW: &str = r#"{"errorMessage": "x", "errorType": "E", "stackTrace": ["a", "b"], "n": 1.0}"#;
    const ANEW: &str = r#"{"errorMessage":"x","errorType":"E","stackTrace":["a","b"],"n":1.0}"#;
    let answers = |payload: &'static str| {
        Server::start(move |_| {
            Some(Reply(200, vec![("X-Amz-Function-Error", "Unhandled".to_owned())], payload.as_bytes().to_vec()))
        })
    };
    let by_arn = function_task(&ARN.replace("echo", "other"), "{}");
    let by_action = task("lambda", "invoke", r#"{"FunctionName":"other"}"#);
    let callback = task("lambda", "invoke.waitForTaskToken", r#"{"FunctionName":"other"}"#);
    let unknown = "The cause could not be determined because Lambda did not return an error type. Returned payload: ";
    for (payload, task, error, cause) in [
        (RAW, &by_arn, "E", RAW.to_owned()),
        (RAW, &by_action, "E", ANEW.to_owned()),
        (RAW, &callback, "E", ANEW.to_owned()),
        (r#"{"a": 1}"#, &by_arn, "Lambda.Unknown", format!(r#"{unknown}{{"a": 1}}"#)),
        (r#"{"a": 1}"#, &by_action, "Lambda.Unknown", format!(r#"{unknown}{{"a":1}}"#)),
        ("no JSON", &by_action, "Lambda.Unknown", format!("{unknown}no JSON")),
    ] {
        let lambda = answers(payload);
        let failure = call(&integrations(&lambda.url, None), task).await.unwrap_err();
        assert_eq!((failure.error.as_str(), failure.cause), (error, cause));
    }
}

#[tokio::test]
async fn a_local_function_answers_whatever_it_is_called() {
    let local = local("http://127.0.0.1:9");
    let result = call(&local.integrations, &function_task(&format!("{ARN}:prod"), r#"{"n":1.0}"#)).await.unwrap();
    assert_eq!(result, TaskAnswer::Done(value(r#"{"n":1.0}"#)));

    for name in ["echo", "echo:1", "123456789012:function:echo", ARN] {
        let parameters = format!(r#"{{"FunctionName":"{name}","Payload":[1],"LogType":"Tail"}}"#);
        let answer = call(&local.integrations, &task("lambda", "invoke", &parameters)).await.unwrap();
        let TaskAnswer::Done(result) = answer else { panic!("{answer:?}") };
        let names: Vec<&str> = result.as_object().unwrap().iter().map(|(name, _)| &**name).collect();
        assert_eq!(
            names,
            ["ExecutedVersion", "LogResult", "Payload", "SdkHttpMetadata", "SdkResponseMetadata", "StatusCode"]
        );
        assert_eq!(result.get("ExecutedVersion"), Some(&Value::from("$LATEST")));
        assert_eq!(result.get("Payload"), Some(&value("[1]")));
        assert_eq!(result.get("StatusCode"), Some(&Value::int(200)));
        let log = BASE64.decode(result.get("LogResult").and_then(Value::as_str).unwrap()).unwrap();
        assert!(String::from_utf8_lossy(&log).contains("hello log"));
        let http = result.get("SdkHttpMetadata").unwrap();
        assert_eq!(http.get("HttpHeaders").unwrap().get("X-Amz-Executed-Version"), Some(&Value::from("$LATEST")));
        assert_eq!(http.get("AllHttpHeaders").unwrap().get("Content-Type"), Some(&value(r#"["application/json"]"#)));
        let id = result.get("SdkResponseMetadata").unwrap().get("RequestId");
        assert_eq!(id, http.get("HttpHeaders").unwrap().get("x-amzn-RequestId"));
    }

    let parameters = r#"{"FunctionName":"echo"}"#;
    let answer = call(&local.integrations, &task("lambda", "invoke.waitForTaskToken", parameters)).await.unwrap();
    let TaskAnswer::Submitted(result) = answer else { panic!("{answer:?}") };
    assert_eq!(result.get("Payload"), Some(&Value::empty_object()));

    let parameters = r#"{"FunctionName":"echo","Payload":{"context":1},"ClientContext":{"custom":{"k":"v"}}}"#;
    let answer = call(&local.integrations, &task("lambda", "invoke", parameters)).await.unwrap();
    let TaskAnswer::Done(result) = answer else { panic!("{answer:?}") };
    assert_eq!(result.get("Payload"), Some(&value(r#"{"k":"v"}"#)));
    local.functions.shut_down().await;
}

#[tokio::test]
async fn a_local_functions_failure_fails_the_task() {
    let local = local("http://127.0.0.1:9");
    let greet = ARN.replace("echo", "greet");
    let answer = call(&local.integrations, &function_task(&greet, r#"{"name":"you"}"#)).await.unwrap();
    assert_eq!(answer, TaskAnswer::Done(value(r#"{"hello":"you"}"#)));
    let cases = [
        (function_task(ARN, r#"{"fail":true}"#), "ValueError", "no"),
        (task("lambda", "invoke", r#"{"FunctionName":"echo","Payload":{"fail":true}}"#), "ValueError", "no"),
        (function_task(&greet, r#"{"fail":true}"#), "Error", "no"),
        (function_task(&greet, r#"{"crash":true}"#), "Runtime.ExitError", "exit status 1"),
    ];
    for (task, error, message) in cases {
        let failure = call(&local.integrations, &task).await.unwrap_err();
        assert_eq!(failure.error, error);
        let cause = value(&failure.cause);
        let said = cause.get("errorMessage").and_then(Value::as_str).unwrap();
        assert!(said.contains(message), "{said}");
    }
    local.functions.shut_down().await;
}

#[tokio::test]
async fn an_event_is_not_waited_for() {
    let local = local("http://127.0.0.1:9");
    for (kind, status) in [("Event", 202), ("DryRun", 204)] {
        let parameters = format!(r#"{{"FunctionName":"echo","InvocationType":"{kind}"}}"#);
        let answer = call(&local.integrations, &task("lambda", "invoke", &parameters)).await.unwrap();
        let TaskAnswer::Done(result) = answer else { panic!("{answer:?}") };
        assert_eq!(result.get("StatusCode"), Some(&Value::int(status)));
        assert_eq!(result.get("Payload"), None);
    }
    local.functions.shut_down().await;
}

#[tokio::test]
async fn other_functions_are_invoked_over_lambdas_api() {
    let lambda = Server::start(|seen| {
        if seen.body.contains("fail") {
            let headers = vec![("X-Amz-Function-Error", "Unhandled".to_owned())];
            return Some(Reply(200, headers, br#"{"errorType":"E","errorMessage":"m"}"#.to_vec()));
        }
        let headers = vec![("X-Amz-Executed-Version", "7".to_owned()), ("x-amzn-RequestId", "r".to_owned())];
        Some(Reply(200, headers, br#"{"n":1.10,"big":12345678901234567890}"#.to_vec()))
    });
    let local = local(&lambda.url);
    let parameters = r#"{"FunctionName":"other","Payload":{"m":2.50},"Qualifier":"prod"}"#;
    let answer = call(&local.integrations, &task("lambda", "invoke", parameters)).await.unwrap();
    let TaskAnswer::Done(result) = answer else { panic!("{answer:?}") };
    assert_eq!(result.get("Payload").unwrap().to_json(), r#"{"n":1.10,"big":12345678901234567890}"#);
    assert_eq!(result.get("ExecutedVersion"), Some(&Value::from("7")));
    assert_eq!(result.get("SdkResponseMetadata"), Some(&value(r#"{"RequestId":"r"}"#)));
    let seen = &lambda.seen()[0];
    assert_eq!(
        (seen.method.as_str(), seen.target.as_str()),
        ("POST", "/2015-03-31/functions/other/invocations?Qualifier=prod")
    );
    assert_eq!(seen.body, r#"{"m":2.50}"#);
    assert_eq!(seen.header("x-amz-invocation-type"), "RequestResponse");

    let failure =
        call(&local.integrations, &function_task(&ARN.replace("echo", "other"), r#"{"fail":1}"#)).await.unwrap_err();
    assert_eq!(failure, Failure { error: "E".into(), cause: r#"{"errorType":"E","errorMessage":"m"}"#.into() });
}

#[tokio::test]
async fn what_lambda_refuses_is_worded_as_aws_does() {
    let lambda = Server::start(|_| {
        let headers =
            vec![("x-amzn-ErrorType", "ResourceNotFoundException".to_owned()), ("x-amzn-RequestId", "r".to_owned())];
        let body = r#"{"Type":"User","Message":"Function not found: arn:aws:lambda:eu-west-1:123456789012:function:none:$LATEST"}"#;
        Some(Reply(404, headers, body.as_bytes().to_vec()))
    });
    let failure = call(&integrations(&lambda.url, None), &task("lambda", "invoke", r#"{"FunctionName":"none"}"#))
        .await
        .unwrap_err();
    assert_eq!(failure.error, "Lambda.ResourceNotFoundException");
    assert_eq!(
        failure.cause,
        "Function not found: arn:aws:lambda:eu-west-1:123456789012:function:none:$LATEST (Service: AWSLambda; Status Code: 404; Error Code: ResourceNotFoundException; Request ID: r; Proxy: null)"
    );
}

#[test]
fn a_process_that_cannot_be_had_fails_as_lambda_would() {
    let failure = process_failure(&InvokeError::TooManyRequests, "r");
    assert_eq!(failure.error, "Lambda.TooManyRequestsException");
    assert_eq!(
        failure.cause,
        "Rate Exceeded. (Service: AWSLambda; Status Code: 429; Error Code: TooManyRequestsException; Request ID: r; Proxy: null)"
    );
}

#[tokio::test]
async fn parameters_that_cannot_be_used_are_refused() {
    let integrations = integrations("http://127.0.0.1:9", None);
    let cases = [
        ("{}", "The field 'FunctionName' is required but was missing"),
        (r#"{"FunctionName":1}"#, "The value of the field 'FunctionName' has an invalid format"),
        (r#"{"FunctionName":"a","InvocationType":"x"}"#, "'x' is none of RequestResponse, Event, DryRun"),
        (r#"{"FunctionName":"a","ClientContext":"?"}"#, "The value of the field 'ClientContext' has an invalid format"),
    ];
    for (parameters, expected) in cases {
        let failure = call(&integrations, &task("lambda", "invoke", parameters)).await.unwrap_err();
        assert_eq!(failure.error, "States.Runtime");
        assert!(failure.cause.contains(expected), "{}", failure.cause);
    }
}

#[tokio::test]
async fn an_error_of_a_function_is_cut_where_aws_bounds_it() {
    let payload = format!(r#"{{"errorType":"{}","errorMessage":"{}"}}"#, "é".repeat(300_000), "m".repeat(100_000));
    let lambda = Server::start(move |_| {
        let headers = vec![("x-amz-function-error", "Unhandled".to_owned())];
        Some(Reply(200, headers, payload.clone().into_bytes()))
    });
    let integrations = integrations(&lambda.url, None);
    let failure = integrations.call(&task("lambda", "invoke", r#"{"FunctionName":"f"}"#)).await.unwrap_err();
    assert_eq!(failure.error, "é".repeat(256));
    assert_eq!(failure.cause.chars().count(), 32_768);
}
