//! AWS JSON 1.0 and 1.1.

use models::Service;
use serde_json::json;

use super::{Headers, answer, body, decode, encoded, headers, model, refusal, target, told};

fn dynamodb() -> Service {
    model::service(&json!({
        "metadata": {
            "protocol": "json", "serviceId": "DynamoDB", "targetPrefix": "DynamoDB_20120810", "jsonVersion": "1.0"
        },
        "operations": {
            "GetItem": {
                "input": {"shape": "GetItemInput"}, "output": {"shape": "GetItemOutput"},
                "endpoint": {"hostPrefix": "{Account}.data-"},
                "errors": [{"shape": "ConditionalCheckFailedException"}, {"shape": "QueueDoesNotExist"}]
            },
            "Describe": {"output": {"shape": "GetItemOutput"}}
        },
        "shapes": {
            "GetItemInput": {"type": "structure", "required": ["TableName"], "members": {
                "TableName": {"shape": "Text"}, "Key": {"shape": "Key"},
                "Account": {"shape": "Text", "hostLabel": true, "locationName": "account"}
            }},
            "GetItemOutput": {"type": "structure", "members": {
                "item": {"shape": "Key"}, "Count": {"shape": "Count"}, "Ratio": {"shape": "Ratio"},
                "createdAt": {"shape": "Time"}, "Data": {"shape": "Bytes"}, "Flag": {"shape": "Flag"},
                "Items": {"shape": "Items"}, "Any": {"shape": "Any"}, "Renamed": {"shape": "Text", "locationName": "n"}
            }},
            "Key": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "AttributeValue"}},
            "AttributeValue": {"type": "structure", "members": {
                "S": {"shape": "Text"}, "N": {"shape": "Text"}, "B": {"shape": "Bytes"}, "L": {"shape": "Items"}
            }},
            "Items": {"type": "list", "member": {"shape": "AttributeValue"}},
            "ConditionalCheckFailedException": {"type": "structure", "exception": true, "members": {}},
            "QueueDoesNotExist": {"type": "structure", "exception": true, "members": {}},
            "Unlisted": {"type": "structure", "exception": true, "members": {}},
            "Any": {"type": "structure", "document": true, "members": {}},
            "Text": {"type": "string"}, "Bytes": {"type": "blob"}, "Count": {"type": "long"},
            "Ratio": {"type": "float"}, "Time": {"type": "timestamp"}, "Flag": {"type": "boolean"}
        }
    }))
}

