//! Which rules apply to which values.

use super::*;
use crate::error::ErrorName;
use crate::query_language::QueryLanguage;
use crate::testing::{json, scoped};

fn applies(condition: &Condition, input: &str) -> Result<bool, EvaluationError> {
    let input = json(input);
    scoped(&input, r#"{"Execution":{"Input":{"n":0}}}"#, ("v", "1"), |scope| condition.holds(0, scope))
}

fn compare(variable: &str, comparison: Comparison) -> Condition {
    Condition::Compare { variable: Path::parse(variable).unwrap(), comparison }
}

fn is(property: Property, wanted: bool) -> Condition {
    compare("$.v", Comparison::Is(property, wanted))
}

const VALUES: &[&str] = &[
    "null",
    "0",
    "0.0",
    "1",
    "1.1",
    r#""""#,
    r#"" ""#,
    r#""HelloWorld""#,
    r#""2012-10-09T19:00:55""#,
    r#""2012-10-09T19:00:55Z""#,
    r#""2012-10-09T19:00:55+01:00""#,
    r#""2023-02-24""#,
    "[]",
    r#"[""]"#,
    "{}",
    r#"{"A":0}"#,
    "true",
    "false",
];

#[test]
fn properties_depend_on_the_type() {
    let has: &[(Property, &[usize])] = &[
        (Property::Null, &[0]),
        (Property::Numeric, &[1, 2, 3, 4]),
        (Property::String, &[5, 6, 7, 8, 9, 10, 11]),
        (Property::Timestamp, &[9, 10]),
        (Property::Boolean, &[16, 17]),
        (Property::Present, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]),
    ];
    for (property, places) in has {
        for (place, value) in VALUES.iter().enumerate() {
            for wanted in [true, false] {
                let found = applies(&is(*property, wanted), &format!("{{\"v\":{value}}}")).unwrap();
                assert_eq!(found, places.contains(&place) == wanted, "{property:?} {wanted} of {value}");
            }
        }
    }
}

