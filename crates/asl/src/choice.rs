//! The conditions of choice rules, and their evaluation.

use std::cmp::Ordering;

use crate::budget::{Budget, Exhausted};
use crate::error::EvaluationError;
use crate::memory::Held;
use crate::path::{Path, PathError};
use crate::scope::Scope;
use crate::template::Template;
use crate::timestamp;
use crate::value::{Text, Value, utf16_order};
use crate::walk;

mod wildcard;

/// A rule's condition.
#[derive(Debug)]
pub enum Condition {
    /// `And`
    And(Vec<Condition>),
    /// `Or`
    Or(Vec<Condition>),
    /// `Not`
    Not(Box<Condition>),
    /// `Variable` with one operator.
    Compare {
        /// `Variable`
        variable: Path,
        /// The operator and its operand.
        comparison: Comparison,
    },
    /// `Condition` (JSONata): `true`, `false` or an expression.
    Expression(Template),
}

/// An operator with its operand.
#[derive(Debug)]
pub enum Comparison {
    /// `String…`, `Numeric…`, `Boolean…`, `Timestamp…` with an order and a literal or a `…Path`.
    Ordered(OperandType, Order, Operand),
    /// `StringMatches`
    StringMatches(Text),
    /// `IsNull`, `IsPresent`, `IsNumeric`, `IsString`, `IsBoolean`, `IsTimestamp`, with the value wanted.
    Is(Property, bool),
}

/// Which types an ordered comparison is about; a value of another type does not match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the operators' own")]
pub enum OperandType {
    String,
    Numeric,
    Boolean,
    Timestamp,
}

/// `Equals`, `LessThan`, ...
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the operators' own")]
pub enum Order {
    Equals,
    LessThan,
    GreaterThan,
    LessThanEquals,
    GreaterThanEquals,
}

/// What a variable is compared with.
#[derive(Debug)]
pub enum Operand {
    /// As written.
    Literal(Value),
    /// The `…Path` form.
    Path(Path),
}

/// What `Is…` asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the operators' own")]
pub enum Property {
    Null,
    Present,
    Numeric,
    String,
    Boolean,
    Timestamp,
}

