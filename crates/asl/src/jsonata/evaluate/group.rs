//! `{...}`: objects, and groups of a path's items.

use std::collections::HashMap;
use std::rc::Rc;

use super::super::code::Node;
use super::super::datum::{Datum, Items, MEMBER_BYTES, Members, Tuple};
use super::super::failure::{Evaluated, Failure, quoted};
use super::super::frames::Frame;
use super::super::function::Host;
use super::Machine;
use crate::value::Text;

/// Groups beyond this many are found by a hash.
const INDEX_FROM: usize = 16;

/// Items with one key.
struct Group {
    key: Text,
    /// Which pair gave the key.
    pair: usize,
    items: Vec<Datum>,
    tuples: Vec<Tuple>,
    /// Whether it is one item that is an array.
    is_single: bool,
}

#[derive(Default)]
struct Groups {
    groups: Vec<Group>,
    index: HashMap<Text, usize>,
}

impl Groups {
    fn find(&self, key: &str) -> Option<usize> {
        if self.index.is_empty() {
            return self.groups.iter().position(|group| &*group.key == key);
        }
        self.index.get(key).copied()
    }

    fn add(&mut self, group: Group) {
        self.groups.push(group);
        if self.groups.len() == INDEX_FROM {
            self.index = self.groups.iter().enumerate().map(|(at, group)| (group.key.clone(), at)).collect();
        } else if let (Some(last), true) = (self.groups.last(), self.groups.len() > INDEX_FROM) {
            self.index.insert(last.key.clone(), self.groups.len() - 1);
        }
    }
}

impl Machine<'_> {
    /// An object of the groups that the keys make of the items. Without an item, the pairs are evaluated over nothing.
    #[inline(never)]
    pub(super) fn group(&mut self, pairs: &[Node], input: &Datum, frame: Frame) -> Evaluated {
        let mut members = Members::default();
        let nothing = [Datum::Undefined];
        let (items, tuples) = match input {
            Datum::Tuples(tuples) => (Items::Tuples(tuples), Some(tuples)),
            array => match array.items() {
                Some(items) if items.len() > 0 => (items, None),
                Some(_) => (Items::Made(&nothing), None),
                None => (Items::Made(std::slice::from_ref(array)), None),
            },
        };
        let groups = self.groups(pairs, items, tuples, frame)?;
        for group in groups.groups {
            let value_of = &pairs[2 * group.pair + 1];
            let value = if tuples.is_some() {
                self.tuples_value(value_of, &group.tuples, frame)?
            } else {
                let context = if group.is_single {
                    group.items.into_iter().next().unwrap_or_default()
                } else {
                    Datum::array(group.items)?
                };
                self.evaluate(value_of, &context, frame)?
            };
            if !value.is_undefined() {
                self.budget().charge_bytes(MEMBER_BYTES)?;
                members.insert(group.key, value)?;
            }
        }
        Ok(Datum::from(members))
    }

    fn groups(
        &mut self,
        pairs: &[Node],
        items: Items<'_>,
        tuples: Option<&Rc<Vec<Tuple>>>,
        frame: Frame,
    ) -> Evaluated<Groups> {
        let mut groups = Groups::default();
        for (place, item) in items.iter().enumerate() {
            let tuple = tuples.and_then(|tuples| tuples.get(place));
            let inner = match tuple {
                Some(tuple) => self.tuple_frame(tuple, frame)?,
                None => frame,
            };
            for (pair, key) in pairs.iter().step_by(2).enumerate() {
                match self.evaluate(key, &item, inner)? {
                    Datum::Undefined => {}
                    Datum::Text(key) => self.add_to(&mut groups, key, pair, &item, tuple)?,
                    other => {
                        let other = quoted(&other);
                        let text = format!("Key in object structure must evaluate to a string; got: {other}");
                        return Err(Failure::coded("T1003", text));
                    }
                }
            }
            if tuple.is_some() {
                self.frames.pop(inner);
            }
        }
        Ok(groups)
    }

    fn add_to(
        &self,
        groups: &mut Groups,
        key: Text,
        pair: usize,
        item: &Datum,
        tuple: Option<&Tuple>,
    ) -> Evaluated<()> {
        self.budget().charge_bytes(2 * MEMBER_BYTES)?;
        let tuples: Vec<Tuple> = tuple.cloned().into_iter().collect();
        let Some(place) = groups.find(&key) else {
            groups.add(Group { key, pair, items: vec![item.clone()], tuples, is_single: true });
            return Ok(());
        };
        let group = &mut groups.groups[place];
        if group.pair != pair {
            let key = quoted(&Datum::Text(key));
            return Err(Failure::coded("D1009", format!("Multiple key definitions evaluate to same key: {key}")));
        }
        if group.is_single {
            group.is_single = false;
            let first = std::mem::take(&mut group.items);
            for first in first {
                self.append(&mut group.items, &first)?;
            }
        }
        self.append(&mut group.items, item)?;
        group.tuples.extend(tuples);
        Ok(())
    }

    fn append(&self, items: &mut Vec<Datum>, item: &Datum) -> Evaluated<()> {
        let more = item.items_or_single();
        self.charge_items(more.len())?;
        items.extend(more.iter());
        Ok(())
    }

    /// A value over the items of a group, each name bound to what it is bound to in all of them.
    fn tuples_value(&mut self, value_of: &Node, tuples: &[Tuple], frame: Frame) -> Evaluated {
        let mut item = Joined::default();
        let mut names: Vec<(u32, Joined)> = Vec::new();
        for tuple in tuples {
            item.add(self, &tuple.item)?;
            for (name, value) in &tuple.bindings {
                let place = names.iter().position(|(known, _)| known == name).unwrap_or(names.len());
                if place == names.len() {
                    names.push((*name, Joined::default()));
                }
                names[place].1.add(self, value)?;
            }
        }
        let bindings = names.into_iter().map(|(name, joined)| Ok((name, joined.finish()?)));
        let merged = Tuple { item: item.finish()?, bindings: bindings.collect::<Evaluated<_>>()? };
        let inner = self.tuple_frame(&merged, frame)?;
        let value = self.evaluate(value_of, &merged.item, inner)?;
        self.frames.pop(inner);
        Ok(value)
    }
}

/// Values put behind each other, as `$append` does it: one alone stays what it is.
#[derive(Default)]
struct Joined {
    first: Datum,
    count: usize,
    items: Vec<Datum>,
}

impl Joined {
    fn add(&mut self, machine: &Machine<'_>, value: &Datum) -> Evaluated<()> {
        if value.is_undefined() {
            return Ok(());
        }
        self.count += 1;
        if self.count == 1 {
            self.first = value.clone();
            return Ok(());
        }
        let first = std::mem::take(&mut self.first);
        machine.append(&mut self.items, &first)?;
        machine.append(&mut self.items, value)
    }

    fn finish(self) -> Evaluated {
        if self.count < 2 { Ok(self.first) } else { Datum::array(self.items) }
    }
}
