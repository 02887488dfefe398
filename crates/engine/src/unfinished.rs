//! What an execution that did not succeed left unfinished: a redrive begins exactly this again.

use asl::scope::Variables;
use asl::{Text, Value};

use crate::event::FrameId;
use crate::execution::{Execution, Frame, FramePlace, Iterations, Status, Visit, Work};

/// A line of control that did not come to its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Unfinished<'a> {
    /// Its number.
    pub frame: FrameId,
    /// The frame of the Parallel or Map state it belongs to, and which of the branches or items it is, from 0. Absent
    /// for the main line.
    pub within: Option<(FrameId, usize)>,
    /// The state it stands in, or before.
    pub state: &'a Text,
    /// The state's raw input.
    pub input: &'a Value,
    /// The variables it sees.
    pub variables: &'a Variables,
    /// How often any retrier of the state took an error.
    pub retries: u64,
    /// What of the state is to be done.
    pub work: UnfinishedWork<'a>,
}

/// What of a state is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum UnfinishedWork<'a> {
    /// All of it: it was not entered.
    NotEntered,
    /// All of it, again: it failed, or was given up.
    Again,
    /// Of a Parallel state the branches that are listed too, which failed or were given up. Where none are, its own
    /// fields failed, with all outputs there.
    Branches {
        /// The outputs of the branches that ended well, with their places.
        succeeded: Vec<(usize, &'a Value)>,
    },
    /// Of a Map state the iterations that are listed too, which failed or were given up, and those that did not begin.
    Iterations {
        /// The outputs of the iterations that ended well, with their indices.
        succeeded: Vec<(usize, &'a Value)>,
        /// The index of the first item that did not begin.
        next: usize,
        /// How many items there are.
        length: usize,
    },
}

impl Execution {
    /// What an execution left unfinished that failed, timed out or was aborted: each line of control with the state
    /// it stands in, those below a Parallel or Map state after it, in the order of branches and items. Nothing where
    /// the execution runs or succeeded.
    pub fn unfinished(&self) -> Vec<Unfinished<'_>> {
        let mut all = Vec::new();
        if self.status != Status::Running {
            self.gather_unfinished(FrameId::ROOT, &mut all);
        }
        all
    }

    fn gather_unfinished<'a>(&'a self, id: FrameId, all: &mut Vec<Unfinished<'a>>) {
        let Some(frame) = self.frame(id) else { return };
        let (state, input, retries, work) = match &frame.place {
            FramePlace::Before { state, input, .. } => (*state, input, 0, UnfinishedWork::NotEntered),
            FramePlace::Inside(visit) => (visit.state, &visit.input, visit.retries, self.unfinished_work(visit)),
            FramePlace::Ended => return,
        };
        all.push(Unfinished {
            frame: id,
            within: frame.parent.map(|parent| (parent.frame, parent.index)),
            state: &self.program.state(state).name,
            input,
            variables: &frame.variables,
            retries,
            work,
        });
        let FramePlace::Inside(visit) = &frame.place else { return };
        let mut children = visit.work.children();
        children.sort_by_key(|child| self.index_of(*child));
        children.into_iter().for_each(|child| self.gather_unfinished(child, all));
    }

    fn unfinished_work<'a>(&self, visit: &'a Visit) -> UnfinishedWork<'a> {
        let succeeded = |outputs: &'a [Value]| {
            let unfinished: Vec<_> = visit.work.children().into_iter().filter_map(|id| self.index_of(id)).collect();
            outputs.iter().enumerate().filter(|(index, _)| !unfinished.contains(index)).collect()
        };
        match &visit.work {
            Work::Parallel(branches) => UnfinishedWork::Branches { succeeded: succeeded(&branches.outputs) },
            Work::Map(iterations @ Iterations { next, outputs, .. }) => UnfinishedWork::Iterations {
                succeeded: succeeded(&outputs[..*next]),
                next: *next,
                length: iterations.length(),
            },
            Work::Idle | Work::Waiting { .. } | Work::Task(_) | Work::TimedOut { .. } | Work::Backoff { .. } => {
                UnfinishedWork::Again
            }
        }
    }

    /// Which branch or item a frame is.
    fn index_of(&self, id: FrameId) -> Option<usize> {
        self.frame(id).and_then(|Frame { parent, .. }| *parent).map(|parent| parent.index)
    }
}
