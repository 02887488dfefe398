//! The steps of a path, and what they select.
//!
//! A definite path is followed value by value. Otherwise each value that a step gives goes through the steps behind it
//! before the next one does, so that what goes wrong is what goes wrong first. Recursion is over the steps that may give
//! several values, which the parser bounds, and never over the payload.

use std::borrow::Cow;
use std::collections::HashSet;

use super::filter::Filter;
use crate::budget::{Budget, Exhausted};
use crate::memory::{self, Held};
use crate::value::{Object, Text, Value};
use crate::walk;

/// Bytes of a name that are looked for in one step of work.
const NAME_BYTES_A_STEP: u64 = 64;

/// The steps after the root of a path.
#[derive(Debug)]
pub(super) struct Steps {
    steps: Box<[Step]>,
    is_definite: bool,
}

/// One step of a path.
#[derive(Debug)]
pub(super) enum Step {
    /// `$` in the middle of a path: where it stands already.
    Root,
    /// `.a` or `['a']`
    Member(Text),
    /// `['a','b']`, at the tail: one object of those of these members that are there.
    Members(Box<[Text]>),
    /// `[0]`. A negative index is in no array.
    Index(i32),
    /// `[(@.length-1)]`: the length and this, which is negative.
    FromEnd(i32),
    /// `[0,1]`
    Indexes(Box<[i32]>),
    /// `[1:5]`
    Slice(Slice),
    /// `.*` or `[*]`
    Wildcard,
    /// `..`: the step behind it is taken from the value and from all within it, where it can be.
    Scan,
    /// `[?(…)]`: the items, or the object, for which it holds. `[?]` has none, and can be applied to nothing.
    Filter(Option<Box<Filter>>),
}

/// A range of indexes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Slice {
    /// `[1:]`, from the end where it is negative.
    From(i32),
    /// `[:5]`, from the end where it is negative.
    To(i32),
    /// `[1:5]`; an index below 0 is in no array.
    Between(i32, i32),
}

/// Why a selection gave no value.
#[derive(Debug)]
pub(super) enum Fault {
    /// There is nothing at a place. In the items of an array under a wildcard that does not matter, and a criterion
    /// does not hold.
    Miss(Miss),
    /// A step cannot be applied, or values cannot be compared: the end of the whole selection.
    Error(String),
    /// So is this.
    Exhausted(Exhausted),
}

/// What is missing, at which step.
#[derive(Debug)]
pub(super) struct Miss {
    step: usize,
    reason: MissReason,
}

#[derive(Debug)]
enum MissReason {
    /// The last step's member.
    NoResults,
    /// Another step's member.
    MissingProperty,
    /// A member of something that has none.
    NoObject,
    /// An item of null.
    Null,
    OutOfBounds(i64),
}

impl From<Exhausted> for Fault {
    fn from(exhausted: Exhausted) -> Self {
        Self::Exhausted(exhausted)
    }
}

impl Step {
    /// Whether it gives one value.
    pub(super) fn is_definite(&self) -> bool {
        matches!(self, Self::Root | Self::Member(_) | Self::Members(_) | Self::Index(_) | Self::FromEnd(_))
    }
}

impl Held for Steps {
    fn held_bytes(&self) -> usize {
        self.steps.held_bytes()
    }
}

impl Held for Step {
    fn held_bytes(&self) -> usize {
        match self {
            Self::Member(name) => name.held_bytes(),
            Self::Members(names) => names.held_bytes(),
            Self::Indexes(indexes) => memory::row::<i32>(indexes.len()),
            Self::Filter(filter) => filter.held_bytes(),
            Self::Root | Self::Index(_) | Self::FromEnd(_) | Self::Slice(_) | Self::Wildcard | Self::Scan => 0,
        }
    }
}

/// Puts an equal text in place of one, so that it is there once.
pub(super) fn share(text: &mut Text, known: &mut HashSet<Text>) {
    match known.get(text) {
        Some(same) => *text = same.clone(),
        None => _ = known.insert(text.clone()),
    }
}

impl Steps {
    pub(super) fn new(steps: Vec<Step>) -> Self {
        let is_definite = steps.iter().all(Step::is_definite);
        Self { steps: steps.into(), is_definite }
    }

