//! The values of an evaluation: those of the payload, shared as they are, and those that are made.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::failure::{Evaluated, Failure};
use super::function::Function;
use crate::budget::Budget;
use crate::json;
use crate::number::Number;
use crate::value::{Object, Text, Value};

/// Items of a sequence. AWS counts 873,782 numbers and refuses one more.
pub(super) const SEQUENCE_MAX: usize = 873_782;

/// Bytes of one string: what that many numbers take. AWS makes a string of 2^22 characters, not one of 2^23.
pub(super) const TEXT_MAX: usize = SEQUENCE_MAX * 8;

/// Values that are made nest this deep at most, as payloads do: what goes through them goes no deeper.
const DEPTH_MAX: u32 = json::DEPTH_MAX as u32;

/// Bytes of an item in an array.
pub(super) const ITEM_BYTES: u64 = size_of::<Datum>() as u64;

/// Bytes of a member in an object, without its name.
pub(super) const MEMBER_BYTES: u64 = size_of::<(Text, Datum)>() as u64;

/// A value of an evaluation. Cloning is a pointer.
#[derive(Clone, Debug, Default)]
pub(super) enum Datum {
    /// Nothing.
    #[default]
    Undefined,
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(f64),
    /// A string.
    Text(Text),
    /// An array of the payload.
    PayloadArray(Arc<Vec<Value>>),
    /// An object of the payload.
    PayloadObject(Arc<Object>),
    /// An array that was made.
    Array(Rc<List>),
    /// An object that was made.
    Object(Rc<Members>),
    /// A function.
    Function(Rc<Function>),
    /// The items of a path that binds names, each with its names.
    Tuples(Rc<Vec<Tuple>>),
}

/// An array, and what became of it on its way.
#[derive(Clone, Debug, Default)]
pub(super) struct List {
    /// Its items. None of them is undefined, but groups of a match that took no part.
    pub(super) items: Vec<Datum>,
    /// A sequence of one item is that item; an empty one is nothing.
    pub(super) is_sequence: bool,
    /// Unless a single item stays in its sequence.
    pub(super) keeps_single: bool,
    /// Written as `[...]` within a path: it is not dissolved in the path's sequence.
    pub(super) is_constructed: bool,
    /// Stands around an input that is an array, so that a path goes through the input as a whole.
    pub(super) is_outer: bool,
    /// How deep what was made is nested in it.
    pub(super) depth: u32,
}

/// The members of an object that was made, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Members {
    members: Vec<(Text, Datum)>,
    index: Option<HashMap<Text, usize>>,
    depth: u32,
}

/// An item of a path that binds names.
#[derive(Clone, Debug, Default)]
pub(super) struct Tuple {
    /// The item.
    pub(super) item: Datum,
    /// The names and what they are bound to.
    pub(super) bindings: Vec<(u32, Datum)>,
}

impl Tuple {
    /// Binds a name, which may be bound.
    pub(super) fn bind(&mut self, name: u32, value: Datum) {
        match self.bindings.iter_mut().find(|(known, _)| *known == name) {
            Some((_, bound)) => *bound = value,
            None => self.bindings.push((name, value)),
        }
    }
}

/// The items of an array, wherever they are.
#[derive(Clone, Copy)]
pub(super) enum Items<'d> {
    /// Of the payload.
    Payload(&'d [Value]),
    /// Made.
    Made(&'d [Datum]),
    /// Of a path that binds names.
    Tuples(&'d [Tuple]),
}

impl<'d> Items<'d> {
    /// How many there are.
    pub(super) fn len(self) -> usize {
        match self {
            Self::Payload(items) => items.len(),
            Self::Made(items) => items.len(),
            Self::Tuples(tuples) => tuples.len(),
        }
    }

    /// The item at a place.
    pub(super) fn get(self, place: usize) -> Option<Datum> {
        match self {
            Self::Payload(items) => items.get(place).map(Datum::from),
            Self::Made(items) => items.get(place).cloned(),
            Self::Tuples(tuples) => tuples.get(place).map(|tuple| tuple.item.clone()),
        }
    }

    /// All of them in order.
    pub(super) fn iter(self) -> impl DoubleEndedIterator<Item = Datum> + ExactSizeIterator + use<'d> {
        (0..self.len()).map(move |place| self.get(place).unwrap_or_default())
    }
}

impl From<&Value> for Datum {
    #[inline]
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => Self::Number(number.as_f64()),
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(items) => Self::PayloadArray(items.clone()),
            Value::Object(object) => Self::PayloadObject(object.clone()),
        }
    }
}

impl From<bool> for Datum {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<f64> for Datum {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl Datum {
    /// A string, which the caller has charged.
    pub(super) fn text(text: impl Into<Text>) -> Self {
        Self::Text(text.into())
    }

