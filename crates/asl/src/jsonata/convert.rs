//! Payload values to the evaluator's values and back.

use std::rc::Rc;
use std::sync::Arc;

use jsonata_core::value::{JValue, with_stack};

use super::{message, meter};
use crate::json;
use crate::number::Number;
use crate::value::{Object, Text, Value};

/// Whole numbers up to this are doubles without loss.
const EXACT_MAX: i64 = 1 << 53;

/// A payload value as the evaluator takes it. Numbers become doubles.
pub(super) fn from_value(value: &Value) -> JValue {
    match value {
        Value::Null => JValue::Null,
        Value::Bool(value) => JValue::Bool(*value),
        Value::Number(number) => JValue::Number(number.as_f64()),
        Value::String(text) => JValue::String(Rc::from(&**text)),
        Value::Array(items) => with_stack(|| JValue::array(items.iter().map(from_value).collect())),
        Value::Object(object) => {
            with_stack(|| from_members(object.iter().map(|(name, member)| (&**name, from_value(member)))))
        }
    }
}

/// An object of the evaluator's.
pub(super) fn from_members<'m>(members: impl Iterator<Item = (&'m str, JValue)>) -> JValue {
    JValue::Object(Rc::new(members.map(|(name, member)| (name.to_owned(), member)).collect()))
}

/// Why a result is no payload.
pub(super) enum Problem {
    /// There is a function in it.
    Function,
    /// It is larger, or nested deeper, than any payload.
    Size,
}

impl Problem {
    /// AWS's words.
    pub(super) fn message(&self) -> &'static str {
        match self {
            Self::Function => message::UNSUPPORTED,
            Self::Size => message::MEMORY_EXCEEDED,
        }
    }
}

/// A result as a payload value. Members and items without a value are left out; numbers that JSON cannot say are
/// strings, as on AWS.
pub(super) fn to_value(value: &JValue) -> Result<Value, Problem> {
    meter::Meter::new().charge_value(value).map_err(|_| Problem::Size)?;
    payload(value, 0).map(Option::unwrap_or_default)
}

/// `None` for what has no value. The caller has bounded the size.
fn payload(value: &JValue, depth: usize) -> Result<Option<Value>, Problem> {
    if depth > json::DEPTH_MAX {
        return Err(Problem::Size);
    }
    let value = match value {
        JValue::Null => Value::Null,
        JValue::Bool(value) => Value::Bool(*value),
        JValue::Number(number) => number_value(*number),
        JValue::String(text) => Value::string(text),
        JValue::Array(items) => with_stack(|| {
            let items = items.iter().filter_map(|item| payload(item, depth + 1).transpose());
            items.collect::<Result<_, _>>().map(Value::array)
        })?,
        JValue::Object(members) => with_stack(|| {
            let members = members.iter().filter_map(|(name, member)| {
                payload(member, depth + 1).transpose().map(|member| Ok((Text::from(name.as_str()), member?)))
            });
            Ok(Value::Object(Arc::new(members.collect::<Result<Object, _>>()?)))
        })?,
        JValue::Undefined => return Ok(None),
        JValue::Lambda(_) | JValue::Builtin { .. } | JValue::Regex { .. } => return Err(Problem::Function),
    };
    Ok(Some(value))
}

fn number_value(number: f64) -> Value {
    match Number::from_f64(number) {
        Some(number) => Value::Number(number),
        None if number.is_nan() => Value::from("NaN"),
        None if number > 0.0 => Value::from("Infinity"),
        None => Value::from("-Infinity"),
    }
}

/// The value with its numbers as JSONata, whose numbers are doubles, writes them. Shared where that changes
/// nothing.
pub(super) fn with_doubles(value: &Value) -> Value {
    doubles(value).unwrap_or_else(|| value.clone())
}

/// The changed value; `None` where nothing changes.
fn doubles(value: &Value) -> Option<Value> {
    match value {
        Value::Number(number) => changed_number(number),
        Value::Array(items) => with_stack(|| {
            items.iter().any(has_other_numbers).then(|| Value::array(items.iter().map(with_doubles).collect()))
        }),
        Value::Object(object) => with_stack(|| {
            object
                .values()
                .any(has_other_numbers)
                .then(|| Value::object(object.iter().map(|(name, member)| (name.clone(), with_doubles(member)))))
        }),
        Value::Null | Value::Bool(_) | Value::String(_) => None,
    }
}

fn has_other_numbers(value: &Value) -> bool {
    match value {
        Value::Number(number) => changed_number(number).is_some(),
        Value::Array(items) => with_stack(|| items.iter().any(has_other_numbers)),
        Value::Object(object) => with_stack(|| object.values().any(has_other_numbers)),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}

fn changed_number(number: &Number) -> Option<Value> {
    if number.is_integer_text() && number.as_i64().is_some_and(|int| int != 0 && int.abs() <= EXACT_MAX) {
        return None;
    }
    let double = number_value(number.as_f64());
    let same = matches!(&double, Value::Number(double) if double.to_string() == number.to_string());
    (!same).then_some(double)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_lose_their_text_and_nothing_else_changes() {
        let of = |text: &str| with_doubles(&json::parse(text.as_bytes()).unwrap()).to_json();
        for (text, written) in [
            ("1.0", "1"),
            ("[1.50,-0]", "[1.5,0]"),
            (r#"{"a":{"b":12345678901234567890}}"#, r#"{"a":{"b":12345678901234567000}}"#),
            ("1e3", "1000"),
            ("1E400", r#""Infinity""#),
            (r#"{"a":[1,"1.0",null,true,0.1]}"#, r#"{"a":[1,"1.0",null,true,0.1]}"#),
        ] {
            let (value, expected) = (of(text), json::parse(written.as_bytes()).unwrap());
            assert_eq!(json::parse(value.as_bytes()).unwrap(), expected, "{text}: {value}");
        }
    }

    #[test]
    fn a_value_of_plain_numbers_is_shared() {
        let value = json::parse(br#"{"a":[1,2.5,{"b":0}]}"#).unwrap();
        assert!(with_doubles(&value).same_allocation(&value));
    }
}
