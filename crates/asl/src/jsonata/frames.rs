//! Where names are bound.
//!
//! A frame is popped when its construct is over, unless a function was made meanwhile: from then on all frames that are
//! there stay until the evaluation ends. Nothing counts references, and nothing is freed in a chain.

use super::code::Name;
use super::datum::Datum;
use super::failure::Evaluated;
use crate::budget::Budget;

/// A frame by its number.
pub(super) type Frame = u32;

/// The outermost frame.
pub(super) const OUTERMOST: Frame = 0;

/// No binding.
const NONE: u32 = u32::MAX;

/// All frames of an evaluation.
pub(super) struct Frames {
    /// The first binding of the outermost frame.
    outermost: u32,
    /// The others: frame 1 is the first.
    frames: Vec<Place>,
    bindings: Vec<Binding>,
    /// How many frames and bindings stay.
    kept: (usize, usize),
}

struct Place {
    parent: Frame,
    first: u32,
    /// How many bindings there were when the frame began.
    mark: u32,
}

struct Binding {
    name: Name,
    next: u32,
    value: Datum,
}

impl Frames {
    /// The outermost frame alone.
    pub(super) fn new() -> Self {
        Self { outermost: NONE, frames: Vec::new(), bindings: Vec::new(), kept: (0, 0) }
    }

    /// Begins a frame within another.
    pub(super) fn push(&mut self, parent: Frame) -> Frame {
        self.frames.push(Place { parent, first: NONE, mark: self.bindings.len() as u32 });
        self.frames.len() as Frame
    }

    /// Ends a frame and those that began after it.
    pub(super) fn pop(&mut self, frame: Frame) {
        let left = (frame as usize - 1).max(self.kept.0);
        if let Some(first) = self.frames.get(left) {
            self.bindings.truncate((first.mark as usize).max(self.kept.1));
            self.frames.truncate(left);
        }
    }

    /// Lets all frames stay.
    pub(super) fn keep(&mut self, budget: &Budget) -> Evaluated<()> {
        let (frames, bindings) = (self.frames.len(), self.bindings.len());
        let bytes = (frames - self.kept.0) * size_of::<Place>() + (bindings - self.kept.1) * size_of::<Binding>();
        budget.charge_bytes(bytes as u64)?;
        self.kept = (frames, bindings);
        Ok(())
    }

    /// Binds a name, which may be bound.
    pub(super) fn bind(&mut self, frame: Frame, name: Name, value: Datum) {
        let first = self.first(frame);
        let mut place = first;
        while let Some(binding) = self.bindings.get_mut(place as usize) {
            if binding.name == name {
                binding.value = value;
                return;
            }
            place = binding.next;
        }
        let added = self.bindings.len() as u32;
        self.bindings.push(Binding { name, next: first, value });
        match self.frames.get_mut((frame as usize).wrapping_sub(1)) {
            Some(place) => place.first = added,
            None => self.outermost = added,
        }
    }

    /// What a name is bound to in a frame or one around it. Each name that is passed is work.
    pub(super) fn find(&self, mut frame: Frame, name: Name, budget: &Budget) -> Evaluated<Option<&Datum>> {
        loop {
            let mut place = self.first(frame);
            while let Some(binding) = self.bindings.get(place as usize) {
                if binding.name == name {
                    return Ok(Some(&binding.value));
                }
                budget.charge_step()?;
                place = binding.next;
            }
            let Some(number) = (frame as usize).checked_sub(1) else { return Ok(None) };
            budget.charge_step()?;
            frame = self.frames.get(number).map_or(OUTERMOST, |place| place.parent);
        }
    }

    fn first(&self, frame: Frame) -> u32 {
        self.frames.get((frame as usize).wrapping_sub(1)).map_or(self.outermost, |place| place.first)
    }
}
