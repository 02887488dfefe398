//! Paths: steps, predicates, wildcards.

use std::rc::Rc;

use super::super::code::{Dressed, Node, STATES, Scoping};
use super::super::datum::{Datum, ITEM_BYTES, List, SEQUENCE_MAX};
use super::super::failure::{Evaluated, Failure};
use super::super::frames::Frame;
use super::super::function::Host;
use super::{Machine, Whole};
use crate::budget::Budget;
use crate::value::{Text, Value};

/// Collects what a step gives for each of its items into a sequence.
pub(super) struct Gathered<'b> {
    budget: &'b Budget,
    /// The first of the results, as long as it is the only one.
    first: Datum,
    is_empty: bool,
    items: Vec<Datum>,
}

impl<'b> Gathered<'b> {
    pub(super) fn new(budget: &'b Budget) -> Self {
        Self { budget, first: Datum::Undefined, is_empty: true, items: Vec::new() }
    }

    /// Adds a result, which is nothing or becomes part of the sequence.
    #[inline]
    pub(super) fn add(&mut self, result: Datum) -> Evaluated<()> {
        if result.is_undefined() {
            return Ok(());
        }
        if std::mem::take(&mut self.is_empty) {
            self.first = result;
            return Ok(());
        }
        if !self.first.is_undefined() {
            let first = std::mem::take(&mut self.first);
            self.push(first)?;
        }
        self.push(result)
    }

    fn push(&mut self, result: Datum) -> Evaluated<()> {
        let dissolves = !matches!(&result, Datum::Array(list) if list.is_constructed);
        match result.items() {
            Some(more) if dissolves => {
                self.charge(more.len())?;
                self.items.extend(more.iter());
            }
            _ => {
                self.charge(1)?;
                self.items.push(result);
            }
        }
        Ok(())
    }

    fn charge(&self, count: usize) -> Evaluated<()> {
        if self.items.len() + count > SEQUENCE_MAX {
            return Err(Failure::Size);
        }
        Ok(self.budget.charge_bytes(count as u64 * ITEM_BYTES)?)
    }

    /// The sequence. An array that is the only result of the last step stays as it is.
    pub(super) fn finish(mut self, is_last: bool) -> Evaluated {
        let first = std::mem::take(&mut self.first);
        match &first {
            Datum::Undefined => {}
            Datum::PayloadArray(_) if is_last => return Ok(first),
            Datum::Array(list) if is_last && !list.is_sequence => return Ok(first),
            _ => self.push(first)?,
        }
        Datum::sequence(self.items)
    }
}

impl<'e> Machine<'e> {
    /// A path over a context item.
    pub(super) fn path(
        &mut self,
        whole: Whole<'_>,
        steps: &[Node],
        keeps: bool,
        item: &Datum,
        frame: Frame,
    ) -> Evaluated {
        if !whole.is_tuple && whole.group.is_none() {
            let (at, current) = self.walk(steps, item, frame)?;
            if at == steps.len() {
                return kept(current, keeps);
            }
            if current.is_undefined() && at > 0 {
                return Ok(Datum::Undefined);
            }
            return self.steps(whole, steps, at, current, keeps, frame);
        }
        self.steps(whole, steps, 0, item.clone(), keeps, frame)
    }

    /// The first steps, as long as they go from one object to a member: how many they are, and where they end.
    #[inline]
    fn walk(&mut self, steps: &[Node], item: &Datum, frame: Frame) -> Evaluated<(usize, Datum)> {
        let (mut at, mut current) = match self.states_path(steps)? {
            Some((at, Some(value))) => (at, Datum::from(value)),
            Some((at, None)) => (at, Datum::Undefined),
            None if is_variable(steps[0]) => (1, self.evaluate(&steps[0], item, frame)?),
            None => (0, item.clone()),
        };
        while let Some(name) = steps.get(at).and_then(|step| self.member_name(*step)) {
            if current.member_count().is_none() {
                break;
            }
            self.budget().charge_step()?;
            current = current.member(name).unwrap_or_default();
            at += 1;
        }
        Ok((at, current))
    }

    /// `$states.input.a.b` without a copy: how many steps, and the payload's value there.
    #[inline]
    fn states_path(&self, steps: &[Node]) -> Evaluated<Option<(usize, Option<&'e Value>)>> {
        if self.program.binds_states || !matches!(steps[0], Node::Variable(_, STATES)) {
            return Ok(None);
        }
        let Some(name) = steps.get(1).and_then(|step| self.member_name(*step)) else { return Ok(None) };
        if self.depth + 1 > self.budget().depth() {
            return Err(Failure::Stack);
        }
        let mut found = self.states_member(name);
        let mut at = 2;
        while let Some(Value::Object(object)) = found {
            let Some(name) = steps.get(at).and_then(|step| self.member_name(*step)) else { break };
            self.budget().charge_step()?;
            found = object.get(name);
            at += 1;
        }
        Ok(Some((if found.is_none() { steps.len() } else { at }, found)))
    }

