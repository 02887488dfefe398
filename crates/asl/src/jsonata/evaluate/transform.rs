//! `|pattern|update, delete|`: a copy of a value with some of its objects changed.

use std::collections::HashMap;
use std::rc::Rc;

use super::super::code::Node;
use super::super::datum::{Datum, ITEM_BYTES, List, MEMBER_BYTES, Members};
use super::super::failure::{Evaluated, Failure, quoted};
use super::super::frames::Frame;
use super::Machine;
use crate::budget::Budget;

/// Objects that change, by where their copies are.
type Changes = HashMap<*const Members, Members>;

impl Machine<'_> {
    #[inline(never)]
    pub(super) fn transform(&mut self, parts: &[Node], value: &Datum, frame: Frame) -> Evaluated {
        let [pattern, change @ ..] = parts else { return Ok(Datum::Undefined) };
        match value {
            Datum::Undefined => return Ok(Datum::Undefined),
            array if array.items().is_some() || array.member_count().is_some() => {}
            _ => return Err(Failure::argument_mismatch(1, "")),
        }
        // Each object of the copy is one of its own, so that it is known by where it is.
        let copy = copied(value, self.scope.budget)?;
        let matches = self.evaluate(pattern, &copy, frame)?;
        let mut changes = Changes::new();
        for found in matches.items_or_single().iter() {
            self.change(change, &found, &mut changes, frame)?;
        }
        if changes.is_empty() { Ok(copy) } else { changed(&copy, &changes, self.scope.budget, 0) }
    }

    /// `change` is what is put into an object, and the names that are removed.
    fn change(&mut self, change: &[Node], found: &Datum, changes: &mut Changes, frame: Frame) -> Evaluated<()> {
        let [update, delete @ ..] = change else { return Ok(()) };
        let place = match found {
            Datum::Object(members) => Rc::as_ptr(members),
            _ => std::ptr::null(),
        };
        // An object that was changed already is seen as it has become.
        let seen = match changes.get(&place) {
            Some(members) => {
                self.budget().charge_bytes(members.len() as u64 * MEMBER_BYTES)?;
                Datum::from(members.clone())
            }
            None => found.clone(),
        };
        let update = self.evaluate(update, &seen, frame)?;
        if !update.is_undefined() && update.member_count().is_none() {
            let text = "The insert/update clause of the transform expression must evaluate to an object: ";
            return Err(Failure::coded("T2011", format!("{text}{}", quoted(&update))));
        }
        let mut members = match &seen {
            Datum::Object(members) => {
                self.budget().charge_bytes(members.len() as u64 * MEMBER_BYTES)?;
                Members::clone(members)
            }
            _ => Members::default(),
        };
        for (name, value) in update.members() {
            self.budget().charge_bytes(MEMBER_BYTES)?;
            members.insert(name, value)?;
        }
        if let [delete] = delete {
            let names = self.evaluate(delete, &seen, frame)?;
            self.remove(&names, &mut members)?;
        }
        if !place.is_null() {
            changes.insert(place, members);
        }
        Ok(())
    }

    fn remove(&self, names: &Datum, members: &mut Members) -> Evaluated<()> {
        let items = names.items_or_single();
        let texts: Option<Vec<_>> = items.iter().map(|item| item.as_text().cloned()).collect();
        let Some(texts) = texts else {
            let text = "The delete clause of the transform expression must evaluate to a string or array of strings: ";
            return Err(Failure::coded("T2012", format!("{text}{}", quoted(names))));
        };
        self.budget().charge_steps((texts.len() + 1) as u64 * (members.len() + 1) as u64)?;
        members.retain(|name| !texts.iter().any(|text| **text == *name));
        Ok(())
    }
}

/// A copy whose arrays and objects are all made.
fn copied(value: &Datum, budget: &Budget) -> Evaluated {
    if let Some(items) = value.items() {
        budget.charge_bytes(items.len() as u64 * ITEM_BYTES)?;
        let items = items.iter().map(|item| copied(&item, budget)).collect::<Evaluated<_>>()?;
        return Datum::array(items);
    }
    if value.member_count().is_none() {
        return Ok(value.clone());
    }
    let mut members = Members::default();
    for (name, member) in value.members() {
        budget.charge_bytes(MEMBER_BYTES)?;
        members.insert(name, copied(&member, budget)?)?;
    }
    Ok(Datum::from(members))
}

/// The copy with its changed objects. An update may hold parts of the copy, even what it stands in.
fn changed(value: &Datum, changes: &Changes, budget: &Budget, depth: usize) -> Evaluated {
    budget.charge_step()?;
    if depth > crate::json::DEPTH_MAX {
        return Err(Failure::Size);
    }
    match value {
        Datum::Array(list) => {
            budget.charge_bytes(list.items.len() as u64 * ITEM_BYTES)?;
            let items = list.items.iter().map(|item| changed(item, changes, budget, depth + 1));
            Ok(Datum::from(List::plain(items.collect::<Evaluated<_>>()?)?))
        }
        Datum::Object(members) => {
            let members = changes.get(&Rc::as_ptr(members)).unwrap_or(members);
            budget.charge_bytes(members.len() as u64 * MEMBER_BYTES)?;
            let mut written = Members::default();
            for (name, member) in members.iter() {
                written.insert(name.clone(), changed(member, changes, budget, depth + 1)?)?;
            }
            Ok(Datum::from(written))
        }
        other => Ok(other.clone()),
    }
}
