//! What the events of an execution tell: the way it took, how often it tried, what it reached.

use std::collections::{BTreeMap, HashMap, HashSet};

use asl::program::{Catcher, Program, StateId, StateKind, Transition};
use asl::value::Object;
use asl::{Text, Value};
use engine::{Event, EventId, EventKind, FrameId, StateType};

use crate::coverage::Fact;

/// Gathers what the events of one execution tell.
#[derive(Default)]
pub(crate) struct Trace {
    pub(crate) path: Vec<Text>,
    pub(crate) attempts: BTreeMap<Text, u64>,
    pub(crate) sent: BTreeMap<Text, Vec<Value>>,
    pub(crate) variables: Object,
    pub(crate) output: Option<Value>,
    pub(crate) error: Option<Text>,
    pub(crate) cause: Option<Text>,
    pub(crate) reached: HashSet<Fact>,
    /// The state each line of control is in.
    here: HashMap<FrameId, StateId>,
    /// The lines of control whose state failed last.
    failed: HashSet<FrameId>,
    /// The state each task was scheduled by.
    tasks: HashMap<EventId, StateId>,
}

impl Trace {
    /// Takes note of one event, in order.
    pub(crate) fn see(&mut self, event: &Event, program: &Program) {
        let frame = event.frame;
        match &event.kind {
            EventKind::StateEntered { name, .. } => {
                let Some(state) = program.state_named(name) else { return };
                self.path.push(name.clone());
                self.here.insert(frame, state);
                self.failed.remove(&frame);
                self.reached.insert(Fact::Entered(state));
                self.attempt(name);
            }
            EventKind::StateExited { name, state_type, assigned, next, .. } => {
                if let (FrameId::ROOT, Some(Value::Object(assigned))) = (frame, assigned) {
                    assigned.iter().for_each(|(name, value)| self.variables.insert(name.clone(), value.clone()));
                }
                let next = next.as_ref().and_then(|next| program.state_named(next));
                if let (Some(state), Some(next)) = (program.state_named(name), next) {
                    self.left(frame, state, *state_type, next, program);
                }
            }
            EventKind::TaskScheduled { parameters, .. } => {
                let Some(state) = self.here.get(&frame).copied() else { return };
                self.tasks.insert(event.id, state);
                self.sent.entry(program.state(state).name.clone()).or_default().push(parameters.clone());
            }
            EventKind::RetryScheduled { retrier, .. } => {
                let Some(state) = self.here.get(&frame).copied() else { return };
                self.failed.remove(&frame);
                self.reached.insert(Fact::Retried(state, *retrier));
                self.attempt(&program.state(state).name);
            }
            EventKind::TaskFailed { .. }
            | EventKind::TaskTimedOut { .. }
            | EventKind::ParallelStateFailed
            | EventKind::MapStateFailed
            | EventKind::EvaluationFailed { .. } => {
                self.failed.insert(frame);
            }
            EventKind::ExecutionSucceeded { output } => self.output = Some(output.clone()),
            EventKind::ExecutionFailed { error, cause } => (self.error, self.cause) = (error.clone(), cause.clone()),
            _ => {}
        }
    }

    /// The state a task was scheduled by.
    pub(crate) fn state_of(&self, task: EventId) -> Option<StateId> {
        self.tasks.get(&task).copied()
    }

    fn attempt(&mut self, name: &Text) {
        *self.attempts.entry(name.clone()).or_default() += 1;
    }

    fn left(&mut self, frame: FrameId, state: StateId, state_type: StateType, next: StateId, program: &Program) {
        if state_type == StateType::Choice {
            self.reached.insert(Fact::Chose(state, next));
            return;
        }
        let (catchers, usual) = catchers(&program.state(state).kind);
        let by_catcher = usual != Some(Transition::Next(next)) || self.failed.contains(&frame);
        if by_catcher && catchers.iter().any(|catcher| catcher.next == next) {
            self.reached.insert(Fact::Caught(state, next));
        }
    }
}

/// A state's catchers, and where it goes without them.
fn catchers(kind: &StateKind) -> (&[Catcher], Option<Transition>) {
    match kind {
        StateKind::Task(task) => (&task.catch, Some(task.transition)),
        StateKind::Parallel(parallel) => (&parallel.catch, Some(parallel.transition)),
        StateKind::Map(map) => (&map.catch, Some(map.transition)),
        StateKind::Pass(_) | StateKind::Choice(_) | StateKind::Wait(_) | StateKind::Succeed | StateKind::Fail(_) => {
            (&[], None)
        }
    }
}
