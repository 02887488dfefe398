//! Reads the state machine, its branches and their states.

use std::collections::HashSet;
use std::rc::Rc;

use super::container::{Container, Here};
use super::fields::Fields;
use super::log::Log;
use super::place::SourcePlace;
use super::rules;
use super::rules::range::SECONDS;
use super::rules::states_members::StatesMember;
use super::rules::variable_scope::{OuterScope, VariableScope};
use super::states;
use super::supported::{self, Table};
use crate::program::MachineType;
use crate::program::{Branch, BranchId, DataPath, Fail, Program, QueryLanguage, State, StateId, StateKind};
use crate::value::{Object, Text, Value};

/// Reads a whole definition. What is wrong with it is in the log. What cannot be run of it is said in the states
/// concerned, and in the first state where it concerns the whole machine.
pub(crate) fn read(definition: &Object, machine_type: MachineType, log: &Log) -> Program {
    let fields = Fields::of_object(definition, &SourcePlace::ROOT, log, QueryLanguage::JsonPath);
    let mut builder = ProgramBuilder::new(log);
    let (branch, fault) = log.fault_of(|| {
        rules::supported_fields::check(&[supported::MACHINE], &fields);
        builder.language = rules::query_language::of_machine(&fields);
        fields.choice("Version", &[("1.0", ())]);
        builder.program.timeout_seconds = fields.integer("TimeoutSeconds", SECONDS);
        builder.branch(&fields, machine_type, 0, None)
    });
    let mut program = builder.finish();
    program.comment = fields.get("Comment").and_then(Value::as_str).map(Text::from);
    let first = program.branch(branch).start_at;
    let first = &mut program.states[first.0 as usize];
    first.fault = first.fault.take().or(fault);
    program
}

/// Reads one state as a machine of its own. States that it leads to are taken to exist, as Succeed states.
pub(crate) fn read_state(state: &Object, name: &str, machine_type: MachineType, log: &Log) -> Program {
    let mut builder = ProgramBuilder::new(log);
    let mut names = vec![Text::from(name)];
    let mut known: HashSet<Text> = names.iter().cloned().collect();
    names.extend(targets(state).filter(|target| known.insert(Text::clone(target))).cloned());
    let branch = builder.add_branch();
    let states: Vec<_> = names.into_iter().map(|name| (name.clone(), builder.add_state(name, branch))).collect();
    let id = states[0].1;
    let container = Container::new(machine_type, 0, Rc::default(), states);
    let place = SourcePlace::ROOT.member("States");
    let place = place.member(name);
    let fields = Fields::of_object(state, &place, log, QueryLanguage::JsonPath);
    builder.state(id, |builder| builder.fields_of_state(&fields, Here { id, container: &container }));
    builder.program.branches[0].start_at = id;
    builder.finish()
}

/// The names that a state's `Next` and `Default`, rules and catchers give.
fn targets(state: &Object) -> impl Iterator<Item = &Text> {
    let entries = ["Choices", "Catch"].into_iter().filter_map(|list| state.get(list)?.as_array()).flatten();
    let next = entries.map(|entry| entry.get("Next"));
    next.chain([state.get("Next"), state.get("Default")]).filter_map(|target| match target {
        Some(Value::String(name)) => Some(name),
        _ => None,
    })
}

/// A program in the making. It holds together at any time: what was not read yet is a Succeed state.
pub(crate) struct ProgramBuilder<'l> {
    /// Where mistakes go.
    pub(crate) log: &'l Log,
    /// The labels of the Map states so far.
    pub(crate) labels: HashSet<Text>,
    language: QueryLanguage,
    program: Program,
}

impl<'l> ProgramBuilder<'l> {
    fn new(log: &'l Log) -> Self {
        Self { log, labels: HashSet::new(), language: QueryLanguage::JsonPath, program: Program::default() }
    }

    /// The program, without the room that it had to grow.
    fn finish(mut self) -> Program {
        self.program.shrink();
        self.program
    }

    /// Reads a branch of a Parallel state or the processor of a Map state. `scope` is what its states see of the
    /// variables around.
    pub(crate) fn inner(
        &mut self,
        fields: &Fields<'_>,
        table: &Table,
        machine_type: MachineType,
        outer: &Container,
        scope: Option<OuterScope>,
    ) -> Option<BranchId> {
        rules::supported_fields::check(&[table], fields);
        let depth = outer.depth + 1;
        rules::nesting::check(depth, rules::nesting::BRANCHES_MAX, fields.place, self.log)
            .then(|| self.branch(fields, machine_type, depth, scope))
    }

