//! The steps of a path, and what they select.
//!
//! A definite lead of steps is followed value by value; from the first indefinite step on, a list of values is
//! carried from step to step. Nothing recurses over the steps or over the payload.

use std::cell::Cell;

use super::filter::Filter;
use super::function::Function;
use crate::value::{Object, Text, Value};

/// The steps after the root, and the function at the tail.
#[derive(Debug)]
pub(super) struct Selector {
    pub(super) steps: Vec<Step>,
    pub(super) function: Option<Function>,
}

/// One step of a path.
#[derive(Debug)]
pub(super) enum Step {
    /// `.a` or `['a']`
    Member(Text),
    /// `['a','b']`: at the tail one object of these members, before it each of them.
    Members(Vec<Text>),
    /// `[0]`; negative from the end.
    Index(i64),
    /// `[0,1]`
    Indexes(Vec<i64>),
    /// `[1:5]`
    Slice(Slice),
    /// `.*` or `[*]`
    Wildcard,
    /// `..`: the value and all within it, the outer before the inner.
    Descend,
    /// `[?(…)]`: the items, or the object, for which it holds.
    Filter(Filter),
    /// `..[?(…)]`: keeps of all values within those for which it holds.
    Retain(Filter),
}

/// `[start:end:step]`, as in Python but with a positive step.
#[derive(Debug)]
pub(super) struct Slice {
    pub(super) start: Option<i64>,
    pub(super) end: Option<i64>,
    pub(super) step: Option<usize>,
}

/// Why a selection gave no value.
pub(super) enum Fault {
    /// A definite step led nowhere; an indefinite path then selects an empty array.
    Nothing(String),
    /// A step cannot be applied to the kind of value it met: an error in every path.
    Inapplicable(String),
}

/// The document a path runs over: what `$` means inside a filter, and how many visits are left.
#[derive(Clone, Copy)]
pub(super) struct Document<'v> {
    pub(super) root: &'v Value,
    pub(super) visits: &'v Cell<u32>,
}

impl Document<'_> {
    fn visit(&self, count: usize) -> Result<(), Fault> {
        let left = u32::try_from(count).ok().and_then(|count| self.visits.get().checked_sub(count));
        let Some(left) = left else {
            return Err(Fault::Inapplicable("The path visits too many values".to_owned()));
        };
        self.visits.set(left);
        Ok(())
    }
}

impl Selector {
    pub(super) fn is_definite(&self) -> bool {
        self.function.is_some() || self.steps_are_definite()
    }

    /// What is selected from `from`, in the document `root`.
    pub(super) fn select(&self, from: &Value, root: &Value, visits: &Cell<u32>) -> Result<Value, Fault> {
        let document = Document { root, visits };
        let selected = match self.select_steps(from, document) {
            Err(Fault::Nothing(_)) if !self.steps_are_definite() => Value::array(Vec::new()),
            selected => selected?,
        };
        match &self.function {
            None => Ok(selected),
            Some(function) => function.apply(&selected, document),
        }
    }

    fn steps_are_definite(&self) -> bool {
        let lead = self.lead();
        lead == self.steps.len() || matches!(self.steps[lead..], [Step::Members(_)])
    }

    /// How many definite steps come first.
    fn lead(&self) -> usize {
        self.steps.iter().take_while(|step| matches!(step, Step::Member(_) | Step::Index(_))).count()
    }

    fn select_steps(&self, from: &Value, document: Document<'_>) -> Result<Value, Fault> {
        let lead = self.lead();
        let mut at = from;
        for place in 0..lead {
            at = self.follow(place, at)?;
        }
        match &self.steps[lead..] {
            [] => Ok(at.clone()),
            [Step::Members(names)] => match at {
                Value::Object(object) => Ok(merged(names, object)),
                _ => Err(self.no_property(lead)),
            },
            rest => Ok(Value::array(self.spread(lead, rest, at, document)?)),
        }
    }

    /// One definite step.
    fn follow<'v>(&self, place: usize, at: &'v Value) -> Result<&'v Value, Fault> {
        let last = place + 1 == self.steps.len();
        match (&self.steps[place], at) {
            (Step::Member(name), Value::Object(object)) => object.get(name).ok_or_else(|| match last {
                true => self.no_results(),
                false => Fault::Nothing(format!("Missing property in path {}", self.fragment(place + 1))),
            }),
            (Step::Member(_), _) => Err(self.no_property(place)),
            (Step::Index(index), Value::Array(items)) => {
                position(*index, items.len()).and_then(|at| items.get(at)).ok_or_else(|| self.no_results())
            }
            (_, Value::Null) => Err(self.is_null(place)),
            _ => Err(self.needs_array(place, at)),
        }
    }

    /// The indefinite rest of the steps.
    fn spread(&self, lead: usize, rest: &[Step], at: &Value, document: Document<'_>) -> Result<Vec<Value>, Fault> {
        self.check_first(lead, at)?;
        let mut values = vec![at];
        for (offset, step) in rest.iter().enumerate() {
            if let Step::Members(names) = step
                && offset + 1 == rest.len()
            {
                let objects = values.into_iter().filter_map(Value::as_object);
                return Ok(objects.map(|object| merged(names, object)).collect());
            }
            let mut next = Vec::new();
            for value in values {
                step.apply(value, document, &mut next)?;
            }
            values = next;
        }
        Ok(values.into_iter().cloned().collect())
    }

    /// The first indefinite step still has one value before it, and says when that is of the wrong kind.
    fn check_first(&self, place: usize, at: &Value) -> Result<(), Fault> {
        match (&self.steps[place], at) {
            (Step::Slice(_) | Step::Indexes(_), Value::Array(_)) => Ok(()),
            (Step::Slice(_) | Step::Indexes(_), Value::Null) => Err(self.is_null(place)),
            (Step::Slice(_) | Step::Indexes(_), _) => Err(self.needs_array(place, at)),
            (Step::Filter(_), Value::Array(_) | Value::Object(_)) => Ok(()),
            (Step::Filter(_), _) => Err(Fault::Inapplicable(format!(
                "Filter: [?] can not be applied to primitives. Current context is: {at}"
            ))),
            _ => Ok(()),
        }
    }

    fn no_results(&self) -> Fault {
        Fault::Nothing(format!("No results for path: {}", self.fragment(self.steps.len())))
    }

    fn no_property(&self, place: usize) -> Fault {
        Fault::Nothing(format!("Property {} not found in path {}", self.steps[place].fragment(), self.fragment(place)))
    }

    fn is_null(&self, place: usize) -> Fault {
        Fault::Nothing(format!("The path {} is null", self.fragment(place)))
    }

    fn needs_array(&self, place: usize, at: &Value) -> Fault {
        let step = self.steps[place].fragment();
        Fault::Inapplicable(format!("Filter: {step} can only be applied to arrays. Current context is: {at}"))
    }

    /// The first steps as Jayway normalizes them: `$['a'][0]`.
    fn fragment(&self, steps: usize) -> String {
        let mut text = "$".to_owned();
        self.steps.iter().take(steps).for_each(|step| text.push_str(&step.fragment()));
        text
    }
}

