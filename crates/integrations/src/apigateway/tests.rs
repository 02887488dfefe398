//! API Gateway against a server that stands in for it.

use super::*;
use crate::http::testing::{Reply, Server, integrations, task, value};

#[test]
fn the_url_is_put_together() {
    let cases = [
        (
            r#"{"ApiEndpoint":"abc.execute-api.eu-west-1.amazonaws.com"}"#,
            "https://abc.execute-api.eu-west-1.amazonaws.com/",
        ),
        (
            r#"{"ApiEndpoint":"abc.execute-api.eu-west-1.amazonaws.com","Stage":"prod","Path":"/bills/a b","QueryParameters":{"id":["1","2"]}}"#,
            "https://abc.execute-api.eu-west-1.amazonaws.com/prod/bills/a%20b?id=1&id=2",
        ),
        (r#"{"ApiEndpoint":"localhost:4566","Path":"x"}"#, "http://localhost:4566/x"),
        (r#"{"ApiEndpoint":"127.0.0.1"}"#, "http://127.0.0.1/"),
        (r#"{"ApiEndpoint":"http://api.internal:80/base/","Stage":"s"}"#, "http://api.internal:80/base/s"),
        (r#"{"ApiEndpoint":"https://api"}"#, "https://api/"),
    ];
    for (parameters, expected) in cases {
        assert_eq!(url(Fields(&value(parameters))).unwrap(), expected);
    }
    for parameters in [r#"{"ApiEndpoint":"ftp://api"}"#, r#"{"ApiEndpoint":"a b"}"#, r#"{"ApiEndpoint":""}"#, "{}"] {
        assert!(url(Fields(&value(parameters))).is_err(), "{parameters}");
    }
}

#[test]
fn the_region_is_in_the_apis_name() {
    let cases = [
        ("https://abc.execute-api.ap-south-1.amazonaws.com/a", Some("ap-south-1")),
        ("https://abc.execute-api.cn-north-1.amazonaws.com.cn/a", Some("cn-north-1")),
        ("https://api.example.com/execute-api", None),
        ("http://localhost:1/", None),
    ];
    for (url, expected) in cases {
        assert_eq!(region_of(url), expected, "{url}");
    }
}

#[test]
fn parameters_of_the_wrong_form_are_named() {
    let cases = [
        (r#","Headers":{"a":"b"}"#, "The value of the field 'Headers' has an invalid format"),
        (r#","QueryParameters":{"a":"b"}"#, "The value of the field 'QueryParameters' has an invalid format"),
        (
            r#","Headers":{"Authorization":["b"]}"#,
            "The value of the field 'Headers' is invalid: the header 'Authorization' is not permitted",
        ),
        (
            r#","Headers":{"X-Amzn-Trace":["b"]}"#,
            "The value of the field 'Headers' is invalid: the header 'X-Amzn-Trace' is not permitted",
        ),
        (
            r#","AuthType":"IAM_AUTH""#,
            "The value of the field 'AuthType' is invalid: 'IAM_AUTH' is none of NO_AUTH, IAM_ROLE, RESOURCE_POLICY",
        ),
    ];
    for (rest, expected) in cases {
        let parameters = value(&format!(r#"{{"ApiEndpoint":"localhost:1","Method":"GET"{rest}}}"#));
        assert_eq!(check(&parameters).unwrap_err(), expected);
    }
    assert_eq!(check(&value("{}")).unwrap_err(), "The field 'Method' is required but was missing");
}

#[tokio::test]
async fn an_api_is_called() {
    let api = Server::start(|_| Some(Reply::json(200, r#"{"n":1.10}"#)));
    let endpoint = api.url.trim_start_matches("http://");
    let integrations = integrations("http://127.0.0.1:9", None);
    let parameters = format!(
        r#"{{"ApiEndpoint":"{endpoint}","Method":"POST","Stage":"prod","Path":"bills","Headers":{{"a":["1","2"]}},
            "RequestBody":{{"n":1.50}},"AuthType":"IAM_ROLE"}}"#
    );
    let answer = call(&integrations, &task("apigateway", "invoke", &parameters)).await.unwrap();
    let TaskAnswer::Done(result) = answer else { panic!("{answer:?}") };
    assert_eq!(result.get("ResponseBody").unwrap().to_json(), r#"{"n":1.10}"#);
    assert_eq!(result.get("StatusCode"), Some(&Value::int(200)));
    let seen = &api.seen()[0];
    assert_eq!(
        (seen.method.as_str(), seen.target.as_str(), seen.body.as_str()),
        ("POST", "/prod/bills", r#"{"n":1.50}"#)
    );
    assert_eq!(seen.header("content-type"), "application/json");
    assert!(seen.header("authorization").contains("/eu-west-1/execute-api/aws4_request"), "{seen:?}");

    let parameters = format!(r#"{{"ApiEndpoint":"{endpoint}","Method":"GET","RequestBody":{{}}}}"#);
    let answer = call(&integrations, &task("apigateway", "invoke.waitForTaskToken", &parameters)).await.unwrap();
    assert!(matches!(answer, TaskAnswer::Submitted(_)));
    let seen = &api.seen()[1];
    assert_eq!((seen.body.as_str(), seen.header("authorization"), seen.target.as_str()), ("", "", "/"));
}

#[test]
fn a_body_is_json_without_what_is_null() {
    let body = |rest: &str| {
        let parameters = value(&format!(r#"{{"ApiEndpoint":"localhost:1","Method":"POST",{rest}}}"#));
        let (request, _) = read(&parameters).unwrap();
        request.body.map(|body| String::from_utf8(body.to_vec()).unwrap())
    };
    for (rest, expected) in [
        (r#""RequestBody":{"a":1.50}"#, Some(r#"{"a":1.50}"#)),
        (r#""RequestBody":"text \"quoted\"""#, Some(r#""text \"quoted\"""#)),
        (r#""RequestBody":"{}""#, Some(r#""{}""#)),
        (r#""RequestBody":7"#, Some("7")),
        (r#""RequestBody":["a"]"#, Some(r#"["a"]"#)),
        (r#""RequestBody":null"#, None),
        (r#""RequestBody":{"p":{"id":1,"c":null},"l":[{"x":null}]}"#, Some(r#"{"p":{"id":1},"l":[{}]}"#)),
        (r#""RequestBody":{"p":{"c":null}},"AllowNullValues":true"#, Some(r#"{"p":{"c":null}}"#)),
    ] {
        assert_eq!(body(rest).as_deref(), expected, "{rest}");
    }
}

#[tokio::test]
async fn headers_are_spelled_as_aws_sends_them() {
    let names = ["Content-Type", "X-Amz-Cf-Id", "X-Amz-Cf-Pop", "x-amz-apigw-id", "x-amzn-RequestId", "X-Cache"];
    let api = Server::start(move |_| {
        Some(Reply(200, names.into_iter().map(|name| (name, "application/json".to_owned())).collect(), b"1".to_vec()))
    });
    let parameters = format!(r#"{{"ApiEndpoint":"{}","Method":"GET"}}"#, api.url);
    let answer =
        call(&integrations("http://127.0.0.1:9", None), &task("apigateway", "invoke", &parameters)).await.unwrap();
    let TaskAnswer::Done(result) = answer else { panic!("{answer:?}") };
    for name in names {
        assert!(result.get("Headers").unwrap().get(name).is_some(), "{name}: {}", result.to_json());
    }
}

#[tokio::test]
async fn a_refusal_is_named_after_its_status() {
    let api = Server::start(|seen| {
        (seen.target == "/a").then(|| Reply::json(403, r#"{"message":"Missing Authentication Token"}"#))
    });
    let integrations = integrations("http://127.0.0.1:9", None);
    let invoke = |path: &str| {
        task("apigateway", "invoke", &format!(r#"{{"ApiEndpoint":"{}","Method":"GET","Path":"{path}"}}"#, api.url))
    };
    let failure = call(&integrations, &invoke("a")).await.unwrap_err();
    assert_eq!(failure.error, "ApiGateway.403");
    assert_eq!(failure.cause, r#"{"message":"Missing Authentication Token"}"#);
    let failure = call(&integrations, &invoke("b")).await.unwrap_err();
    assert_eq!(failure.error, "ApiGateway.SdkClientException");
}

#[tokio::test]
async fn an_api_beyond_this_machine_is_called_with_tls_only() {
    let integrations = integrations("http://127.0.0.1:9", None);
    let invoke =
        |endpoint: &str| task("apigateway", "invoke", &format!(r#"{{"ApiEndpoint":"{endpoint}","Method":"GET"}}"#));
    for endpoint in
        ["http://api.internal", "http://10.0.0.1:80/base", "http://localhost.evil.example", "http://u@10.0.0.1"]
    {
        let failure = call(&integrations, &invoke(endpoint)).await.unwrap_err();
        assert!(failure.cause.contains("must begin with https://"), "{endpoint}: {failure:?}");
    }
    for endpoint in ["169.254.169.254", "https://[::ffff:a9fe:a9fe]", "https://[fe80::1]", "https://0.0.0.0"] {
        let failure = call(&integrations, &invoke(endpoint)).await.unwrap_err();
        assert!(failure.cause.contains("link-local"), "{endpoint}: {failure:?}");
    }
}

#[test]
fn headers_of_metadata_services_and_of_connections_are_refused() {
    for header in ["X-aws-ec2-metadata-token", "x-AWS-ec2-metadata-token-ttl-seconds", "keep-alive", "Proxy-Connection"]
    {
        let parameters = format!(r#"{{"ApiEndpoint":"localhost:1","Method":"GET","Headers":{{"{header}":["b"]}}}}"#);
        let expected = format!("The value of the field 'Headers' is invalid: the header '{header}' is not permitted");
        assert_eq!(check(&value(&parameters)).unwrap_err(), expected);
    }
}
