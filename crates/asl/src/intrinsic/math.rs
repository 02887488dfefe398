//! The number functions.

use super::java_random::JavaRandom;
use crate::scope::Chance;
use crate::value::Value;

/// The sum of two integers, each rounded first.
pub(super) fn add(first: &Value, second: &Value) -> Result<Value, String> {
    Ok(Value::int(rounded(first)? + rounded(second)?))
}

/// An integer from `start` to below `end`; with a seed always the same.
pub(super) fn random(start: &Value, end: &Value, seed: Option<&Value>, chance: &Chance) -> Result<Value, String> {
    let (start, end) = (rounded_i32(start)?, rounded_i32(end)?);
    if start >= end {
        return Err("The start number must be less than the end number".to_owned());
    }
    let seed = match seed {
        Some(seed) => rounded(seed)?,
        None => chance.next_u64().cast_signed(),
    };
    Ok(Value::int(i64::from(JavaRandom::new(seed).next_i32_in(start, end))))
}

/// The nearest integer; a half goes up, as Java's `Math.round` has it. The service takes 32-bit integers.
pub(super) fn rounded(value: &Value) -> Result<i64, String> {
    rounded_i32(value).map(i64::from)
}

fn rounded_i32(value: &Value) -> Result<i32, String> {
    let Some(number) = value.as_number() else {
        return Err(format!("The argument must be a number, but was a value of type {}", value.type_name()));
    };
    let number_as_float = number.as_f64();
    let floor = number_as_float.floor();
    let nearest = if number_as_float - floor >= 0.5 { floor + 1.0 } else { floor };
    if !(f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&nearest) {
        return Err(format!("The number {number} is not in the range of integers"));
    }
    Ok(nearest as i32)
}
