//! REST with JSON.

use models::Service;
use serde_json::{Value, json};

use super::{Headers, answer, body, decode, encode, encoded, headers, model, refusal, target, told};

fn mini() -> Service {
    model::service(&json!({
        "metadata": {"protocol": "rest-json", "serviceId": "API Gateway", "apiVersion": "2015-03-31"},
        "operations": {
            "Invoke": {"http": {"method": "POST", "requestUri": "/2015-03-31/functions/{FunctionName}/invocations"},
                "input": {"shape": "InvokeInput"}, "output": {"shape": "InvokeOutput"},
                "errors": [{"shape": "TooManyRequestsException"}]},
            "List": {"http": {"method": "GET", "requestUri": "/list/{Path+}?fixed&kind=a"},
                "input": {"shape": "ListInput"}, "output": {"shape": "ListOutput"}},
            "Set": {"http": {"method": "PUT", "requestUri": "/set"}, "input": {"shape": "SetInput"},
                "output": {"shape": "SetOutput"}},
            "Update": {"http": {"method": "PATCH", "requestUri": "/{Id}"}, "input": {"shape": "UpdateInput"}}
        },
        "shapes": {
            "InvokeInput": {"type": "structure", "payload": "Payload", "required": ["FunctionName"], "members": {
                "FunctionName": {"shape": "Text", "location": "uri", "locationName": "FunctionName"},
                "InvocationType": {"shape": "Text", "location": "header", "locationName": "X-Amz-Invocation-Type"},
                "ContentType": {"shape": "Text", "location": "header", "locationName": "Content-Type"},
                "Attributes": {"shape": "Text", "location": "header", "locationName": "x-attr", "jsonvalue": true},
                "Payload": {"shape": "Bytes"},
                "Qualifier": {"shape": "Text", "location": "querystring", "locationName": "Qualifier"}
            }},
            "InvokeOutput": {"type": "structure", "payload": "Payload", "members": {
                "StatusCode": {"shape": "Count", "location": "statusCode"},
                "FunctionError": {"shape": "Text", "location": "header", "locationName": "X-Amz-Function-Error"},
                "Attributes": {"shape": "Text", "location": "header", "locationName": "x-attr", "jsonvalue": true},
                "Payload": {"shape": "Bytes"}
            }},
            "ListInput": {"type": "structure", "members": {
                "Path": {"shape": "Text", "location": "uri", "locationName": "Path"},
                "Max": {"shape": "Count", "location": "querystring", "locationName": "max"},
                "Since": {"shape": "Time", "location": "querystring", "locationName": "since"},
                "Names": {"shape": "Names", "location": "querystring", "locationName": "name"},
                "Params": {"shape": "Params", "location": "querystring"},
                "Modified": {"shape": "Time", "location": "header", "locationName": "If-Modified-Since"},
                "Dates": {"shape": "Dates", "location": "header", "locationName": "X-Dates"},
                "Tags": {"shape": "Names", "location": "header", "locationName": "X-Tags"}
            }},
            "ListOutput": {"type": "structure", "members": {
                "items": {"shape": "Names", "locationName": "item"},
                "At": {"shape": "Time"},
                "Dates": {"shape": "Dates", "location": "header", "locationName": "X-Dates"},
                "Tags": {"shape": "Names", "location": "header", "locationName": "X-Tags"},
                "Size": {"shape": "Count", "location": "header", "locationName": "X-Size"},
                "Flag": {"shape": "Flag", "location": "header", "locationName": "X-Flag"}
            }},
            "SetInput": {"type": "structure", "payload": "Config", "members": {"Config": {"shape": "Config"}}},
            "SetOutput": {"type": "structure", "payload": "Config", "members": {"Config": {"shape": "Config"}}},
            "UpdateInput": {"type": "structure", "members": {
                "Id": {"shape": "Text", "location": "uri", "locationName": "Id"}, "patch": {"shape": "Names"}
            }},
            "Config": {"type": "structure", "members": {"name": {"shape": "Text", "locationName": "n"}}},
            "Names": {"type": "list", "member": {"shape": "Text"}},
            "Dates": {"type": "list", "member": {"shape": "Time"}},
            "Params": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Names"}},
            "TooManyRequestsException": {"type": "structure", "exception": true, "members": {},
                "error": {"httpStatusCode": 429}},
            "Text": {"type": "string"}, "Bytes": {"type": "blob"}, "Count": {"type": "integer"},
            "Time": {"type": "timestamp"}, "Flag": {"type": "boolean"}
        }
    }))
}

