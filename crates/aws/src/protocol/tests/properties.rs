//! Whatever comes in, nothing panics.

use models::Service;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::model;
use crate::MissingParameters;
use crate::protocol::{Given, HttpAnswer, decode, decode_error, encode, is_error};

const PROTOCOLS: [&str; 6] = ["json", "query", "ec2", "rest-json", "rest-xml", "smithy-rpc-v2-cbor"];

/// One model with all shapes in it, in any protocol.
fn service(protocol: &str) -> Service {
    model::service(&json!({
        "metadata": {"protocol": protocol, "serviceId": "Mini"},
        "operations": {
            "All": {"http": {"method": "POST", "requestUri": "/{Label}?x"}, "input": {"shape": "All"},
                "output": {"shape": "All"}, "errors": [{"shape": "Oops"}], "httpChecksumRequired": true},
            "One": {"input": {"shape": "Payload"}, "output": {"shape": "Payload"}}
        },
        "shapes": {
            "All": {"type": "structure", "members": {
                "Label": {"shape": "Text", "location": "uri", "locationName": "Label"},
                "Header": {"shape": "Times", "location": "header", "locationName": "h"},
                "Text": {"shape": "Text"}, "Bytes": {"shape": "Bytes"}, "Flag": {"shape": "Flag"},
                "Count": {"shape": "Count"}, "Ratio": {"shape": "Ratio"}, "At": {"shape": "Time"},
                "List": {"shape": "Times"}, "Map": {"shape": "Map"}, "Any": {"shape": "Any"}, "Self": {"shape": "All"}
            }},
            "Payload": {"type": "structure", "payload": "Body", "members": {"Body": {"shape": "All"}}},
            "Times": {"type": "list", "member": {"shape": "Time"}},
            "Map": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "All"}},
            "Any": {"type": "structure", "document": true, "members": {}},
            "Oops": {"type": "structure", "exception": true, "members": {}},
            "Text": {"type": "string"}, "Bytes": {"type": "blob"}, "Flag": {"type": "boolean"},
            "Count": {"type": "long"}, "Ratio": {"type": "double"}, "Time": {"type": "timestamp"}
        }
    }))
}

/// Bytes from nowhere, and pieces of real answers in any order.
fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop::sample::select(vec![
        "<Text>",
        "</Text>",
        "<Map>",
        "</Map>",
        "<key>",
        "</key>",
        "<Self>",
        "</Self>",
        "<At>",
        "</At>",
        "<Error>",
        "&amp;",
        "&#x0;",
        "<![CDATA[",
        "]]>",
        "<!DOCTYPE a [",
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"At\"",
        "\"Self\"",
        "\"Bytes\"",
        "\"__type\"",
        "1e308",
        "-1",
        "null",
        "\"é\"",
        "\u{1}",
        "2015-01-01T00:00:00Z",
    ]);
    let text = prop::collection::vec(pieces, 0..24).prop_map(|pieces| pieces.concat().into_bytes());
    let heads = prop::sample::select(vec![
        &b"\xa1\x64Self"[..],
        b"\xbf",
        b"\xff",
        b"\x62At\xc1",
        b"\xf9\x7c\x00",
        b"\x1b",
        b"\x9f",
        b"\x64List",
        b"\x63Any",
    ]);
    let cbor = prop::collection::vec(heads, 0..24).prop_map(|heads| heads.concat());
    prop_oneof![prop::collection::vec(any::<u8>(), 0..64), text, cbor]
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!("2015-01-01T00:00:00Z")),
    ];
    let names = prop::sample::select(vec![
        "Label", "Header", "text", "Bytes", "Flag", "Count", "Ratio", "At", "List", "Map", "Any", "Self", "Body", "x",
    ]);
    leaf.prop_recursive(4, 32, 4, move |inner| {
        let entries = prop::collection::vec((names.clone(), inner.clone()), 0..4);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::from),
            entries.prop_map(|entries| entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_answer_makes_decoding_panic(body in bodies(), header in ".{0,20}", status in 100_u16..1000) {
        let headers = ["h", "x-amzn-errortype", "x-amzn-query-error"].map(|name| (name.to_owned(), header.clone()));
        let answer = HttpAnswer { status, headers: headers.to_vec(), body: body.into() };
        for protocol in PROTOCOLS {
            let service = service(protocol);
            for operation in &service.operations {
                prop_assert!(decode(&service, operation, &answer).map_or(true, |result| result.is_object()));
                prop_assert_eq!(decode_error(&service, operation, &answer).status, status);
                prop_assert!(is_error(&service, operation, &answer) || (200..300).contains(&status));
            }
        }
    }

    #[test]
    fn no_input_makes_encoding_panic(input in values(), token in ".{0,20}", lenient in any::<bool>()) {
        let missing = if lenient { MissingParameters::LeftToService } else { MissingParameters::Refused };
        let given = Given { input: &input, token: &token, missing };
        for protocol in PROTOCOLS {
            let service = service(protocol);
            for operation in &service.operations {
                if let Ok(request) = encode(&service, operation, given) {
                    prop_assert!(request.path.starts_with('/') && request.path.is_ascii());
                    let breaks = |text: &str| text.contains(['\r', '\n', '\0']);
                    prop_assert!(!request.headers.iter().any(|(name, value)| breaks(name) || breaks(value)));
                }
            }
        }
    }
}
