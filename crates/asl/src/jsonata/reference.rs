//! Expressions with what jsonata 2.0.6 itself, the reference implementation, gave for them.
//!
//! Each line of `tests/jsonata/reference.jsonl` has an expression, where there is one the data, and a result, or an error's code and
//! message, or neither for nothing. A code that begins with `S` is a refusal of the text.

use super::failure::Failure;
use super::*;
use crate::budget::{Allowance, Budget};
use crate::scope::Variables;
use crate::testing::in_scope;

/// What is otherwise here: bounds that are AWS's or ours, functions that AWS lets nobody return, and whole numbers beyond
/// 10^21, which are written in full.
const OTHERWISE: [(&str, &str); 7] = [
    ("[1..20000000]", "Size"),
    ("$fromMillis(0,'[Y,*-64]')", "Size"),
    ("/abc/im", "Function"),
    ("/b/('abc')", "Function"),
    ("/a(b)?/('ac')", "Function"),
    ("$formatNumber(1e21, '0')", "\"1000000000000000000000\""),
    ("$formatBase(1e21, 36)", "\"5v1j4f4ds7c4ks\""),
];

/// A result as its JSON, an error as its code and message.
fn outcome(expression: &str, data: Option<&Value>) -> String {
    let program = match parser::parse(expression).map_err(|error| error.message).and_then(shape::program) {
        Ok(program) => program,
        Err(message) => return format!("refused: {message}"),
    };
    let budget = Budget::new(Allowance::default());
    let data = data.map_or(Datum::Undefined, Datum::from);
    match in_scope(&Value::Null, &Variables::default(), &budget, |scope| run(&program, data, scope)) {
        Ok(value) => value.map_or("nothing".to_owned(), |value| value.to_json()),
        Err(Failure::Coded(coded)) => format!("{}: {}", coded.code, coded.text),
        Err(failure) => format!("{failure:?}"),
    }
}

#[test]
fn expressions_give_what_the_reference_gives() {
    let mut wrong = Vec::new();
    for line in include_str!("../../tests/jsonata/reference.jsonl").lines() {
        let case = crate::json::parse(line.as_bytes()).unwrap();
        let text = |name: &str| case.get(name).and_then(Value::as_str);
        let expected = match (text("code"), case.get("result")) {
            (Some(code), _) if code.starts_with('S') => format!("refused: {}", text("message").unwrap()),
            (Some(code), _) => format!("{code}: {}", text("message").unwrap()),
            (None, Some(result)) => result.to_json(),
            (None, None) => "nothing".to_owned(),
        };
        let expression = text("expression").unwrap();
        let found = outcome(expression, case.get("data"));
        let ours = OTHERWISE.iter().find(|(known, _)| *known == expression).map(|(_, ours)| *ours);
        if found != ours.unwrap_or(&expected) {
            wrong.push(format!("{expression}\n    {found}\n    {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}