    /// Lets the steps share the texts that they have in common.
    pub(super) fn share(&mut self, known: &mut HashSet<Text>) {
        for step in &mut self.steps {
            match step {
                Step::Member(name) => share(name, known),
                Step::Members(names) => names.iter_mut().for_each(|name| share(name, known)),
                Step::Filter(Some(filter)) => filter.share(known),
                _ => {}
            }
        }
    }

    pub(super) fn is_definite(&self) -> bool {
        self.is_definite
    }

    pub(super) fn into_vec(self) -> Vec<Step> {
        self.steps.into_vec()
    }

    /// What is selected of a document.
    pub(super) fn select(&self, root: &Value, budget: &Budget) -> Result<Value, Fault> {
        if self.is_definite {
            return self.only(root, Demand::Any, budget).map(Cow::into_owned);
        }
        let selection = Selection { path: self, root, budget };
        let mut values = Vec::new();
        selection.run(0, root, &mut values)?;
        Ok(Value::array(values))
    }

    /// The value of a definite path.
    pub(super) fn only<'v>(&self, from: &'v Value, demand: Demand, budget: &Budget) -> Result<Cow<'v, Value>, Fault> {
        let mut at = from;
        for place in 0..self.steps.len() {
            if let Step::Members(names) = &self.steps[place] {
                return self.members(place, names, at, demand, budget).map(Cow::Owned);
            }
            // A definite path says what it misses, so there is always a next value.
            at = self.next(place, at, budget)?.unwrap_or(at);
        }
        Ok(Cow::Borrowed(at))
    }

    /// A definite step but for that of several members; nothing where a path of many values passes over what is missing.
    #[inline]
    fn next<'v>(&self, place: usize, at: &'v Value, budget: &Budget) -> Result<Option<&'v Value>, Fault> {
        match (&self.steps[place], at) {
            (Step::Member(name), Value::Object(object)) => {
                budget.charge_steps(1 + name.len() as u64 / NAME_BYTES_A_STEP)?;
                match object.get(name) {
                    Some(value) => Ok(Some(value)),
                    None if place + 1 == self.steps.len() => Err(miss(place, MissReason::NoResults)),
                    None if self.misses(place) => Err(miss(place, MissReason::MissingProperty)),
                    None => Ok(None),
                }
            }
            (Step::Member(_), _) => Err(miss(place, MissReason::NoObject)),
            (Step::Index(index), _) => {
                budget.charge_step()?;
                let items = self.items(place, at, budget)?;
                item(place, items, i64::from(*index)).map(Some)
            }
            (Step::FromEnd(offset), _) => {
                budget.charge_step()?;
                let items = self.items(place, at, budget)?;
                item(place, items, items.len() as i64 + i64::from(*offset)).map(Some)
            }
            _ => {
                budget.charge_step()?;
                Ok(Some(at))
            }
        }
    }

    /// Whether a member that is not there is a miss: where the steps are definite from the one before it on. Otherwise
    /// the path goes on without it.
    fn misses(&self, place: usize) -> bool {
        self.is_definite || self.steps[place.saturating_sub(1)..].iter().all(Step::is_definite)
    }

    fn members(
        &self,
        place: usize,
        names: &[Text],
        at: &Value,
        demand: Demand,
        budget: &Budget,
    ) -> Result<Value, Fault> {
        let Value::Object(object) = at else { return Err(miss(place, MissReason::NoObject)) };
        if place + 1 < self.steps.len() {
            let path = fragment(&self.steps[..=place]);
            return Err(Fault::Error(format!("Multi properties can only be used as path leafs: ${path}")));
        }
        let mut members = Object::default();
        for name in names {
            walk::charge_members(1, budget)?;
            budget.charge_steps(1 + name.len() as u64 / NAME_BYTES_A_STEP)?;
            match (object.get(name), demand) {
                (Some(value), _) => members.insert(name.clone(), value.clone()),
                (None, Demand::Any) => {}
                (None, Demand::All) => return Err(miss(place, MissReason::NoResults)),
            }
        }
        Ok(Value::Object(members.into()))
    }

    fn items<'v>(&self, place: usize, at: &'v Value, budget: &Budget) -> Result<&'v [Value], Fault> {
        match at {
            Value::Array(items) => Ok(items),
            Value::Null => Err(miss(place, MissReason::Null)),
            _ => Err(self.inapplicable(place, "can only be applied to arrays", at, budget)),
        }
    }

    fn inapplicable(&self, place: usize, why: &str, at: &Value, budget: &Budget) -> Fault {
        let mut context = String::new();
        match walk::java_text(at, &mut context, budget) {
            Ok(()) => {
                let steps = fragment(&self.steps[place..]);
                Fault::Error(format!("Filter: {steps} {why}. Current context is: {context}"))
            }
            Err(exhausted) => Fault::Exhausted(exhausted),
        }
    }
}