impl Step {
    /// Appends what the step selects from one value; a value of the wrong kind gives nothing.
    fn apply<'v>(&self, at: &'v Value, document: Document<'v>, out: &mut Vec<&'v Value>) -> Result<(), Fault> {
        let before = out.len();
        match (self, at) {
            (Self::Member(name), Value::Object(object)) => out.extend(object.get(name)),
            (Self::Members(names), Value::Object(object)) => out.extend(names.iter().filter_map(|n| object.get(n))),
            (Self::Index(index), Value::Array(items)) => out.extend(item(items, *index)),
            (Self::Indexes(indexes), Value::Array(items)) => out.extend(indexes.iter().filter_map(|i| item(items, *i))),
            (Self::Slice(slice), Value::Array(items)) => out.extend(slice.of(items)),
            (Self::Wildcard, Value::Array(items)) => out.extend(items.iter()),
            (Self::Wildcard, Value::Object(object)) => out.extend(object.values()),
            (Self::Descend, _) => return descend(at, document, out),
            (Self::Filter(filter), Value::Array(items)) => {
                for item in items.iter() {
                    document.visit(1)?;
                    if filter.accepts(item, document)? {
                        out.push(item);
                    }
                }
            }
            (Self::Filter(filter), Value::Object(_)) | (Self::Retain(filter), _) => {
                out.extend(filter.accepts(at, document)?.then_some(at));
            }
            _ => {}
        }
        document.visit(1 + out.len() - before)
    }

    fn fragment(&self) -> String {
        match self {
            Self::Member(name) => format!("['{name}']"),
            Self::Members(names) => {
                format!("[{}]", names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", "))
            }
            Self::Index(index) => format!("[{index}]"),
            Self::Indexes(indexes) => {
                format!("[{}]", indexes.iter().map(i64::to_string).collect::<Vec<_>>().join(","))
            }
            Self::Slice(Slice { start, end, step }) => {
                let side = |bound: &Option<i64>| bound.map(|bound| bound.to_string()).unwrap_or_default();
                let step = step.map(|step| format!(":{step}")).unwrap_or_default();
                format!("[{}:{}{step}]", side(start), side(end))
            }
            Self::Wildcard => "[*]".to_owned(),
            Self::Descend => "..".to_owned(),
            Self::Filter(_) | Self::Retain(_) => "[?]".to_owned(),
        }
    }
}

impl Slice {
    fn of<'v>(&self, items: &'v [Value]) -> impl Iterator<Item = &'v Value> {
        let clamp = |bound: i64| if bound < 0 { position(bound, items.len()).unwrap_or(0) } else { to_usize(bound) };
        let end = self.end.map_or(items.len(), clamp).min(items.len());
        let start = self.start.map_or(0, clamp).min(end);
        items[start..end].iter().step_by(self.step.unwrap_or(1))
    }
}

/// Every value within, the outer before the inner, in the order of the source.
fn descend<'v>(at: &'v Value, document: Document<'v>, out: &mut Vec<&'v Value>) -> Result<(), Fault> {
    let mut waiting = vec![at];
    while let Some(value) = waiting.pop() {
        document.visit(1)?;
        out.push(value);
        let from = waiting.len();
        match value {
            Value::Array(items) => waiting.extend(items.iter()),
            Value::Object(object) => waiting.extend(object.values()),
            _ => {}
        }
        waiting[from..].reverse();
    }
    Ok(())
}

fn merged(names: &[Text], object: &Object) -> Value {
    Value::object(names.iter().filter_map(|name| object.get(name).map(|value| (name.clone(), value.clone()))))
}

fn item(items: &[Value], index: i64) -> Option<&Value> {
    position(index, items.len()).and_then(|at| items.get(at))
}

/// A place in a list of that length; negative indexes count from its end. It may lie behind the end.
pub(super) fn position(index: i64, length: usize) -> Option<usize> {
    if index >= 0 {
        return Some(to_usize(index));
    }
    length.checked_sub(usize::try_from(index.unsigned_abs()).ok()?)
}

fn to_usize(index: i64) -> usize {
    usize::try_from(index).unwrap_or(usize::MAX)
}
