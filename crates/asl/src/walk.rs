//! What is done with whole values, charged: they are compared, and written as text.
//!
//! Values share what they have in common, so one that takes little memory can have more nodes than can be visited. Each
//! node is charged before it is, and nothing here recurses over a value that has not been measured.

use crate::budget::{Allowance, Budget, Exhausted};
use crate::value::Value;

/// Bytes of an item in an array.
const ITEM_BYTES: u64 = size_of::<Value>() as u64;

/// Bytes of a member in an object: the pointers to its name and its value.
const MEMBER_BYTES: u64 = 2 * ITEM_BYTES;

/// Charges an array of that many items.
///
/// # Errors
/// It is too much.
#[inline]
pub(crate) fn charge_items(count: usize, budget: &Budget) -> Result<(), Exhausted> {
    budget.charge_bytes((count as u64).saturating_mul(ITEM_BYTES))
}

/// Charges an object of that many members.
///
/// # Errors
/// It is too much.
#[inline]
pub(crate) fn charge_members(count: usize, budget: &Budget) -> Result<(), Exhausted> {
    budget.charge_bytes((count as u64).saturating_mul(MEMBER_BYTES))
}

/// Whether two values are equal, as [`Value`]'s `==` has it.
///
/// # Errors
/// They have more in them than the budget has steps.
pub(crate) fn equal(left: &Value, right: &Value, budget: &Budget) -> Result<bool, Exhausted> {
    let mut waiting = Vec::new();
    let mut next = Some((left, right));
    while let Some((left, right)) = next {
        budget.charge_step()?;
        match (left, right) {
            _ if left.same_allocation(right) => {}
            (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
                charge_members(left.len(), budget)?;
                waiting.extend(left.iter().zip(right.iter()));
            }
            (Value::Object(left), Value::Object(right)) if left.len() == right.len() => {
                charge_members(left.len(), budget)?;
                for (name, value) in left.iter() {
                    budget.charge_reading(name.len())?;
                    let Some(other) = right.get(name) else { return Ok(false) };
                    waiting.push((value, other));
                }
            }
            (Value::Array(_) | Value::Object(_), _) => return Ok(false),
            (Value::String(left), Value::String(right)) => {
                budget.charge_reading(left.len().min(right.len()))?;
                if left != right {
                    return Ok(false);
                }
            }
            (Value::Number(left), Value::Number(right)) => {
                budget.charge_reading(left.text_len() + right.text_len())?;
                if left != right {
                    return Ok(false);
                }
            }
            (left, right) if left != right => return Ok(false),
            _ => {}
        }
        next = waiting.pop();
    }
    Ok(true)
}

/// The compact JSON of a value.
///
/// # Errors
/// It is longer than the budget has bytes.
pub(crate) fn json(value: &Value, budget: &Budget) -> Result<String, Exhausted> {
    charge_text(value, budget)?;
    Ok(value.to_json())
}

/// The compact JSON of a value in a message, where it is not absurdly long. Messages come after an evaluation, so this
/// has a budget of its own.
pub(crate) fn quoted(value: &Value) -> String {
    const ALLOWANCE: Allowance = Allowance { steps: 1 << 20, bytes: 16 << 20, depth: 0 };
    json(value, &Budget::new(ALLOWANCE)).unwrap_or_else(|_| "(too long to be shown)".to_owned())
}

/// The text of a value as Java's collections print themselves: `{a=1, b=[x, y]}`; a string is its own text.
///
/// # Errors
/// It is longer than the budget has bytes.
pub(crate) fn java_text(value: &Value, out: &mut String, budget: &Budget) -> Result<(), Exhausted> {
    charge_text(value, budget)?;
    write_as_java(value, out);
    Ok(())
}