    /// A plain array of items that do not nest.
    pub(super) fn list(items: Vec<Self>) -> Self {
        let depth = 1 + items.iter().map(Self::depth).max().unwrap_or_default();
        Self::Array(Rc::new(List { items, depth, ..List::default() }))
    }

    /// A plain array.
    pub(super) fn array(items: Vec<Self>) -> Evaluated {
        List::plain(items).map(Self::from)
    }

    /// A sequence.
    pub(super) fn sequence(items: Vec<Self>) -> Evaluated {
        List::sequence(items).map(Self::from)
    }

    /// How deep what was made is nested here.
    fn depth(&self) -> u32 {
        match self {
            Self::Array(list) => list.depth,
            Self::Object(members) => members.depth,
            Self::Function(function) => function.depth(),
            _ => 0,
        }
    }

    /// How deep something made of this is nested; `Err` where it is too deep.
    pub(super) fn depth_around<'d>(parts: impl IntoIterator<Item = &'d Self>) -> Evaluated<u32> {
        let depth = 1 + parts.into_iter().map(Self::depth).max().unwrap_or_default();
        if depth > DEPTH_MAX { Err(Failure::Size) } else { Ok(depth) }
    }

    /// Whether this is nothing.
    #[inline]
    pub(super) fn is_undefined(&self) -> bool {
        matches!(self, Self::Undefined)
    }

    /// The items, where this is an array.
    #[inline]
    pub(super) fn items(&self) -> Option<Items<'_>> {
        match self {
            Self::PayloadArray(items) => Some(Items::Payload(items)),
            Self::Array(list) => Some(Items::Made(&list.items)),
            Self::Tuples(tuples) => Some(Items::Tuples(tuples)),
            _ => None,
        }
    }

    /// The items, or this as the only one; nothing has none.
    pub(super) fn items_or_single(&self) -> Items<'_> {
        match self {
            Self::Undefined => Items::Made(&[]),
            single => single.items().unwrap_or(Items::Made(std::slice::from_ref(single))),
        }
    }

    /// The number, where this is one.
    pub(super) fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The string, where this is one.
    pub(super) fn as_text(&self) -> Option<&Text> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The member of that name, where this is an object that has it.
    #[inline]
    pub(super) fn member(&self, name: &str) -> Option<Self> {
        match self {
            Self::PayloadObject(object) => object.get(name).map(Self::from),
            Self::Object(members) => members.get(name).cloned(),
            _ => None,
        }
    }

    /// How many members there are, where this is an object.
    pub(super) fn member_count(&self) -> Option<usize> {
        match self {
            Self::PayloadObject(object) => Some(object.len()),
            Self::Object(members) => Some(members.len()),
            _ => None,
        }
    }

    /// The member at a place in the order.
    pub(super) fn member_at(&self, place: usize) -> Option<(Text, Self)> {
        match self {
            Self::PayloadObject(object) => object.at(place).map(|(name, value)| (name.clone(), Self::from(value))),
            Self::Object(members) => members.members.get(place).cloned(),
            _ => None,
        }
    }

    /// The members in order; none of what is no object.
    pub(super) fn members(&self) -> impl Iterator<Item = (Text, Self)> {
        (0..self.member_count().unwrap_or_default()).filter_map(|place| self.member_at(place))
    }

    /// What `$boolean` makes of it, but for nothing, which is false here.
    pub(super) fn is_true(&self, budget: &Budget) -> Evaluated<bool> {
        Ok(match self {
            Self::Undefined | Self::Null | Self::Function(_) => false,
            Self::Bool(value) => *value,
            Self::Number(number) => is_true_number(*number)?,
            Self::Text(text) => !text.is_empty(),
            Self::PayloadObject(_) | Self::Object(_) => self.member_count() != Some(0),
            Self::PayloadArray(_) | Self::Array(_) | Self::Tuples(_) => {
                let items = self.items_or_single();
                let mut any = false;
                for item in items.iter() {
                    budget.charge_step()?;
                    any = any || item.is_true(budget)?;
                    if any {
                        break;
                    }
                }
                any
            }
        })
    }

    /// Whether JavaScript takes it for true.
    pub(super) fn is_truthy(&self) -> bool {
        match self {
            Self::Undefined | Self::Null => false,
            Self::Bool(value) => *value,
            Self::Number(number) => *number != 0.0 && !number.is_nan(),
            Self::Text(text) => !text.is_empty(),
            _ => true,
        }
    }

    /// Whether both are the very same array, object or function.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::PayloadArray(a), Self::PayloadArray(b)) => Arc::ptr_eq(a, b),
            (Self::PayloadObject(a), Self::PayloadObject(b)) => Arc::ptr_eq(a, b),
            (Self::Array(a), Self::Array(b)) => Rc::ptr_eq(a, b),
            (Self::Object(a), Self::Object(b)) => Rc::ptr_eq(a, b),
            (Self::Function(a), Self::Function(b)) => Rc::ptr_eq(a, b),
            _ => false,
        }
    }

    /// Deep equality.
    pub(super) fn equals(&self, other: &Self, budget: &Budget) -> Evaluated<bool> {
        budget.charge_step()?;
        Ok(match (self, other) {
            (Self::Undefined, Self::Undefined) | (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Number(a), Self::Number(b)) => a == b,
            (Self::Text(a), Self::Text(b)) => {
                budget.charge_reading(a.len().min(b.len()))?;
                a == b
            }
            (Self::Function(a), Self::Function(b)) => Rc::ptr_eq(a, b),
            (a, b) => match (a.items(), b.items()) {
                (Some(a), Some(b)) => items_equal(a, b, budget)?,
                (None, None) => members_equal(a, b, budget)?,
                _ => false,
            },
        })
    }
}