#[test]
fn parameters_travel_where_the_model_says() {
    let json_type = "Content-Type: application/json";
    let cases: [(&str, Value, &str, &[&str], &str); 10] = [
        (
            "Invoke",
            json!({"FunctionName": "arn:aws:lambda:f/é", "Payload": {"a": 1}, "InvocationType": "Event", "Qualifier": "$L"}),
            "POST /2015-03-31/functions/arn%3Aaws%3Alambda%3Af%2F%C3%A9/invocations?Qualifier=$L",
            &["X-Amz-Invocation-Type: Event", "Content-Type: application/octet-stream"],
            r#"{"a":1}"#,
        ),
        (
            "Invoke",
            json!({"FunctionName": "f", "Payload": "text", "ContentType": "text/x", "Attributes": {"k": "v"}}),
            "POST /2015-03-31/functions/f/invocations",
            &["Content-Type: text/x", "x-attr: eyJrIjoidiJ9"],
            "text",
        ),
        ("Invoke", json!({"FunctionName": "f"}), "POST /2015-03-31/functions/f/invocations", &[], ""),
        (
            "List",
            json!({"Path": "a b/c", "Max": 5, "Since": 0, "Names": ["x", "y"], "Params": {"p": ["1", "2"]}}),
            "GET /list/a%20b/c?fixed&kind=a&max=5&since=1970-01-01T00:00:00Z&name=x&name=y&p=1&p=2",
            &[],
            "",
        ),
        (
            "List",
            json!({"Path": "p", "Modified": 0, "Dates": [0, 1], "Tags": ["a", "b,\"c\""]}),
            "GET /list/p?fixed&kind=a",
            &[
                "If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT",
                "X-Dates: Thu, 01 Jan 1970 00:00:00 GMT,Thu, 01 Jan 1970 00:00:01 GMT",
                r#"X-Tags: a,"b,\"c\"""#,
            ],
            "",
        ),
        ("List", json!({"Path": "p", "Tags": []}), "GET /list/p?fixed&kind=a", &[], ""),
        ("Set", json!({"Config": {"name": "x"}}), "PUT /set", &[json_type], r#"{"n":"x"}"#),
        ("Set", json!({}), "PUT /set", &[json_type], "{}"),
        ("Update", json!({"Id": "i", "Patch": ["a"]}), "PATCH /i", &[json_type], r#"{"patch":["a"]}"#),
        ("Update", json!({"Id": "i"}), "PATCH /i", &[json_type], "{}"),
    ];
    let service = mini();
    for (operation, input, expected, expected_headers, expected_body) in cases {
        let request = encoded(&service, operation, &input);
        assert_eq!(target(&request), expected);
        assert_eq!(headers(&request)[0], "Accept: application/json", "API Gateway answers in HAL without it");
        assert_eq!(headers(&request)[1..], *expected_headers, "{input}");
        assert_eq!(body(&request), expected_body, "{input}");
    }
}

#[test]
fn what_would_break_the_request_apart_is_refused() {
    let cases = [
        ("Update", json!({}), r#"Id: The field "Id" is required but was missing"#),
        ("Update", json!({"Id": ""}), "Id: must not be empty"),
        (
            "Invoke",
            json!({"FunctionName": "f", "InvocationType": "a\r\nb: c"}),
            "InvocationType: a header cannot hold control characters",
        ),
    ];
    for (operation, input, expected) in cases {
        assert_eq!(encode(&mini(), operation, &input).unwrap_err().to_string(), expected);
    }
}

#[test]
fn results_come_from_status_headers_and_body() {
    let dates = "Thu, 01 Jan 1970 00:00:00 GMT, Thu, 01 Jan 1970 00:00:01 GMT";
    let cases: [(&str, Headers<'_>, &[u8], Value); 9] = [
        (
            "Invoke",
            &[("x-amz-function-error", "Unhandled"), ("x-attr", "eyJrIjoidiJ9")],
            b"{\"a\":1}",
            json!({
                "StatusCode": 200, "FunctionError": "Unhandled", "Attributes": "{\"k\":\"v\"}", "Payload": "{\"a\":1}"
            }),
        ),
        ("Invoke", &[], b"\xff\x00", json!({"StatusCode": 200, "Payload": "/wA="})),
        ("Invoke", &[], b"", json!({"StatusCode": 200, "Payload": ""})),
        (
            "List",
            &[("X-Dates", dates), ("x-tags", "a, \"b,c\""), ("X-Size", "5"), ("x-flag", "false")],
            br#"{"item":["x"],"At":1.5,"Size":9}"#,
            json!({
                "Items": ["x"], "At": "1970-01-01T00:00:01.500Z",
                "Dates": ["1970-01-01T00:00:00Z", "1970-01-01T00:00:01Z"], "Tags": ["a", "b,c"], "Size": 5, "Flag": false
            }),
        ),
        ("List", &[], b"", json!({})),
        ("List", &[("x-size", "")], b"null", json!({})),
        ("Set", &[], br#"{"n":"x"}"#, json!({"Config": {"Name": "x"}})),
        ("Set", &[], b"", json!({})),
        ("Update", &[], b"anything", json!({})),
    ];
    let service = mini();
    for (operation, headers, body, expected) in cases {
        assert_eq!(decode(&service, operation, &answer(200, headers, body)), Ok(expected));
    }
}

#[test]
fn an_answer_that_does_not_fit_says_where() {
    let cases: [(Headers<'_>, &str, &str); 4] = [
        (&[], r#"{"item":[{}]}"#, "the answer cannot be read at Items[0]: expected a string, found an object"),
        (&[], "[]", "the answer cannot be read at Items: expected it in an object, found an array"),
        (&[], "no", "the answer cannot be read: not JSON: expected ident at line 1 column 2"),
        (&[("x-size", "x")], "{}", "the answer cannot be read at Size: expected a whole number, found \"x\""),
    ];
    for (headers, body, expected) in cases {
        assert_eq!(decode(&mini(), "List", &answer(200, headers, body)), Err(expected.to_owned()));
    }
}

#[test]
fn refusals_are_named_by_header_or_body() {
    let service = mini();
    let header = ("x-amzn-ErrorType", "TooManyRequestsException:http://internal.amazon.com/coral/");
    let expected = r#"TooManyRequestsException TooManyRequestsException "Rate exceeded" -"#;
    let error = refusal(&service, "Invoke", &answer(429, &[header], r#"{"Reason":"x","message":"Rate exceeded"}"#));
    assert_eq!(told(&error), expected);
    let body = r#"{"code":"TooManyRequestsException","message":"Rate exceeded"}"#;
    assert_eq!(told(&refusal(&service, "Invoke", &answer(429, &[], body))), expected);
    let error = refusal(&service, "Invoke", &answer(502, &[], "\u{0}\u{1}"));
    assert_eq!(error.code, "502");
}
