//! What each function gives, what it refuses, and how calls are written.

use proptest::prelude::*;

use super::*;
use crate::error::ErrorName;
use crate::testing::{json, scoped};

fn evaluate(call: &str, input: &str) -> Result<Value, EvaluationError> {
    let input = json(input);
    let context = r#"{"StateMachine":{"Id":"arn:x","Name":"m"},"Execution":{"Input":{"text":"A,B"}}}"#;
    let call = Call::parse(call).unwrap_or_else(|error| panic!("{call}: {error}"));
    scoped(&input, context, ("tpl", "\"It's {}!\""), |scope| call.evaluate(scope))
}

/// Each line: the call, the input, and the JSON of the result.
fn check(cases: &[(&str, &str, &str)]) {
    for (call, input, expected) in cases {
        let value = evaluate(call, input).unwrap_or_else(|error| panic!("{call} on {input}: {error}"));
        assert_eq!(value.to_json(), *expected, "{call} on {input}");
    }
}

#[test]
fn format_inserts_values() {
    check(&[
        ("States.Format('plain')", "{}", r#""plain""#),
        ("States.Format('<{}>', $)", r#"" ""#, r#""< >""#),
        ("States.Format('<{}>', $)", "null", r#""<null>""#),
        ("States.Format('<{}>', $)", "1.1", r#""<1.1>""#),
        ("States.Format('<{}>', $)", "true", r#""<true>""#),
        ("States.Format('<{}>', $)", r#"{"Arg1":1,"Arg2":[]}"#, r#""<{Arg1=1, Arg2=[]}>""#),
        ("States.Format('<{}>', $)", r#"["a",{"b":null}]"#, r#""<[a, {b=null}]>""#),
        ("States.Format('<{}>', $)", r#""{\"a\": 1}""#, r#""<{\"a\": 1}>""#),
        ("States.Format('{}{} {}', 1, 'x', null)", "{}", r#""1x null""#),
        ("States.Format('on {}.', $$.StateMachine)", "{}", r#""on {Id=arn:x, Name=m}.""#),
        ("States.Format($tpl, $.x)", r#"{"x":"Pikachu"}"#, r#""It's Pikachu!""#),
        (r"States.Format('\{\} \'{}\' \\', 1)", "{}", r#""{} '1' \\""#),
        (r"States.Format('{a} {}', 1)", "{}", r#""{a} 1""#),
    ]);
}

#[test]
fn json_becomes_text_and_text_json() {
    check(&[
        ("States.StringToJson($)", r#""""#, "null"),
        ("States.StringToJson($)", r#"" ""#, "null"),
        ("States.StringToJson('-0')", "{}", "0"),
        ("States.StringToJson('1.1')", "{}", "1.1"),
        ("States.StringToJson('true')", "{}", "true"),
        ("States.StringToJson($)", r#""[1, 2, \"x\"]""#, r#"[1,2,"x"]"#),
        (r#"States.StringToJson('{"a": "b"}')"#, "{}", r#"{"a":"b"}"#),
        (r#"States.StringToJson('\{"a":"it\'s"\}')"#, "{}", r#"{"a":"it's"}"#),
        ("States.JsonToString($)", "null", r#""null""#),
        ("States.JsonToString($)", "1.1", r#""1.1""#),
        ("States.JsonToString($)", r#"{"Arg1": 1, "Arg2": []}"#, r#""{\"Arg1\":1,\"Arg2\":[]}""#),
        (
            "States.JsonMerge($.a, $.b, false)",
            r#"{"a":{"x":{"p":1},"y":2,"z":3},"b":{"x":{"q":1},"w":3,"z":4}}"#,
            r#"{"x":{"q":1},"y":2,"z":4,"w":3}"#,
        ),
        (r#"States.JsonMerge(States.StringToJson('{"a":"b"}'), $, false)"#, r#"{"c":1}"#, r#"{"a":"b","c":1}"#),
    ]);
}

#[test]
fn arrays_are_made_and_taken_apart() {
    check(&[
        ("States.Array()", "{}", "[]"),
        (
            "States.Array($.a, 1, 'x', null, true, States.Array(2))",
            r#"{"a":{"b":1}}"#,
            r#"[{"b":1},1,"x",null,true,[2]]"#,
        ),
        ("States.ArrayPartition($, 2)", "[]", "[]"),
        ("States.ArrayPartition($, 2)", "[0,1,2]", "[[0,1],[2]]"),
        ("States.ArrayPartition($, 5)", "[0,1]", "[[0,1]]"),
        ("States.ArrayPartition($, 1.5)", "[0,1,2]", "[[0,1],[2]]"),
        ("States.ArrayContains($.a, $.v)", r#"{"a":[],"v":null}"#, "false"),
        ("States.ArrayContains($.a, $.v)", r#"{"a":[[1,2,3],2],"v":[1,2,3]}"#, "true"),
        ("States.ArrayContains($.a, $.v)", r#"{"a":[{"1":2,"2":[]}],"v":[]}"#, "false"),
        ("States.ArrayContains($.a, $.v)", r#"{"a":[{"x":1,"y":2}],"v":{"y":2,"x":1.0}}"#, "true"),
        ("States.ArrayRange(0, 9, 3)", "{}", "[0,3,6,9]"),
        ("States.ArrayRange(0, 10, 3)", "{}", "[0,3,6,9]"),
        ("States.ArrayRange(9, 1, -4)", "{}", "[9,5,1]"),
        ("States.ArrayRange(1, 1, 5)", "{}", "[1]"),
        ("States.ArrayRange(5, 1, 1)", "{}", "[]"),
        ("States.ArrayRange(0.5, 2.4, 1)", "{}", "[1,2]"),
        ("States.ArrayGetItem($, 0)", "[7,8]", "7"),
        ("States.ArrayGetItem($, 1)", "[7,8]", "8"),
        ("States.ArrayLength($)", "[1,2,3]", "3"),
        ("States.ArrayLength(States.ArrayRange(1, 1000, 1))", "{}", "1000"),
        (
            "States.ArrayUnique($)",
            r#"[1,2,1.0,"1",{"a":1,"b":2},[0],{"b":2,"a":1},[-0],null,null]"#,
            r#"[1,2,"1",{"a":1,"b":2},[0],null]"#,
        ),
    ]);
}

#[test]
fn texts_are_split_encoded_and_hashed() {
    check(&[
        ("States.StringSplit($, ',')", r#"",,,,""#, "[]"),
        ("States.StringSplit($, ',')", r#"" , ""#, r#"[" "," "]"#),
        ("States.StringSplit($, '.+,=')", r#""This.is+a,test=string""#, r#"["This","is","a","test","string"]"#),
        ("States.StringSplit('Hello\nWorld', '\n')", "{}", r#"["Hello","World"]"#),
        ("States.StringSplit('a', '')", "{}", r#"["a"]"#),
        ("States.StringSplit($$.Execution.Input.text, ',')", "{}", r#"["A","B"]"#),
        ("States.Base64Encode('')", "{}", r#""""#),
        ("States.Base64Encode('Data to encode')", "{}", r#""RGF0YSB0byBlbmNvZGU=""#),
        ("States.Base64Decode('RGF0YSB0byBlbmNvZGU=')", "{}", r#""Data to encode""#),
        ("States.Hash('input data', 'MD5')", "{}", r#""812f45842bc6d66ee14572ce20db8e86""#),
        ("States.Hash('input data', 'SHA-1')", "{}", r#""aaff4a450a104cd177d28d18d74485e8cae074b7""#),
        (
            "States.Hash($, 'SHA-256')",
            r#""input data""#,
            r#""b4a697a057313163aee33cd8d40c66e9f0f177e00cac2de32475ffff6169c3e3""#,
        ),
        (
            "States.Hash('', 'SHA-384')",
            "{}",
            r#""38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b""#,
        ),
    ]);
    let sha512 = evaluate("States.Hash('a', 'SHA-512')", "{}").unwrap();
    assert_eq!(sha512.as_str().map(str::len), Some(128));
}

#[test]
fn halves_are_rounded_up() {
    for (first, second, sum) in [
        ("-1.5", "0", "-1"),
        ("-1.51", "0", "-2"),
        ("0.5", "0", "1"),
        ("2.5", "0", "3"),
        ("-0.5", "0.5", "1"),
        ("-0.5", "0", "0"),
        ("1.5", "1.51", "4"),
        ("-1.49", "-1.5", "-2"),
        ("2147483647", "2147483647", "4294967294"),
        ("0.49999999999999994", "0", "0"),
    ] {
        assert_eq!(evaluate(&format!("States.MathAdd({first}, {second})"), "{}").unwrap().to_json(), sum);
    }
}

#[test]
fn random_numbers_lie_in_their_range() {
    let seeded = evaluate("States.MathRandom(1, 1000, 42)", "{}").unwrap();
    assert_eq!(evaluate("States.MathRandom(1, 1000, 42)", r#"{"x":1}"#).unwrap(), seeded);
    for (call, range) in [
        ("States.MathRandom(12.5, 44.51)", 13..45),
        ("States.MathRandom(-99999, -9999)", -99999..-9999),
        ("States.MathRandom(-2147483648, 2147483647, 7)", i64::from(i32::MIN)..i64::from(i32::MAX)),
    ] {
        assert!(range.contains(&evaluate(call, "{}").unwrap().as_i64().unwrap()), "{call}");
    }
    assert_eq!(evaluate("States.UUID()", "{}").unwrap().as_str().map(str::len), Some(36));
}

#[test]
fn calls_nest() {
    check(&[(
        "States.ArrayGetItem( States.StringSplit($, '-') , States.MathAdd(States.ArrayLength(States.StringSplit($, '-')), -1))",
        r#""a-b-c""#,
        r#""c""#,
    )]);
    let nested = |depth: usize| format!("{}1{}", "States.Array(".repeat(depth), ")".repeat(depth));
    assert!(Call::parse(&nested(10)).is_ok());
    assert!(Call::parse(&nested(11)).is_err());
    assert!(Call::parse(&nested(100_000)).is_err());
}

#[test]
fn paths_may_contain_what_separates_arguments() {
    check(&[
        (
            "States.Array($['a, b)'], $.n[0,1], $.n[?(@ > 1)], $.n[(@.length-1)], $.length())",
            r#"{"a, b)":0,"n":[1,2],"length()":3}"#,
            "[0,[1,2],[2],2,3]",
        ),
        (r"States.Array($[?(@.a == 'it\'s, (')])", r#"[{"a":"it's, ("}]"#, r#"[[{"a":"it's, ("}]]"#),
    ]);
}

#[test]
fn a_failing_function_says_why() {
    let long = format!("\"{}\"", "x".repeat(10_001));
    for (call, input, part) in [
        ("States.Format('{}')", "{}", "does not match the number of arguments, 0"),
        ("States.Format('{}', 1, 2)", "{}", "does not match the number of arguments, 2"),
        ("States.Format($)", "{}", "must be a string"),
        ("States.StringToJson('{')", "{}", "not valid JSON"),
        ("States.StringToJson(1)", "{}", "must be a string, but was a value of type number"),
        ("States.ArrayPartition($, 0)", "[]", "positive integer"),
        ("States.ArrayPartition($, 1)", "{}", "must be an array"),
        ("States.ArrayRange(0, 9, 0)", "{}", "step cannot be 0"),
        ("States.ArrayRange(1, 1001, 1)", "{}", "more than 1000 items"),
        ("States.ArrayRange(-2147483648, 2147483647, 1)", "{}", "more than 1000 items"),
        ("States.ArrayRange('a', 9, 1)", "{}", "must be a number"),
        ("States.ArrayGetItem($, 2)", "[7,8]", "out of bounds"),
        ("States.ArrayGetItem($, -1)", "[7,8]", "out of bounds"),
        ("States.Base64Decode('!!!')", "{}", "not Base64"),
        ("States.Base64Encode($)", &long, "longer than 10000 characters"),
        ("States.Hash($, 'MD5')", &long, "longer than 10000 characters"),
        ("States.Hash('x', 'md5')", "{}", "is not one of"),
        ("States.JsonMerge($, $, true)", "{}", "must be false"),
        ("States.JsonMerge($, 1, false)", "{}", "must be objects"),
        ("States.MathAdd(2147483648, 0)", "{}", "not in the range of integers"),
        ("States.MathAdd('1', 0)", "{}", "must be a number"),
        ("States.MathRandom(5, 5)", "{}", "must be less than"),
    ] {
        let error = evaluate(call, input).unwrap_err();
        assert_eq!(error.name, ErrorName::INTRINSIC_FAILURE, "{call}");
        assert!(
            error.cause.starts_with(&format!("The function '{call}' had the following error: ")),
            "{}",
            error.cause
        );
        assert!(error.cause.contains(part), "{call}: {}", error.cause);
    }
}

#[test]
fn a_path_that_misses_is_a_runtime_error() {
    let error = evaluate("States.Array(States.Format('{}', $.x))", r#"{"a":1}"#).unwrap_err();
    assert_eq!(error.name, ErrorName::RUNTIME);
    assert_eq!(
        error.cause,
        "The function 'States.Format('{}', $.x)' had the following error: The JsonPath argument for the field \
         '$.x' could not be found in the input '{\"a\":1}'"
    );
}

#[test]
fn other_texts_are_no_calls() {
    let many = format!("States.Array({})", ["1"; 1_001].join(","));
    for text in [
        "",
        "States",
        "States.Format",
        "States.Format(",
        "States.Format()",
        "States.Nope()",
        "States.UUID(1)",
        "States.UUID() x",
        "States.Array(1,)",
        "States.Array(,1)",
        "States.Array(1 2)",
        "States.Array('a)",
        r"States.Array('a\')",
        "States.Array(\"a\")",
        "States.Array([1])",
        "States.Array({})",
        "States.Array(01)",
        "States.Array($.)",
        "States.Array(a)",
        "States.MathAdd(1)",
        "States.array()",
        "States.UUID ()",
        r"States.Format('\n')",
        r"States.Format('{} \a', 1)",
        r"States.StringSplit($.a, '\t')",
        r#"States.StringToJson('{\"a\":1}')"#,
        r"States.Array(States.Array('\$'))",
        &many,
    ] {
        assert!(Call::parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_call_knows_its_variables() {
    let call = Call::parse("States.Array($a, $.b, States.Array($c.d, $$.e))").unwrap();
    assert_eq!(call.variables(), ["a", "c"]);
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused(text in "\\PC{0,40}", arguments in r"[$.a'\\(),{} 0-9\[\]-]{0,30}") {
        let _ = Call::parse(&text);
        let _ = Call::parse(&format!("States.Format({arguments})"));
        let _ = Call::parse(&format!("States.Array({arguments}"));
    }
}
