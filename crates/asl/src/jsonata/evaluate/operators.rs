//! Operators between two values.

use std::cmp::Ordering;

use super::super::code::Node;
use super::super::datum::{Datum, List, SEQUENCE_MAX};
use super::super::failure::{Evaluated, Failure, quoted};
use super::super::frames::Frame;
use super::super::function::{Host, Kind as FunctionKind};
use super::super::functions::text_of;
use super::super::syntax::Operator;
use super::Machine;
use crate::value::{Text, utf16_order};

/// Whole numbers up to here are told apart.
const REACH: f64 = 9_007_199_254_740_992.0;

impl Machine<'_> {
    pub(super) fn binary(
        &mut self,
        operator: Operator,
        left: &Node,
        right: &Node,
        item: &Datum,
        frame: Frame,
    ) -> Evaluated {
        match operator {
            Operator::And => {
                let both = self.holds(left, item, frame)? && self.holds(right, item, frame)?;
                return Ok(Datum::Bool(both));
            }
            Operator::Or => {
                let any = self.holds(left, item, frame)? || self.holds(right, item, frame)?;
                return Ok(Datum::Bool(any));
            }
            Operator::Apply => return self.applied(left, right, item, frame),
            _ => {}
        }
        let left = self.evaluate(left, item, frame)?;
        let right = self.evaluate(right, item, frame)?;
        self.between(operator, &left, &right)
    }

    fn between(&self, operator: Operator, left: &Datum, right: &Datum) -> Evaluated {
        match operator {
            Operator::Add | Operator::Subtract | Operator::Multiply | Operator::Divide | Operator::Modulo => {
                arithmetic(operator, left, right)
            }
            Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
                self.compared(operator, left, right)
            }
            Operator::Equal | Operator::NotEqual => {
                if left.is_undefined() || right.is_undefined() {
                    return Ok(Datum::Bool(false));
                }
                let equal = left.equals(right, self.scope.budget)?;
                Ok(Datum::Bool(equal == (operator == Operator::Equal)))
            }
            Operator::Concatenate => self.concatenated(left, right),
            Operator::In => self.is_in(left, right),
            Operator::Range => self.range(left, right),
            Operator::And | Operator::Or | Operator::Apply => Ok(Datum::Undefined),
        }
    }

    fn compared(&self, operator: Operator, left: &Datum, right: &Datum) -> Evaluated {
        let is_comparable = |value: &Datum| matches!(value, Datum::Undefined | Datum::Number(_) | Datum::Text(_));
        if !is_comparable(left) || !is_comparable(right) {
            let symbol = operator.symbol();
            return Err(Failure::coded(
                "T2010",
                format!(
                    "The expressions either side of operator \"{symbol}\" must evaluate to numeric or string values"
                ),
            ));
        }
        let order = match (left, right) {
            (Datum::Undefined, _) | (_, Datum::Undefined) => return Ok(Datum::Undefined),
            (Datum::Number(left), Datum::Number(right)) => left.partial_cmp(right),
            (Datum::Text(left), Datum::Text(right)) => {
                self.budget().charge_reading(left.len().min(right.len()))?;
                Some(utf16_order(left, right))
            }
            _ => {
                let (left, right, symbol) = (quoted(left), quoted(right), operator.symbol());
                return Err(Failure::coded(
                    "T2009",
                    format!(
                        "The values {left} and {right} either side of operator \"{symbol}\" must be of the same data type"
                    ),
                ));
            }
        };
        Ok(Datum::Bool(match operator {
            Operator::Less => order == Some(Ordering::Less),
            Operator::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
            Operator::Greater => order == Some(Ordering::Greater),
            _ => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        }))
    }

    fn concatenated(&self, left: &Datum, right: &Datum) -> Evaluated {
        match (left, right) {
            (Datum::Text(left), Datum::Text(right)) => {
                self.charge_text(left.len() + right.len())?;
                let mut text = String::with_capacity(left.len() + right.len());
                text.push_str(left);
                text.push_str(right);
                Ok(Datum::text(text))
            }
            _ => {
                let (left, right) = (self.operand_text(left)?, self.operand_text(right)?);
                self.charge_text(left.len() + right.len())?;
                Ok(Datum::text([&*left, &*right].concat()))
            }
        }
    }

    fn operand_text(&self, value: &Datum) -> Evaluated<Text> {
        Ok(match value {
            Datum::Undefined => Text::default(),
            other => text_of(other, self)?,
        })
    }

    /// Whether a list has the value: the same scalar, or the very same array, object or function.
    fn is_in(&self, left: &Datum, right: &Datum) -> Evaluated {
        if left.is_undefined() || right.is_undefined() {
            return Ok(Datum::Bool(false));
        }
        let items = right.items_or_single();
        self.budget().charge_steps(items.len() as u64)?;
        let is_scalar = left.items().is_none() && left.member_count().is_none();
        for item in items.iter() {
            if is_scalar && item.items().is_none() && item.member_count().is_none() {
                if left.equals(&item, self.scope.budget)? {
                    return Ok(Datum::Bool(true));
                }
            } else if left.is_same(&item) {
                return Ok(Datum::Bool(true));
            }
        }
        Ok(Datum::Bool(false))
    }

    fn range(&self, left: &Datum, right: &Datum) -> Evaluated {
        let whole = |value: &Datum| value.as_number().filter(|number| number.fract() == 0.0);
        for (value, code, side) in [(left, "T2003", "left"), (right, "T2004", "right")] {
            if !value.is_undefined() && whole(value).is_none() {
                let text = format!("The {side} side of the range operator (..) must evaluate to an integer");
                return Err(Failure::coded(code, text));
            }
        }
        let (Some(from), Some(to)) = (whole(left), whole(right)) else { return Ok(Datum::Undefined) };
        let (from, to) = (from.clamp(-REACH, REACH), to.clamp(-REACH, REACH));
        if from > to {
            return Ok(Datum::Undefined);
        }
        let count = to - from + 1.0;
        if count > SEQUENCE_MAX as f64 {
            return Err(Failure::Size);
        }
        self.charge_items(count as usize)?;
        let numbers = (0..count as u64).map(|place| Datum::Number(from + place as f64));
        Ok(Datum::from(List::sequence(numbers.collect())?))
    }

    /// `a ~> f`, `a ~> f(b)`, `f ~> g`
    #[inline(never)]
    fn applied(&mut self, left: &Node, right: &Node, item: &Datum, frame: Frame) -> Evaluated {
        let left = self.evaluate(left, item, frame)?;
        let dressed = self.program.dressed(*right);
        if let Node::Call(row) = dressed.node
            && dressed.predicates.is_empty()
            && dressed.group.is_none()
        {
            return self.call_of(self.program.row(row), Some(left), item, frame);
        }
        match (left, self.evaluate(right, item, frame)?) {
            (Datum::Function(first), Datum::Function(second)) => self.function(FunctionKind::Chain(first, second)),
            (argument, Datum::Function(function)) => self.apply(function, vec![argument], &Datum::Null, Node::Null),
            _ => Err(Failure::coded(
                "T2006",
                "The right side of the function application operator ~> must be a function",
            )),
        }
    }
}