    /// A branch in place of one that could not be read. The state that it is part of cannot be run.
    pub(crate) fn stand_in_branch(&mut self) -> BranchId {
        let id = self.add_branch();
        self.stand_in_start(id, Text::default());
        id
    }

    /// Reads `StartAt` and `States`.
    fn branch(
        &mut self,
        fields: &Fields<'_>,
        machine_type: MachineType,
        depth: usize,
        outer: Option<OuterScope>,
    ) -> BranchId {
        let schema_errors = self.log.schema_errors();
        let id = self.add_branch();
        rules::required_fields::check(&["States", "StartAt"], fields);
        let Some(states) = fields.object("States") else {
            let name = fields.text("StartAt").cloned();
            self.stand_in_start(id, name.unwrap_or_default());
            return id;
        };
        let place = fields.place_of("States");
        let names = states.iter().map(|(name, _)| (name.clone(), self.name(name, id, &place))).collect();
        let scope = Rc::new(VariableScope::of(states, outer, &place));
        let container = Container::new(machine_type, depth, scope, names);
        let start_at = rules::target::read("StartAt", fields, &container.ids);
        match start_at {
            Some(start_at) => self.program.branches[id.0 as usize].start_at = start_at,
            None => self.stand_in_start(id, fields.get("StartAt").and_then(Value::as_str).unwrap_or_default().into()),
        }
        for ((name, value), (_, id)) in states.iter().zip(container.states()) {
            let place = place.member(name);
            self.state(id, |builder| match Fields::of(value, &place, builder.log, builder.language) {
                Some(fields) => builder.fields_of_state(&fields, Here { id, container: &container }),
                None => builder.unknown_state(id),
            });
        }
        let graph_is_known = self.log.schema_errors() == schema_errors;
        if graph_is_known
            && rules::terminal_state::check(&container, fields)
            && let Some(start_at) = start_at
        {
            rules::reachable::check(start_at, &container, fields);
        }
        container.scope.check(states, &place, self.log);
        id
    }

    /// Takes in a state's name.
    fn name(&mut self, name: &Text, branch: BranchId, place: &SourcePlace<'_>) -> StateId {
        rules::state_name::check(name, &self.program.names, &place.member(name), self.log);
        self.add_state(name.clone(), branch)
    }

    /// Reads one state, by `read`.
    fn state(&mut self, id: StateId, read: impl FnOnce(&mut Self)) {
        let log = self.log;
        let ((), fault) = log.fault_of(|| read(self));
        self.state_mut(id).fault = fault;
    }

    fn fields_of_state(&mut self, fields: &Fields<'_>, here: Here<'_>) {
        let fields = fields.with_language(rules::query_language::of_state(fields));
        let Some(kind) = states::read(&fields, here, self) else { return self.unknown_state(here.id) };
        let fields = fields.after(StatesMember::of(&kind));
        let state = self.state_mut(here.id);
        state.language = fields.language;
        state.input_path = fields.data_path("InputPath");
        state.output_path = fields.data_path("OutputPath");
        state.output = fields.template_in(QueryLanguage::Jsonata, "Output");
        state.assign = fields.assign();
        state.kind = kind;
    }

    /// The state's type cannot be told. It would end its branch, if it could be run.
    fn unknown_state(&mut self, id: StateId) {
        self.log.unreadable();
        self.state_mut(id).kind = StateKind::Fail(Box::new(Fail { error: None, cause: None }));
    }

    /// A first state in place of one that does not exist. It cannot run, nor can the state that the branch is part of.
    fn stand_in_start(&mut self, branch: BranchId, name: Text) {
        self.log.unreadable();
        let id = self.add_state(name, branch);
        self.state(id, |builder| builder.unknown_state(id));
        self.program.branches[branch.0 as usize].start_at = id;
    }

    // A definition of 2^32 states would be a text of many gigabytes; the numbers below do not wrap.
    fn add_state(&mut self, name: Text, branch: BranchId) -> StateId {
        let id = StateId(self.program.states.len() as u32);
        self.program.add_name(name.clone(), branch, id);
        self.program.states.push(State {
            name,
            branch,
            language: QueryLanguage::JsonPath,
            input_path: DataPath::Whole,
            output_path: DataPath::Whole,
            output: None,
            assign: None,
            kind: StateKind::Succeed,
            fault: None,
        });
        id
    }

    fn state_mut(&mut self, id: StateId) -> &mut State {
        &mut self.program.states[id.0 as usize]
    }

    fn add_branch(&mut self) -> BranchId {
        self.program.branches.push(Branch { start_at: StateId(0) });
        BranchId((self.program.branches.len() - 1) as u32)
    }
}
