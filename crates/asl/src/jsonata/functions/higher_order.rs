//! Functions that apply a function to each item.

use std::rc::Rc;

use super::super::datum::{Datum, Items, MEMBER_BYTES, Members, SEQUENCE_MAX};
use super::super::failure::{Evaluated, Failure};
use super::super::function::{Function, Host};
use super::array::items;

/// The function at a place of the arguments.
fn function(args: &[Datum], place: usize) -> Option<Rc<Function>> {
    match args.get(place) {
        Some(Datum::Function(function)) => Some(Rc::clone(function)),
        _ => None,
    }
}

/// Calls a function with as much of an item, its place and the whole as it takes.
fn call(host: &mut dyn Host, function: &Rc<Function>, item: Datum, place: Datum, whole: &Datum) -> Evaluated {
    let arity = function.arity();
    let mut args = Vec::with_capacity(arity.clamp(1, 3));
    args.push(item);
    if arity >= 2 {
        args.push(place);
    }
    if arity >= 3 {
        args.push(whole.clone());
    }
    host.call(function, args)
}

fn push(host: &dyn Host, found: &mut Vec<Datum>, item: Datum) -> Evaluated<()> {
    host.charge_items(1)?;
    found.push(item);
    if found.len() > SEQUENCE_MAX { Err(Failure::Size) } else { Ok(()) }
}

pub(super) fn map(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    let (Some(items), Some(function)) = (items(args), function(args, 1)) else { return Ok(Datum::Undefined) };
    let mut found = Vec::new();
    for (place, item) in items.iter().enumerate() {
        let result = call(host, &function, item, Datum::Number(place as f64), &args[0])?;
        if !result.is_undefined() {
            push(host, &mut found, result)?;
        }
    }
    Datum::sequence(found)
}

pub(super) fn filter(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    let (Some(items), Some(function)) = (items(args), function(args, 1)) else { return Ok(Datum::Undefined) };
    let mut found = Vec::new();
    for (place, item) in items.iter().enumerate() {
        let result = call(host, &function, item.clone(), Datum::Number(place as f64), &args[0])?;
        if result.is_true(host.budget())? {
            push(host, &mut found, item)?;
        }
    }
    Datum::sequence(found)
}

pub(super) fn single(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    let Some(items) = items(args) else { return Ok(Datum::Undefined) };
    let function = function(args, 1);
    let mut found = None;
    for (place, item) in items.iter().enumerate() {
        host.budget().charge_step()?;
        let fits = match &function {
            Some(function) => {
                let result = call(host, function, item.clone(), Datum::Number(place as f64), &args[0])?;
                result.is_true(host.budget())?
            }
            None => true,
        };
        if fits && found.replace(item).is_some() {
            return Err(expected_one("D3138", "it matched more."));
        }
    }
    found.ok_or_else(|| expected_one("D3139", "it matched 0."))
}

fn expected_one(code: &'static str, found: &str) -> Failure {
    Failure::coded(code, format!("The $single() function expected exactly 1 matching result.  Instead {found}"))
}

pub(super) fn reduce(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    let (Some(items), Some(function)) = (items(args), function(args, 1)) else { return Ok(Datum::Undefined) };
    let arity = function.arity();
    if arity < 2 {
        let said = "The second argument of reduce function must be a function with at least two arguments";
        return Err(Failure::coded("D3050", said));
    }
    let mut result = args.get(2).cloned().unwrap_or_default();
    let mut from = 0;
    if result.is_undefined() && items.len() > 0 {
        result = items.get(0).unwrap_or_default();
        from = 1;
    }
    for (place, item) in items.iter().enumerate().skip(from) {
        let mut call = vec![result, item];
        if arity >= 3 {
            call.push(Datum::Number(place as f64));
        }
        if arity >= 4 {
            call.push(args[0].clone());
        }
        result = host.call(&function, call)?;
    }
    Ok(result)
}

pub(super) fn zip(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    let arrays: Vec<Items<'_>> = args.iter().map(Datum::items_or_single).collect();
    let length = arrays.iter().map(|items| items.len()).min().unwrap_or_default();
    host.charge_items(length.saturating_mul(args.len() + 3))?;
    let tuple = |place: usize| Datum::array(arrays.iter().filter_map(|items| items.get(place)).collect());
    Datum::array((0..length).map(tuple).collect::<Evaluated<_>>()?)
}

pub(super) fn each(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    let (Some(object), Some(function)) = (args.first(), function(args, 1)) else { return Ok(Datum::Undefined) };
    let mut found = Vec::new();
    for (name, member) in object.members() {
        let result = call(host, &function, member, Datum::Text(name), object)?;
        if !result.is_undefined() {
            push(host, &mut found, result)?;
        }
    }
    Datum::sequence(found)
}

pub(super) fn sift(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    let (Some(object), Some(function)) = (args.first(), function(args, 1)) else { return Ok(Datum::Undefined) };
    let mut members = Members::default();
    for (name, member) in object.members() {
        let result = call(host, &function, member.clone(), Datum::Text(name.clone()), object)?;
        if result.is_true(host.budget())? {
            host.budget().charge_bytes(MEMBER_BYTES)?;
            members.insert(name, member)?;
        }
    }
    Ok(if members.len() == 0 { Datum::Undefined } else { Datum::from(members) })
}
