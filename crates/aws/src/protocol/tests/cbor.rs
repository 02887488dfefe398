//! Smithy RPC v2 with CBOR.

use models::Service;
use serde_json::{Value, json};

use super::{answer, decode, encoded, headers, model, refusal, target, told};

fn mini() -> Service {
    model::service(&json!({
        "metadata": {"protocol": "smithy-rpc-v2-cbor", "serviceId": "Mini", "targetPrefix": "Mini_1"},
        "operations": {
            "Put": {"input": {"shape": "All"}, "output": {"shape": "All"}, "errors": [{"shape": "Conflict"}]},
            "Ping": {}
        },
        "shapes": {
            "All": {"type": "structure", "members": {
                "text": {"shape": "Text"}, "Bytes": {"shape": "Bytes"}, "Flag": {"shape": "Flag"},
                "Count": {"shape": "Count"}, "Ratio": {"shape": "Ratio"}, "At": {"shape": "Time"},
                "List": {"shape": "List"}, "Map": {"shape": "Map"}, "Any": {"shape": "Any"}, "Self": {"shape": "All"}
            }},
            "List": {"type": "list", "member": {"shape": "Count"}},
            "Map": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Text"}},
            "Any": {"type": "structure", "document": true, "members": {}},
            "Conflict": {"type": "structure", "exception": true, "members": {}},
            "Text": {"type": "string"}, "Bytes": {"type": "blob"}, "Flag": {"type": "boolean"},
            "Count": {"type": "long"}, "Ratio": {"type": "double"}, "Time": {"type": "timestamp"}
        }
    }))
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(|byte| *byte != b' ').collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// A map of one member whose name has up to 23 letters.
fn member(name: &str, value: &str) -> Vec<u8> {
    let name_hex: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
    bytes(&format!("a1 {:02x} {name_hex} {value}", 0x60 + name.len()))
}

#[test]
fn the_operation_is_in_the_path() {
    let request = encoded(&mini(), "Put", &json!({}));
    assert_eq!(target(&request), "POST /service/Mini_1/operation/Put");
    let expected = ["smithy-protocol: rpc-v2-cbor", "Accept: application/cbor", "Content-Type: application/cbor"];
    assert_eq!(headers(&request), expected);
    assert_eq!(&request.body[..], [0xa0]);
    let request = encoded(&mini(), "Ping", &json!({}));
    assert_eq!(headers(&request), expected[..2]);
    assert!(request.body.is_empty());
}

/// The bytes of numbers are those of RFC 8949, appendix A.
#[test]
fn parameters_are_written_and_read_again() {
    let cases = [
        ("text", json!("ü"), "62c3bc"),
        ("Bytes", json!("hi"), "426869"),
        ("Flag", json!(true), "f5"),
        ("Count", json!(23), "17"),
        ("Count", json!(24), "1818"),
        ("Count", json!(1000), "1903e8"),
        ("Count", json!(1_000_000), "1a000f4240"),
        ("Count", json!(1_000_000_000_000_i64), "1b000000e8d4a51000"),
        ("Count", json!(-1), "20"),
        ("Count", json!(-1000), "3903e7"),
        ("Count", json!(i64::MIN), "3b7fffffffffffffff"),
        ("Ratio", json!(1.1), "fb3ff199999999999a"),
        ("Ratio", json!("Infinity"), "fb7ff0000000000000"),
        ("At", json!("2013-03-21T20:04:00Z"), "c11a514b67b0"),
        ("At", json!("2013-03-21T20:04:00.500Z"), "c1fb41d452d9ec200000"),
        ("List", json!([1, null]), "8201f6"),
        ("Map", json!({"a": "b"}), "a161616162"),
        ("Any", json!({"a": [1, -2.5, null, "x"]}), "a161618401fbc004000000000000f66178"),
    ];
    let service = mini();
    for (name, value, expected) in cases {
        let mut input = serde_json::Map::new();
        input.insert(name.to_owned(), value.clone());
        let request = encoded(&service, "Put", &Value::Object(input));
        assert_eq!(request.body, member(name, expected), "{name} {value}");

        let mut result = serde_json::Map::new();
        result.insert(if name == "text" { "Text" } else { name }.to_owned(), value);
        assert_eq!(decode(&service, "Put", &answer(200, &[], request.body)), Ok(Value::Object(result)));
    }
}

#[test]
fn other_ways_to_write_the_same_are_read() {
    let cases = [
        ("text", "7f 6161 6162 ff", json!({"Text": "ab"})),
        ("Bytes", "5f 41ff 41fe ff", json!({"Bytes": "//4="})),
        ("List", "9f 01 f93c00 ff", json!({"List": [1, 1]})),
        ("Map", "bf 6161 6162 ff", json!({"Map": {"a": "b"}})),
        ("Ratio", "f93c00", json!({"Ratio": 1.0})),
        ("Ratio", "f90001", json!({"Ratio": 5.960464477539063e-8})),
        ("Ratio", "f9c400", json!({"Ratio": -4.0})),
        ("Ratio", "f97e00", json!({"Ratio": "NaN"})),
        ("Ratio", "fa47c35000", json!({"Ratio": 100000.0})),
        ("Ratio", "05", json!({"Ratio": 5})),
        ("Count", "1bffffffffffffffff", json!({"Count": 18_446_744_073_709_551_615_u64})),
        ("At", "c1f93c00", json!({"At": "1970-01-01T00:00:01Z"})),
        ("text", "f6", json!({})),
        ("text", "f7", json!({})),
        ("unknown", "a1 6161 82 01 02", json!({})),
    ];
    for (name, value, expected) in cases {
        assert_eq!(decode(&mini(), "Put", &answer(200, &[], member(name, value))), Ok(expected), "{value}");
    }
    assert_eq!(decode(&mini(), "Put", &answer(200, &[], "")), Ok(json!({})));
}

#[test]
fn an_answer_that_does_not_fit_says_where() {
    let cases = [
        ("List", "82 01 6161", "at List[1]: expected a whole number, found string"),
        ("Self", "a1 6474657874 01", "at Self.Text: expected a string, found u8"),
        ("At", "c2 01", "at At: expected a time (tag 1), found tag 2"),
        ("At", "c1 fb7ff0000000000000", "at At: a time outside of the years 1 to 9999"),
        ("Count", "1b", "at Count: not CBOR: "),
        ("List", "9bffffffffffffffff", "at List[0]: not CBOR: "),
        ("text", "61ff", "at Text: not CBOR: "),
    ];
    for (name, value, expected) in cases {
        let error = decode(&mini(), "Put", &answer(200, &[], member(name, value))).unwrap_err();
        assert!(error.starts_with(&format!("the answer cannot be read {expected}")), "{error}");
    }
    let deep = [b"\xa1\x64Self".repeat(100_000), vec![0xa0]].concat();
    let error = decode(&mini(), "Put", &answer(200, &[], deep)).unwrap_err();
    assert!(error.ends_with("nested more than 64 levels deep"));
}

#[test]
fn refusals_are_named_by_type() {
    let service = mini();
    let mut body = bytes("a3");
    body.extend_from_slice(b"\x66__type\x6dns#Conflict:u\x65extra\x81\x01\x67message\x62no");
    let error = refusal(&service, "Put", &answer(400, &[("x-amzn-requestid", "r-1")], body));
    assert_eq!(told(&error), r#"Conflict Conflict "no" r-1"#);
    let error = refusal(&service, "Put", &answer(500, &[], "\u{1}"));
    assert_eq!(told(&error), "500 - \"\\u{1}\" -");
}