fn is_true_number(number: f64) -> Evaluated<bool> {
    if number.is_infinite() { Err(Failure::out_of_range(number)) } else { Ok(number != 0.0 && !number.is_nan()) }
}

fn items_equal(a: Items<'_>, b: Items<'_>, budget: &Budget) -> Evaluated<bool> {
    if a.len() != b.len() {
        return Ok(false);
    }
    for (a, b) in a.iter().zip(b.iter()) {
        if !a.equals(&b, budget)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn members_equal(a: &Datum, b: &Datum, budget: &Budget) -> Evaluated<bool> {
    let (Some(left), Some(right)) = (a.member_count(), b.member_count()) else { return Ok(false) };
    if left != right {
        return Ok(false);
    }
    for (name, value) in a.members() {
        match b.member(&name) {
            Some(other) if value.equals(&other, budget)? => {}
            _ => return Ok(false),
        }
    }
    Ok(true)
}

impl From<List> for Datum {
    fn from(list: List) -> Self {
        Self::Array(Rc::new(list))
    }
}

impl From<Members> for Datum {
    fn from(members: Members) -> Self {
        Self::Object(Rc::new(members))
    }
}

impl List {
    /// A plain array.
    pub(super) fn plain(items: Vec<Datum>) -> Evaluated<Self> {
        let depth = Datum::depth_around(&items)?;
        Ok(Self { items, depth, ..Self::default() })
    }

    /// A sequence.
    pub(super) fn sequence(items: Vec<Datum>) -> Evaluated<Self> {
        if items.len() > SEQUENCE_MAX {
            return Err(Failure::Size);
        }
        Ok(Self { is_sequence: true, ..Self::plain(items)? })
    }
}

/// Objects of more members than this carry a hash index.
const INDEX_FROM: usize = 16;

impl Members {
    /// The member of that name.
    pub(super) fn get(&self, name: &str) -> Option<&Datum> {
        self.position(name).map(|place| &self.members[place].1)
    }

    /// How many members there are.
    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    /// The members in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &(Text, Datum)> {
        self.members.iter()
    }

    /// Sets a member: in its place where the name is there, else at the end.
    pub(super) fn insert(&mut self, name: Text, value: Datum) -> Evaluated<()> {
        self.depth = self.depth.max(Datum::depth_around([&value])?);
        match self.position(&name) {
            Some(place) => self.members[place].1 = value,
            None => {
                if let Some(index) = &mut self.index {
                    index.insert(name.clone(), self.members.len());
                }
                self.members.push((name, value));
                if self.index.is_none() && self.members.len() > INDEX_FROM {
                    self.index = Some(self.members.iter().enumerate().map(|(at, (n, _))| (n.clone(), at)).collect());
                }
            }
        }
        Ok(())
    }

    /// Removes members.
    pub(super) fn retain(&mut self, keeps: impl Fn(&str) -> bool) {
        self.index = None;
        let members = std::mem::take(&mut self.members);
        for (name, value) in members.into_iter().filter(|(name, _)| keeps(name)) {
            self.members.push((name, value));
        }
        if self.members.len() > INDEX_FROM {
            self.index = Some(self.members.iter().enumerate().map(|(at, (n, _))| (n.clone(), at)).collect());
        }
    }

    fn position(&self, name: &str) -> Option<usize> {
        match &self.index {
            Some(index) => index.get(name).copied(),
            None => self.members.iter().position(|(known, _)| &**known == name),
        }
    }
}

/// A number as a payload has it; what JSON cannot say is a string, as on AWS.
pub(super) fn payload_number(number: f64) -> Value {
    match Number::from_f64(number) {
        Some(number) => Value::Number(number),
        None if number.is_nan() => Value::from("NaN"),
        None if number > 0.0 => Value::from("Infinity"),
        None => Value::from("-Infinity"),
    }
}
