//! What stands in `[?(…)]`, and for which values it holds.

use std::cmp::Ordering;

use regex_lite::Regex;

use super::select::{Document, Fault, Selector};
use crate::number::Number;
use crate::value::Value;

/// A filter expression.
#[derive(Debug)]
pub(super) enum Filter {
    /// `a || b`
    Or(Vec<Filter>),
    /// `a && b`
    And(Vec<Filter>),
    /// `!a`
    Not(Box<Filter>),
    /// `@.a`: whether there is such a value, whatever it is.
    Exists(SelectedPlace),
    /// `@.a == 1`
    Test(Operand, Operator, Operand),
}

/// `@…` or `$…` inside a filter.
#[derive(Debug)]
pub(super) struct SelectedPlace {
    pub(super) from_root: bool,
    pub(super) selector: Selector,
}

/// One side of a test.
#[derive(Debug)]
pub(super) enum Operand {
    Place(SelectedPlace),
    Literal(Value),
    /// `/re/i`, made to match the whole text as Java's `matches` does.
    Pattern(Regex),
}

/// What a test asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equals,
    NotEquals,
    SameAs,
    NotSameAs,
    Less,
    LessOrEquals,
    Greater,
    GreaterOrEquals,
    Matches,
    In,
    NotIn,
    SubsetOf,
    AnyOf,
    NoneOf,
    All,
    Contains,
    Size,
    Empty,
}

impl Operator {
    /// The operators by their spelling, the longer of two with the same beginning first.
    pub(super) const SYMBOLS: &[(&'static str, Self)] = &[
        ("===", Self::SameAs),
        ("!==", Self::NotSameAs),
        ("==", Self::Equals),
        ("!=", Self::NotEquals),
        ("=~", Self::Matches),
        ("<=", Self::LessOrEquals),
        (">=", Self::GreaterOrEquals),
        ("<", Self::Less),
        (">", Self::Greater),
    ];

    /// The operators that are words; case does not matter.
    pub(super) const WORDS: &[(&'static str, Self)] = &[
        ("in", Self::In),
        ("nin", Self::NotIn),
        ("subsetof", Self::SubsetOf),
        ("anyof", Self::AnyOf),
        ("noneof", Self::NoneOf),
        ("all", Self::All),
        ("contains", Self::Contains),
        ("size", Self::Size),
        ("empty", Self::Empty),
    ];
}

impl Filter {
    /// Whether it holds for that value. The parser bounds how deep filters nest.
    pub(super) fn accepts(&self, item: &Value, document: Document<'_>) -> Result<bool, Fault> {
        match self {
            Self::Or(filters) => {
                for filter in filters {
                    if filter.accepts(item, document)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::And(filters) => {
                for filter in filters {
                    if !filter.accepts(item, document)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Not(filter) => Ok(!filter.accepts(item, document)?),
            Self::Exists(place) => Ok(match place.value(item, document)? {
                None => false,
                Some(Value::Array(items)) => place.selector.is_definite() || !items.is_empty(),
                Some(_) => true,
            }),
            Self::Test(left, operator, right) => test(left, *operator, right, item, document),
        }
    }
}

impl SelectedPlace {
    /// The value there; `None` where there is none.
    fn value(&self, item: &Value, document: Document<'_>) -> Result<Option<Value>, Fault> {
        let from = if self.from_root { document.root } else { item };
        match self.selector.select(from, document.root, document.visits) {
            Ok(value) => Ok(Some(value)),
            // A step that cannot be applied to one item is no reason to fail the others; a spent budget is.
            Err(Fault::Inapplicable(message)) if document.visits.get() == 0 => Err(Fault::Inapplicable(message)),
            Err(_) => Ok(None),
        }
    }
}

impl Operand {
    fn value(&self, item: &Value, document: Document<'_>) -> Result<Option<Value>, Fault> {
        match self {
            Self::Place(place) => place.value(item, document),
            Self::Literal(value) => Ok(Some(value.clone())),
            Self::Pattern(_) => Ok(None),
        }
    }
}

fn test(
    left: &Operand,
    operator: Operator,
    right: &Operand,
    item: &Value,
    document: Document<'_>,
) -> Result<bool, Fault> {
    if operator == Operator::Matches {
        return match (left, right) {
            (Operand::Pattern(pattern), operand) | (operand, Operand::Pattern(pattern)) => {
                Ok(operand.value(item, document)?.is_some_and(|value| matches(pattern, &value)))
            }
            _ => Ok(false),
        };
    }
    let (left, right) = (left.value(item, document)?, right.value(item, document)?);
    let (Some(left), Some(right)) = (left, right) else {
        return Ok(matches!(operator, Operator::NotEquals | Operator::NotSameAs | Operator::NotIn));
    };
    Ok(holds(&left, operator, &right))
}

fn holds(left: &Value, operator: Operator, right: &Value) -> bool {
    match operator {
        Operator::Equals => equals(left, right),
        Operator::NotEquals => !equals(left, right),
        Operator::SameAs => left == right,
        Operator::NotSameAs => left != right,
        Operator::Less => order(left, right).is_some_and(Ordering::is_lt),
        Operator::LessOrEquals => order(left, right).is_some_and(Ordering::is_le),
        Operator::Greater => order(left, right).is_some_and(Ordering::is_gt),
        Operator::GreaterOrEquals => order(left, right).is_some_and(Ordering::is_ge),
        Operator::In => has(right, left),
        Operator::NotIn => !has(right, left),
        Operator::SubsetOf => left.as_array().is_some_and(|items| items.iter().all(|item| has(right, item))),
        Operator::AnyOf => left.as_array().is_some_and(|items| items.iter().any(|item| has(right, item))),
        Operator::NoneOf => left.as_array().is_some_and(|items| !items.iter().any(|item| has(right, item))),
        Operator::All => right.as_array().is_some_and(|items| items.iter().all(|item| has(left, item))),
        Operator::Contains => match (left, right) {
            (Value::String(text), Value::String(part)) => text.contains(&**part),
            _ => has(left, right),
        },
        Operator::Size => right.as_i64().is_some_and(|size| length(left).is_some_and(|length| length as i64 == size)),
        Operator::Empty => right.as_bool().is_some_and(|empty| length(left).is_some_and(|len| (len == 0) == empty)),
        Operator::Matches => false,
    }
}

/// Jayway's equality: a number equals a string that spells it.
fn equals(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(number), Value::String(text)) => {
            crate::json::parse(text.as_bytes()).is_ok_and(|value| value.as_number() == Some(number))
        }
        (Value::String(text), Value::Number(number)) => number.to_string() == **text,
        _ => left == right,
    }
}

fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => Number::partial_cmp(left, right),
        (Value::String(left), Value::String(right)) => Some(crate::value::utf16_order(left, right)),
        _ => None,
    }
}

fn has(list: &Value, item: &Value) -> bool {
    list.as_array().is_some_and(|items| items.iter().any(|one| equals(one, item)))
}

fn matches(pattern: &Regex, value: &Value) -> bool {
    match value {
        Value::String(text) => pattern.is_match(text),
        Value::Number(number) => pattern.is_match(&number.to_string()),
        Value::Bool(value) => pattern.is_match(if *value { "true" } else { "false" }),
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

/// How many items, members or UTF-16 units it has.
pub(super) fn length(value: &Value) -> Option<usize> {
    match value {
        Value::Array(items) => Some(items.len()),
        Value::Object(object) => Some(object.len()),
        Value::String(text) => Some(text.encode_utf16().count()),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}
