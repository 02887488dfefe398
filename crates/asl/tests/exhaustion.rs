//! What would take for ever, or all memory, ends with its budget and says so.
//!
//! Nothing here is timed: what is asserted is why an evaluation ended, and what it had used by then.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fmt::Write;

use asl::choice::{Comparison, Condition, Operand, OperandType, Order, Property};
use asl::error::{ErrorName, EvaluationError};
use asl::path::{Path, PathError};
use asl::program::QueryLanguage;
use asl::scope::{Chance, Context, Scope, Variables};
use asl::template::Template;
use asl::{Allowance, Budget, Exhausted, Value};

const ALLOWANCE: Allowance = Allowance { steps: 2_000_000, bytes: 8 << 20, depth: 100 };

fn json(text: &str) -> Value {
    asl::json::parse(text.as_bytes()).unwrap()
}

fn scoped<T>(input: &Value, budget: &Budget, evaluate: impl FnOnce(&Scope<'_>) -> T) -> T {
    let make = Value::empty_object;
    evaluate(&Scope {
        input,
        state_input: input,
        result: None,
        error_output: None,
        context: &Context::new(&make),
        variables: &Variables::default(),
        chance: &Chance::new(1),
        now: 0,
        budget,
    })
}

/// The template is stopped with that allowance, and has used no more than it.
#[track_caller]
fn stopped(template: &str, input: &Value) -> EvaluationError {
    let template = Template::parse(&json(template), QueryLanguage::JsonPath).unwrap();
    let budget = Budget::new(ALLOWANCE);
    let error = scoped(input, &budget, |scope| template.evaluate(scope, "Parameters")).unwrap_err();
    assert!(budget.exhausted().is_some(), "{error}");
    assert_eq!(error.name, ErrorName::RUNTIME);
    assert!(error.cause.contains("was stopped: the evaluation"), "{error}");
    error
}

/// The template is evaluated within that allowance.
#[track_caller]
fn done(template: &str, input: &Value) -> Value {
    let template = Template::parse(&json(template), QueryLanguage::JsonPath).unwrap();
    scoped(input, &Budget::new(ALLOWANCE), |scope| template.evaluate(scope, "Parameters")).unwrap()
}

fn numbers(count: i64) -> Value {
    Value::array((0..count).map(Value::int).collect())
}

fn nested(depth: usize) -> Value {
    (0..depth).fold(Value::int(1), |value, _| Value::object([("a", value)]))
}

/// A value of 2 to the power of that many parts, which takes little memory.
fn doubled(times: usize) -> Value {
    (0..times).fold(Value::int(1), |value, _| Value::array(vec![value.clone(), value]))
}

fn object(members: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    Value::object(members)
}

#[test]
fn filters_are_charged_for_what_they_compare() {
    let digits = Value::string("9".repeat(100_000));
    let input = object([("c", numbers(20_000)), ("b", digits), ("q", Value::string("\\'".repeat(50_000)))]);
    for filter in [
        "$.c[?(@ == $.b)]",
        "$.c[?($.b == $.q)]",
        "$.c[?(@ < $.b || @ > $.b)]",
        "$.c[?($.b =~ /.*x/)]",
        "$.c[?($.b =~ /(9*)*x/i)]",
        "$.c[?($ =~ /.*x/)]",
        "$.c[?($.c =~ /.*x/)]",
    ] {
        stopped(&format!(r#"{{"v.$": "{}"}}"#, filter.replace('\\', "\\\\")), &input);
    }
    let kept = done(r#"{"v.$": "$.c[?(@ >= 10)]"}"#, &input);
    assert_eq!(kept.get("v").and_then(Value::as_array).map(<[Value]>::len), Some(19_990));
}

#[test]
fn a_long_filter_over_many_items_is_charged_for_each_criterion() {
    let criteria = vec!["@ == x1"; 1_000].join("||");
    stopped(&format!(r#"{{"v.$": "$[?({criteria})]"}}"#), &Value::array(vec![Value::from("y"); 20_000]));
    let criteria = vec!["@.a"; 1_000].join("&&");
    stopped(&format!(r#"{{"v.$": "$[?({criteria})]"}}"#), &Value::array(vec![nested(1); 20_000]));
}

#[test]
fn paths_that_multiply_what_they_visit_are_stopped() {
    for path in [
        "$..*..*..*..*",
        "$..a..a..a..a",
        "$..[?(@.a)]..[?(@.a)]..[?(@.a)]",
        "$..*..*..['a']..*",
        "$..*..[?(@.a)].a..*",
    ] {
        let error = stopped(&format!(r#"{{"v.$": "{path}"}}"#), &nested(500));
        assert!(
            error.cause.contains("takes more than 2000000 steps") || error.cause.contains("makes more than"),
            "{error}"
        );
    }
    let sequence = vec!["0"; 1_000].join(",");
    stopped(&format!(r#"{{"v.$": "$[{sequence}][{sequence}][{sequence}]"}}"#), &json("[[[1]]]"));
    stopped(&format!(r#"{{"v.$": "${}"}}"#, "[*]".repeat(60)), &doubled(60));
    stopped(r#"{"v.$": "$..*"}"#, &doubled(60));
    stopped(&format!(r#"{{"v.$": "$[*]{}"}}"#, "$".repeat(900)), &numbers(20_000));
}

#[test]
fn names_are_charged_by_their_length() {
    let name = "x".repeat(30_000);
    let items = Value::array(vec![Value::object([(format!("{name}y"), Value::Null)]); 20_000]);
    stopped(&format!(r#"{{"v.$": "$[*]['{name}']"}}"#), &items);
    stopped(&format!(r#"{{"v.$": "$..['{name}']"}}"#), &items);
    stopped(&format!(r#"{{"v.$": "$[*]['{name}','{name}z']"}}"#), &items);
    stopped(&format!(r#"{{"v.$": "$[?(@['{name}'])]"}}"#), &items);
}

#[test]
fn many_members_that_select_much_are_stopped() {
    let members = |value: &str, count: usize| {
        let mut members = String::from("{");
        for index in 0..count {
            write!(members, r#""m{index}.$": "{value}","#).unwrap();
        }
        members.push_str(r#""end": 1}"#);
        members
    };
    let text = Value::string("x".repeat(250_000));
    let braces = "{}".repeat(63);
    let arguments = ["$"; 63].join(", ");
    stopped(&members(&format!("States.Format('{braces}', {arguments})"), 700), &text);
    stopped(&members("States.JsonToString($)", 700), &text);
    stopped(&members("States.StringToJson($)", 700), &Value::string(format!("[{}1]", "1,".repeat(120_000))));
    stopped(&members("States.StringSplit($, 'y')", 700), &text);
    stopped(&members("$..*", 5_000), &numbers(50_000));
    stopped(&members("$[*]", 5_000), &numbers(50_000));
    stopped(&members("States.ArrayPartition($, 1)", 100), &numbers(50_000));
    stopped(&members("States.ArrayUnique($)", 100), &numbers(50_000));
    stopped(&members("States.ArrayRange(1, 1000, 1)", 5_000), &numbers(1));
    let wide = Value::object((0..20_000).map(|index| (format!("k{index}"), Value::Null)));
    stopped(&members("States.JsonMerge($, $, false)", 100), &wide);
}

#[test]
fn what_shares_itself_is_charged_as_often_as_it_is_visited() {
    let input = object([("a", doubled(60)), ("b", Value::array(vec![doubled(60)]))]);
    for call in [
        "States.ArrayContains($.b, $.a)",
        "States.ArrayUnique($.a)",
        "States.JsonToString($.a)",
        "States.Format('{}', $.a)",
        "States.Hash($.a, 'MD5')",
        "States.Array($.missing)",
        "$.missing",
        "$.a.x[0]",
        "$.a[0][?(@[0] =~ /x/)]",
    ] {
        stopped(&format!(r#"{{"v.$": "{call}"}}"#), &input);
    }
}

#[test]
fn texts_are_charged_for_what_is_looked_for_in_them() {
    let input = object([("t", Value::string("é".repeat(60_000))), ("d", Value::string("xyz".repeat(30_000)))]);
    stopped(r#"{"v.$": "States.StringSplit($.t, $.d)"}"#, &input);
    stopped(
        r#"{"v.$": "States.StringSplit($.d, 'x')", "w.$": "States.StringSplit($.d, States.Format('{}{}', $.t, $.d))"}"#,
        &input,
    );
    assert_eq!(done(r#"{"v.$": "States.StringSplit('a,b', ',')"}"#, &input).to_json(), r#"{"v":["a","b"]}"#);
}

fn compare(variable: &str, comparison: Comparison) -> Condition {
    Condition::Compare { variable: Path::parse(variable).unwrap(), comparison }
}

fn choose(condition: &Condition, input: &Value) -> (Result<bool, EvaluationError>, Budget) {
    let budget = Budget::new(ALLOWANCE);
    (scoped(input, &budget, |scope| condition.holds(0, scope)), budget)
}

#[test]
fn rules_are_charged_for_what_they_read() {
    let input = object([("t", Value::string("ab".repeat(100_000))), ("u", Value::string("ab".repeat(100_000)))]);
    let comparisons: [fn() -> Comparison; 4] = [
        || Comparison::StringMatches("*a".repeat(1_000).as_str().into()),
        || Comparison::Ordered(OperandType::String, Order::Equals, Operand::Path(Path::parse("$.u").unwrap())),
        || Comparison::Ordered(OperandType::Timestamp, Order::LessThan, Operand::Path(Path::parse("$.u").unwrap())),
        || Comparison::Is(Property::Timestamp, true),
    ];
    for comparison in comparisons {
        let either = || {
            Condition::Or(vec![compare("$.t", comparison()), Condition::Not(Box::new(compare("$.t", comparison())))])
        };
        let rule = Condition::And((0..2_000).map(|_| either()).collect());
        let (result, budget) = choose(&rule, &input);
        assert_eq!(result.unwrap_err(), EvaluationError::exhausted(budget.exhausted().unwrap()));
    }
    let (result, budget) = choose(&compare("$.t", Comparison::StringMatches("a*b*a*b".into())), &input);
    assert_eq!(result, Ok(true));
    assert!(budget.used().0 < 10_000, "{:?}", budget.used());
}

#[test]
fn whether_something_is_present_is_no_way_around_the_budget() {
    for wanted in [true, false] {
        let condition = compare("$..*..*..*..*", Comparison::Is(Property::Present, wanted));
        let (result, budget) = choose(&condition, &nested(500));
        assert_eq!(result.unwrap_err(), EvaluationError::exhausted(budget.exhausted().unwrap()));
        let (result, _) = choose(&Condition::Not(Box::new(condition)), &nested(500));
        assert!(result.is_err(), "a negation is none either");
    }
    let name = "x".repeat(30_000);
    let items = Value::array(vec![nested(1); 20_000]);
    stopped(&format!(r#"{{"v.$": "$[?(!@['{name}'])]"}}"#), &items);
    stopped(&format!(r#"{{"v.$": "$[?(@['{name}'] == 1)]"}}"#), &items);
    stopped(&format!(r#"{{"v.$": "$[*]['{name}'].x.y[*]"}}"#), &items);
}

#[test]
fn whoever_has_no_time_is_told_so_and_not_that_nothing_is_there() {
    let input = json(r#"{"a": [1, 2, 3]}"#);
    for steps in 0..8 {
        let budget = Budget::with_patience(ALLOWANCE, Some(steps));
        let found = scoped(&input, &budget, |scope| Path::parse("$.a[?(@.x || @ > 1)]").unwrap().select(scope));
        assert_eq!(found, Err(PathError::Exhausted(Exhausted::Patience)), "{steps} steps");
    }
    let budget = Budget::with_patience(ALLOWANCE, Some(1_000));
    let found = scoped(&input, &budget, |scope| Path::parse("$.a[?(@.x || @ > 1)]").unwrap().select(scope));
    assert_eq!(found.unwrap().to_json(), "[2,3]");
}

#[test]
fn all_fields_of_a_state_share_one_budget() {
    let input = numbers(10_000);
    let template = Template::parse(&json(r#"{"v.$": "$[*]"}"#), QueryLanguage::JsonPath).unwrap();
    let budget = Budget::new(ALLOWANCE);
    let times =
        (0..10_000).take_while(|_| scoped(&input, &budget, |scope| template.evaluate(scope, "x")).is_ok()).count();
    assert!((10..100).contains(&times), "{times}");
}

/// What is built may be as deep as what it is built of and the template together.
#[test]
fn a_deep_template_over_a_deep_value_is_made_written_compared_and_dropped() {
    let mut template = String::from(r#""$""#);
    for depth in 0..900 {
        let ending = if depth == 0 { ".$" } else { "" };
        template = format!(r#"{{"t{ending}": {template}}}"#);
    }
    let made = done(&template, &nested(999));
    assert!(made.to_json().starts_with(r#"{"t":{"t":"#));
    assert_eq!(made, done(&template, &nested(999)));
    let input = object([("v", made)]);
    done(
        r#"{"a.$": "States.ArrayUnique(States.Array($.v, $.v))", "b.$": "States.Format('{}', $.v)", "c.$": "$..x"}"#,
        &input,
    );
}
