//! `States.StringToJson` and `States.JsonMerge`.

use std::sync::Arc;

use crate::value::Value;

/// The JSON that a text spells; a blank text is `null`.
pub(super) fn string_to_json(text: &str) -> Result<Value, String> {
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    // As an integer -0 is 0, and it is integers that the service reads here.
    if text.trim() == "-0" {
        return Ok(Value::int(0));
    }
    crate::json::parse(text.as_bytes()).map_err(|error| format!("The text is not valid JSON: {}", error.message))
}

/// The members of both, those of the second where both have them. Only shallow merging exists.
pub(super) fn merge(first: &Value, second: &Value, deep: &Value) -> Result<Value, String> {
    if deep.as_bool() != Some(false) {
        return Err("Only the shallow merging mode is supported: the third argument must be false".to_owned());
    }
    let (Value::Object(first), Value::Object(second)) = (first, second) else {
        return Err(format!(
            "The first two arguments must be objects, but were values of the types {} and {}",
            first.type_name(),
            second.type_name()
        ));
    };
    let mut merged = first.as_ref().clone();
    second.iter().for_each(|(name, value)| merged.insert(name.clone(), value.clone()));
    Ok(Value::Object(Arc::new(merged)))
}
