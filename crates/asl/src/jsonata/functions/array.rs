//! Functions about arrays.

use std::cmp::Ordering;
use std::collections::HashSet;

use super::super::datum::{Datum, Items, List, SEQUENCE_MAX};
use super::super::failure::{Evaluated, Failure};
use super::super::function::Host;
use super::super::merge_sort::merge_sort;
use crate::value::{Text, utf16_order};

/// The first argument, where it is an array.
pub(super) fn items(args: &[Datum]) -> Option<Items<'_>> {
    args.first().and_then(Datum::items)
}

pub(super) fn append(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    let [first, second, ..] = args else { return Ok(args.first().cloned().unwrap_or_default()) };
    if first.is_undefined() {
        return Ok(second.clone());
    }
    if second.is_undefined() {
        return Ok(first.clone());
    }
    let (first, second) = (first.items_or_single(), second.items_or_single());
    if first.len() + second.len() > SEQUENCE_MAX {
        return Err(Failure::Size);
    }
    host.charge_items(first.len() + second.len())?;
    Datum::array(first.iter().chain(second.iter()).collect())
}

pub(super) fn count(_: &mut dyn Host, args: &[Datum]) -> Evaluated {
    Ok(Datum::Number(items(args).map_or(0, Items::len) as f64))
}

pub(super) fn reverse(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    match items(args) {
        None => Ok(Datum::Undefined),
        Some(items) if items.len() < 2 => Ok(args[0].clone()),
        Some(items) => {
            host.charge_items(items.len())?;
            Datum::array(items.iter().rev().collect())
        }
    }
}

/// With the chance that was given.
pub(super) fn shuffle(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    let Some(items) = items(args) else { return Ok(Datum::Undefined) };
    host.charge_items(items.len() * 2)?;
    let mut items: Vec<Datum> = items.iter().collect();
    for last in (1..items.len()).rev() {
        let other = (host.scope().chance.next_f64() * (last + 1) as f64) as usize;
        items.swap(last, other.min(last));
    }
    Datum::array(items)
}

/// A value without parts, as what tells it from others.
#[derive(PartialEq, Eq, Hash)]
enum Scalar {
    Null,
    Bool(bool),
    Number(u64),
    Text(Text),
}

fn scalar(item: &Datum) -> Option<Scalar> {
    Some(match item {
        Datum::Null => Scalar::Null,
        Datum::Bool(value) => Scalar::Bool(*value),
        // Both zeros are one number.
        Datum::Number(number) => Scalar::Number((number + 0.0).to_bits()),
        Datum::Text(text) => Scalar::Text(text.clone()),
        _ => return None,
    })
}

/// Values without parts are told apart by a hash, others by comparing each with each.
pub(super) fn distinct(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    let value = args.first().cloned().unwrap_or_default();
    let Some(items) = value.items().filter(|items| items.len() > 1) else { return Ok(value) };
    host.charge_items(items.len() * 2)?;
    let mut scalars = HashSet::new();
    let (mut found, mut others): (Vec<Datum>, Vec<Datum>) = (Vec::new(), Vec::new());
    for item in items.iter() {
        if let Datum::Text(text) = &item {
            host.budget().charge_reading(text.len())?;
        }
        if let Some(scalar) = scalar(&item) {
            if scalars.insert(scalar) {
                found.push(item);
            }
            continue;
        }
        let mut is_known = false;
        for other in &others {
            is_known = is_known || other.equals(&item, host.budget())?;
            if is_known {
                break;
            }
        }
        if !is_known {
            others.push(item.clone());
            found.push(item);
        }
    }
    let is_sequence = matches!(&value, Datum::Array(list) if list.is_sequence);
    if is_sequence { Datum::sequence(found) } else { Datum::array(found) }
}

pub(super) fn sort(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    let Some(items) = items(args) else { return Ok(Datum::Undefined) };
    if items.len() < 2 {
        return Ok(args[0].clone());
    }
    host.charge_items(items.len() * 2)?;
    let items: Vec<Datum> = items.iter().collect();
    let sorted = match args.get(1) {
        Some(Datum::Function(function)) => merge_sort(items, &mut |left, right| {
            host.budget().charge_step()?;
            Ok(host.call(function, vec![left.clone(), right.clone()])?.is_truthy())
        })?,
        _ => {
            let all_numbers = items.iter().all(|item| matches!(item, Datum::Number(_)));
            let all_texts = items.iter().all(|item| matches!(item, Datum::Text(_)));
            if !all_numbers && !all_texts {
                let said = "The single argument form of the sort function can only be applied to an array of strings \
                            or an array of numbers.  Use the second argument to specify a comparison function";
                return Err(Failure::coded("D3070", said));
            }
            merge_sort(items, &mut |left, right| {
                host.budget().charge_step()?;
                Ok(match (left, right) {
                    (Datum::Number(left), Datum::Number(right)) => left > right,
                    (Datum::Text(left), Datum::Text(right)) => {
                        host.budget().charge_reading(left.len().min(right.len()))?;
                        utf16_order(left, right) == Ordering::Greater
                    }
                    _ => false,
                })
            })?
        }
    };
    Ok(Datum::from(List::plain(sorted)?))
}
