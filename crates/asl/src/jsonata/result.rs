//! What an evaluation gives, as a payload.

use std::sync::Arc;

use super::datum::{Datum, payload_number};
use super::failure::{Evaluated, Failure};
use crate::budget::Budget;
use crate::json;
use crate::number::Number;
use crate::value::{Object, Value};

/// Bytes of a value in an array of a payload.
const VALUE_BYTES: u64 = size_of::<Value>() as u64;

/// A result as a payload value. Members without a value are left out, and an item without one, which is a group of a
/// match that took no part, is null; numbers that JSON cannot say are strings, as on AWS. `None` for nothing.
pub(super) fn payload(datum: &Datum, budget: &Budget) -> Evaluated<Option<Value>> {
    converted(datum, budget, 0)
}

fn converted(datum: &Datum, budget: &Budget, depth: usize) -> Evaluated<Option<Value>> {
    budget.charge_step()?;
    if depth > json::DEPTH_MAX {
        return Err(Failure::Size);
    }
    Ok(Some(match datum {
        Datum::Undefined => return Ok(None),
        Datum::Null => Value::Null,
        Datum::Bool(value) => Value::Bool(*value),
        Datum::Number(number) => payload_number(*number),
        Datum::Text(text) => Value::String(text.clone()),
        Datum::PayloadArray(items) => doubles(&Value::Array(items.clone()), budget, depth)?,
        Datum::PayloadObject(object) => doubles(&Value::Object(object.clone()), budget, depth)?,
        Datum::Array(_) | Datum::Tuples(_) => {
            let items = datum.items_or_single();
            budget.charge_bytes(items.len() as u64 * VALUE_BYTES)?;
            let mut values = Vec::with_capacity(items.len());
            for item in items.iter() {
                values.push(converted(&item, budget, depth + 1)?.unwrap_or_default());
            }
            Value::array(values)
        }
        Datum::Object(members) => {
            budget.charge_bytes(members.len() as u64 * 2 * VALUE_BYTES)?;
            let mut object = Object::default();
            for (name, member) in members.iter() {
                budget.charge_reading(name.len())?;
                if let Some(member) = converted(member, budget, depth + 1)? {
                    object.insert(name.clone(), member);
                }
            }
            Value::Object(Arc::new(object))
        }
        Datum::Function(_) => return Err(Failure::Function),
    }))
}

/// The value with its numbers as JSONata, whose numbers are doubles, writes them. Shared where that changes nothing.
fn doubles(value: &Value, budget: &Budget, depth: usize) -> Evaluated<Value> {
    if !has_other_numbers(value, budget, depth)? {
        return Ok(value.clone());
    }
    Ok(match value {
        Value::Number(number) => payload_number(number.as_f64()),
        Value::Array(items) => {
            budget.charge_bytes(items.len() as u64 * VALUE_BYTES)?;
            let items = items.iter().map(|item| doubles(item, budget, depth + 1));
            Value::array(items.collect::<Evaluated<_>>()?)
        }
        Value::Object(object) => {
            budget.charge_bytes(object.len() as u64 * 2 * VALUE_BYTES)?;
            let members = object.iter().map(|(name, member)| Ok((name.clone(), doubles(member, budget, depth + 1)?)));
            Value::Object(Arc::new(members.collect::<Evaluated<Object>>()?))
        }
        other => other.clone(),
    })
}

fn has_other_numbers(value: &Value, budget: &Budget, depth: usize) -> Evaluated<bool> {
    budget.charge_step()?;
    if depth > json::DEPTH_MAX {
        return Err(Failure::Size);
    }
    match value {
        Value::Number(number) => Ok(is_other(number)),
        Value::Array(items) => any(items.iter(), budget, depth),
        Value::Object(object) => any(object.values(), budget, depth),
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(false),
    }
}

fn any<'v>(values: impl Iterator<Item = &'v Value>, budget: &Budget, depth: usize) -> Evaluated<bool> {
    for value in values {
        if has_other_numbers(value, budget, depth + 1)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a number is written otherwise as a double.
fn is_other(number: &Number) -> bool {
    !number.is_javascript()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Allowance;

    fn of(text: &str) -> Value {
        let value = json::parse(text.as_bytes()).unwrap();
        payload(&Datum::from(&value), &Budget::new(Allowance::default())).unwrap().unwrap()
    }

    #[test]
    fn numbers_lose_their_text_and_nothing_else_changes() {
        for (text, written) in [
            ("1.0", "1"),
            ("[1.50,-0]", "[1.5,0]"),
            (r#"{"a":{"b":12345678901234567890}}"#, r#"{"a":{"b":12345678901234567000}}"#),
            ("1e3", "1000"),
            ("[9007199254740992,9007199254740993]", "[9007199254740992,9007199254740992]"),
            ("1E400", r#""Infinity""#),
            (r#"{"a":[1,"1.0",null,true,0.1]}"#, r#"{"a":[1,"1.0",null,true,0.1]}"#),
        ] {
            assert_eq!(of(text).to_json(), written, "{text}");
        }
    }

    #[test]
    fn a_value_of_plain_numbers_is_shared() {
        let value = json::parse(br#"{"a":[1,2.5,{"b":0}]}"#).unwrap();
        let given = payload(&Datum::from(&value), &Budget::new(Allowance::default())).unwrap().unwrap();
        assert!(given.same_allocation(&value));
    }
}
