//! How a filter compares: as Jayway JsonPath 2.0.0 does.
//!
//! What is written in a filter is text. A text on the right is compared with a number as a number, and is an error where
//! it spells none; with a boolean as a boolean. On the left it is only compared with texts. Null, and the text `null`, is
//! equal to no other value; only the text is less. Lists and objects are equal to themselves alone.

use std::cmp::Ordering;
use std::collections::HashSet;

mod decimal;

use decimal::Decimal;

use super::select::{Fault, share};
use crate::budget::{Budget, Exhausted};
use crate::memory::Held;
use crate::number::Number;
use crate::value::{Text, Value, utf16_order};

/// What a criterion asks of two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equals,
    NotEquals,
    Less,
    LessOrEquals,
    Greater,
    GreaterOrEquals,
}

/// A text that is written in a filter.
#[derive(Debug)]
pub(super) struct Literal {
    text: Text,
    /// The integer that it spells, which saves reading it for every item.
    integer: Option<i64>,
}

/// What is compared.
pub(super) enum Side<'v> {
    Value(&'v Value),
    Text(&'v Literal),
    Pattern,
}

impl Operator {
    /// The operators by their spelling, in the order in which they are looked for.
    pub(super) const SYMBOLS: &[(&'static str, Self)] = &[
        ("==", Self::Equals),
        (">=", Self::GreaterOrEquals),
        ("<=", Self::LessOrEquals),
        ("!=", Self::NotEquals),
        ("<", Self::Less),
        (">", Self::Greater),
    ];

    fn is_met_by(self, order: Ordering) -> bool {
        match self {
            Self::Equals => order.is_eq(),
            Self::NotEquals => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEquals => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEquals => order.is_ge(),
        }
    }
}

impl Literal {
    pub(super) fn new(text: &str) -> Self {
        Self { text: Text::from(text), integer: text.parse().ok() }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Lets it share its text with others that are the same.
    pub(super) fn share(&mut self, known: &mut HashSet<Text>) {
        share(&mut self.text, known);
    }
}

impl Held for Literal {
    fn held_bytes(&self) -> usize {
        self.text.held_bytes()
    }
}

impl<'v> Side<'v> {
    fn text(&self) -> Option<&'v str> {
        match self {
            Self::Value(Value::String(text)) => Some(text),
            Self::Text(literal) => Some(literal.text()),
            _ => None,
        }
    }

    fn number(&self) -> Option<&'v Number> {
        match self {
            Self::Value(Value::Number(number)) => Some(number),
            _ => None,
        }
    }

    fn boolean(&self) -> Option<bool> {
        match self {
            Self::Value(Value::Bool(value)) => Some(*value),
            _ => None,
        }
    }

    fn integer(&self) -> Option<i64> {
        match self {
            Self::Value(Value::Number(number)) if number.is_integer_text() => number.as_i64(),
            Self::Text(literal) => literal.integer,
            _ => None,
        }
    }

    fn is_null(&self) -> bool {
        matches!(self, Self::Value(Value::Null))
    }

    fn is_nullish(&self) -> bool {
        self.is_null() || self.text() == Some("null")
    }
}

/// Whether what an operator asks is so. It is not where the values cannot be compared.
pub(super) fn holds(operator: Operator, left: &Side<'_>, right: &Side<'_>, budget: &Budget) -> Result<bool, Fault> {
    let is_equality = matches!(operator, Operator::Equals | Operator::NotEquals);
    if !is_equality && left.is_null() != right.is_null() {
        return Ok(false);
    }
    Ok(order(left, right, budget)?.is_some_and(|order| operator.is_met_by(order)))
}

/// How two values stand to each other; `None` where they cannot be compared.
fn order(left: &Side<'_>, right: &Side<'_>, budget: &Budget) -> Result<Option<Ordering>, Fault> {
    if let (Side::Value(left), Side::Value(right)) = (left, right)
        && left.same_allocation(right)
    {
        return Ok(Some(Ordering::Equal));
    }
    match (left.is_nullish(), right.is_nullish()) {
        (false, false) => {}
        (left, right) => return Ok(Some(right.cmp(&left))),
    }
    if let (Some(left), Some(right)) = (left.text(), right.text()) {
        return Ok(texts(left, right, budget).map(Some)?);
    }
    if left.number().is_some() {
        return numbers(left, right, budget);
    }
    match (left.boolean(), right.boolean(), right.text()) {
        (Some(left), Some(right), _) => Ok(Some(left.cmp(&right))),
        (Some(left), _, Some(right)) => Ok(Some(left.cmp(&right.eq_ignore_ascii_case("true")))),
        _ => Ok(None),
    }
}

/// In the right one `\'` stands for a quote.
fn texts(left: &str, right: &str, budget: &Budget) -> Result<Ordering, Exhausted> {
    budget.charge_reading(left.len().min(right.len()))?;
    if !right.contains("\\'") {
        return Ok(utf16_order(left, right));
    }
    budget.charge_bytes(right.len() as u64)?;
    Ok(utf16_order(left, &right.replace("\\'", "'")))
}

/// Two sides of which the left is a number.
fn numbers(left: &Side<'_>, right: &Side<'_>, budget: &Budget) -> Result<Option<Ordering>, Fault> {
    if let (Some(left), Some(right)) = (left.integer(), right.integer()) {
        return Ok(Some(left.cmp(&right)));
    }
    let (Some(left), Some(right)) = (spelled(left, budget)?, spelled(right, budget)?) else { return Ok(None) };
    Ok(Some(decimal(&left)?.cmp(&decimal(&right)?)))
}

fn decimal(text: &str) -> Result<Decimal<'_>, Fault> {
    let error = || Fault::Error(format!("A number cannot be compared with the text '{text}', which is none"));
    Decimal::parse(text).ok_or_else(error)
}

/// The text of a number, or a text that may be one.
fn spelled(side: &Side<'_>, budget: &Budget) -> Result<Option<String>, Exhausted> {
    match (side.text(), side.number()) {
        (Some(text), _) => {
            budget.charge_bytes(text.len() as u64)?;
            Ok(Some(text.to_owned()))
        }
        (None, Some(number)) => {
            budget.charge_bytes(number.text_len() as u64)?;
            Ok(Some(number.to_string()))
        }
        _ => Ok(None),
    }
}