    /// The steps from one on, over what the steps before gave.
    #[inline(never)]
    fn steps(
        &mut self,
        whole: Whole<'_>,
        steps: &[Node],
        from: usize,
        current: Datum,
        keeps: bool,
        frame: Frame,
    ) -> Evaluated {
        let is_dissolved = match &current {
            Datum::Array(list) if from > 0 => !list.is_constructed,
            array => array.items().is_some() && (from > 0 || !is_variable(self.program.dressed(steps[0]).node)),
        };
        let mut input = if is_dissolved { current } else { Datum::list(vec![current]) };
        let last = steps.len() - 1;
        for (at, step) in steps.iter().enumerate().skip(from) {
            let dressed = self.program.dressed(*step);
            if dressed.binding.is_some() {
                return self.tuple_path(whole, steps, at, &input, keeps, frame);
            }
            input = if at == 0 && constructs(dressed.node) {
                self.evaluate(step, &input, frame)?
            } else {
                self.step(step, dressed, &input, at == last, frame)?
            };
            if input.items().is_none_or(|items| items.len() == 0) {
                break;
            }
        }
        let value = kept(input, keeps)?;
        match whole.group {
            Some(pairs) => self.group(pairs, &value, frame),
            None => Ok(value),
        }
    }

    /// One step over all items of a sequence.
    fn step(&mut self, step: &Node, dressed: Dressed<'e>, input: &Datum, is_last: bool, frame: Frame) -> Evaluated {
        let Dressed { node, predicates, group, keep_array, stages, .. } = dressed;
        if let Node::Sort(terms) = node {
            let sorted = self.sorted(self.program.row(terms), input.items_or_single(), frame)?;
            return self.filtered(stages, sorted, frame);
        }
        let mut gathered = Gathered::new(self.scope.budget);
        let name = if predicates.is_empty() && group.is_none() { self.member_name(node) } else { None };
        // An item that stands for nothing is what a path over nothing begins with.
        let items = input.items_or_single();
        for item in items.iter() {
            let mut result = match name {
                Some(name) => {
                    self.budget().charge_step()?;
                    unwrapped(member(&item, name, self.scope.budget)?, keep_array)
                }
                None => self.evaluate(step, &item, frame)?,
            };
            if !stages.is_empty() {
                result = self.filtered(stages, result, frame)?;
            }
            gathered.add(result)?;
        }
        gathered.finish(is_last)
    }

    /// What passes the predicates of a step.
    fn filtered(&mut self, stages: &[Node], mut value: Datum, frame: Frame) -> Evaluated {
        for stage in stages {
            if !matches!(stage, Node::Numbered(_)) {
                value = self.filter(stage, value, frame)?;
            }
        }
        Ok(value)
    }

    /// The name, where a step is nothing but one.
    #[inline]
    fn member_name(&self, step: Node) -> Option<&'e Text> {
        match step {
            Node::Member(_, word) => self.program.word(word),
            _ => None,
        }
    }

    /// The items for which a predicate holds, or that are at the places it gives.
    pub(super) fn filter(&mut self, predicate: &Node, value: Datum, frame: Frame) -> Evaluated {
        let value = match value {
            Datum::Undefined => return Ok(value),
            Datum::Tuples(tuples) => {
                self.charge_items(tuples.len() * 4)?;
                let found = self.filter_tuples(predicate, Rc::unwrap_or_clone(tuples), frame)?;
                return Ok(Datum::Tuples(Rc::new(found)));
            }
            other => other,
        };
        let items = value.items_or_single();
        if let Some(number) = self.program.number(*predicate) {
            let Some(item) = place_in(number, items.len()).and_then(|place| items.get(place)) else {
                return Datum::sequence(Vec::new());
            };
            return if item.items().is_some() { Ok(item) } else { Datum::sequence(vec![item]) };
        }
        let mut found = Vec::new();
        for place in 0..items.len() {
            let Some(item) = items.get(place) else { break };
            let result = self.evaluate(predicate, &item, frame)?;
            let times = self.chosen(&result, place, items.len())?;
            self.charge_items(times)?;
            found.extend(std::iter::repeat_n(item, times));
            if found.len() > SEQUENCE_MAX {
                return Err(Failure::Size);
            }
        }
        Datum::sequence(found)
    }

    /// How often a predicate that gives this chooses the item at a place.
    pub(super) fn chosen(&self, result: &Datum, place: usize, count: usize) -> Evaluated<usize> {
        let is_place = |number: f64| place_in(number, count) == Some(place);
        match result {
            Datum::Number(number) if number.is_infinite() => Err(Failure::out_of_range(*number)),
            Datum::Number(number) if !number.is_nan() => Ok(usize::from(is_place(*number))),
            other => {
                if let Some(items) = other.items() {
                    self.budget().charge_steps(items.len() as u64)?;
                    if items.len() > 0 && items.iter().all(|item| item.as_number().is_some()) {
                        let numbers = items.iter().filter_map(|item| item.as_number());
                        return Ok(numbers.filter(|number| is_place(*number)).count());
                    }
                }
                Ok(usize::from(other.is_true(self.scope.budget)?))
            }
        }
    }

    /// `*`: all members, their arrays dissolved.
    pub(super) fn wildcard(&mut self, item: &Datum) -> Evaluated {
        let item = match item {
            Datum::Array(list) if list.is_outer => list.items.first().cloned().unwrap_or_default(),
            other => other.clone(),
        };
        let mut found = Vec::new();
        let mut dissolves = false;
        let members: &mut dyn Iterator<Item = Datum> = match item.items() {
            Some(items) => &mut items.iter(),
            None => &mut item.members().map(|(_, member)| member),
        };
        for member in members {
            self.budget().charge_step()?;
            dissolves |= member.items().is_some();
            flatten(&member, &mut found, self.scope.budget)?;
        }
        // What arrays were appended to is no sequence any more.
        if dissolves { Datum::array(found) } else { Datum::sequence(found) }
    }

    /// `**`: the item and everything in it.
    pub(super) fn descendants(&mut self, item: &Datum) -> Evaluated {
        if item.is_undefined() {
            return Ok(Datum::Undefined);
        }
        let mut found = Vec::new();
        descend(item, &mut found, self.scope.budget)?;
        if found.len() > SEQUENCE_MAX {
            return Err(Failure::Size);
        }
        Datum::sequence(found)
    }
}