pub(super) fn negated(value: &Datum) -> Evaluated {
    match value {
        Datum::Undefined => Ok(Datum::Undefined),
        Datum::Number(number) if number.is_infinite() => Err(Failure::out_of_range(*number)),
        Datum::Number(number) if !number.is_nan() => Ok(Datum::Number(-number)),
        other => Err(Failure::coded("D1002", format!("Cannot negate a non-numeric value: {}", quoted(other)))),
    }
}

fn arithmetic(operator: Operator, left: &Datum, right: &Datum) -> Evaluated {
    let (Some(left), Some(right)) = (operand(left, true, operator)?, operand(right, false, operator)?) else {
        return Ok(Datum::Undefined);
    };
    Ok(Datum::Number(match operator {
        Operator::Add => left + right,
        Operator::Subtract => left - right,
        Operator::Multiply => left * right,
        Operator::Divide => left / right,
        _ => left % right,
    }))
}

#[inline]
fn operand(value: &Datum, is_left: bool, operator: Operator) -> Evaluated<Option<f64>> {
    match value {
        Datum::Number(number) if number.is_finite() => Ok(Some(*number)),
        Datum::Number(number) if number.is_infinite() => Err(Failure::out_of_range(*number)),
        Datum::Undefined => Ok(None),
        _ => Err(Failure::operand(is_left, operator.symbol())),
    }
}
