//! What an expression reads of `$states` and of the workflow variables.
//!
//! Converting a payload costs more than most expressions. An expression that mentions `$states.input.order.id`
//! and nothing else of the input is given an input that has nothing else.

use jsonata_core::ast::{AstNode, BinaryOp, PathStep, Stage};
use jsonata_core::evaluator::Context;
use jsonata_core::value::{JValue, with_stack};

use super::convert::{from_members, from_value, with_doubles};
use super::functions::is_function;
use super::tree::each_part;
use crate::scope::Scope;
use crate::value::{Text, Value};

const STATES: &str = "states";

/// The variables an expression reads, each with the parts of it.
#[derive(Debug, Default)]
pub(super) struct Reads {
    roots: Vec<(String, Wanted)>,
}

/// Which parts of a value are read.
#[derive(Debug, Default)]
struct Wanted {
    whole: bool,
    members: Vec<(String, Wanted)>,
}

impl Reads {
    /// What that expression reads.
    pub(super) fn of(tree: &AstNode) -> Self {
        let mut reader = ReadFinder { reads: Self::default(), local: Vec::new(), whole: false };
        reader.bound_in_paths(tree);
        reader.read(tree);
        reader.reads
    }

    /// Names of the workflow variables among them.
    pub(super) fn variables(&self) -> impl Iterator<Item = &str> {
        let names = self.roots.iter().map(|(name, _)| &**name);
        names.filter(|name| *name != STATES && !is_function(name))
    }

    /// Whether that member of `$states` is among them.
    pub(super) fn names_state_member(&self, member: &str) -> bool {
        let named = |wanted: &Wanted| wanted.members.iter().any(|(name, _)| name == member);
        self.roots.iter().any(|(root, wanted)| root == STATES && named(wanted))
    }

    /// Binds what is read. What is not there stays unbound: undefined.
    pub(super) fn bind(&self, scope: &Scope<'_>, context: &mut Context) {
        for (name, wanted) in &self.roots {
            let value = match &**name {
                STATES => Some(wanted.states(scope)),
                name => scope.variables.get(name).map(|value| wanted.of(value)),
            };
            if let Some(value) = value {
                context.bind(name.clone(), value);
            }
        }
    }
}

impl Wanted {
    fn member(&mut self, name: &str) -> &mut Self {
        let place = self.members.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
            self.members.push((name.to_owned(), Self::default()));
            self.members.len() - 1
        });
        &mut self.members[place].1
    }

    /// The wanted parts of a value; of an array, of each item, as paths go through arrays.
    fn of(&self, value: &Value) -> JValue {
        match value {
            _ if self.whole => from_value(value),
            Value::Object(object) => with_stack(|| {
                let members = self.members.iter();
                from_members(members.filter_map(|(name, wanted)| Some((&**name, wanted.of(object.get(name)?)))))
            }),
            Value::Array(items) => with_stack(|| JValue::array(items.iter().map(|item| self.of(item)).collect())),
            scalar => from_value(scalar),
        }
    }

    fn states(&self, scope: &Scope<'_>) -> JValue {
        if self.whole {
            let parts = PARTS.iter().filter_map(|name| Some((*name, from_value(states_part(scope, name)?))));
            return from_members(parts);
        }
        let parts = self.members.iter();
        from_members(parts.filter_map(|(name, wanted)| Some((&**name, wanted.of(states_part(scope, name)?)))))
    }
}

const PARTS: [&str; 4] = ["input", "context", "result", "errorOutput"];

fn states_part<'s>(scope: &'s Scope<'_>, name: &str) -> Option<&'s Value> {
    match name {
        "input" => Some(scope.state_input),
        "result" => scope.result,
        "errorOutput" => scope.error_output,
        "context" => Some(scope.context.value()),
        _ => None,
    }
}

struct ReadFinder {
    reads: Reads,
    /// Names bound within the expression, innermost last.
    local: Vec<String>,
    /// Whether paths look back (`%`), so that a value read may be asked for other parts.
    whole: bool,
}

impl ReadFinder {
    /// `@$name` and `#$name` are taken as bound everywhere.
    fn bound_in_paths(&mut self, node: &AstNode) {
        match node {
            AstNode::Path { steps } => steps.iter().for_each(|step| {
                self.local.extend(step.focus.iter().chain(&step.index_var).cloned());
                self.local.extend(step.stages.iter().filter_map(index_name).cloned());
            }),
            AstNode::Parent(_) => self.whole = true,
            _ => {}
        }
        each_part(node, &mut |part| self.bound_in_paths(part));
    }

    fn read(&mut self, node: &AstNode) {
        match node {
            AstNode::Variable(name) => self.root(name, &[]),
            AstNode::Path { steps } => self.path(steps),
            AstNode::Lambda { params, body, .. } => self.within(|reader| {
                reader.local.extend(params.iter().cloned());
                reader.read(body);
            }),
            AstNode::Block(items) => self.within(|reader| items.iter().for_each(|item| reader.read(item))),
            AstNode::Binary { op: BinaryOp::ColonEqual, lhs, rhs } => self.binding(lhs, rhs),
            other => each_part(other, &mut |part| self.read(part)),
        }
    }

