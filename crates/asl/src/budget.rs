//! What an evaluation may use: work and bytes, charged as they are used.
//!
//! Work is counted in steps and not in time, so that the same evaluation ends the same on a fast machine and on a
//! loaded one. What is bounded is charged before it is done.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Bytes that are read or made for one step of work.
const BYTES_A_STEP: u64 = 64;

/// Steps after which an evaluation that can be recalled looks whether it was: a few milliseconds.
const STEPS_BETWEEN_LOOKS: u64 = 100_000;

/// What one evaluation may use. AWS says nothing of work and bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Steps of work. One is about what the selection of a member takes: some 20 to 50 ns.
    pub steps: u64,
    /// Bytes that are made altogether, given back or not.
    pub bytes: u64,
    /// How deep the functions of an expression may call each other.
    pub depth: usize,
}

impl Default for Allowance {
    /// A second or two of work, and a thousand times the largest payload. The depth is AWS's.
    fn default() -> Self {
        Self { steps: 50_000_000, bytes: 256 << 20, depth: 100 }
    }
}

/// Why an evaluation stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Exhausted {
    /// It may do no more work.
    #[error("the evaluation takes more than {0} steps")]
    Steps(u64),
    /// It may make no more bytes.
    #[error("the evaluation makes more than {0} bytes")]
    Bytes(u64),
    /// It may do more work, but not here. This is no failure: it is to be done again where there is time for it.
    #[error("the evaluation takes longer than whoever waits for it has time")]
    Patience,
}

/// Tells evaluations that are under way elsewhere that nobody has time for them any more. Clones are one.
#[derive(Clone, Debug, Default)]
pub struct Recall(Arc<AtomicBool>);

