//! How parameters are made to fit, whatever the protocol.

use models::Service;
use serde_json::{Value, json};

use super::{TOKEN, body, encode, encoded, model};
use crate::MissingParameters;
use crate::protocol::{self, Given};

fn mini() -> Service {
    model::service(&json!({
        "metadata": {"protocol": "json", "serviceId": "Mini", "targetPrefix": "Mini_1", "jsonVersion": "1.1"},
        "operations": {
            "Put": {"input": {"shape": "PutInput"}},
            "Make": {"input": {"shape": "MakeInput"}},
            "Listen": {"input": {"shape": "Stream"}}
        },
        "shapes": {
            "PutInput": {"type": "structure", "members": {
                "text": {"shape": "Text"}, "Bytes": {"shape": "Bytes"}, "Flag": {"shape": "Flag"},
                "Count": {"shape": "Count"}, "Ratio": {"shape": "Ratio"}, "At": {"shape": "Time"},
                "Day": {"shape": "Time", "timestampFormat": "iso8601"}, "Any": {"shape": "Any"},
                "Entries": {"shape": "Entries"}, "Tags": {"shape": "Tags"}, "Self": {"shape": "PutInput"}
            }},
            "MakeInput": {"type": "structure", "required": ["name", "Entries", "ClientToken"], "members": {
                "ClientToken": {"shape": "Text", "idempotencyToken": true},
                "name": {"shape": "Text"}, "Entries": {"shape": "Entries"}
            }},
            "Entries": {"type": "list", "member": {"shape": "Entry"}},
            "Entry": {"type": "structure", "required": ["Detail"], "members": {"Detail": {"shape": "Text"}}},
            "Tags": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Count"}},
            "Stream": {"type": "structure", "eventstream": true, "members": {}},
            "Any": {"type": "structure", "document": true, "members": {}},
            "Text": {"type": "string"}, "Bytes": {"type": "blob"}, "Flag": {"type": "boolean"},
            "Count": {"type": "integer"}, "Ratio": {"type": "double"}, "Time": {"type": "timestamp"}
        }
    }))
}

