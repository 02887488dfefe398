//! Values of a result, alike in all protocols.

use std::borrow::Cow;

use models::Shape;
use serde_json::{Number, Value};

use super::timestamp::Timestamp;
use super::{DecodeError, base64};

/// A member's name as Step Functions shows it: with a capital letter.
pub(super) fn capitalized(name: &str) -> Cow<'_, str> {
    match name.as_bytes().first() {
        Some(first) if first.is_ascii_lowercase() => {
            let mut name = name.to_owned();
            name[..1].make_ascii_uppercase();
            Cow::Owned(name)
        }
        _ => Cow::Borrowed(name),
    }
}

/// A blob: its text where it is UTF-8, else base64.
pub(super) fn blob(bytes: Vec<u8>) -> Value {
    Value::String(String::from_utf8(bytes).unwrap_or_else(|error| base64::encode(error.as_bytes())))
}

/// A blob that came as base64.
pub(super) fn base64_blob(text: &str) -> Result<Value, DecodeError> {
    base64::decode(text).map(blob).ok_or_else(|| expected("base64", text))
}

/// A time as text.
pub(super) fn timestamp(time: Timestamp) -> Value {
    Value::String(time.iso8601())
}

/// A value that came as text, in XML or in a header. Empty text is the absence of anything but a string or a blob.
pub(super) fn from_text(shape: &Shape, text: &str) -> Result<Option<Value>, DecodeError> {
    let trimmed = text.trim();
    if trimmed.is_empty() && !matches!(shape, Shape::String | Shape::Blob) {
        return Ok(None);
    }
    let value = match shape {
        Shape::String => Some(Value::String(text.to_owned())),
        Shape::Blob => return base64_blob(text).map(Some),
        Shape::Boolean => boolean(trimmed),
        Shape::Integer => trimmed.parse().ok().map(|number: i64| Value::Number(number.into())),
        Shape::Float => float(trimmed),
        Shape::Timestamp(_) => Timestamp::parse(trimmed).map(timestamp),
        Shape::Document => serde_json::from_str(trimmed).ok(),
        Shape::Structure(_) | Shape::List(_) | Shape::Map(_) => None,
    };
    value.map(Some).ok_or_else(|| expected(shape_kind(shape), trimmed))
}

/// `true` or `false`, whatever the case.
pub(super) fn boolean(text: &str) -> Option<Value> {
    let value = text.eq_ignore_ascii_case("true");
    (value || text.eq_ignore_ascii_case("false")).then_some(Value::Bool(value))
}

/// A number, or the name of one that JSON does not have.
pub(super) fn float(text: &str) -> Option<Value> {
    if let Some(name) = not_finite(text) {
        return Some(Value::String(name.to_owned()));
    }
    text.parse().ok().and_then(Number::from_f64).map(Value::Number)
}

/// The names of the numbers that JSON does not have.
pub(super) fn not_finite(text: &str) -> Option<&'static str> {
    ["NaN", "Infinity", "-Infinity"].into_iter().find(|name| *name == text)
}

/// The number as a whole one, if nothing is lost.
pub(super) fn whole(number: &Number) -> Option<i64> {
    /// 2^53: up to here a float holds every whole number.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if let Some(number) = number.as_i64() {
        return Some(number);
    }
    let float = number.as_f64().filter(|_| number.is_f64())?;
    (float.fract() == 0.0 && float.abs() <= EXACT).then_some(float as i64)
}

/// What a JSON value is, for messages.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// What a shape wants, for messages.
pub(super) fn shape_kind(shape: &Shape) -> &'static str {
    match shape {
        Shape::Structure(_) | Shape::Map(_) => "an object",
        Shape::List(_) => "an array",
        Shape::String => "a string",
        Shape::Blob => "base64",
        Shape::Boolean => "a boolean",
        Shape::Integer => "a whole number",
        Shape::Float => "a number",
        Shape::Timestamp(_) => "a time",
        Shape::Document => "JSON",
    }
}

/// A text that is not what was expected; a long one is cut.
pub(super) fn expected(what: &str, found: &str) -> DecodeError {
    const SHOWN: usize = 40;
    let mut shown: String = found.chars().take(SHOWN).collect();
    if shown.len() < found.len() {
        shown.push_str("...");
    }
    DecodeError::new(format!("expected {what}, found {shown:?}"))
}
