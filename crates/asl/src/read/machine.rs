//! Reads the state machine, its branches and their states.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::MachineType;
use super::container::{Container, Here};
use super::fields::Fields;
use super::log::Log;
use super::place::Place;
use super::rules;
use super::rules::range::SECONDS_MAX;
use super::rules::states_members::Outcome;
use super::rules::variable_scope::Scope;
use super::states;
use super::supported::{self, Table};
use crate::program::{Branch, BranchId, DataPath, Program, QueryLanguage, State, StateId, StateKind};
use crate::value::{Text, Value};

/// Reads a whole definition. What could not be read is in the log; the program is whole where no error is.
pub(crate) fn read(definition: &Value, machine_type: MachineType, log: &Log) -> Option<Program> {
    let fields = Fields::of(definition, &Place::ROOT, log, QueryLanguage::JsonPath)?;
    let mut reader = Reader::new(log);
    rules::supported_fields::check(&[supported::MACHINE], &fields);
    reader.language = rules::query_language::of_machine(&fields);
    fields.choice("Version", &[("1.0", ())]);
    let timeout_seconds = fields.integer("TimeoutSeconds", 1, SECONDS_MAX);
    reader.branch(&fields, machine_type, 0, None);
    let comment = fields.get("Comment").and_then(Value::as_str).map(Text::from);
    reader.finish(comment, timeout_seconds)
}

/// Reads one state as a machine of its own. States that it leads to are taken to exist, as Succeed states.
pub(crate) fn read_state(state: &Value, name: &str, machine_type: MachineType, log: &Log) -> Option<Program> {
    let mut reader = Reader::new(log);
    let mut names = vec![Text::from(name)];
    for target in targets(state) {
        if !names.contains(target) {
            names.push(target.clone());
        }
    }
    let branch = reader.reserve_branch();
    let states: Vec<_> = names.into_iter().map(|name| (name, reader.reserve_state())).collect();
    reader.names.extend(states.iter().cloned());
    let (id, others) = (states[0].1, states[1..].to_vec());
    let container = Container::new(branch, machine_type, 0, Rc::default(), states);
    let place = Place::ROOT.member("States");
    reader.state(&Text::from(name), state, &place.member(name), Here { id, container: &container });
    for (name, id) in others {
        reader.states[id.0 as usize] = Some(succeed(name, branch));
    }
    reader.branches[0] = Some(Branch { start_at: id });
    reader.finish(None, None)
}

/// The names that a state's `Next` and `Default`, rules and catchers give.
fn targets(state: &Value) -> impl Iterator<Item = &Text> {
    let entries = ["Choices", "Catch"].into_iter().filter_map(|list| state.get(list)?.as_array()).flatten();
    let next = entries.map(|entry| entry.get("Next"));
    next.chain([state.get("Next"), state.get("Default")]).filter_map(|target| match target {
        Some(Value::String(name)) => Some(name),
        _ => None,
    })
}

fn succeed(name: Text, branch: BranchId) -> State {
    State {
        name,
        branch,
        language: QueryLanguage::JsonPath,
        input_path: DataPath::Whole,
        output_path: DataPath::Whole,
        output: None,
        assign: None,
        kind: StateKind::Succeed,
    }
}

/// A program in the making. What a mistake left open stays empty.
pub(crate) struct Reader<'l> {
    /// Where mistakes go.
    pub(crate) log: &'l Log,
    /// The labels of the Map states so far.
    pub(crate) labels: HashSet<Text>,
    language: QueryLanguage,
    states: Vec<Option<State>>,
    branches: Vec<Option<Branch>>,
    names: HashMap<Text, StateId>,
}

impl<'l> Reader<'l> {
    fn new(log: &'l Log) -> Self {
        Self {
            log,
            labels: HashSet::new(),
            language: QueryLanguage::JsonPath,
            states: Vec::new(),
            branches: Vec::new(),
            names: HashMap::new(),
        }
    }

    /// Reads a branch of a Parallel state or the processor of a Map state. `scope` is what its states see of the
    /// variables around.
    pub(crate) fn inner(
        &mut self,
        fields: &Fields<'_>,
        table: &Table,
        machine_type: MachineType,
        outer: &Container,
        scope: Option<Rc<Scope>>,
    ) -> Option<BranchId> {
        rules::supported_fields::check(&[table], fields);
        let depth = outer.depth + 1;
        rules::nesting::check(depth, rules::nesting::BRANCHES_MAX, fields.place, self.log)
            .then(|| self.branch(fields, machine_type, depth, scope))
    }

    /// Reads `StartAt` and `States`.
    fn branch(
        &mut self,
        fields: &Fields<'_>,
        machine_type: MachineType,
        depth: usize,
        outer: Option<Rc<Scope>>,
    ) -> BranchId {
        let schema_errors = self.log.schema_errors();
        let id = self.reserve_branch();
        rules::required_fields::check(&["States", "StartAt"], fields);
        let Some(states) = fields.object("States") else {
            fields.text("StartAt");
            return id;
        };
        let place = fields.place_of("States");
        let names = states.iter().map(|(name, _)| (name.clone(), self.name(name, &place))).collect();
        let scope = Rc::new(Scope::of(states, outer, &place));
        let container = Container::new(id, machine_type, depth, scope, names);
        let start_at = rules::target::read("StartAt", fields, &container);
        for ((name, value), (_, id)) in states.iter().zip(container.states()) {
            self.state(name, value, &place.member(name), Here { id, container: &container });
        }
        let graph_is_known = self.log.schema_errors() == schema_errors;
        if graph_is_known
            && rules::terminal_state::check(&container, fields)
            && let Some(start_at) = start_at
        {
            rules::reachable::check(start_at, &container, fields);
        }
        container.scope.check(states, &place, self.log);
        self.branches[id.0 as usize] = start_at.map(|start_at| Branch { start_at });
        id
    }

    /// Takes in a state's name.
    fn name(&mut self, name: &Text, place: &Place<'_>) -> StateId {
        let id = self.reserve_state();
        rules::state_name::add(name, id, &mut self.names, &place.member(name), self.log);
        id
    }

    /// Reads one state.
    fn state(&mut self, name: &Text, value: &Value, place: &Place<'_>, here: Here<'_>) {
        let Some(fields) = Fields::of(value, place, self.log, self.language) else { return };
        let fields = fields.with_language(rules::query_language::of_state(&fields));
        let Some(kind) = states::read(&fields, here, self) else { return };
        let fields = fields.after(Outcome::of(&kind));
        self.states[here.id.0 as usize] = Some(State {
            name: name.clone(),
            branch: here.container.branch,
            language: fields.language,
            input_path: fields.data_path("InputPath"),
            output_path: fields.data_path("OutputPath"),
            output: fields.template_in(QueryLanguage::Jsonata, "Output"),
            assign: fields.assign(),
            kind,
        });
    }

    // A definition of 2^32 states would be a text of many gigabytes; the numbers below do not wrap.
    fn reserve_state(&mut self) -> StateId {
        self.states.push(None);
        StateId((self.states.len() - 1) as u32)
    }

    fn reserve_branch(&mut self) -> BranchId {
        self.branches.push(None);
        BranchId((self.branches.len() - 1) as u32)
    }

    fn finish(self, comment: Option<Text>, timeout_seconds: Option<u64>) -> Option<Program> {
        if self.log.errors() > 0 {
            return None;
        }
        Some(Program {
            comment,
            timeout_seconds,
            states: self.states.into_iter().collect::<Option<_>>()?,
            branches: self.branches.into_iter().collect::<Option<_>>()?,
            names: self.names,
        })
    }
}
