//! Nothing that an expression does outgrows its budget: work, bytes, depth, the native stack.

use proptest::prelude::*;

use super::arbitrary::expressions;
use super::*;
use crate::budget::{Allowance, Budget, Exhausted};
use crate::scope::Variables;
use crate::testing::in_scope;

/// A value or what is said, and the budget that was used.
fn evaluate(text: &str, allowance: Allowance) -> (Result<Value, String>, Budget) {
    let input = crate::json::parse(br#"{"n": 2, "big": [1,2,3], "text": "abc", "deep": {"a": [{"b": 1}]}}"#).unwrap();
    let budget = Budget::new(allowance);
    let evaluated = |expression: Expression| {
        in_scope(&input, &Variables::default(), &budget, |scope| expression.evaluate(scope, "Output"))
    };
    let outcome = match Expression::parse(text) {
        Ok(expression) => evaluated(expression).map_err(|error| error.cause),
        Err(error) => Err(error.message),
    };
    (outcome, budget)
}

const MEMORY: &str = "memory limit exceeded";
const TIME: &str = "evaluation timeout";
const STACK: &str = "Stack overflow error";

/// A tenth of what is allowed, so that the tests are quick; loops take longer to end than to be cut.
const SMALL: Allowance = Allowance { steps: 5_000_000, bytes: 256 << 20, depth: 100 };

#[test]
fn each_way_to_grow_ends_within_its_budget() {
    let long = "($x := $pad('', 4e6, 'x'); ";
    let mut wrong = Vec::new();
    for (text, ending) in [
        ("$map([1..200], function($n) { $count([1..800000]) })", MEMORY),
        ("$reduce([1..60], function($text) { $text & $text }, 'x')", "internal"),
        ("$reduce([1..60], function($text, $n) { $text & $text }, 'x')", MEMORY),
        ("$pad('x', 3e8)", MEMORY),
        (&format!("{long} $join([$x, $x]))"), MEMORY),
        (&format!("{long} $replace($x, 'x', 'xxxxxxxx'))"), MEMORY),
        (&format!("{long} $replace($x, /x/, 'xxxxxxxx'))"), MEMORY),
        (&format!("{long} $split($x, ''))"), MEMORY),
        (&format!("{long} $map([1..1000], function() {{ $uppercase($x) }}))"), MEMORY),
        (&format!("{long} $map([1..1000], function() {{ $length($x) }}))"), TIME),
        (&format!("{long} $map([1..1000], function() {{ $x = $x & '' }}))"), TIME),
        (&format!("{long} $encodeUrlComponent($x & 'é'))"), ""),
        (&format!("{long} $map([1..100], function() {{ $encodeUrlComponent($x) }}))"), TIME),
        (&format!("{long} $map([1..1000], function() {{ $hash($x, 'MD5') }}))"), "internal error"),
        ("$formatNumber(1, $pad('', 3e6, '0'))", MEMORY),
        ("$formatNumber(1, '0.' & $pad('', 101, '0'))", "internal error"),
        ("$formatInteger(1, $pad('', 3000000, '0'))", MEMORY),
        ("$formatInteger(1e300, 'I')", MEMORY),
        ("$fromMillis(0, '[Y,*-400000000]')", MEMORY),
        ("$toMillis('1', '[D,400000000]')", MEMORY),
        ("$sort([1..400000], function($a, $b) { $a > $b })", TIME),
        ("($f := function($a, $b) { $count($sort([1,2], $f)) > 0 }; $sort([1,2], $f))", STACK),
        ("$match($pad('', 40, 'a') & 'b', /(a+)+$/)", TIME),
        ("$match($pad('', 4000000, 'a'), /(?:a|b)*c/)", TIME),
        ("$match($pad('', 40000, 'ab'), /.*.*.*x/)", TIME),
        ("$map([1..800000], function($n) { $power(1.0001, $n % 1000) }) ~> $sum()", TIME),
        ("$string($reduce([1..40], function($a, $b) { {'l': $a, 'r': $a} }, 1), true)", MEMORY),
        ("$reduce([1..100000], function($a, $b) { [[$a]] }, 1)", MEMORY),
        ("$reduce([1..100000], function($a, $b) { {'a': $a} }, 1)", MEMORY),
        ("($g := function($n, $f) { $n = 0 ? $f : $g($n - 1, $f ~> $string) }; $g(5000, $string)('x'))", MEMORY),
        ("($g := function($n, $f) { $n = 0 ? $f : $g($n - 1, $f(?)) }; $g(5000, $string)('x'))", MEMORY),
        ("$reduce([1..100000], function($f, $b) { function() { $f } }, 1)()", "unsupported"),
        ("$merge([1..800000].{$string($): $})", TIME),
        ("$zip([1..800000], [1..800000], [1..800000], [1..800000])", MEMORY),
        ("$distinct([1..20000].{'a': $})", TIME),
        ("$lookup([1..800000].{'a': [1..2]}, 'a')", TIME),
        ("[1..400000].{'a': $}^(a)", TIME),
        ("($l := [1..200000].{'a': $}; $count($l ~> |$|{'b': 1}|))", ""),
        ("$reduce([1..30], function($a, $b) { {'l': $a, 'r': $a} }, 1).**", TIME),
        (
            "$reduce([1..30], function($a, $b) { {'l': $a, 'r': $a} }, 1) = $reduce([1..30], function($a, $b) { {'l': $a, 'r': $a} }, 1)",
            TIME,
        ),
        ("[1..2000]@$a.([1..2000])@$b.{'c': $a}", MEMORY),
        ("($f := function() { $f() }; $f())", TIME),
        ("($f := function() { 1 + $f() }; $f())", STACK),
        ("($f := function() { [1].($f()) }; $f())", STACK),
        ("($f := function() { $map([1], $f) }; $f())", STACK),
        ("($g := function($n, $f) { $n = 0 ? $f : $g($n - 1, $f ~> $string) }; $g(500, $string)('x'))", STACK),
    ] {
        let (outcome, budget) = evaluate(text, SMALL);
        let said = outcome.as_ref().map_or_else(String::clone, |_| "a value".to_owned());
        let wanted = if ending == "internal" { "D3050" } else { ending };
        if !said.contains(wanted) {
            wrong.push(format!("{text}: {said}"));
        }
        let (steps, bytes) = budget.used();
        assert!(steps <= SMALL.steps && bytes <= SMALL.bytes, "{text}: {steps} steps, {bytes} bytes");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_loop_that_is_a_tail_call_does_not_nest() {
    let (outcome, _) = evaluate("($f := function($n) { $n = 0 ? 'end' : $f($n - 1) }; $f(100000))", SMALL);
    assert_eq!(outcome, Ok(Value::from("end")));
}

#[test]
fn impatience_is_told_apart() {
    let expression = Expression::parse("$sum([1..1000])").unwrap();
    let budget = Budget::with_patience(SMALL, Some(0));
    let evaluate = |scope: &Scope<'_>| expression.evaluate(scope, "Output");
    assert!(in_scope(&Value::Null, &Variables::default(), &budget, evaluate).is_err());
    assert_eq!(budget.exhausted(), Some(Exhausted::Patience));
}

/// What stands before and behind when a construct is nested.
const NESTED: [(&str, &str, &str); 27] = [
    ("(", "1", ")"),
    ("[", "1", "]"),
    ("{'a':", "1", "}"),
    ("-", "$x", ""),
    ("1+", "1", ""),
    ("", "1", "+1"),
    ("", "'a'", "&'a'"),
    ("", "1", "=1"),
    ("", "1", " and 1"),
    ("", "$x", ".a"),
    ("$x.(", "1", ")"),
    ("", "$x", "[0]"),
    ("$x[", "0", "]"),
    ("", "$x", "{'a':1}"),
    ("", "$x", "^(a)"),
    ("$x^(", "a", ")"),
    ("1?", "$x", ""),
    ("1?2:", "1", ""),
    ("$string(", "1", ")"),
    ("", "$string", "(1)"),
    ("", "$string", "(?)"),
    ("function($x){", "1", "}"),
    ("$x:=", "1", ""),
    ("", "1", "~>$string"),
    ("|$|", "{}", "|"),
    ("$x@$y.(", "1", ")"),
    ("$x.(a.b[", "%", "])"),
];

#[test]
fn whatever_is_nested_too_deep_is_refused() {
    for (before, inside, behind) in NESTED {
        for depth in [10, 90, 400, 1_000, 100_000] {
            let text = format!("{}{inside}{}", before.repeat(depth), behind.repeat(depth));
            let (outcome, _) = evaluate(&text, SMALL);
            assert!(depth < 1_000 || outcome.is_err(), "{before}{inside}{behind}: {outcome:?}");
        }
    }
    let signature = format!("function($x)<{}{}>{{1}}", "a<".repeat(100_000), "n>".repeat(100_000));
    let regex = format!("/{}a{}/", "(".repeat(100_000), ")".repeat(100_000));
    let escapes = format!("'{}'", "\\u0041".repeat(100_000));
    let comments = format!("{}1", "/* */".repeat(100_000));
    for text in [signature, regex, escapes, comments] {
        let _outcome = evaluate(&text, SMALL);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn expressions_keep_within_their_budget_and_give_the_same_again(text in expressions()) {
        const TINY: Allowance = Allowance { steps: 20_000, bytes: 1 << 20, depth: 50 };
        let (first, budget) = evaluate(&text, TINY);
        let (steps, bytes) = budget.used();
        prop_assert!(steps <= TINY.steps && bytes <= TINY.bytes);
        prop_assert_eq!(first, evaluate(&text, TINY).0);
    }
}
