//! Paths that bind names to their items (`@$x`, `#$i`) or look back (`%`).

use std::rc::Rc;

use super::super::code::{Binding, Dressed, Node};
use super::super::datum::{Datum, SEQUENCE_MAX, Tuple};
use super::super::failure::{Evaluated, Failure};
use super::super::frames::Frame;
use super::super::function::Host;
use super::path::place_in;
use super::{Machine, Whole};

/// Bytes of an item with its names, besides the bindings.
const TUPLE_BYTES: u64 = size_of::<Tuple>() as u64;
const BINDING_BYTES: u64 = size_of::<(u32, Datum)>() as u64;

impl Machine<'_> {
    /// The steps of a path from the first on that binds names.
    pub(super) fn tuple_path(
        &mut self,
        whole: Whole<'_>,
        steps: &[Node],
        from: usize,
        input: &Datum,
        keeps: bool,
        frame: Frame,
    ) -> Evaluated {
        let items = input.items_or_single();
        self.charge_items(items.len() * 2)?;
        let mut tuples: Vec<Tuple> = items.iter().map(|item| Tuple { item, bindings: Vec::new() }).collect();
        let mut is_first = true;
        for step in &steps[from..] {
            tuples = self.tuple_step(step, tuples, is_first, frame)?;
            is_first = false;
        }
        if let Some(pairs) = whole.group {
            return self.group(pairs, &Datum::Tuples(Rc::new(tuples)), frame);
        }
        if whole.is_tuple {
            return Ok(Datum::Tuples(Rc::new(tuples)));
        }
        self.charge_items(tuples.len())?;
        let items = tuples.into_iter().map(|tuple| tuple.item).collect();
        let mut list = super::super::datum::List::sequence(items)?;
        list.keeps_single = keeps;
        Ok(Datum::from(list))
    }

    /// A frame with the names of an item.
    pub(super) fn tuple_frame(&mut self, tuple: &Tuple, frame: Frame) -> Evaluated<Frame> {
        self.budget().charge_steps(tuple.bindings.len() as u64)?;
        let inner = self.frames.push(frame);
        for (name, value) in &tuple.bindings {
            self.frames.bind(inner, *name, value.clone());
        }
        Ok(inner)
    }

    fn tuple_step(&mut self, step: &Node, tuples: Vec<Tuple>, is_first: bool, frame: Frame) -> Evaluated<Vec<Tuple>> {
        let program = self.program;
        let Dressed { node, stages, binding, .. } = program.dressed(*step);
        let binding = binding.copied().unwrap_or_default();
        if let Node::Sort(terms) = node {
            let mut sorted = self.sorted_tuples(program.row(terms), tuples, frame)?;
            if let Some(name) = binding.index.filter(|_| is_first) {
                self.number(&mut sorted, name)?;
            }
            return self.staged(stages, sorted, frame);
        }
        let mut found = Vec::new();
        for tuple in tuples {
            let inner = self.tuple_frame(&tuple, frame)?;
            let result = self.evaluate(step, &tuple.item, inner)?;
            self.frames.pop(inner);
            self.spread(&binding, &tuple, &result, &mut found)?;
        }
        self.staged(stages, found, frame)
    }

    /// What a step gave for an item, each with the item's names and the step's own.
    fn spread(&self, step: &Binding, tuple: &Tuple, result: &Datum, found: &mut Vec<Tuple>) -> Evaluated<()> {
        let items = result.items_or_single();
        for place in 0..items.len() {
            let bindings = tuple.bindings.len() as u64 + 2;
            self.budget().charge_bytes(TUPLE_BYTES + BINDING_BYTES * bindings)?;
            let mut next = tuple.clone();
            if let Datum::Tuples(tuples) = result {
                let inner = &tuples[place];
                next.item = inner.item.clone();
                inner.bindings.iter().for_each(|(name, value)| next.bind(*name, value.clone()));
            } else {
                let item = items.get(place).unwrap_or_default();
                match step.focus {
                    Some(name) => next.bind(name, item),
                    None => next.item = item,
                }
                if let Some(name) = step.index {
                    next.bind(name, Datum::Number(place as f64));
                }
                if let Some(parent) = step.parent {
                    next.bind(self.program.parent(parent), tuple.item.clone());
                }
            }
            found.push(next);
            if found.len() > SEQUENCE_MAX {
                return Err(Failure::Size);
            }
        }
        Ok(())
    }

    fn number(&self, tuples: &mut [Tuple], name: u32) -> Evaluated<()> {
        self.budget().charge_bytes(tuples.len() as u64 * BINDING_BYTES)?;
        for (place, tuple) in tuples.iter_mut().enumerate() {
            tuple.bind(name, Datum::Number(place as f64));
        }
        Ok(())
    }

    fn staged(&mut self, stages: &[Node], mut tuples: Vec<Tuple>, frame: Frame) -> Evaluated<Vec<Tuple>> {
        for stage in stages {
            match stage {
                Node::Numbered(name) => self.number(&mut tuples, *name)?,
                predicate => tuples = self.filter_tuples(predicate, tuples, frame)?,
            }
        }
        Ok(tuples)
    }

    pub(super) fn filter_tuples(
        &mut self,
        predicate: &Node,
        tuples: Vec<Tuple>,
        frame: Frame,
    ) -> Evaluated<Vec<Tuple>> {
        let count = tuples.len();
        if let Some(number) = self.program.number(*predicate) {
            let place = place_in(number, count);
            return Ok(place.and_then(|place| tuples.into_iter().nth(place)).into_iter().collect());
        }
        let mut found = Vec::new();
        for (place, tuple) in tuples.into_iter().enumerate() {
            let inner = self.tuple_frame(&tuple, frame)?;
            let result = self.evaluate(predicate, &tuple.item, inner)?;
            self.frames.pop(inner);
            let times = self.chosen(&result, place, count)?;
            let bytes = TUPLE_BYTES + BINDING_BYTES * tuple.bindings.len() as u64;
            self.budget().charge_bytes(bytes.saturating_mul(times as u64))?;
            found.extend(std::iter::repeat_n(tuple, times));
        }
        Ok(found)
    }
}