/// Which members a step of several needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Demand {
    /// Those that are there will do.
    Any,
    /// All of them.
    All,
}

/// A path of many values on its way through a document.
struct Selection<'s> {
    path: &'s Steps,
    root: &'s Value,
    budget: &'s Budget,
}

impl Selection<'_> {
    /// Takes the steps from a place on, and appends what they select.
    fn run(&self, mut place: usize, mut at: &Value, out: &mut Vec<Value>) -> Result<(), Fault> {
        loop {
            let Some(step) = self.path.steps.get(place) else {
                self.budget.charge_step()?;
                walk::charge_items(1, self.budget)?;
                out.push(at.clone());
                return Ok(());
            };
            match step {
                Step::Root | Step::Member(_) | Step::Index(_) | Step::FromEnd(_) => {
                    match self.path.next(place, at, self.budget)? {
                        Some(next) => at = next,
                        None => return Ok(()),
                    }
                }
                Step::Filter(Some(filter)) if at.as_object().is_some() => {
                    if !filter.accepts(at, self.root, self.budget)? {
                        return Ok(());
                    }
                }
                _ => return self.spread(step, place, at, out),
            }
            place += 1;
        }
    }

    /// A step that may give several values.
    fn spread(&self, step: &Step, place: usize, at: &Value, out: &mut Vec<Value>) -> Result<(), Fault> {
        self.budget.charge_step()?;
        match step {
            Step::Members(names) => {
                let members = self.path.members(place, names, at, Demand::Any, self.budget)?;
                walk::charge_items(1, self.budget)?;
                out.push(members);
                Ok(())
            }
            Step::Indexes(indexes) => {
                let items = self.path.items(place, at, self.budget)?;
                indexes.iter().try_for_each(|index| self.run(place + 1, item(place, items, i64::from(*index))?, out))
            }
            Step::Slice(slice) => {
                let items = self.path.items(place, at, self.budget)?;
                slice.of(items.len()).try_for_each(|index| self.run(place + 1, item(place, items, index)?, out))
            }
            Step::Filter(filter) => self.filter(filter.as_deref(), place, at, out),
            Step::Scan => self.scan(place, at, out),
            _ => self.each(place, at, out),
        }
    }

    /// All within a value. What an item of an array misses does not matter.
    fn each(&self, place: usize, at: &Value, out: &mut Vec<Value>) -> Result<(), Fault> {
        match at {
            Value::Object(object) => object.values().try_for_each(|value| self.run(place + 1, value, out)),
            Value::Array(items) => items.iter().try_for_each(|item| match self.run(place + 1, item, out) {
                Err(Fault::Miss(_)) => Ok(()),
                done => done,
            }),
            _ => Ok(()),
        }
    }

    fn filter(&self, filter: Option<&Filter>, place: usize, at: &Value, out: &mut Vec<Value>) -> Result<(), Fault> {
        let missing = || Fault::Error("The path has a filter [?] that nothing is given for".to_owned());
        match (at, filter) {
            (Value::Array(items), Some(filter)) => {
                items.iter().try_for_each(|item| match filter.accepts(item, self.root, self.budget)? {
                    true => self.run(place + 1, item, out),
                    false => Ok(()),
                })
            }
            (Value::Array(items), None) if items.is_empty() => Ok(()),
            (Value::Array(_) | Value::Object(_), _) => Err(missing()),
            _ => Err(self.path.inapplicable(place, "can not be applied to primitives", at, self.budget)),
        }
    }

    /// The value and all within it, the outer before the inner, in the order of the source.
    fn scan(&self, place: usize, from: &Value, out: &mut Vec<Value>) -> Result<(), Fault> {
        let next = place + 1;
        let mut waiting = vec![from];
        while let Some(at) = waiting.pop() {
            self.budget.charge_step()?;
            let first_inner = waiting.len();
            match at {
                Value::Array(items) => {
                    if self.begins(next, at)? {
                        // An array that is not the last step's gives all its items to the step behind it.
                        match next + 1 < self.path.steps.len() {
                            true => items.iter().try_for_each(|item| self.run(next + 1, item, out))?,
                            false => self.run(next, at, out)?,
                        }
                    }
                    walk::charge_items(items.len(), self.budget)?;
                    waiting.extend(items.iter());
                }
                Value::Object(object) => {
                    if self.begins(next, at)? {
                        self.run(next, at, out)?;
                    }
                    walk::charge_items(object.len(), self.budget)?;
                    waiting.extend(object.values());
                }
                _ => {}
            }
            waiting[first_inner..].reverse();
        }
        Ok(())
    }

    /// Whether a scan takes the step at that place from this array or object.
    fn begins(&self, place: usize, at: &Value) -> Result<bool, Fault> {
        let has = |name: &Text| at.as_object().is_some_and(|object| object.contains(name));
        let charged = |name: &Text| self.budget.charge_steps(1 + name.len() as u64 / NAME_BYTES_A_STEP);
        match self.path.steps.get(place) {
            Some(Step::Member(name)) => {
                charged(name)?;
                Ok(has(name))
            }
            Some(Step::Members(names)) => {
                names.iter().try_for_each(charged)?;
                Ok(at.as_object().is_some() && names.iter().all(has))
            }
            Some(Step::Index(_) | Step::FromEnd(_) | Step::Indexes(_) | Step::Slice(_)) => Ok(at.as_array().is_some()),
            Some(Step::Wildcard | Step::Filter(None)) => Ok(true),
            Some(Step::Filter(Some(filter))) => filter.accepts(at, self.root, self.budget),
            Some(Step::Root | Step::Scan) | None => Ok(false),
        }
    }
}

