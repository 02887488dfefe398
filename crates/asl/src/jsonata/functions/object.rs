//! Functions about objects, types and truth.

use std::collections::HashSet;

use super::super::datum::{Datum, MEMBER_BYTES, Members, SEQUENCE_MAX};
use super::super::failure::{Evaluated, Failure};
use super::super::function::Host;
use super::text::text;
use crate::value::Text;

fn first(args: &[Datum]) -> Datum {
    args.first().cloned().unwrap_or_default()
}

pub(super) fn boolean(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    match first(args) {
        Datum::Undefined => Ok(Datum::Undefined),
        value => value.is_true(host.budget()).map(Datum::Bool),
    }
}

pub(super) fn not(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    match first(args) {
        Datum::Undefined => Ok(Datum::Undefined),
        value => Ok(Datum::Bool(!value.is_true(host.budget())?)),
    }
}

pub(super) fn exists(_: &mut dyn Host, args: &[Datum]) -> Evaluated {
    Ok(Datum::Bool(!first(args).is_undefined()))
}

pub(super) fn kind(_: &mut dyn Host, args: &[Datum]) -> Evaluated {
    Ok(Datum::text(match first(args) {
        Datum::Undefined => return Ok(Datum::Undefined),
        Datum::Null => "null",
        Datum::Bool(_) => "boolean",
        Datum::Number(_) => "number",
        Datum::Text(_) => "string",
        Datum::PayloadArray(_) | Datum::Array(_) | Datum::Tuples(_) => "array",
        Datum::PayloadObject(_) | Datum::Object(_) => "object",
        Datum::Function(_) => "function",
    }))
}

/// Values do not change, so a copy is the value.
pub(super) fn clone(_: &mut dyn Host, args: &[Datum]) -> Evaluated {
    Ok(first(args))
}

pub(super) fn error(_: &mut dyn Host, args: &[Datum]) -> Evaluated {
    Err(Failure::coded("D3137", text(args, 0).map_or("$error() function evaluated", |said| said)))
}

pub(super) fn assert(_: &mut dyn Host, args: &[Datum]) -> Evaluated {
    if matches!(args.first(), Some(Datum::Bool(true))) {
        return Ok(Datum::Undefined);
    }
    Err(Failure::coded("D3141", text(args, 1).map_or("$assert() statement failed", |said| said)))
}

/// Of an array, the names in any of its items.
pub(super) fn keys(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    let mut names = Vec::new();
    let mut known = HashSet::new();
    collect_keys(host, &first(args), &mut names, &mut known)?;
    Datum::sequence(names)
}

fn collect_keys(host: &dyn Host, value: &Datum, names: &mut Vec<Datum>, known: &mut HashSet<Text>) -> Evaluated<()> {
    if let Some(items) = value.items() {
        for item in items.iter() {
            host.budget().charge_step()?;
            collect_keys(host, &item, names, known)?;
        }
    }
    for (name, _) in value.members() {
        host.charge_items(2)?;
        if known.insert(name.clone()) {
            names.push(Datum::Text(name));
        }
    }
    if names.len() > SEQUENCE_MAX { Err(Failure::Size) } else { Ok(()) }
}

pub(super) fn lookup(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    match text(args, 1) {
        Some(name) => found(host, &first(args), name),
        None => Ok(Datum::Undefined),
    }
}

/// The member of that name: of an array, those of its items.
fn found(host: &dyn Host, value: &Datum, name: &str) -> Evaluated {
    let Some(items) = value.items() else { return Ok(value.member(name).unwrap_or_default()) };
    let mut all = Vec::new();
    for item in items.iter() {
        host.budget().charge_step()?;
        let member = found(host, &item, name)?;
        let more = member.items_or_single();
        host.charge_items(more.len())?;
        all.extend(more.iter());
        if all.len() > SEQUENCE_MAX {
            return Err(Failure::Size);
        }
    }
    Datum::sequence(all)
}

pub(super) fn spread(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    let value = first(args);
    if value.items().is_none() && value.member_count().is_none() {
        return Ok(value);
    }
    let mut found = Vec::new();
    spread_into(host, &value, &mut found)?;
    Datum::sequence(found)
}

fn spread_into(host: &dyn Host, value: &Datum, found: &mut Vec<Datum>) -> Evaluated<()> {
    if let Some(items) = value.items() {
        for item in items.iter() {
            host.budget().charge_step()?;
            spread_into(host, &item, found)?;
        }
        return Ok(());
    }
    if value.member_count().is_none() {
        host.charge_items(1)?;
        found.push(value.clone());
    }
    for (name, member) in value.members() {
        host.budget().charge_bytes(3 * MEMBER_BYTES)?;
        let mut single = Members::default();
        single.insert(name, member)?;
        found.push(Datum::from(single));
    }
    if found.len() > SEQUENCE_MAX { Err(Failure::Size) } else { Ok(()) }
}

pub(super) fn merge(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    let Some(items) = args.first().and_then(Datum::items) else { return Ok(Datum::Undefined) };
    let mut members = Members::default();
    for item in items.iter() {
        host.budget().charge_step()?;
        for (name, member) in item.members() {
            host.budget().charge_bytes(MEMBER_BYTES)?;
            members.insert(name, member)?;
        }
    }
    Ok(Datum::from(members))
}