/// Charges the text of a value, in whichever form it is written.
fn charge_text(value: &Value, budget: &Budget) -> Result<(), Exhausted> {
    let mut waiting = Vec::new();
    let mut next = Some(value);
    while let Some(value) = next {
        budget.charge_step()?;
        match value {
            Value::String(text) => charge_string(text, budget)?,
            Value::Number(number) => budget.charge_bytes(number.text_len() as u64)?,
            Value::Null | Value::Bool(_) => budget.charge_bytes("false".len() as u64)?,
            Value::Array(items) => {
                // What waits, and the separators.
                budget.charge_bytes((items.len() as u64).saturating_mul(ITEM_BYTES))?;
                waiting.extend(items.iter());
            }
            Value::Object(object) => {
                budget.charge_bytes((object.len() as u64).saturating_mul(ITEM_BYTES))?;
                for (name, member) in object.iter() {
                    charge_string(name, budget)?;
                    waiting.push(member);
                }
            }
        }
        next = waiting.pop();
    }
    Ok(())
}

/// Charges a string with its quotes and escapes.
fn charge_string(text: &str, budget: &Budget) -> Result<(), Exhausted> {
    budget.charge_reading(text.len())?;
    let escaped = text.bytes().map(|byte| match byte {
        b'"' | b'\\' => 2,
        0..0x20 => 6,
        _ => 1,
    });
    budget.charge_bytes(escaped.sum::<u64>() + 2)
}

fn write_as_java(value: &Value, out: &mut String) {
    match value {
        Value::String(text) => out.push_str(text),
        Value::Array(items) => {
            out.push('[');
            for (place, item) in items.iter().enumerate() {
                out.push_str(if place > 0 { ", " } else { "" });
                write_as_java(item, out);
            }
            out.push(']');
        }
        Value::Object(object) => {
            out.push('{');
            for (place, (name, member)) in object.iter().enumerate() {
                out.push_str(if place > 0 { ", " } else { "" });
                out.push_str(name);
                out.push('=');
                write_as_java(member, out);
            }
            out.push('}');
        }
        scalar => crate::json::write(scalar, out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::json as value;

    fn doubled(times: usize) -> Value {
        (0..times).fold(Value::int(1), |value, _| Value::array(vec![value.clone(), value]))
    }

    fn small() -> Budget {
        Budget::new(Allowance { steps: 10_000, bytes: 100_000, depth: 10 })
    }

    #[test]
    fn equality_is_that_of_values() {
        for (left, right) in [
            (r#"{"a":[1,{"b":null}],"c":"x"}"#, r#"{"c":"x","a":[1.0,{"b":null}]}"#),
            ("[1,2]", "[1,3]"),
            (r#"{"a":1}"#, r#"{"b":1}"#),
            (r#"["1"]"#, "[1]"),
            ("[]", "{}"),
            ("true", "false"),
        ] {
            let (left, right) = (value(left), value(right));
            assert_eq!(equal(&left, &right, &small()), Ok(left == right), "{left:?} and {right:?}");
        }
    }

    #[test]
    fn what_shares_itself_is_charged_as_often_as_it_is_visited() {
        let (left, right) = (doubled(60), doubled(60));
        let budget = small();
        assert_eq!(equal(&left, &right, &budget), Err(budget.exhausted().unwrap()));
        assert_eq!(equal(&left, &left, &small()), Ok(true), "the same allocation is equal at once");
        assert!(json(&left, &small()).is_err());
        assert!(java_text(&left, &mut String::new(), &small()).is_err());
    }

    #[test]
    fn a_text_is_charged_with_its_escapes() {
        let text = Value::from("\u{1}".repeat(1_000));
        let budget = small();
        let written = json(&text, &budget).unwrap();
        assert!((written.len() as u64..2 * written.len() as u64).contains(&budget.used().1));
    }

    #[test]
    fn java_prints_collections_in_its_own_way() {
        let mut out = String::new();
        java_text(&value(r#"{"a":1,"b":["x",{"c":null}],"d":{}}"#), &mut out, &small()).unwrap();
        assert_eq!(out, "{a=1, b=[x, {c=null}], d={}}");
    }
}