    fn within(&mut self, read: impl FnOnce(&mut Self)) {
        let bound = self.local.len();
        read(self);
        self.local.truncate(bound);
    }

    /// A function may call itself by the name it is bound to; other values are made before the name is.
    fn binding(&mut self, name: &AstNode, value: &AstNode) {
        let AstNode::Variable(name) = name else { return self.read(value) };
        if matches!(value, AstNode::Lambda { .. }) {
            self.local.push(name.clone());
            return self.read(value);
        }
        self.read(value);
        self.local.push(name.clone());
    }

    fn path(&mut self, steps: &[PathStep]) {
        let Some((PathStep { node: AstNode::Variable(name), .. }, rest)) = steps.split_first() else {
            return steps.iter().for_each(|step| self.step(step));
        };
        let names = if self.whole || !is_plain(&steps[0]) { Vec::new() } else { leading_names(rest) };
        self.root(name, &names);
        self.stages(&steps[0]);
        rest.iter().for_each(|step| self.step(step));
    }

    fn step(&mut self, step: &PathStep) {
        self.read(&step.node);
        self.stages(step);
    }

    fn stages(&mut self, step: &PathStep) {
        step.stages.iter().filter_map(super::tree::filter).for_each(|filter| self.read(filter));
    }

    fn root(&mut self, name: &str, members: &[&str]) {
        if name.is_empty() || self.local.iter().any(|local| local == name) {
            return;
        }
        let roots = &mut self.reads.roots;
        let place = roots.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
            roots.push((name.to_owned(), Wanted::default()));
            roots.len() - 1
        });
        members.iter().fold(&mut roots[place].1, |wanted, member| wanted.member(member)).whole = true;
    }
}

fn index_name(stage: &Stage) -> Option<&String> {
    match stage {
        Stage::Index(name) => Some(name),
        Stage::Filter(_) | Stage::KeepArray => None,
    }
}

fn is_unbound(step: &PathStep) -> bool {
    let PathStep { focus, index_var, ancestor_label, is_tuple, .. } = step;
    focus.is_none() && index_var.is_none() && ancestor_label.is_none() && !is_tuple
}

fn is_plain(step: &PathStep) -> bool {
    is_unbound(step) && step.stages.is_empty()
}

fn is_name(step: &PathStep) -> bool {
    is_plain(step) && name_of(step).is_some()
}

/// The members a path goes through until something asks for more than one member: a predicate, a wildcard, a
/// binding, a look back.
fn leading_names(steps: &[PathStep]) -> Vec<&str> {
    let mut names = Vec::new();
    for step in steps {
        let Some(name) = name_of(step).filter(|_| is_unbound(step)) else { break };
        names.push(name);
        if !step.stages.is_empty() {
            break;
        }
    }
    names
}

fn name_of(step: &PathStep) -> Option<&str> {
    match &step.node {
        AstNode::Name(name) => Some(name),
        _ => None,
    }
}

/// An expression that is a plain path from `$states` or a variable, answered without the evaluator.
#[derive(Debug)]
pub(super) struct Direct {
    root: String,
    members: Vec<String>,
}

impl Direct {
    /// The expression as such a path, where it is one.
    pub(super) fn of(tree: &AstNode) -> Option<Self> {
        let (root, members) = match tree {
            AstNode::Variable(name) => (name, Vec::new()),
            AstNode::Path { steps } => {
                let (PathStep { node: AstNode::Variable(name), .. }, rest) = steps.split_first()? else { return None };
                if !is_plain(&steps[0]) || !rest.iter().all(is_name) {
                    return None;
                }
                (name, rest.iter().filter_map(name_of).map(str::to_owned).collect())
            }
            _ => return None,
        };
        (!root.is_empty() && !is_function(root)).then(|| Self { root: root.clone(), members })
    }

    /// The value at its end, shared; `Some(None)` where there is nothing. `None` where the path goes through an
    /// array, which is for the evaluator.
    pub(super) fn resolve(&self, scope: &Scope<'_>) -> Option<Option<Value>> {
        let mut members = self.members.iter();
        let root = if self.root == STATES {
            let Some(part) = members.next() else { return Some(Some(whole_states(scope))) };
            states_part(scope, part)
        } else {
            scope.variables.get(&self.root)
        };
        let Some(mut value) = root else { return Some(None) };
        for member in members {
            value = match value {
                Value::Object(object) => match object.get(member) {
                    Some(value) => value,
                    None => return Some(None),
                },
                Value::Array(_) => return None,
                _ => return Some(None),
            };
        }
        Some(Some(with_doubles(value)))
    }
}

fn whole_states(scope: &Scope<'_>) -> Value {
    Value::object(PARTS.iter().filter_map(|name| Some((Text::from(*name), with_doubles(states_part(scope, name)?)))))
}
