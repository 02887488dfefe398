//! Payloads as the AWS client takes them, and its answers as payloads.
//!
//! The order of members is kept both ways. Integers keep their digits; any other number goes through the nearest
//! float, as in the SDKs that Step Functions calls services with.

use asl::{Number, Text, Value, json};
use serde_json::Value as Json;

use crate::Failure;

/// The deepest nesting of parameters: deeper ones no service of AWS takes.
pub(crate) const DEPTH_MAX: usize = 128;

/// A payload for the AWS client. Fails with `States.Runtime` where it is nested deeper than [`DEPTH_MAX`].
pub(crate) fn to_json(value: &Value) -> Result<Json, Failure> {
    convert(value, DEPTH_MAX)
}

fn convert(value: &Value, depth: usize) -> Result<Json, Failure> {
    let Some(below) = depth.checked_sub(1) else {
        return Err(Failure::runtime(format!("The parameters are nested deeper than {DEPTH_MAX} levels")));
    };
    Ok(match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Number(number) => Json::Number(to_number(number)),
        Value::String(text) => Json::String(text.to_string()),
        Value::Array(items) => {
            Json::Array(items.iter().map(|item| convert(item, below)).collect::<Result<_, Failure>>()?)
        }
        Value::Object(object) => Json::Object(
            object
                .iter()
                .map(|(name, value)| Ok((name.to_string(), convert(value, below)?)))
                .collect::<Result<_, Failure>>()?,
        ),
    })
}

fn to_number(number: &Number) -> serde_json::Number {
    let mut text = String::new();
    number.write(&mut text);
    if let Ok(int) = text.parse::<i64>() {
        return int.into();
    }
    if let Ok(int) = text.parse::<u64>() {
        return int.into();
    }
    // Beyond the floats there is nothing to fall back to but the largest of them.
    let float = number.as_f64().clamp(f64::MIN, f64::MAX);
    serde_json::Number::from_f64(float).unwrap_or_else(|| 0.into())
}

/// An answer of the AWS client as a payload. The client bounds the depth of what it reads.
pub(crate) fn from_json(value: Json) -> Value {
    match value {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(value),
        Json::Number(number) => from_number(&number),
        Json::String(text) => Value::from(text),
        Json::Array(items) => Value::array(items.into_iter().map(from_json).collect()),
        Json::Object(members) => {
            Value::object(members.into_iter().map(|(name, value)| (Text::from(name), from_json(value))))
        }
    }
}

fn from_number(number: &serde_json::Number) -> Value {
    match number.as_i64() {
        Some(int) => Value::int(int),
        // Its text is JSON's; `Null` stands for what cannot happen.
        None => json::parse(number.to_string().as_bytes()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Value {
        json::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn values_survive_both_ways() {
        for text in [
            r#"{"b":1,"a":[true,null,"x",{"z":0,"y":-1}]}"#,
            "9223372036854775807",
            "18446744073709551615",
            "-9223372036854775808",
            "1.5",
            r#""ä\n""#,
            "{}",
        ] {
            assert_eq!(from_json(to_json(&parsed(text)).unwrap()).to_json(), text);
        }
    }

    #[test]
    fn numbers_beyond_integers_become_floats() {
        for (text, expected) in
            [("1.10", "1.1"), ("123456789012345678901234567890", "1.2345678901234568e29"), ("1E2", "100.0")]
        {
            let json = to_json(&parsed(text)).unwrap();
            assert_eq!(json.as_f64(), expected.parse().ok(), "{text}");
        }
        assert_eq!(to_json(&parsed("1E400")).unwrap().as_f64(), Some(f64::MAX));
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |depth: usize| parsed(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
        assert!(to_json(&nested(DEPTH_MAX)).is_ok());
        assert_eq!(to_json(&nested(DEPTH_MAX + 1)).unwrap_err().error, "States.Runtime");
    }
}
