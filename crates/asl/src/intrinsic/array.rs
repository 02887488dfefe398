//! The array functions.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::Failure;
use super::math::rounded;
use crate::budget::{Budget, Exhausted};
use crate::number::Number;
use crate::value::Value;
use crate::walk;

/// Items of an `ArrayRange`.
const RANGE_ITEMS_MAX: i64 = 1_000;

/// Chunks of that size; the last may be shorter.
pub(super) fn partition(items: &[Value], size: &Value, budget: &Budget) -> Result<Value, Failure> {
    let size = usize::try_from(rounded(size)?).unwrap_or(0);
    if size == 0 {
        return Err("The chunk size must be a positive integer".to_owned().into());
    }
    walk::charge_items(items.len(), budget)?;
    // Each chunk is an item, and an array of its own.
    walk::charge_items(items.len().div_ceil(size).saturating_mul(4), budget)?;
    budget.charge_steps(items.len() as u64)?;
    Ok(Value::array(items.chunks(size).map(|chunk| Value::array(chunk.to_vec())).collect()))
}

/// From the start to the end, which is included where a step hits it.
pub(super) fn range(start: &Value, end: &Value, step: &Value, budget: &Budget) -> Result<Value, Failure> {
    let (start, end, step) = (rounded(start)?, rounded(end)?, rounded(step)?);
    if step == 0 {
        return Err("The step cannot be 0".to_owned().into());
    }
    let last = (end - start) / step;
    if (end - start).signum() * step.signum() < 0 {
        return Ok(Value::array(Vec::new()));
    }
    if last >= RANGE_ITEMS_MAX {
        return Err(format!("The array cannot have more than {RANGE_ITEMS_MAX} items").into());
    }
    walk::charge_items(usize::try_from(last).unwrap_or(0) + 1, budget)?;
    Ok(Value::array((0..=last).map(|place| Value::int(start + place * step)).collect()))
}

/// Whether an item is among others.
pub(super) fn contains(items: &[Value], item: &Value, budget: &Budget) -> Result<Value, Failure> {
    for one in items {
        if walk::equal(one, item, budget)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

/// The item at an index from 0.
pub(super) fn item(items: &[Value], index: &Value) -> Result<Value, String> {
    let index = rounded(index)?;
    let item = usize::try_from(index).ok().and_then(|index| items.get(index));
    item.cloned().ok_or_else(|| format!("The index {index} is out of bounds for an array of length {}", items.len()))
}

/// Bytes that it takes to know an item by its fingerprint.
const FINGERPRINT_BYTES: u64 = 64;

/// The items without repetitions, each where it first stood.
pub(super) fn unique(items: &[Value], budget: &Budget) -> Result<Value, Failure> {
    let mut kept: Vec<Value> = Vec::new();
    let mut by_fingerprint: HashMap<u64, Vec<usize>> = HashMap::new();
    for item in items {
        budget.charge_bytes(FINGERPRINT_BYTES)?;
        let places = by_fingerprint.entry(fingerprint(item, budget)?).or_default();
        if !is_among(places, item, &kept, budget)? {
            places.push(kept.len());
            walk::charge_items(1, budget)?;
            kept.push(item.clone());
        }
    }
    Ok(Value::array(kept))
}

fn is_among(places: &[usize], item: &Value, kept: &[Value], budget: &Budget) -> Result<bool, Exhausted> {
    for place in places {
        if walk::equal(&kept[*place], item, budget)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Equal values have equal fingerprints: the form of a number and the order of members do not count. It recurses as
/// deep as the value is.
fn fingerprint(value: &Value, budget: &Budget) -> Result<u64, Exhausted> {
    budget.charge_step()?;
    let mut hasher = DefaultHasher::new();
    match value {
        Value::Null => 0u8.hash(&mut hasher),
        Value::Bool(value) => value.hash(&mut hasher),
        Value::Number(number) => {
            budget.charge_reading(number.text_len())?;
            canonical_bits(number).hash(&mut hasher);
        }
        Value::String(text) => {
            budget.charge_reading(text.len())?;
            text.hash(&mut hasher);
        }
        Value::Array(items) => {
            for item in items.iter() {
                fingerprint(item, budget)?.hash(&mut hasher);
            }
        }
        Value::Object(object) => {
            let mut sum = 1u64;
            for (name, value) in object.iter() {
                budget.charge_reading(name.len())?;
                let mut hasher = DefaultHasher::new();
                (name, fingerprint(value, budget)?).hash(&mut hasher);
                sum = sum.wrapping_add(hasher.finish());
            }
            sum.hash(&mut hasher);
        }
    }
    Ok(hasher.finish())
}

fn canonical_bits(number: &Number) -> u64 {
    // Adding 0 makes of -0 a 0, which it equals.
    (number.as_f64() + 0.0).to_bits()
}