impl Recall {
    /// They stop soon, with [`Exhausted::Patience`].
    pub fn recall(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether they were told so.
    pub fn is_recalled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// An [`Allowance`] and what is left of it. Once a charge is refused, all later ones are.
#[derive(Debug)]
pub struct Budget {
    allowance: Allowance,
    /// Steps until whoever waits has no more time; no more than the allowance has.
    patience: u64,
    /// Steps until it is to look whether it was recalled, or that are left altogether.
    steps_left: Cell<u64>,
    /// Steps behind those.
    steps_beyond: Cell<u64>,
    recall: Option<Recall>,
    bytes_left: Cell<u64>,
    exhausted: Cell<Option<Exhausted>>,
}

impl Budget {
    /// All of an allowance.
    pub fn new(allowance: Allowance) -> Self {
        Self::with_patience(allowance, None)
    }

    /// All of an allowance, where whoever waits has time for that many steps: 0 for none at all, `None` for whatever the
    /// allowance has.
    pub fn with_patience(allowance: Allowance, steps: Option<u64>) -> Self {
        let patience = steps.unwrap_or(u64::MAX).min(allowance.steps);
        Self {
            allowance,
            patience,
            steps_left: Cell::new(patience),
            steps_beyond: Cell::new(0),
            recall: None,
            bytes_left: Cell::new(allowance.bytes),
            exhausted: Cell::new(None),
        }
    }

    /// The same budget, until it is recalled.
    #[must_use]
    pub fn recalled_by(mut self, recall: Recall) -> Self {
        self.recall = Some(recall);
        self.divide(self.steps_left.get());
        self
    }

    /// Counts one step of work.
    ///
    /// # Errors
    /// Where there is none left.
    #[inline]
    pub fn charge_step(&self) -> Result<(), Exhausted> {
        self.charge_steps(1)
    }

    /// Counts steps of work that are yet to be done.
    ///
    /// # Errors
    /// Where fewer are left.
    #[inline]
    pub fn charge_steps(&self, steps: u64) -> Result<(), Exhausted> {
        match self.steps_left.get().checked_sub(steps) {
            Some(left) => {
                self.steps_left.set(left);
                Ok(())
            }
            None => self.charge_beyond(steps),
        }
    }

    #[cold]
    fn charge_beyond(&self, steps: u64) -> Result<(), Exhausted> {
        if self.recall.as_ref().is_some_and(Recall::is_recalled) {
            return Err(self.refuse(Exhausted::Patience));
        }
        match (self.steps_left.get() + self.steps_beyond.get()).checked_sub(steps) {
            Some(left) => {
                self.divide(left);
                Ok(())
            }
            None => Err(self.refuse(self.out_of_steps())),
        }
    }

    fn divide(&self, left: u64) {
        let next = left.min(STEPS_BETWEEN_LOOKS);
        self.steps_left.set(next);
        self.steps_beyond.set(left - next);
    }

    /// Counts bytes that are yet to be made, and the work to make them.
    ///
    /// # Errors
    /// Where fewer are left.
    #[inline]
    pub fn charge_bytes(&self, bytes: u64) -> Result<(), Exhausted> {
        match self.bytes_left.get().checked_sub(bytes) {
            Some(left) => {
                self.bytes_left.set(left);
                self.charge_steps(bytes / BYTES_A_STEP)
            }
            None => Err(self.refuse(Exhausted::Bytes(self.allowance.bytes))),
        }
    }

    /// Counts the work to read that many bytes, which makes none.
    ///
    /// # Errors
    /// Where fewer steps are left.
    #[inline]
    pub fn charge_reading(&self, bytes: usize) -> Result<(), Exhausted> {
        self.charge_steps(bytes as u64 / BYTES_A_STEP)
    }

    /// How deep the functions of an expression may call each other.
    pub fn depth(&self) -> usize {
        self.allowance.depth
    }

    /// Why the evaluation was stopped, where it was. What came of it then is neither a result nor an error of its own.
    pub fn exhausted(&self) -> Option<Exhausted> {
        self.exhausted.get()
    }

    /// Steps and bytes that were used.
    pub fn used(&self) -> (u64, u64) {
        (self.patience - self.steps_left.get() - self.steps_beyond.get(), self.allowance.bytes - self.bytes_left.get())
    }

    fn out_of_steps(&self) -> Exhausted {
        if self.patience < self.allowance.steps { Exhausted::Patience } else { Exhausted::Steps(self.allowance.steps) }
    }

    #[cold]
    fn refuse(&self, exhausted: Exhausted) -> Exhausted {
        let first = self.exhausted.get().unwrap_or(exhausted);
        self.exhausted.set(Some(first));
        self.steps_left.set(0);
        self.steps_beyond.set(0);
        self.bytes_left.set(0);
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Allowance = Allowance { steps: 10, bytes: 100, depth: 3 };

    #[test]
    fn what_is_charged_adds_up_until_nothing_is_left() {
        let budget = Budget::new(SMALL);
        assert!((0..9).all(|_| budget.charge_step().is_ok()));
        assert_eq!(budget.used(), (9, 0));
        assert_eq!(budget.charge_steps(2), Err(Exhausted::Steps(10)));
        assert_eq!(budget.charge_step(), Err(Exhausted::Steps(10)), "a refusal is no end of the charges");
    }

    #[test]
    fn bytes_take_work_too() {
        let budget = Budget::new(SMALL);
        assert_eq!(budget.charge_bytes(64), Ok(()));
        assert_eq!(budget.used(), (1, 64));
        assert_eq!(budget.charge_bytes(37), Err(Exhausted::Bytes(100)));
        assert_eq!(budget.charge_step(), Err(Exhausted::Bytes(100)), "the first reason stands");
        assert_eq!(budget.exhausted(), Some(Exhausted::Bytes(100)));
    }

    #[test]
    fn whoever_has_less_time_than_the_allowance_is_told_so() {
        let budget = Budget::with_patience(SMALL, Some(2));
        assert_eq!(budget.charge_steps(3), Err(Exhausted::Patience));
        let budget = Budget::with_patience(SMALL, Some(1_000));
        assert_eq!(budget.charge_steps(11), Err(Exhausted::Steps(10)));
        let budget = Budget::with_patience(SMALL, Some(0));
        assert_eq!(budget.charge_step(), Err(Exhausted::Patience));
    }

    #[test]
    fn what_is_recalled_stops_soon_and_what_is_not_has_all_of_it() {
        let (allowance, recall) = (Allowance { steps: 1_000_000, ..SMALL }, Recall::default());
        let budget = Budget::new(allowance).recalled_by(recall.clone());
        assert_eq!(budget.charge_steps(250_000), Ok(()));
        assert_eq!((0..750_000).find(|_| budget.charge_step().is_err()), None);
        assert_eq!(budget.used().0, 1_000_000);
        assert_eq!(budget.charge_step(), Err(Exhausted::Steps(1_000_000)));
        let budget = Budget::new(allowance).recalled_by(recall.clone());
        recall.recall();
        let stopped = (0..1_000_000).find(|_| budget.charge_step().is_err());
        assert!(stopped.is_some_and(|steps| steps <= STEPS_BETWEEN_LOOKS), "{stopped:?}");
        assert_eq!(budget.exhausted(), Some(Exhausted::Patience));
    }
}