#[test]
fn values_take_the_form_of_their_shapes() {
    let cases = [
        (json!({"text": "a", "Count": 3}), r#"{"text":"a","Count":3}"#),
        (json!({"count": 3, "Text": "a"}), r#"{"text":"a","Count":3}"#),
        (json!({"Text": {"a": [1, 2.50, null, "x"]}}), r#"{"text":"{\"a\":[1,2.5,null,\"x\"]}"}"#),
        (json!({"Text": [1]}), r#"{"text":"[1]"}"#),
        (json!({"Text": 0}), r#"{"text":"0"}"#),
        (json!({"Text": false}), r#"{"text":"false"}"#),
        (json!({"Text": null, "Flag": null}), "{}"),
        (json!({"Bytes": "hé"}), r#"{"Bytes":"aMOp"}"#),
        (json!({"Bytes": {"a": 1}}), r#"{"Bytes":"eyJhIjoxfQ=="}"#),
        (json!({"Bytes": 0}), r#"{"Bytes":"MA=="}"#),
        (json!({"Count": 3.0, "Ratio": 3}), r#"{"Count":3,"Ratio":3}"#),
        (json!({"Ratio": "NaN"}), r#"{"Ratio":"NaN"}"#),
        (json!({"Ratio": "-Infinity"}), r#"{"Ratio":"-Infinity"}"#),
        (json!({"At": "2015-01-01T00:00:00Z"}), r#"{"At":1420070400}"#),
        (json!({"At": 1420070400.25}), r#"{"At":1420070400.25}"#),
        (json!({"Day": 1420070400}), r#"{"Day":"2015-01-01T00:00:00Z"}"#),
        (json!({"Any": {"a": [null]}}), r#"{"Any":{"a":[null]}}"#),
        (json!({"Entries": [{"detail": {"x": 1}}, null]}), r#"{"Entries":[{"Detail":"{\"x\":1}"},null]}"#),
        (json!({"Tags": {"b": 1, "a": null}}), r#"{"Tags":{"b":1,"a":null}}"#),
        (json!({"self": {"Self": {"Count": 1}}}), r#"{"Self":{"Self":{"Count":1}}}"#),
        (Value::Null, "{}"),
    ];
    let service = mini();
    for (input, expected) in cases {
        assert_eq!(body(&encoded(&service, "Put", &input)), expected, "{input}");
    }
}

#[test]
fn what_does_not_fit_is_refused_with_its_place() {
    let cases = [
        ("Put", json!({"Nope": 1}), r#"Nope: The field "Nope" is not supported by Step Functions"#),
        ("Put", json!({"TEXT": 1}), r#"TEXT: The field "TEXT" is not supported by Step Functions"#),
        ("Put", json!({"text": 1, "Text": null}), r#"Text: The field "Text" is given twice"#),
        ("Put", json!({"Count": "3"}), "Count: expected a whole number, found a string"),
        ("Put", json!({"Count": 3.5}), "Count: expected a whole number, found a number"),
        ("Put", json!({"Count": 18_446_744_073_709_551_615_u64}), "Count: expected a whole number, found a number"),
        ("Put", json!({"Ratio": "3"}), "Ratio: expected a number, found a string"),
        ("Put", json!({"Flag": "true"}), "Flag: expected a boolean, found a string"),
        ("Put", json!({"Entries": {}}), "Entries: expected an array, found an object"),
        ("Put", json!({"Entries": ["x"]}), "Entries[0]: expected an object, found a string"),
        ("Put", json!({"Tags": {"a.b": true}}), "Tags.a.b: expected a whole number, found a boolean"),
        (
            "Put",
            json!({"At": "yesterday"}),
            "At: expected a time like 2015-01-01T00:00:00Z or seconds since the epoch, found a string",
        ),
        (
            "Make",
            json!({"Name": "n", "Entries": [{"Detail": ""}, {}]}),
            r#"Entries[1].Detail: The field "Detail" is required but was missing"#,
        ),
        ("Make", json!({"Entries": []}), r#"Name: The field "Name" is required but was missing"#),
        ("Make", json!([]), ": expected an object, found an array"),
        ("Listen", json!({}), ": a stream of events is not supported"),
    ];
    let service = mini();
    for (operation, input, expected) in cases {
        assert_eq!(encode(&service, operation, &input).unwrap_err().to_string(), expected, "{input}");
    }
}

#[test]
fn an_idempotency_token_is_filled_in_where_it_is_absent() {
    let service = mini();
    let cases = [(Value::Null, TOKEN), (json!("mine"), "mine")];
    for (token, expected) in cases {
        let input = json!({"Name": "n", "Entries": [], "ClientToken": token});
        let expected = format!(r#"{{"ClientToken":"{expected}","name":"n","Entries":[]}}"#);
        assert_eq!(body(&encoded(&service, "Make", &input)), expected);
    }
}

#[test]
fn nesting_is_bounded() {
    let nested = |levels: usize| (0..levels).fold(json!({}), |inner, _| json!({"Self": inner}));
    let service = mini();
    assert!(encode(&service, "Put", &nested(64)).is_ok());
    let error = encode(&service, "Put", &nested(65)).unwrap_err();
    assert_eq!(error.problem, "nested more than 64 levels deep");
}

#[test]
fn a_service_may_be_left_to_say_what_it_misses() {
    let service = mini();
    let lenient = |operation: &str, input: &Value| {
        let given = Given { input, token: TOKEN, missing: MissingParameters::LeftToService };
        protocol::encode(&service, service.operation(operation).unwrap(), given)
    };
    let cases = [
        (json!({}), r#"{"ClientToken":"token-1"}"#),
        (json!({"Name": null, "Entries": [{}]}), r#"{"ClientToken":"token-1","Entries":[{}]}"#),
    ];
    for (input, expected) in cases {
        assert_eq!(body(&lenient("Make", &input).unwrap()), expected, "{input}");
    }
    assert!(lenient("Make", &json!({"Nope": 1})).is_err(), "only what is missing may be missing");
}

#[test]
fn what_is_given_as_null_is_left_to_the_service() {
    let service = mini();
    let cases = [
        (json!({"Name": null, "Entries": null}), Ok(r#"{"ClientToken":"token-1"}"#)),
        (json!({"name": null, "Entries": []}), Ok(r#"{"ClientToken":"token-1","Entries":[]}"#)),
        (json!({"Name": "n", "Entries": null, "ClientToken": null}), Ok(r#"{"ClientToken":"token-1","name":"n"}"#)),
        (json!({"Name": null}), Err("Entries: The field \"Entries\" is required but was missing")),
    ];
    for (input, expected) in cases {
        let found = encode(&service, "Make", &input)
            .map(|request| body(&request).to_owned())
            .map_err(|error| error.to_string());
        assert_eq!(found.as_deref().map_err(String::as_str), expected, "{input}");
    }
}

#[test]
fn a_request_without_an_address_is_never_sent() {
    let service = model::service(&json!({
        "metadata": {"protocol": "rest-json", "serviceId": "Mini"},
        "operations": {"Get": {"http": {"method": "GET", "requestUri": "/{Name}"}, "input": {"shape": "In"}}},
        "shapes": {
            "In": {"type": "structure", "required": ["Name", "Kind"], "members": {
                "Name": {"shape": "Text", "location": "uri", "locationName": "Name"},
                "Kind": {"shape": "Text", "location": "querystring", "locationName": "kind"}
            }},
            "Text": {"type": "string"}
        }
    }));
    let lenient = |input: &Value| {
        let given = Given { input, token: TOKEN, missing: MissingParameters::LeftToService };
        protocol::encode(&service, service.operation("Get").unwrap(), given)
    };
    assert_eq!(super::target(&lenient(&json!({"Name": "n"})).unwrap()), "GET /n");
    for input in [json!({"Kind": "k"}), json!({"Kind": "k", "Name": null})] {
        let error = lenient(&input).unwrap_err().to_string();
        assert_eq!(error, r#"Name: The field "Name" is required but was missing"#);
    }
}