#[test]
fn a_missing_variable_is_only_not_present() {
    for path in ["$.v", "$.v.w", "$.v[0]", "$none"] {
        for wanted in [true, false] {
            assert_eq!(applies(&compare(path, Comparison::Is(Property::Present, wanted)), "{}"), Ok(!wanted));
        }
    }
    let comparisons = [
        Comparison::Is(Property::Null, true),
        Comparison::StringMatches("*".into()),
        Comparison::Ordered(OperandType::Numeric, Order::Equals, Operand::Literal(Value::int(1))),
    ];
    for comparison in comparisons {
        let error = applies(&compare("$.x", comparison), "{}").unwrap_err();
        assert_eq!(error.name, ErrorName::RUNTIME);
        assert_eq!(error.cause, "Invalid path '$.x': The choice state's condition path references an invalid value.");
    }
    let missing_operand =
        Comparison::Ordered(OperandType::Numeric, Order::Equals, Operand::Path(Path::parse("$.none").unwrap()));
    assert!(applies(&compare("$.v", missing_operand), r#"{"v":1}"#).unwrap_err().cause.contains("'$.none'"));
}

const EQUALS: u8 = 1;
const LESS: u8 = 2;
const GREATER: u8 = 4;

#[test]
fn values_compare_within_their_type() {
    use OperandType::{Boolean, Numeric, String, Timestamp};
    let cases: &[(OperandType, &str, &str, u8)] = &[
        (String, r#""Hello""#, r#""Hello""#, EQUALS),
        (String, r#"" ""#, r#""     ""#, LESS),
        (String, r#""""#, r#""""#, EQUALS),
        (String, r#""A""#, r#""A ""#, LESS),
        (String, r#""A""#, r#""A\t\n\r""#, LESS),
        (String, r#""AB""#, r#""ABC""#, LESS),
        (String, r#""B""#, r#""ABC""#, GREATER),
        (String, r#""😀""#, r#""\uffee""#, LESS),
        (String, "0", r#""0""#, 0),
        (String, "null", r#""null""#, 0),
        (String, "[]", r#""""#, 0),
        (Numeric, "0", "0.0", EQUALS),
        (Numeric, "2.22", "2.22", EQUALS),
        (Numeric, "0", "1", LESS),
        (Numeric, "1", "0.5", GREATER),
        (Numeric, "-1e3", "-999", LESS),
        (Numeric, r#""1""#, "1", 0),
        (Numeric, "true", "1", 0),
        (Numeric, "null", "0", 0),
        (Boolean, "true", "true", EQUALS),
        (Boolean, "false", "false", EQUALS),
        (Boolean, "true", "false", GREATER),
        (Boolean, r#""true""#, "true", 0),
        (Boolean, "1", "true", 0),
        (Boolean, "null", "false", 0),
        (Timestamp, r#""2012-10-09T19:00:55Z""#, r#""2012-10-09T19:00:55Z""#, EQUALS),
        (Timestamp, r#""2012-10-09T20:00:55+01:00""#, r#""2012-10-09T19:00:55Z""#, EQUALS),
        (Timestamp, r#""2012-10-09T19:00:55.0000001Z""#, r#""2012-10-09T19:00:55Z""#, GREATER),
        (Timestamp, r#""2012-10-09T19:00:55Z""#, r#""2012-10-09T19:00:56Z""#, LESS),
        (Timestamp, r#""2012-10-09T19:00:55""#, r#""2012-10-09T19:00:55Z""#, 0),
        (Timestamp, r#""""#, r#""2012-10-09T19:00:55Z""#, 0),
        (Timestamp, "0", r#""2012-10-09T19:00:55Z""#, 0),
    ];
    let orders = [
        (Order::Equals, EQUALS),
        (Order::LessThan, LESS),
        (Order::GreaterThan, GREATER),
        (Order::LessThanEquals, LESS | EQUALS),
        (Order::GreaterThanEquals, GREATER | EQUALS),
    ];
    for (operand_type, value, operand, relation) in cases {
        let input = format!("{{\"v\":{value},\"o\":{operand}}}");
        for (order, holds) in orders {
            let operands = [Operand::Literal(json(operand)), Operand::Path(Path::parse("$.o").unwrap())];
            for operand in operands {
                let condition = compare("$.v", Comparison::Ordered(*operand_type, order, operand));
                assert_eq!(
                    applies(&condition, &input),
                    Ok(relation & holds != 0),
                    "{operand_type:?} {order:?} {input}"
                );
            }
        }
    }
}

#[test]
fn variables_and_the_context_object_are_read() {
    let equals =
        |number| Comparison::Ordered(OperandType::Numeric, Order::Equals, Operand::Literal(Value::int(number)));
    assert_eq!(applies(&compare("$$.Execution.Input.n", equals(0)), "{}"), Ok(true));
    assert_eq!(applies(&compare("$v", equals(1)), "{}"), Ok(true));
}

#[test]
fn conditions_combine_and_stop_early() {
    let yes = || is(Property::Present, true);
    let no = || is(Property::Present, false);
    let error = || compare("$.missing", Comparison::Is(Property::Null, true));
    for (condition, expected) in [
        (Condition::And(vec![yes(), yes()]), true),
        (Condition::And(vec![yes(), no()]), false),
        (Condition::And(vec![no(), error()]), false),
        (Condition::Or(vec![no(), yes()]), true),
        (Condition::Or(vec![yes(), error()]), true),
        (Condition::Or(vec![no(), no()]), false),
        (Condition::Not(Box::new(yes())), false),
        (Condition::Not(Box::new(Condition::And(vec![yes(), no()]))), true),
    ] {
        assert_eq!(applies(&condition, r#"{"v":1}"#), Ok(expected));
    }
    assert!(applies(&Condition::And(vec![yes(), error()]), r#"{"v":1}"#).is_err());
}

#[test]
fn string_matches_takes_strings_only() {
    for (value, expected) in [(r#""log-1.txt""#, true), (r#""log-1.gz""#, false), ("1", false), ("null", false)] {
        let condition = compare("$.v", Comparison::StringMatches("log-*.txt".into()));
        assert_eq!(applies(&condition, &format!("{{\"v\":{value}}}")), Ok(expected));
    }
}

#[test]
fn a_condition_must_be_boolean() {
    let condition = |value| Condition::Expression(Template::parse(&value, QueryLanguage::Jsonata).unwrap());
    assert_eq!(applies(&condition(Value::Bool(true)), "{}"), Ok(true));
    assert_eq!(applies(&condition(Value::Bool(false)), "{}"), Ok(false));
    let error = applies(&condition(Value::int(1)), "{}").unwrap_err();
    assert_eq!(
        (error.name, error.location.as_deref()),
        (ErrorName::QUERY_EVALUATION_ERROR, Some("Choices[0]/Condition"))
    );
    assert!(error.cause.ends_with("Expected 'boolean', but was 'number' for value: 1"), "{}", error.cause);
}
