//! Evaluates a program.

mod call;
mod group;
mod operators;
mod path;
mod sort;
mod transform;
mod tuple;

use std::rc::Rc;
use std::sync::Arc;

use super::code::{Dressed, Name, Node, Program, STATES};
use super::datum::{Datum, List};
use super::failure::{Evaluated, Failure};
use super::frames::{Frame, Frames, OUTERMOST};
use super::function::{Function, Host, Kind as FunctionKind};
use super::functions::{self, Number};
use crate::budget::Budget;
use crate::scope::Scope;
use crate::value::Value;

/// One evaluation of a program.
pub(super) struct Machine<'e> {
    program: &'e Program,
    scope: &'e Scope<'e>,
    /// `$$`
    root: Datum,
    frames: Frames,
    depth: usize,
}

/// What stands behind a whole path.
#[derive(Clone, Copy, Default)]
struct Whole<'p> {
    /// `{...}`: keys and values by turns.
    group: Option<&'p [Node]>,
    /// Its items carry names.
    is_tuple: bool,
}

/// The members of `$states` in order.
const STATES_MEMBERS: [&str; 4] = ["input", "context", "result", "errorOutput"];

impl Host for Machine<'_> {
    fn scope(&self) -> &Scope<'_> {
        self.scope
    }

    fn call(&mut self, function: &Rc<Function>, args: Vec<Datum>) -> Evaluated {
        self.apply(Rc::clone(function), args, &Datum::Null, Node::Null)
    }
}

impl<'e> Machine<'e> {
    /// An evaluation within that scope.
    pub(super) fn new(program: &'e Program, scope: &'e Scope<'e>) -> Self {
        Self { program, scope, root: Datum::Undefined, frames: Frames::new(), depth: 0 }
    }

    /// Evaluates the program. AWS has no context item.
    pub(super) fn run(&mut self, item: Datum) -> Evaluated {
        self.root = item.clone();
        let item = match item {
            array @ (Datum::PayloadArray(_) | Datum::Array(_)) => {
                Datum::from(List { is_outer: true, ..List::sequence(vec![array])? })
            }
            other => other,
        };
        self.evaluate(&self.program.root, &item, OUTERMOST)
    }

