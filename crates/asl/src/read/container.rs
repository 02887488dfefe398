//! A `States` object while it is read: which states it has, where they lead, whether it ends.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use super::fields::Fields;
use super::rules;
use super::rules::variable_scope::VariableScope;
use crate::program::MachineType;
use crate::program::{StateId, Transition};
use crate::value::Text;

/// What the states of one branch share.
pub(crate) struct Container {
    /// The type its states run in: the children of a distributed Map state may be Express.
    pub(crate) machine_type: MachineType,
    /// How many branches and processors it stands in.
    pub(crate) depth: usize,
    /// Which variables its states assign.
    pub(crate) scope: Rc<VariableScope>,
    /// From which state to which one can go.
    pub(crate) transitions: RefCell<Vec<(StateId, StateId)>>,
    /// Whether one of the states is terminal.
    pub(crate) ends: Cell<bool>,
    states: Vec<(Text, StateId)>,
    /// The same by their names.
    pub(crate) ids: HashMap<Text, StateId>,
}

impl Container {
    /// A container of these states.
    pub(crate) fn new(
        machine_type: MachineType,
        depth: usize,
        scope: Rc<VariableScope>,
        states: Vec<(Text, StateId)>,
    ) -> Self {
        let ids = states.iter().cloned().collect();
        let (transitions, ends) = (RefCell::default(), Cell::new(false));
        Self { machine_type, depth, scope, transitions, ends, states, ids }
    }

    /// The states in the order of the source.
    pub(crate) fn states(&self) -> impl Iterator<Item = (&Text, StateId)> {
        self.states.iter().map(|(name, id)| (name, *id))
    }
}

/// The state that is being read.
#[derive(Clone, Copy)]
pub(crate) struct Here<'c> {
    /// Its number.
    pub(crate) id: StateId,
    /// What it stands in.
    pub(crate) container: &'c Container,
}

impl Here<'_> {
    /// The state that a field names.
    pub(crate) fn target(&self, name: &str, fields: &Fields<'_>) -> Option<StateId> {
        let target = rules::target::read(name, fields, &self.container.ids)?;
        self.container.transitions.borrow_mut().push((self.id, target));
        Some(target)
    }

    /// `Next` or `End`. `End` counts where both are there.
    pub(crate) fn transition(&self, fields: &Fields<'_>) -> Transition {
        let end = fields.flag("End");
        if end == Some(true) {
            self.ends();
        }
        // An `End` that is false is as good as none; one of another type was refused, and means to end.
        let has_end = end.unwrap_or_else(|| fields.has("End"));
        match (fields.has("Next"), has_end) {
            (true, false) => match self.target("Next", fields) {
                Some(target) => Transition::Next(target),
                None => fields.log.stand_in(Transition::End),
            },
            (false, true) => Transition::End,
            (true, true) => {
                fields.at_most_one_of(&["Next", "End"]);
                Transition::End
            }
            (false, false) => {
                rules::one_of::none(&["Next", "End"], fields.place, fields.log);
                fields.log.stand_in(Transition::End)
            }
        }
    }

    /// The state is terminal.
    pub(crate) fn ends(&self) {
        self.container.ends.set(true);
    }
}