impl Condition {
    /// Whether it holds. `index` is the place of its rule in `Choices`, for the location in errors. The reader bounds
    /// how deep conditions nest.
    ///
    /// # Errors
    /// A value that it compares is not there, an expression fails, or the budget is used up.
    pub fn holds(&self, index: usize, scope: &Scope<'_>) -> Result<bool, EvaluationError> {
        scope.budget.charge_step().map_err(EvaluationError::exhausted)?;
        match self {
            Self::And(conditions) => {
                for condition in conditions {
                    if !condition.holds(index, scope)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Or(conditions) => {
                for condition in conditions {
                    if condition.holds(index, scope)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::Not(condition) => Ok(!condition.holds(index, scope)?),
            Self::Compare { variable, comparison } => comparison.holds(variable, scope),
            Self::Expression(template) => evaluate_expression(template, index, scope),
        }
    }
}

impl Held for Condition {
    fn held_bytes(&self) -> usize {
        match self {
            Self::And(conditions) | Self::Or(conditions) => conditions.held_bytes(),
            Self::Not(condition) => condition.held_bytes(),
            Self::Compare { variable, comparison } => variable.held_bytes() + comparison.held_bytes(),
            Self::Expression(template) => template.held_bytes(),
        }
    }
}

impl Held for Comparison {
    fn held_bytes(&self) -> usize {
        match self {
            Self::Ordered(_, _, Operand::Literal(value)) => value.held_bytes(),
            Self::Ordered(_, _, Operand::Path(path)) => path.held_bytes(),
            Self::StringMatches(pattern) => pattern.held_bytes(),
            Self::Is(..) => 0,
        }
    }
}

impl Comparison {
    fn holds(&self, variable: &Path, scope: &Scope<'_>) -> Result<bool, EvaluationError> {
        if let Self::Is(Property::Present, wanted) = self {
            return match variable.select(scope) {
                Ok(_) => Ok(*wanted),
                Err(PathError::Miss(_)) => Ok(!wanted),
                Err(PathError::Exhausted(exhausted)) => Err(EvaluationError::exhausted(exhausted)),
            };
        }
        let value = select(variable, scope)?;
        let holds = match self {
            Self::Ordered(operand_type, order, Operand::Literal(operand)) => {
                operand_type.compare(&value, operand, scope.budget).map(|ordering| order.holds(ordering))
            }
            Self::Ordered(operand_type, order, Operand::Path(path)) => {
                let operand = select(path, scope)?;
                operand_type.compare(&value, &operand, scope.budget).map(|ordering| order.holds(ordering))
            }
            Self::StringMatches(pattern) => matches(pattern, &value, scope.budget),
            Self::Is(property, wanted) => property.of(&value, scope.budget).map(|holds| holds == *wanted),
        };
        holds.map_err(EvaluationError::exhausted)
    }
}

fn matches(pattern: &str, value: &Value, budget: &Budget) -> Result<bool, Exhausted> {
    let Some(text) = value.as_str() else { return Ok(false) };
    // Each is gone through once; escapes in the pattern are resolved in a copy.
    budget.charge_reading(text.len())?;
    budget.charge_bytes(pattern.len() as u64)?;
    Ok(wildcard::matches(pattern, text))
}

fn select(path: &Path, scope: &Scope<'_>) -> Result<Value, EvaluationError> {
    path.select(scope).map_err(|error| {
        error.worded(|_| {
            let path = path.text();
            EvaluationError::runtime(format!(
                "Invalid path '{path}': The choice state's condition path references an invalid value."
            ))
        })
    })
}

fn evaluate_expression(template: &Template, index: usize, scope: &Scope<'_>) -> Result<bool, EvaluationError> {
    let location = format!("Choices[{index}]/Condition");
    let value = template.evaluate(scope, &location)?;
    value.as_bool().ok_or_else(|| {
        let expression = template.expression().unwrap_or_default();
        let cause = format!(
            "The JSONata expression '{expression}' specified for the field '{location}' returned an unexpected result \
             type. Expected 'boolean', but was '{}' for value: {}",
            value.type_name(),
            walk::quoted(&value)
        );
        EvaluationError::query(cause, location.as_str())
    })
}

impl OperandType {
    /// How two values of this type stand to each other; `None` where one is of another type.
    fn compare(self, left: &Value, right: &Value, budget: &Budget) -> Result<Option<Ordering>, Exhausted> {
        budget.charge_reading(scalar_len(left) + scalar_len(right))?;
        Ok(self.order(left, right))
    }

    fn order(self, left: &Value, right: &Value) -> Option<Ordering> {
        match self {
            Self::String => Some(utf16_order(left.as_str()?, right.as_str()?)),
            Self::Numeric => left.as_number()?.partial_cmp(right.as_number()?),
            Self::Boolean => Some(left.as_bool()?.cmp(&right.as_bool()?)),
            Self::Timestamp => Some(timestamp::instant(left.as_str()?)?.cmp(&timestamp::instant(right.as_str()?)?)),
        }
    }
}

impl Order {
    fn holds(self, ordering: Option<Ordering>) -> bool {
        ordering.is_some_and(match self {
            Self::Equals => Ordering::is_eq,
            Self::LessThan => Ordering::is_lt,
            Self::GreaterThan => Ordering::is_gt,
            Self::LessThanEquals => Ordering::is_le,
            Self::GreaterThanEquals => Ordering::is_ge,
        })
    }
}

impl Property {
    fn of(self, value: &Value, budget: &Budget) -> Result<bool, Exhausted> {
        budget.charge_reading(scalar_len(value))?;
        Ok(match self {
            Self::Present => true,
            Self::Null => value.is_null(),
            Self::Numeric => value.as_number().is_some(),
            Self::String => value.as_str().is_some(),
            Self::Boolean => value.as_bool().is_some(),
            Self::Timestamp => value.as_str().is_some_and(|text| timestamp::instant(text).is_some()),
        })
    }
}

/// Bytes of a value that is compared by its text.
fn scalar_len(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Number(number) => number.text_len(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => 0,
    }
}

#[cfg(test)]
mod tests;