#[test]
fn the_operation_is_named_in_a_header() {
    let input = json!({"TableName": "t", "Account": "1-a.b", "Key": {"id": {"S": "☃"}, "n": {"N": 5}}});
    let request = encoded(&dynamodb(), "getItem", &input);
    assert_eq!(target(&request), "POST /");
    assert_eq!(
        headers(&request),
        ["X-Amz-Target: DynamoDB_20120810.GetItem", "Content-Type: application/x-amz-json-1.0"]
    );
    assert_eq!(body(&request), r#"{"TableName":"t","Key":{"id":{"S":"☃"},"n":{"N":"5"}},"account":"1-a.b"}"#);
    assert_eq!(request.host_prefix.as_deref(), Some("1-a.b.data-"));
}

#[test]
fn a_service_that_once_spoke_query_is_asked_for_its_old_errors() {
    let service = model::service(&json!({
        "metadata": {"protocol": "json", "serviceId": "SQS", "jsonVersion": "1.0", "awsQueryCompatible": {}},
        "operations": {"Ping": {}},
        "shapes": {}
    }));
    assert!(headers(&encoded(&service, "Ping", &json!({}))).contains(&"x-amzn-query-mode: true".to_owned()));
}

#[test]
fn a_host_label_that_breaks_the_host_is_refused() {
    let service = dynamodb();
    for (account, problem) in [("a/b", "must contain only"), ("", "must not be empty")] {
        let error = super::encode(&service, "GetItem", &json!({"TableName": "t", "Account": account})).unwrap_err();
        assert!(error.problem.starts_with(problem), "{error}");
        assert_eq!(error.path, "Account");
    }
}

#[test]
fn results_are_read_by_shape() {
    let cases = [
        ("", json!({})),
        ("{}", json!({})),
        (r#"{"Unknown": {"a": 1}, "item": null}"#, json!({})),
        (
            r#"{"Count": 3, "item": {"id": {"S": "a", "B": "aMOp"}, "x": {"B": "/w=="}}}"#,
            json!({"Item": {"id": {"S": "a", "B": "hé"}, "x": {"B": "/w=="}}, "Count": 3}),
        ),
        (r#"{"Count": 3.0, "Ratio": 3}"#, json!({"Count": 3, "Ratio": 3})),
        (r#"{"Count": "3", "Ratio": "NaN", "Flag": "true"}"#, json!({"Count": 3, "Ratio": "NaN", "Flag": true})),
        (r#"{"createdAt": 1420070400}"#, json!({"CreatedAt": "2015-01-01T00:00:00Z"})),
        (r#"{"createdAt": 1.4200704001234E9}"#, json!({"CreatedAt": "2015-01-01T00:00:00.123Z"})),
        (r#"{"createdAt": "2015-01-01T00:00:00Z"}"#, json!({"CreatedAt": "2015-01-01T00:00:00Z"})),
        (r#"{"Items": [{"L": [{"N": "1"}]}, null]}"#, json!({"Items": [{"L": [{"N": "1"}]}, null]})),
        (r#"{"Any": {"a": [null, {"b": 1}]}, "n": 5}"#, json!({"Any": {"a": [null, {"b": 1}]}, "Renamed": "5"})),
    ];
    let service = dynamodb();
    for (text, expected) in cases {
        assert_eq!(decode(&service, "GetItem", &answer(200, &[], text)), Ok(expected), "{text}");
    }
}

#[test]
fn a_result_has_the_models_order() {
    let result = decode(&dynamodb(), "Describe", &answer(200, &[], r#"{"n": "x", "Count": 1, "item": {}}"#)).unwrap();
    assert_eq!(result.to_string(), r#"{"Item":{},"Count":1,"Renamed":"x"}"#);
}

#[test]
fn an_answer_that_does_not_fit_says_where() {
    let cases = [
        (r#"{"item": {"id": "s"}}"#, "the answer cannot be read at Item.id: expected an object, found a string"),
        (r#"{"Items": [{"L": 1}]}"#, "the answer cannot be read at Items[0].L: expected an array, found a number"),
        (r#"{"Count": "x"}"#, "the answer cannot be read at Count: expected a whole number, found \"x\""),
        (r#"{"Data": "*"}"#, "the answer cannot be read at Data: expected base64, found \"*\""),
        (r#"{"createdAt": 1e300}"#, "the answer cannot be read at CreatedAt: expected a time, found a number"),
        ("[]", "the answer cannot be read: expected an object, found an array"),
        ("<html>", "the answer cannot be read: not JSON: expected value at line 1 column 1"),
    ];
    let service = dynamodb();
    for (text, expected) in cases {
        assert_eq!(decode(&service, "GetItem", &answer(200, &[], text)), Err(expected.to_owned()), "{text}");
    }
}

#[test]
fn refusals_give_code_shape_and_message() {
    let id = ("x-amzn-RequestId", "r-1");
    let type_header = ("x-amzn-ErrorType", "Unlisted:http://internal.amazon.com/coral/");
    let query = ("x-amzn-query-error", "AWS.SimpleQueueService.NonExistentQueue;Sender");
    let cases: [(&str, Headers<'_>, &str); 10] = [
        (
            r#"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"no"}"#,
            &[id],
            r#"ConditionalCheckFailedException ConditionalCheckFailedException "no" r-1"#,
        ),
        (r#"{"__type":"Unlisted:http://x/","Message":"no"}"#, &[], r#"Unlisted Unlisted "no" -"#),
        (r#"{"message":"no"}"#, &[id, type_header], r#"Unlisted Unlisted "no" r-1"#),
        (r#"{"__type":"Throttled"}"#, &[], r#"Throttled - "" -"#),
        (r#"{"code":"Throttled","errorMessage":"slow"}"#, &[], r#"Throttled - "slow" -"#),
        (
            r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"gone"}"#,
            &[query],
            r#"AWS.SimpleQueueService.NonExistentQueue QueueDoesNotExist "gone" -"#,
        ),
        ("", &[], r#"400 - "Bad Request" -"#),
        ("", &[type_header], r#"Unlisted Unlisted "Bad Request" -"#),
        ("<html><b>Bad</b></html>", &[], r#"400 - "Bad Request" -"#),
        ("not now", &[], r#"400 - "not now" -"#),
    ];
    let service = dynamodb();
    for (text, headers, expected) in cases {
        let error = refusal(&service, "GetItem", &answer(400, headers, text));
        assert_eq!(told(&error), expected, "{text}");
        assert_eq!((error.status, error.attempts), (400, 1));
    }
}