    fn budget(&self) -> &'e Budget {
        self.scope.budget
    }

    /// A level of evaluation deeper.
    #[inline]
    fn enter(&mut self) -> Evaluated<()> {
        self.budget().charge_step()?;
        self.depth += 1;
        if self.depth > self.budget().depth() { Err(Failure::Stack) } else { Ok(()) }
    }

    /// What a construct gives over a context item.
    fn evaluate(&mut self, node: &Node, item: &Datum, frame: Frame) -> Evaluated {
        self.enter()?;
        let value = self.plain(node, item, frame)?;
        self.depth -= 1;
        Ok(finished(value))
    }

    /// What a construct with something behind it gives.
    #[inline(never)]
    fn dressed(&mut self, node: Node, item: &Datum, frame: Frame) -> Evaluated {
        let program = self.program;
        let Dressed { node, predicates, group, keep_array, binding, .. } = program.dressed(node);
        let whole = Whole { group, is_tuple: binding.is_some() };
        let mut value = match node {
            Node::Path(keeps, row) => self.path(whole, program.row(row), keeps, item, frame)?,
            Node::Name(keeps, word) => self.path(whole, &[Node::Member(keeps, word)], keeps, item, frame)?,
            Node::Member(_, word) => self.plain(&Node::Member(false, word), item, frame)?,
            _ => self.plain(&node, item, frame)?,
        };
        for predicate in predicates {
            value = self.filter(predicate, value, frame)?;
        }
        if let (Some(pairs), false) = (group, matches!(node, Node::Path(..) | Node::Name(..))) {
            value = self.group(pairs, &value, frame)?;
        }
        Ok(match value {
            Datum::Array(list) if list.is_sequence => single(list, keep_array),
            other => other,
        })
    }

    /// What a construct alone gives.
    #[inline]
    fn plain(&mut self, node: &Node, item: &Datum, frame: Frame) -> Evaluated {
        let program = self.program;
        Ok(match *node {
            Node::Null => Datum::Null,
            Node::Bool(value) => Datum::Bool(value),
            Node::Number(number) => Datum::Number(f64::from(number)),
            Node::Text(word) => program.word(word).map_or(Datum::Undefined, |text| Datum::Text(text.clone())),
            Node::Item => match item {
                Datum::Array(list) if list.is_outer => list.items.first().cloned().unwrap_or_default(),
                item => item.clone(),
            },
            Node::Root => self.root.clone(),
            Node::Variable(builtin, name) => return self.variable(name, builtin, frame),
            Node::Path(keeps, row) => return self.path(Whole::default(), program.row(row), keeps, item, frame),
            Node::Name(false, word) => {
                return self.path(Whole::default(), &[Node::Member(false, word)], false, item, frame);
            }
            Node::Binary(operator, first) => {
                return self.binary(operator, program.node(first), program.node(first + 1), item, frame);
            }
            Node::Condition(row) => {
                return match self.branch(program.row(row), item, frame)? {
                    Some(branch) => self.evaluate(branch, item, frame),
                    None => Ok(Datum::Undefined),
                };
            }
            Node::Call(row) => return self.call_of(program.row(row), None, item, frame),
            Node::Array(constructs, row) => return self.array(program.row(row), constructs, item, frame),
            Node::Object(row) => return self.group(program.row(row), item, frame),
            _ => return self.other_kind(*node, item, frame),
        })
    }

    /// The part of a condition that counts, where there is one.
    fn branch(&mut self, parts: &'e [Node], item: &Datum, frame: Frame) -> Evaluated<Option<&'e Node>> {
        let [condition, branches @ ..] = parts else { return Ok(None) };
        let holds = self.holds(condition, item, frame)?;
        Ok(branches.get(usize::from(!holds)))
    }

    /// What is less frequent: apart, so that a level takes little of the stack.
    #[inline(never)]
    fn other_kind(&mut self, node: Node, item: &Datum, frame: Frame) -> Evaluated {
        let program = self.program;
        match node {
            Node::LongNumber(_) => Ok(program.number(node).map_or(Datum::Undefined, Datum::Number)),
            Node::Member(false, word) => match program.word(word) {
                Some(name) => path::member(item, name, self.scope.budget),
                None => Ok(Datum::Undefined),
            },
            Node::Wildcard => self.wildcard(item),
            Node::Descendants => self.descendants(item),
            Node::Parent(place) => {
                let found = self.frames.find(frame, program.parent(place), self.scope.budget)?;
                Ok(found.cloned().unwrap_or_default())
            }
            Node::Negate(place) => {
                let value = self.evaluate(program.node(place), item, frame)?;
                operators::negated(&value)
            }
            Node::Block(scoping, row) => self.block(program.row(row), scoping.binds, item, frame),
            Node::Bind(name, place) => {
                let value = self.evaluate(program.node(place), item, frame)?;
                self.frames.bind(frame, name, value.clone());
                Ok(value)
            }
            Node::Partial(row) => self.partial(program.row(row), item, frame),
            Node::Lambda(code) => {
                self.frames.keep(self.scope.budget)?;
                let arity = program.lambda(code).map_or(0, |lambda| lambda.parameters.len());
                self.function(FunctionKind::Lambda { code, arity, item: item.clone(), frame })
            }
            Node::Transform(row) => {
                self.frames.keep(self.scope.budget)?;
                self.function(FunctionKind::Transform(row, frame))
            }
            Node::Regex(place) => match program.regex(place) {
                Some(regex) => self.function(FunctionKind::Regex(Arc::clone(regex))),
                None => Ok(Datum::Undefined),
            },
            Node::Sort(row) => self.sorted(program.row(row), item.items_or_single(), frame),
            dressed if !dressed.is_plain() => self.dressed(dressed, item, frame),
            _ => Ok(Datum::Undefined),
        }
    }

    fn function(&self, kind: FunctionKind) -> Evaluated {
        self.budget().charge_bytes(64)?;
        Function::new(kind).map(Datum::Function)
    }

    /// A name that is bound here, `$states`, a workflow variable or one of the language's functions.
    fn variable(&self, name: Name, builtin: Option<Number>, frame: Frame) -> Evaluated {
        if let Some(bound) = self.frames.find(frame, name, self.scope.budget)? {
            return Ok(bound.clone());
        }
        if name == STATES {
            return self.states();
        }
        match (self.scope.variables.get(self.program.name(name)), builtin) {
            (Some(value), _) => Ok(Datum::from(value)),
            (None, Some(builtin)) => self.function(FunctionKind::Builtin(functions::get(builtin))),
            (None, None) => Ok(Datum::Undefined),
        }
    }

    /// The whole of `$states`.
    fn states(&self) -> Evaluated {
        let mut members = super::datum::Members::default();
        for name in STATES_MEMBERS {
            if let Some(value) = self.states_member(name) {
                members.insert(name.into(), Datum::from(value))?;
            }
        }
        Ok(Datum::from(members))
    }

    fn states_member(&self, name: &str) -> Option<&'e Value> {
        match name {
            "input" => Some(self.scope.state_input),
            "context" => Some(self.scope.context.value()),
            "result" => self.scope.result,
            "errorOutput" => self.scope.error_output,
            _ => None,
        }
    }

    fn holds(&mut self, node: &Node, item: &Datum, frame: Frame) -> Evaluated<bool> {
        self.evaluate(node, item, frame)?.is_true(self.scope.budget)
    }

    fn block(&mut self, parts: &[Node], binds: bool, item: &Datum, frame: Frame) -> Evaluated {
        let inner = if binds { self.frames.push(frame) } else { frame };
        let mut value = Datum::Undefined;
        for part in parts {
            value = self.evaluate(part, item, inner)?;
        }
        if binds {
            self.frames.pop(inner);
        }
        Ok(value)
    }

    /// `[...]`: arrays are dissolved, but those that are written as such.
    #[inline(never)]
    fn array(&mut self, nodes: &[Node], constructs: bool, item: &Datum, frame: Frame) -> Evaluated {
        let mut items = Vec::new();
        for node in nodes {
            let value = self.evaluate(node, item, frame)?;
            let nested = match *node {
                Node::Array(..) => true,
                node if node.is_plain() => false,
                node => matches!(self.program.dressed(node).node, Node::Array(..)),
            };
            match value.items() {
                Some(more) if !nested => {
                    self.charge_items(more.len())?;
                    items.extend(more.iter());
                }
                _ if value.is_undefined() => {}
                _ => {
                    self.charge_items(1)?;
                    items.push(value);
                }
            }
        }
        Ok(Datum::from(List { is_constructed: constructs, ..List::plain(items)? }))
    }
}

/// What a construct gives, as what it stands for.
fn finished(value: Datum) -> Datum {
    match value {
        Datum::Array(list) if list.is_sequence => single(list, false),
        other => other,
    }
}

/// A sequence as what it stands for.
fn single(list: Rc<List>, keep_array: bool) -> Datum {
    match list.items.len() {
        0 => Datum::Undefined,
        1 if !keep_array && !list.keeps_single => list.items[0].clone(),
        1 => {
            let mut list = Rc::unwrap_or_clone(list);
            list.keeps_single = true;
            Datum::from(list)
        }
        _ => Datum::Array(list),
    }
}
