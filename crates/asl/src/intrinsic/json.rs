//! `States.StringToJson` and `States.JsonMerge`.

use std::sync::Arc;

use super::Failure;
use crate::budget::Budget;
use crate::value::Value;
use crate::walk;

/// Bytes that JSON may take for each byte of its text. An empty object, which is two bytes and a comma, takes the most.
const VALUE_BYTES_A_BYTE: u64 = 24;

/// The JSON that a text spells; a blank text is `null`.
pub(super) fn string_to_json(text: &str, budget: &Budget) -> Result<Value, Failure> {
    budget.charge_bytes((text.len() as u64).saturating_mul(VALUE_BYTES_A_BYTE))?;
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    // As an integer -0 is 0, and it is integers that the service reads here.
    if text.trim() == "-0" {
        return Ok(Value::int(0));
    }
    Ok(crate::json::parse(text.as_bytes()).map_err(|error| format!("The text is not valid JSON: {}", error.message))?)
}

/// The members of both, those of the second where both have them. Only shallow merging exists.
pub(super) fn merge(first: &Value, second: &Value, deep: &Value, budget: &Budget) -> Result<Value, Failure> {
    if deep.as_bool() != Some(false) {
        return Err("Only the shallow merging mode is supported: the third argument must be false".to_owned().into());
    }
    let (Value::Object(first), Value::Object(second)) = (first, second) else {
        return Err(format!(
            "The first two arguments must be objects, but were values of the types {} and {}",
            first.type_name(),
            second.type_name()
        )
        .into());
    };
    let count = first.len() + second.len();
    budget.charge_steps(count as u64)?;
    // Twice: large objects have an index.
    walk::charge_members(2 * count, budget)?;
    let mut merged = first.as_ref().clone();
    second.iter().for_each(|(name, value)| merged.insert(name.clone(), value.clone()));
    Ok(Value::Object(Arc::new(merged)))
}