impl Slice {
    /// The indexes in an array of that length. Those between two bounds may lie before it.
    fn of(self, length: usize) -> std::ops::Range<i64> {
        let length = length as i64;
        let from_end = |bound: i32| if bound < 0 { length + i64::from(bound) } else { i64::from(bound) };
        match self {
            _ if length == 0 => 0..0,
            Self::From(from) => from_end(from).max(0)..length,
            Self::To(to) => 0..from_end(to).min(length),
            Self::Between(from, to) => i64::from(from)..i64::from(to).min(length),
        }
    }
}

impl Miss {
    /// Jayway's text.
    pub(super) fn message(&self, path: &Steps) -> String {
        let before = fragment(&path.steps[..self.step]);
        let step = fragment(&path.steps[self.step..=self.step]);
        match self.reason {
            MissReason::NoResults => format!("No results for path: ${before}{step}"),
            MissReason::MissingProperty => format!("Missing property in path ${before}{step}"),
            MissReason::NoObject => format!("Property {step} not found in path ${before}"),
            MissReason::Null => format!("The path ${before} is null"),
            MissReason::OutOfBounds(index) => {
                format!("Index out of bounds when evaluating path ${before}[{index}]")
            }
        }
    }
}

fn miss(step: usize, reason: MissReason) -> Fault {
    Fault::Miss(Miss { step, reason })
}

fn item(place: usize, items: &[Value], index: i64) -> Result<&Value, Fault> {
    let item = usize::try_from(index).ok().and_then(|index| items.get(index));
    item.ok_or_else(|| miss(place, MissReason::OutOfBounds(index)))
}

/// Steps as Jayway normalizes them: `['a'][0]`.
fn fragment(steps: &[Step]) -> String {
    let joined = |names: &[Text]| names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ");
    let of_step = |step: &Step| match step {
        Step::Root => "$".to_owned(),
        Step::Member(name) => format!("['{name}']"),
        Step::Members(names) => format!("[{}]", joined(names)),
        Step::Index(index) => format!("[{index}]"),
        Step::FromEnd(offset) => format!("[@.size(){offset}]"),
        Step::Indexes(indexes) => format!("[{}]", indexes.iter().map(i32::to_string).collect::<Vec<_>>().join(",")),
        Step::Slice(Slice::From(from)) => format!("[{from}:]"),
        Step::Slice(Slice::To(to)) => format!("[:{to}]"),
        Step::Slice(Slice::Between(from, to)) => format!("[{from}:{to}]"),
        Step::Wildcard => "[*]".to_owned(),
        Step::Scan => "..".to_owned(),
        Step::Filter(_) => "[?]".to_owned(),
    };
    steps.iter().map(of_step).collect()
}