/// A value with the array kept where that is asked for.
fn kept(value: Datum, keeps: bool) -> Evaluated {
    if !keeps {
        return Ok(value);
    }
    Ok(match value {
        Datum::Undefined => Datum::Undefined,
        Datum::Array(list) if list.is_sequence => {
            let mut list = Rc::unwrap_or_clone(list);
            list.keeps_single = true;
            Datum::from(list)
        }
        Datum::Array(list) if list.is_constructed => {
            Datum::from(List { keeps_single: true, ..List::sequence(vec![Datum::Array(list)])? })
        }
        array @ (Datum::Array(_) | Datum::PayloadArray(_) | Datum::Tuples(_)) => array,
        single => Datum::from(List { keeps_single: true, ..List::sequence(vec![single])? }),
    })
}

/// A sequence as what it stands for.
fn unwrapped(value: Datum, keep_array: bool) -> Datum {
    match value {
        Datum::Array(list) if list.is_sequence => super::single(list, keep_array),
        other => other,
    }
}

/// The member of that name: of an array, those of its items.
pub(super) fn member(item: &Datum, name: &Text, budget: &Budget) -> Evaluated {
    let Some(items) = item.items() else { return Ok(item.member(name).unwrap_or_default()) };
    let mut found = Vec::new();
    for item in items.iter() {
        budget.charge_step()?;
        let result = member(&item, name, budget)?;
        let more = result.items_or_single();
        if found.len() + more.len() > SEQUENCE_MAX {
            return Err(Failure::Size);
        }
        budget.charge_bytes(more.len() as u64 * ITEM_BYTES)?;
        found.extend(more.iter());
    }
    Datum::sequence(found)
}

fn is_variable(step: Node) -> bool {
    matches!(step, Node::Variable(..) | Node::Item | Node::Root)
}

/// Whether it has an array that is written as such.
fn constructs(step: Node) -> bool {
    matches!(step, Node::Array(true, _) | Node::Block(Scoping { constructs: true, .. }, _))
}

/// The place among so many items that a number means; negative ones count from the end.
pub(super) fn place_in(number: f64, count: usize) -> Option<usize> {
    let place = number.floor();
    let place = if place < 0.0 { place + count as f64 } else { place };
    (place >= 0.0 && place < count as f64).then_some(place as usize)
}

fn flatten(value: &Datum, found: &mut Vec<Datum>, budget: &Budget) -> Evaluated<()> {
    let Some(items) = value.items() else {
        budget.charge_bytes(ITEM_BYTES)?;
        found.push(value.clone());
        return Ok(());
    };
    if found.len() > SEQUENCE_MAX {
        return Err(Failure::Size);
    }
    for item in items.iter() {
        budget.charge_step()?;
        flatten(&item, found, budget)?;
    }
    Ok(())
}

fn descend(value: &Datum, found: &mut Vec<Datum>, budget: &Budget) -> Evaluated<()> {
    budget.charge_step()?;
    match value.items() {
        Some(items) => {
            for item in items.iter() {
                descend(&item, found, budget)?;
            }
        }
        None => {
            budget.charge_bytes(ITEM_BYTES)?;
            found.push(value.clone());
            for (_, member) in value.members() {
                descend(&member, found, budget)?;
            }
        }
    }
    Ok(())
}
