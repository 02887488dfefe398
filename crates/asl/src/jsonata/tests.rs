//! What expressions give, and how they fail.

use std::sync::Arc;

use proptest::prelude::*;

use super::arbitrary::expressions;
use super::*;
use crate::error::ErrorName;
use crate::scope::{Chance, Context as ContextObject, Variables};
use crate::value::Text;

fn json(text: &str) -> Value {
    crate::json::parse(text.as_bytes()).unwrap()
}

const INPUT: &str = r#"{
    "n": 1.50, "zero": -0, "big": 12345678901234567890, "text": "a'b", "empty": [], "one": [7],
    "items": [{"name": "x", "price": 3}, {"name": "y", "price": 10, "tags": ["t"]}],
    "nested": {"deep": {"value": true, "null": null}}
}"#;

fn evaluate(text: &str) -> Result<Value, EvaluationError> {
    let (input, result) = (json(INPUT), json(r#"{"done":false}"#));
    let make = || json(r#"{"State":{"Name":"S"}}"#);
    let variables = [("v", json(r#"{"a":[1,2,3]}"#)), ("count", Value::int(4)), ("f", Value::int(1))];
    let variables: Variables = Arc::new(variables.into_iter().map(|(name, value)| (Text::from(name), value)).collect());
    let scope = Scope {
        input: &input,
        state_input: &input,
        result: Some(&result),
        error_output: None,
        context: &ContextObject::new(&make),
        variables: &variables,
        chance: &Chance::new(42),
        now: 1_700_000_000_123,
        budget: &crate::Budget::new(crate::Allowance::default()),
    };
    Expression::parse(text).unwrap().evaluate(&scope, "Output/v")
}

/// Every row is looked at, so that one failure does not hide the next.
fn give(rows: &[(&str, &str)]) {
    let outcome = |text: &str| match evaluate(text) {
        Ok(value) => value.to_json(),
        Err(error) => error.cause,
    };
    let wrong = rows.iter().map(|(text, expected)| (*text, outcome(text), *expected));
    let wrong: Vec<_> = wrong.filter(|(_, found, expected)| found != expected).collect();
    assert!(wrong.is_empty(), "(expression, found, expected): {wrong:#?}");
}

fn fail(rows: &[(&str, &str)]) {
    let wrong = rows.iter().filter_map(|(text, ending)| {
        let expected = EvaluationError {
            name: ErrorName::QUERY_EVALUATION_ERROR,
            cause: format!("The JSONata expression '{text}' specified for the field 'Output/v' {ending}"),
            location: Some("Output/v".into()),
        };
        let found = evaluate(text);
        (found.as_ref().err() != Some(&expected)).then_some((found, expected.cause))
    });
    let wrong: Vec<_> = wrong.collect();
    assert!(wrong.is_empty(), "(found, expected): {wrong:#?}");
}

#[test]
fn expressions_see_states_and_variables() {
    give(&[
        ("$states.input.n", "1.5"),
        ("$states.input.zero", "0"),
        ("$states.input.empty", "[]"),
        ("$states.input.one", "[7]"),
        ("$states.input.items.name", r#"["x","y"]"#),
        ("$states.input.items.tags", r#"["t"]"#),
        ("$states.input.items[price > 5].name", r#""y""#),
        ("$states.input.items[0]", r#"{"name":"x","price":3}"#),
        ("$states.input.items^(>price)[0].name", r#""y""#),
        ("$states.input.items{name: price}", r#"{"x":3,"y":10}"#),
        ("$states.input.nested.*.value", "true"),
        ("$states.input.nested.deep.'null'", "null"),
        ("$states.input.items.price.%.name", r#"["x","y"]"#),
        ("$states.input.items@$i.{'p': $i.price}", r#"[{"p":3},{"p":10}]"#),
        ("$states.result.done", "false"),
        ("$states.context.State.Name", r#""S""#),
        ("$keys($states)", r#"["input","context","result"]"#),
        ("$count($keys($states.input.nested))", "1"),
        ("$v.a", "[1,2,3]"),
        ("$v.a[-1]", "3"),
        ("$count + 1", "5"),
        ("$count($v.a)", "3"),
        ("($v := 5; $v)", "5"),
        ("$map($v.a, function($v) { $v * 2 })", "[2,4,6]"),
        ("{'a': $states.input.n, 'b': $v.missing}", r#"{"a":1.5}"#),
        ("[1..3]", "[1,2,3]"),
        (
            "$states.input.items ~> |$|{'name': 'z'}|",
            r#"[{"name":"z","price":3},{"name":"z","price":10,"tags":["t"]}]"#,
        ),
    ]);
}

#[test]
fn numbers_are_doubles_and_those_json_cannot_say_are_texts() {
    give(&[
        ("1/0", r#""Infinity""#),
        ("[-1/0]", r#"["-Infinity"]"#),
        ("{'k': 1/0}", r#"{"k":"Infinity"}"#),
        ("2 * 2.0", "4"),
        ("-0", "0"),
        ("0.1 + 0.2", "0.30000000000000004"),
        ("$string(1.0)", r#""1""#),
    ]);
}

#[test]
fn awss_functions() {
    give(&[
        ("$partition([0], 3)", "[[0]]"),
        ("$partition([0,1,2], 2)", "[[0,1],[2]]"),
        ("$partition([], 2)", "[]"),
        ("$range(0, 9, 3)", "[0,3,6,9]"),
        ("$range(1, 9, 2)", "[1,3,5,7,9]"),
        ("$range(1, 9, 9)", "1"),
        ("$range(3, 1, -1)", "[3,2,1]"),
        ("$parse('-0')", "0"),
        ("$parse('[1, 2, \"HelloWorld\"]')", r#"[1,2,"HelloWorld"]"#),
        ("$parse('{\"a\":1}').a", "1"),
        ("$hash('input', 'SHA-1')", r#""140f86aae51ab9e1cda9b4254fe98a74eb54c1a1""#),
        ("$random(42)", "0.7275636800328681"),
        ("$random() < 1 and $random() != $random()", "true"),
        ("$length($uuid())", "36"),
        ("$sort($shuffle([1..9]))", "[1,2,3,4,5,6,7,8,9]"),
        ("$now()", r#""2023-11-14T22:13:20.123Z""#),
        ("$now('[Y]')", r#""2023""#),
        ("$millis()", "1700000000123"),
        ("$toMillis('13:45', '[H]:[m]') ~> $fromMillis()", r#""2023-11-14T13:45:00.000Z""#),
        ("($t := $toMillis; $t('02-03', '[M]-[D]')) ~> $fromMillis()", r#""2023-02-03T00:00:00.000Z""#),
        ("$toMillis('1999', '[Y]') ~> $fromMillis()", r#""1999-01-01T00:00:00.000Z""#),
        ("$toMillis('2020-01-02T03:04:05Z')", "1577934245000"),
        ("$map(['1','2'], $parse)", "[1,2]"),
    ]);
    assert_eq!(evaluate("[$uuid(), $random()]"), evaluate("[$uuid(), $random()]"));
}

#[test]
fn guarded_functions_do_what_they_did() {
    give(&[
        ("'a' & 1 & $states.input.none & true & [1,'x'] & {'k':2}", r#""a1true[1,\"x\"]{\"k\":2}""#),
        ("$pad('x', -3, '0')", r#""00x""#),
        ("'x' ~> $pad(3) ~> $length()", "3"),
        ("('x').$pad(3, '-')", r#""x--""#),
        ("$map(['a','b'], $string)", r#"["a","b"]"#),
        ("$map([1,2], $string)", r#"["1","2"]"#),
        ("$replace('abc', /b/, function($m) { $uppercase($m.match) })", r#""aBc""#),
        ("$replace('aaa', 'a', 'b', 2)", r#""bba""#),
        ("($r := $replace(?, 'a', 'b'); $r('cat'))", r#""cbt""#),
        ("$join(['a','b'], '-')", r#""a-b""#),
        ("$join('a')", r#""a""#),
        ("['a','b'] ~> $join('/')", r#""a/b""#),
        ("$substring('hello', 1, 3)", r#""ell""#),
        ("$substring('hello', -3)", r#""llo""#),
        ("$substring('hello', 1, 1e300)", r#""ello""#),
        ("$map(['hello'], function($s) { $substring($s, 1 + 1) })", r#""llo""#),
        ("$fromMillis(0)", r#""1970-01-01T00:00:00.000Z""#),
        ("$fromMillis(0, '[Y0001]-[M01]-[D01]')", r#""1970-01-01""#),
        ("$fromMillis(0, '[Y,*-18]')", r#""000000000000001970""#),
        ("($f := $fromMillis; $f(0, '[FNn]', '-0100'))", r#""Wednesday""#),
        ("$formatInteger(1999, 'I')", r#""MCMXCIX""#),
        ("(12).$formatInteger('w')", r#""twelve""#),
        (
            "$map([1000, 1e6, 1e15], function($n) { $formatInteger($n, 'w') })",
            r#"["one thousand","one million","one thousand trillion"]"#,
        ),
        ("$length($formatInteger(1.7976931348623157e308, 'w')) > 9", "true"),
        ("('xii').$parseInteger('i')", "12"),
        ("($p := $parseInteger; $p('٤٢', '٠'))", "42"),
        ("$toMillis('2023', '[Y]') ~> $fromMillis('[Y]')", r#""2023""#),
        ("($t := $toMillis(?, '[Y] [M]'); $t('2023 2')) ~> $fromMillis('[M]')", r#""2""#),
        ("$distinct([1,1,2])", "[1,2]"),
        ("($string := 5; $string)", "5"),
        ("$v.a.{'x': $}", r#"[{"x":1},{"x":2},{"x":3}]"#),
        ("$v.a.[$, 1]", "[[1,1],[2,1],[3,1]]"),
        ("[[$v.a], [1]][0]", "[1,2,3]"),
        ("$map([1], function($x) { {'x': $x} })", r#"{"x":1}"#),
        ("$map([1], function($x) { {'x': $x} })[]", r#"[{"x":1}]"#),
        ("$zip([1,2],[3,4])", "[[1,3],[2,4]]"),
        ("$append([1],[2])", "[1,2]"),
        ("$merge([{'a':1},{'b':$v}]).b.a[0]", "1"),
        ("$filter($v.a, function($x) { $x > 1 })", "[2,3]"),
        ("($f := function($n) { $n = 0 ? 0 : $f($n - 1) }; $f(300))", "0"),
    ]);
}

#[test]
fn results_that_are_no_payload_are_errors() {
    fail(&[
        ("$states.input.missing", "returned nothing (undefined)."),
        ("$states.input.n.deeper", "returned nothing (undefined)."),
        ("$states.errorOutput", "returned nothing (undefined)."),
        ("$unknown", "returned nothing (undefined)."),
        ("$states.input.items[price > 99]", "returned nothing (undefined)."),
        ("$fn := function($x){$x}", "returned an unsupported result type."),
        ("[$uppercase]", "returned an unsupported result type."),
    ]);
}

#[test]
fn errors_are_worded_as_in_jsonata() {
    let rows = [
        ("$randomSeeded($states.input.n)", "T1006: Attempted to invoke a non-function"),
        ("$eval('1+1')", "T1006: Attempted to invoke a non-function"),
        ("$uppercase(1)", "T0410: Argument 1 of function \"uppercase\" does not match function signature"),
        ("$uppercase('a', 'b')", "T0410: Argument 2 of function \"uppercase\" does not match function signature"),
        ("$substring('a')", "T0410: Argument 2 of function \"substring\" does not match function signature"),
        ("$sum('x')", "T0412: Argument 1 of function \"sum\" must be an array of \"numbers\""),
        ("$sum(['x'])", "T0412: Argument 1 of function \"sum\" must be an array of \"numbers\""),
        ("$join([1])", "T0412: Argument 1 of function \"join\" must be an array of \"strings\""),
        ("$map(['a', 1], $uppercase)", "T0410: Argument 1 of function \"uppercase\" does not match function signature"),
        ("$number('abc')", "D3030: Unable to cast value to a number: \"abc\""),
        ("'a' < 1", "T2009: The values \"a\" and 1 either side of operator \"<\" must be of the same data type"),
        ("true < 1", "T2010: The expressions either side of operator \"<\" must evaluate to numeric or string values"),
        ("1 + 'x'", "T2002: The right side of the \"+\" operator must evaluate to a number"),
        ("'x' * 1", "T2001: The left side of the \"*\" operator must evaluate to a number"),
        ("-'x'", "D1002: Cannot negate a non-numeric value: \"x\""),
        ("{1: 2}", "T1003: Key in object structure must evaluate to a string; got: 1"),
        ("$sqrt(-1)", "D3060: The sqrt function cannot be applied to a negative number: -1"),
        ("$formatBase(1, 1)", "D3100: The radix of the formatBase function must be between 2 and 36.  It was given 1"),
        ("$error('m')", "D3137: m"),
        ("$assert(false, 'z')", "D3141: z"),
        ("1 ~> 2", "T2006: The right side of the function application operator ~> must be a function"),
        ("['a'..2]", "T2003: The left side of the range operator (..) must evaluate to an integer"),
        ("$string(1/0)", "D3001: Attempting to invoke string function on Infinity or NaN"),
        ("$toMillis('2023', '[é1]')", "D3132: Unknown component specifier \"é\" in date/time picture string"),
        (
            "$toMillis('٢٠٢٣')",
            "D3110: The argument of the toMillis function must be an ISO 8601 formatted timestamp. Given \"٢٠٢٣\"",
        ),
        (
            "$fromMillis(0, '[fn]')",
            "D3133: The 'name' modifier can only be applied to months and days in the date/time picture string, not \"f\"",
        ),
        (
            "$fromMillis(0, '[Y]', '99999')",
            "D3134: The timezone integer format specifier cannot have more than four digits",
        ),
        (
            "$toMillis('aaaaaaaaaaaaaaa', '[Ya]')",
            "D3136: The date/time picture string is missing specifiers required to parse the timestamp",
        ),
        (
            "$formatInteger(1, 'x')",
            "D3130: Formatting or parsing an integer as a sequence starting with \"x\" is not supported by this implementation",
        ),
        ("$formatInteger(1/0, 'w')", "D1001: Number out of range"),
        ("$random('a')", "T0410: Argument 1 of function \"random\" does not match function signature"),
        (
            "$formatNumber(1, \"x\")",
            "D3086: The sub-picture must not contain a passive character that is preceded by an active character and that is followed by another active character",
        ),
    ];
    let rows = rows.map(|(text, error)| (text, format!("threw an error during evaluation. {error}")));
    fail(&rows.iter().map(|(text, error)| (*text, &**error)).collect::<Vec<_>>());
}

#[test]
fn an_internal_error_has_a_number() {
    let error = evaluate("$base64decode(\"!!!\")").unwrap_err();
    let (_, number) = error.cause.split_once("threw an internal error during evaluation. ").unwrap();
    assert_eq!(number.len(), 36);
}

#[test]
fn evaluation_is_bounded() {
    const MEMORY: &str = "threw an error during evaluation: Expression evaluation memory limit exceeded: Check for excessive memory usage";
    give(&[
        ("[1..873782] ~> $count()", "873782"),
        ("$count($distinct([1..800000]))", "800000"),
        ("($p := function($s, $n) { $n = 0 ? $s : $p($s & $s, $n - 1) }; $length($p('x', 22)))", "4194304"),
    ]);
    let texts = [
        "[1..873783] ~> $count()",
        "($p := function($s, $n) { $n = 0 ? $s : $p($s & $s, $n - 1) }; $length($p('x', 23)))",
        "$pad('x', 3e8)",
        "($f := $pad; $f('x', 3e8))",
        "'x' ~> $pad(3e8)",
        "$map(['x'], function($x) { $pad($x, 3e8) })",
        "($x := $pad('x', 4e6); $replace($x, 'x', $x))",
        "($x := $pad('x', 4e6); $join([$x, $x]))",
        "$join($map([1..800000], function() { 'x' }), $pad('x', 4e6))",
        "$string($reduce([1..60], function($a, $b) { {'l': $a, 'r': $a} }, 1))",
        "$reduce([1..60], function($a, $b) { [[$a], [$a]] }, 1)",
        "$reduce([1..60], function($a, $b) { $zip($a, $a) }, [1])",
        "$reduce([1..60], function($a, $b) { $map([1], function($x) { {'l': $a, 'r': $a} }) }, 1)",
        "($l := [1..800000]; $l.{'x': $l})",
        "[1..800000].([1..800000])",
        "$fromMillis(0, '[Y,*-400000000]')",
        "$fromMillis(0, '[D1:= [MNn] [Y' & $pad('', 110, '5') & ']')",
        "$fromMillis(0, '[Y,*-64]')",
        "$now('[D,2000]')",
        "(0).$fromMillis('[D,2000]')",
        "($f := $fromMillis(?, '[D,2000]'); $f(0))",
        "$map([1e15], function($n) { $formatInteger($n, 'I') })",
        "$parseInteger('1', $pad('', 2000, '0'))",
        "$toMillis($pad('', 5000, '1'), '[Y]')",
        "$range(0, 1e9, 1)",
        "[-1e18..1e300]",
        "[0..$states.input.big]",
        "$map([1..1000], function($x) { $pad('x', 4e6) })",
    ];
    fail(&texts.map(|text| (text, MEMORY)));
    let deep = ["1"; 200].join("+");
    let stack = "threw an error during evaluation: Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive.";
    fail(&[(&deep, stack), ("($f := function($x) { 1 + $f($x) }; $f(1))", stack)]);
}

#[test]
fn what_cannot_be_parsed_is_refused_in_jsonatas_words() {
    for (text, message) in [
        ("a[1,2)", "Expected \"]\", got \",\""),
        ("\"unterminated", "String literal must be terminated by a matching quote"),
        ("1 +", "Unexpected end of expression"),
        ("/abc", "No terminating / in regular expression"),
        ("//", "Empty regular expressions are not allowed"),
        ("{\"a\":}", "The symbol \"}\" cannot be used as a unary operator"),
        ("[1,2", "Expected \"]\" before end of expression"),
        ("$foo(", "Expected \")\" before end of expression"),
        ("{\"a\":1", "Expected \"}\" before end of expression"),
        ("{", "Expected \":\" before end of expression"),
        ("foo bar", "Syntax error: \"bar\""),
        ("a 3", "Syntax error: 3"),
        ("[1 2]", "Expected \"]\", got 2"),
        ("1 ?? 2", "The symbol \"?\" cannot be used as a unary operator"),
        ("$x !", "Unknown operator: \"!\""),
        ("\"\\q\"", "Unsupported escape sequence: \\\"q\""),
        ("1e1000", "Number out of range: \"1e1000\""),
        ("a.1", "The literal value 1 cannot be used as a step within a path expression"),
        ("%", "The object representing the 'parent' cannot be derived from this expression"),
        ("/* c", "Comment has no closing tag"),
    ] {
        let error = Expression::parse(text).unwrap_err();
        assert_eq!((error.code, error.message.as_str()), (Code::InvalidJsonataExpression, message), "{text}");
    }
}

#[test]
fn references_to_a_context_item_are_refused_where_there_is_none() {
    for (text, name) in [
        ("phone", "phone"),
        ("phone.number", "phone"),
        ("$", "$"),
        ("$.a", "$"),
        ("$$", "$$"),
        ("$states.input.items[$$.a]", "$$"),
        ("$sum(prices)", "prices"),
        ("{'a': name}", "name"),
        ("$map([1], function($v) { name })", "name"),
        ("*", "*"),
        ("(1; [a])", "a"),
    ] {
        let error = Expression::parse(text).unwrap_err();
        let message = format!("Reference to '{name}' at the top level is not supported.");
        assert_eq!((error.code, error.message), (Code::UnsupportedJsonataExpression, message), "{text}");
    }
    for text in [
        "$states.input.items[price > 3].{'n': name, 'self': $}",
        "$states.input.items^(price)",
        "$states.input.items{name: $sum(price)}",
        "$states.input ~> |items|{'a': name}|",
        "$states.input.(name)",
    ] {
        assert!(Expression::parse(text).is_ok(), "{text}");
    }
}

#[test]
fn variables_are_those_of_the_workflow() {
    for (text, names) in [
        ("$states.input", &[] as &[&str]),
        ("$x + $y.z", &["x", "y"]),
        ("($a := $b; $a & $c)", &["b", "c"]),
        ("$map($list, function($v) { $v + $offset })", &["list", "offset"]),
        ("($f := function($n) { $f($n) }; $f(1))", &[]),
        ("$map($list, $uppercase)", &["list"]),
        ("$items@$i#$n.[$i, $n]", &["items"]),
        ("$a[$b > 1]", &["a", "b"]),
    ] {
        assert_eq!(Expression::parse(text).unwrap().variables(), names, "{text}");
    }
}

#[test]
fn an_expression_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Expression>();
}

fn never_panics(text: &str) {
    if Expression::parse(text).is_ok() {
        let _outcome = evaluate(text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_expression_panics(text in expressions()) {
        never_panics(&text);
    }

    #[test]
    fn no_text_panics(text in r#"[\PC$(){}\[\].,;:=<>?@#%^&*|/~'"`a-c0-9 ]{0,40}"#) {
        never_panics(&text);
    }
}
