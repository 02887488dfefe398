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

use super::code::{Kind, Name, Node, Program, STATES};
use super::datum::{Datum, List};
use super::failure::{Evaluated, Failure};
use super::frames::{Frame, Frames, OUTERMOST};
use super::function::{Builtin, Function, Host, Kind as FunctionKind};
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

/// The members of `$states` in order.
const STATES_MEMBERS: [&str; 4] = ["input", "context", "result", "errorOutput"];

impl Host for Machine<'_> {
    fn scope(&self) -> &Scope<'_> {
        self.scope
    }

    fn call(&mut self, function: &Rc<Function>, args: Vec<Datum>) -> Evaluated {
        self.apply(Rc::clone(function), args, &Datum::Null, "")
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
        let mut value = self.kind(node, item, frame)?;
        if !node.is_plain() {
            value = self.behind(node, value, frame)?;
        }
        self.depth -= 1;
        Ok(match value {
            Datum::Array(list) if list.is_sequence => single(list, node.keep_array),
            other => other,
        })
    }

    /// Predicates and a grouping behind what is no path.
    fn behind(&mut self, node: &Node, mut value: Datum, frame: Frame) -> Evaluated {
        for predicate in &node.predicates {
            value = self.filter(predicate, value, frame)?;
        }
        match &node.group {
            Some(pairs) if !matches!(node.kind, Kind::Path(..)) => self.group(pairs, &value, frame),
            _ => Ok(value),
        }
    }

    #[inline]
    fn kind(&mut self, node: &Node, item: &Datum, frame: Frame) -> Evaluated {
        Ok(match &node.kind {
            Kind::Null => Datum::Null,
            Kind::Bool(value) => Datum::Bool(*value),
            Kind::Number(number) => Datum::Number(*number),
            Kind::Text(text) => Datum::Text(text.clone()),
            Kind::Item => match item {
                Datum::Array(list) if list.is_outer => list.items.first().cloned().unwrap_or_default(),
                item => item.clone(),
            },
            Kind::Root => self.root.clone(),
            Kind::Variable(name, builtin) => return self.variable(*name, *builtin, frame),
            Kind::Path(steps, keeps) => return self.path(node, steps, *keeps, item, frame),
            Kind::Binary(operator, parts) => return self.binary(*operator, parts, item, frame),
            Kind::Condition(parts, otherwise) => {
                return match (self.holds(&parts[0], item, frame)?, otherwise) {
                    (true, _) => self.evaluate(&parts[1], item, frame),
                    (false, Some(otherwise)) => self.evaluate(otherwise, item, frame),
                    (false, None) => Ok(Datum::Undefined),
                };
            }
            Kind::Call(call) => return self.call_of(call, None, item, frame),
            Kind::Array(items) => return self.array(items, node.constructs, item, frame),
            Kind::Object(pairs) => return self.group(pairs, item, frame),
            _ => return self.other_kind(node, item, frame),
        })
    }

    /// What is less frequent: apart, so that a level takes little of the stack.
    #[inline(never)]
    fn other_kind(&mut self, node: &Node, item: &Datum, frame: Frame) -> Evaluated {
        match &node.kind {
            Kind::Member(name) => path::member(item, name, self.scope.budget),
            Kind::Wildcard => self.wildcard(item),
            Kind::Descendants => self.descendants(item),
            Kind::Parent(place) => {
                let name = self.program.parents.get(*place).copied().unwrap_or_default();
                Ok(self.frames.find(frame, name, self.scope.budget)?.cloned().unwrap_or_default())
            }
            Kind::Negate(part) => {
                let value = self.evaluate(part, item, frame)?;
                operators::negated(&value)
            }
            Kind::Block(parts, binds) => self.block(parts, *binds, item, frame),
            Kind::Bind(name, part) => {
                let value = self.evaluate(part, item, frame)?;
                self.frames.bind(frame, *name, value.clone());
                Ok(value)
            }
            Kind::Partial(procedure, arguments, meant) => self.partial(procedure, arguments, *meant, item, frame),
            Kind::Lambda(code) => {
                self.frames.keep(self.scope.budget)?;
                let kind = FunctionKind::Lambda { code: Arc::clone(code), item: item.clone(), frame };
                self.function(kind)
            }
            Kind::Transform(code) => {
                self.frames.keep(self.scope.budget)?;
                self.function(FunctionKind::Transform(Arc::clone(code), frame))
            }
            Kind::Regex(regex) => self.function(FunctionKind::Regex(Arc::clone(regex))),
            Kind::Sort(terms) => self.sorted(terms, item.items_or_single(), frame),
            _ => Ok(Datum::Undefined),
        }
    }

    fn function(&self, kind: FunctionKind) -> Evaluated {
        self.budget().charge_bytes(64)?;
        Function::new(kind).map(Datum::Function)
    }

    /// A name that is bound here, `$states`, a workflow variable or one of the language's functions.
    fn variable(&self, name: Name, builtin: Option<&'static Builtin>, frame: Frame) -> Evaluated {
        if let Some(bound) = self.frames.find(frame, name, self.scope.budget)? {
            return Ok(bound.clone());
        }
        if name == STATES {
            return self.states();
        }
        let text = self.program.names.get(name as usize).map_or("", |text| text);
        match (self.scope.variables.get(text), builtin) {
            (Some(value), _) => Ok(Datum::from(value)),
            (None, Some(builtin)) => self.function(FunctionKind::Builtin(builtin)),
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
            let nested = matches!(node.kind, Kind::Array(_));
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
