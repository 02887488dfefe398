//! The array functions.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::math::rounded;
use crate::number::Number;
use crate::value::Value;

/// Items of an `ArrayRange`.
const RANGE_ITEMS_MAX: i64 = 1_000;

/// Chunks of that size; the last may be shorter.
pub(super) fn partition(items: &[Value], size: &Value) -> Result<Value, String> {
    let size = usize::try_from(rounded(size)?).unwrap_or(0);
    if size == 0 {
        return Err("The chunk size must be a positive integer".to_owned());
    }
    Ok(Value::array(items.chunks(size).map(|chunk| Value::array(chunk.to_vec())).collect()))
}

/// From the start to the end, which is included where a step hits it.
pub(super) fn range(start: &Value, end: &Value, step: &Value) -> Result<Value, String> {
    let (start, end, step) = (rounded(start)?, rounded(end)?, rounded(step)?);
    if step == 0 {
        return Err("The step cannot be 0".to_owned());
    }
    let last = (end - start) / step;
    if (end - start).signum() * step.signum() < 0 {
        return Ok(Value::array(Vec::new()));
    }
    if last >= RANGE_ITEMS_MAX {
        return Err(format!("The array cannot have more than {RANGE_ITEMS_MAX} items"));
    }
    Ok(Value::array((0..=last).map(|place| Value::int(start + place * step)).collect()))
}

/// The item at an index from 0.
pub(super) fn item(items: &[Value], index: &Value) -> Result<Value, String> {
    let index = rounded(index)?;
    let item = usize::try_from(index).ok().and_then(|index| items.get(index));
    item.cloned().ok_or_else(|| format!("The index {index} is out of bounds for an array of length {}", items.len()))
}

/// The items without repetitions, each where it first stood.
pub(super) fn unique(items: &[Value]) -> Value {
    let mut kept: Vec<Value> = Vec::new();
    let mut by_fingerprint: HashMap<u64, Vec<usize>> = HashMap::new();
    for item in items {
        let places = by_fingerprint.entry(fingerprint(item)).or_default();
        if places.iter().all(|place| kept[*place] != *item) {
            places.push(kept.len());
            kept.push(item.clone());
        }
    }
    Value::array(kept)
}

/// Equal values have equal fingerprints: the form of a number and the order of members do not count.
fn fingerprint(value: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    match value {
        Value::Null => 0u8.hash(&mut hasher),
        Value::Bool(value) => value.hash(&mut hasher),
        Value::Number(number) => canonical_bits(number).hash(&mut hasher),
        Value::String(text) => text.hash(&mut hasher),
        Value::Array(items) => items.iter().for_each(|item| fingerprint(item).hash(&mut hasher)),
        Value::Object(object) => {
            let of_member = |name: &str, value| {
                let mut hasher = DefaultHasher::new();
                (name, fingerprint(value)).hash(&mut hasher);
                hasher.finish()
            };
            object.iter().fold(1u64, |sum, (name, value)| sum.wrapping_add(of_member(name, value))).hash(&mut hasher);
        }
    }
    hasher.finish()
}

fn canonical_bits(number: &Number) -> u64 {
    // Adding 0 makes of -0 a 0, which it equals.
    (number.as_f64() + 0.0).to_bits()
}
