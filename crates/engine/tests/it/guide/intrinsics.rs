//! The intrinsic functions, one call of each, and calls within calls.

use super::{Play, one};
use crate::run::Run;

/// Each line: the call, the input, and the result.
const CALLS: &[(&str, &str, &str)] = &[
    ("States.Format('Hello, my name is {}.', $.name)", r#"{"name":"Arnav"}"#, r#""Hello, my name is Arnav.""#),
    (
        r"States.Format('Welcome to {} {}\\'s playlist.', $.firstName, $.lastName)",
        r#"{"firstName":"John","lastName":"Doe"}"#,
        r#""Welcome to John Doe's playlist.""#,
    ),
    ("States.Format($.template, $.name)", r#"{"template":"Hello, {}","name":"Arnav"}"#, r#""Hello, Arnav""#),
    ("States.StringToJson($.escapedJsonString)", r#"{"escapedJsonString":"{\"foo\": \"bar\"}"}"#, r#"{"foo":"bar"}"#),
    ("States.JsonToString($.unescapedJson)", r#"{"unescapedJson":{"foo":"bar"}}"#, r#""{\"foo\":\"bar\"}""#),
    ("States.Array($.Id)", r#"{"Id":123456}"#, "[123456]"),
    (
        "States.Array('Foo', 2020, $.someJson, null)",
        r#"{"someJson":{"random":"abcdefg"}}"#,
        r#"["Foo",2020,{"random":"abcdefg"},null]"#,
    ),
    ("States.ArrayPartition($.inputArray, 4)", r#"{"inputArray":[1,2,3,4,5,6,7,8,9]}"#, "[[1,2,3,4],[5,6,7,8],[9]]"),
    (
        "States.ArrayContains($.inputArray, $.lookingFor)",
        r#"{"inputArray":[1,2,3,4,5,6,7,8,9],"lookingFor":5}"#,
        "true",
    ),
    ("States.ArrayContains($.inputArray, $.lookingFor)", r#"{"inputArray":[1,2,3],"lookingFor":"1"}"#, "false"),
    ("States.ArrayRange(1, 9, 2)", "{}", "[1,3,5,7,9]"),
    ("States.ArrayRange(0, 10, 3)", "{}", "[0,3,6,9]"),
    ("States.ArrayGetItem($.inputArray, $.index)", r#"{"inputArray":[1,2,3,4,5,6,7,8,9],"index":5}"#, "6"),
    ("States.ArrayLength($.inputArray)", r#"{"inputArray":[1,2,3,4,5,6,7,8,9]}"#, "9"),
    ("States.ArrayUnique($.inputArray)", r#"{"inputArray":[1,2,3,3,3,3,3,3,4]}"#, "[1,2,3,4]"),
    ("States.Base64Encode($.input)", r#"{"input":"Data to encode"}"#, r#""RGF0YSB0byBlbmNvZGU=""#),
    ("States.Base64Decode($.base64)", r#"{"base64":"RGF0YSB0byBlbmNvZGU="}"#, r#""Data to encode""#),
    (
        "States.Hash($.Data, $.Algorithm)",
        r#"{"Data":"input data","Algorithm":"SHA-1"}"#,
        r#""aaff4a450a104cd177d28d18d74485e8cae074b7""#,
    ),
    (
        "States.JsonMerge($.json1, $.json2, false)",
        r#"{"json1":{"a":{"a1":1,"a2":2},"b":2},"json2":{"a":{"a3":1,"a4":2},"c":3}}"#,
        r#"{"a":{"a3":1,"a4":2},"b":2,"c":3}"#,
    ),
    ("States.MathAdd($.value1, $.step)", r#"{"value1":111,"step":-1}"#, "110"),
    ("States.MathAdd(-1.5, 0)", "{}", "-1"),
    (
        "States.StringSplit($.inputString, $.splitter)",
        r#"{"inputString":"1,2,3,4,5","splitter":","}"#,
        r#"["1","2","3","4","5"]"#,
    ),
    (
        "States.StringSplit($.inputString, $.splitter)",
        r#"{"inputString":"This.is+a,test=string","splitter":".+,="}"#,
        r#"["This","is","a","test","string"]"#,
    ),
    (
        "States.ArrayGetItem(States.StringSplit($.date, '-'), States.MathAdd(0, 1))",
        r#"{"date":"2016-03-14"}"#,
        r#""03""#,
    ),
    (
        "States.Format('{} has {} items', $$.State.Name, States.ArrayLength($.items))",
        r#"{"items":[1,2]}"#,
        r#""P has 2 items""#,
    ),
];

fn pass(call: &str) -> String {
    one("P", &format!(r#""Type":"Pass","Parameters":{{"value.$":"{call}"}}"#))
}

#[test]
fn each_function_gives_its_result() {
    for (call, input, value) in CALLS {
        assert_eq!(Run::start(&pass(call), input).output(), format!(r#"{{"value":{value}}}"#), "{call} on {input}");
    }
}

#[test]
fn a_random_number_lies_between_its_bounds() {
    for call in ["States.MathRandom(1, 999)", "States.MathRandom($.start, $.end, 7)"] {
        let output = Run::start(&pass(call), r#"{"start":1,"end":999}"#).output();
        let number: u32 = output.trim_start_matches(r#"{"value":"#).trim_end_matches('}').parse().unwrap();
        assert!((1..999).contains(&number), "{call}: {number}");
    }
}

#[test]
fn a_uuid_is_of_version_4() {
    let output = Run::start(&pass("States.UUID()"), "{}").output();
    let uuid = output.trim_start_matches(r#"{"value":""#).trim_end_matches(r#""}"#).to_owned();
    let lengths: Vec<_> = uuid.split('-').map(str::len).collect();
    assert_eq!((lengths, uuid.as_bytes()[14]), (vec![8, 4, 4, 4, 12], b'4'), "{uuid}");
}

#[test]
fn functions_may_stand_where_templates_may() {
    let task = one(
        "T",
        r#""Type":"Task","Resource":"@T","Parameters":{"in.$":"States.Array($.a)"},
        "ResultSelector":{"out.$":"States.JsonToString($)"}"#,
    );
    Play::start(&task, r#"{"a":1}"#)
        .task("T", r#"{"in":[1]}"#, super::Gives(r#"{"b": 2}"#))
        .outputs(r#"{"out":"{\"b\":2}"}"#);
    let map = one(
        "M",
        r#""Type":"Map","ItemSelector":{"line.$":"States.Format('{}: {}', $$.Map.Item.Index, $$.Map.Item.Value)"},
        "ItemProcessor":{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#,
    );
    Play::start(&map, r#"["a","b"]"#).outputs(r#"[{"line":"0: a"},{"line":"1: b"}]"#);
}

#[test]
fn a_function_that_fails_names_itself() {
    for call in [
        "States.ArrayGetItem($.a, 9)",
        "States.StringToJson('nonsense')",
        "States.Format('{} {}', 1)",
        "States.ArrayPartition($.a, 0)",
        "States.JsonMerge($, $, true)",
    ] {
        Play::start(&pass(call), r#"{"a":[1]}"#).fails_with("States.IntrinsicFailure");
    }
}

#[test]
fn what_is_no_call_is_refused() {
    for call in ["States.Nope($)", "States.Format()", "States.Array($", "States.UUID(1)", "Format('x')"] {
        assert!(super::is_refused(&pass(call)), "{call}");
    }
}
