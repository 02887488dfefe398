//! `^(...)`: sorts the items of a step.

use std::cmp::Ordering;

use super::super::code::Node;
use super::super::datum::{Datum, Items, Tuple};
use super::super::failure::{Evaluated, Failure, quoted};
use super::super::frames::Frame;
use super::super::function::Host;
use super::super::merge_sort::merge_sort;
use super::Machine;
use crate::budget::Budget;
use crate::value::utf16_order;

impl Machine<'_> {
    pub(super) fn sorted(&mut self, terms: &[Node], items: Items<'_>, frame: Frame) -> Evaluated {
        self.charge_items(items.len() * 2)?;
        let items: Vec<Datum> = items.iter().collect();
        if items.len() < 2 {
            return Datum::sequence(items);
        }
        let mut keyed = Vec::with_capacity(items.len());
        for item in items {
            keyed.push((self.keys(terms, &item, frame)?, item));
        }
        let sorted = by_keys(terms, keyed, self.scope.budget)?;
        Datum::sequence(sorted)
    }

    pub(super) fn sorted_tuples(&mut self, terms: &[Node], tuples: Vec<Tuple>, frame: Frame) -> Evaluated<Vec<Tuple>> {
        if tuples.len() < 2 {
            return Ok(tuples);
        }
        let mut keyed = Vec::with_capacity(tuples.len());
        for tuple in tuples {
            let inner = self.tuple_frame(&tuple, frame)?;
            keyed.push((self.keys(terms, &tuple.item, inner)?, tuple));
            self.frames.pop(inner);
        }
        by_keys(terms, keyed, self.scope.budget)
    }

    fn keys(&mut self, terms: &[Node], item: &Datum, frame: Frame) -> Evaluated<Vec<Datum>> {
        self.charge_items(terms.len() + 1)?;
        let program = self.program;
        let key = |term: &Node| match *term {
            Node::Descending(place) => self.evaluate(program.node(place), item, frame),
            _ => self.evaluate(term, item, frame),
        };
        terms.iter().map(key).collect()
    }
}

fn by_keys<T>(terms: &[Node], keyed: Vec<(Vec<Datum>, T)>, budget: &Budget) -> Evaluated<Vec<T>> {
    let sorted = merge_sort(keyed, &mut |(left, _), (right, _)| {
        budget.charge_step()?;
        for ((term, left), right) in terms.iter().zip(left).zip(right) {
            let order = match compared(left, right, budget)? {
                Ordering::Equal => continue,
                order => order,
            };
            // What has no key stays behind, whichever way the others go.
            let is_missing = left.is_undefined() || right.is_undefined();
            return Ok((order == Ordering::Greater) != (matches!(term, Node::Descending(_)) && !is_missing));
        }
        Ok(false)
    })?;
    Ok(sorted.into_iter().map(|(_, item)| item).collect())
}

fn compared(left: &Datum, right: &Datum, budget: &Budget) -> Evaluated<Ordering> {
    let is_key = |key: &Datum| matches!(key, Datum::Undefined | Datum::Number(_) | Datum::Text(_));
    match (left, right) {
        (Datum::Undefined, Datum::Undefined) => Ok(Ordering::Equal),
        (Datum::Undefined, _) => Ok(Ordering::Greater),
        (_, Datum::Undefined) => Ok(Ordering::Less),
        (Datum::Number(left), Datum::Number(right)) => Ok(match left.partial_cmp(right) {
            Some(order) => order,
            None => Ordering::Greater,
        }),
        (Datum::Text(left), Datum::Text(right)) => {
            budget.charge_reading(left.len().min(right.len()))?;
            Ok(utf16_order(left, right))
        }
        (left, right) if is_key(left) && is_key(right) => Err(Failure::coded(
            "T2007",
            format!("Type mismatch when comparing values {} and {} in order-by clause", quoted(left), quoted(right)),
        )),
        _ => Err(Failure::coded(
            "T2008",
            "The expressions within an order-by clause must evaluate to numeric or string values",
        )),
    }
}
