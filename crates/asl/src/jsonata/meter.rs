//! How much one evaluation may hold and do.

use std::cell::Cell;

use jsonata_core::evaluator::EvaluatorError;
use jsonata_core::value::JValue;

/// Items of a sequence. AWS counts 873,782 numbers and refuses one more.
pub(super) const SEQUENCE_MAX: usize = 873_782;

/// Bytes of one string: what that many numbers take. AWS makes a string of 2^22 characters, not one of 2^23.
pub(super) const TEXT_MAX: u64 = SEQUENCE_MAX as u64 * 8;

/// Bytes that one evaluation may make altogether, given back or not. Bounds memory and, since what is made is
/// what later work is done on, also time.
const TOTAL_MAX: u64 = 32 * TEXT_MAX;

/// AWS's words for an expression that holds too much.
pub(super) const MEMORY: &str = "Expression evaluation memory limit exceeded: Check for excessive memory usage";

/// What a value costs besides its text.
const NODE: u64 = 16;

/// Counts what an evaluation makes.
pub(super) struct Meter {
    left: Cell<u64>,
}

impl Meter {
    /// Nothing made yet.
    pub(super) fn new() -> Self {
        Self { left: Cell::new(TOTAL_MAX) }
    }

    /// Counts some bytes.
    pub(super) fn charge(&self, bytes: u64) -> Result<(), EvaluatorError> {
        let left = self.left.get().checked_sub(bytes).ok_or_else(exceeded)?;
        self.left.set(left);
        Ok(())
    }

    /// Refuses a string that is too long, without counting it.
    pub(super) fn check_text(&self, bytes: u64) -> Result<(), EvaluatorError> {
        if bytes > TEXT_MAX { Err(exceeded()) } else { Ok(()) }
    }

    /// Counts the bytes of a string, which has a bound of its own.
    pub(super) fn charge_text(&self, bytes: u64) -> Result<(), EvaluatorError> {
        self.check_text(bytes)?;
        self.charge(bytes)
    }

    /// Counts a value as if it shared nothing: sharing makes it cheap to hold more than could ever be walked.
    pub(super) fn charge_value(&self, value: &JValue) -> Result<(), EvaluatorError> {
        let size = size(value, self.left.get(), false).ok_or_else(exceeded)?;
        self.charge(size)
    }

    /// Counts the JSON text of a value.
    pub(super) fn charge_json(&self, value: &JValue, pretty: bool) -> Result<(), EvaluatorError> {
        let size = size(value, TEXT_MAX, pretty).ok_or_else(exceeded)?;
        self.charge_text(size)
    }
}

/// AWS's error of an expression that holds too much.
pub(super) fn exceeded() -> EvaluatorError {
    EvaluatorError::EvaluationError(MEMORY.to_owned())
}

/// About how many bytes a value or its JSON takes; `None` where it is more than `limit`. With `indented`, what
/// indentation adds is counted.
fn size(value: &JValue, limit: u64, indented: bool) -> Option<u64> {
    let mut total = 0u64;
    let mut waiting = vec![(value, 0u64)];
    while let Some((value, depth)) = waiting.pop() {
        total += match value {
            JValue::String(text) => text.len() as u64 + 2,
            JValue::Bool(_) | JValue::Null => 5,
            _ => NODE,
        };
        if indented {
            total += 2 * depth;
        }
        if total > limit {
            return None;
        }
        match value {
            // Items wait on a stack, so an array counts before its items are put there.
            JValue::Array(items) if total + items.len() as u64 > limit => return None,
            JValue::Array(items) => waiting.extend(items.iter().map(|item| (item, depth + 1))),
            JValue::Object(members) => {
                total += members.keys().map(|name| name.len() as u64 + 3).sum::<u64>();
                waiting.extend(members.values().map(|member| (member, depth + 1)));
            }
            _ => {}
        }
    }
    (total <= limit).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_values_count_as_often_as_they_are_met() {
        let mut value = JValue::from(1i64);
        for _ in 0..60 {
            value = JValue::array(vec![value.clone(), value]);
        }
        assert!(Meter::new().charge_value(&value).is_err());
        assert!(Meter::new().charge_json(&value, true).is_err());
    }

    #[test]
    fn what_is_made_adds_up() {
        let meter = Meter::new();
        assert!((0..32).all(|_| meter.charge_text(TEXT_MAX).is_ok()));
        assert!(meter.charge_text(1).is_err());
        assert!(Meter::new().charge_text(TEXT_MAX + 1).is_err());
    }
}
