//! Finds out what an error was about.
//!
//! The evaluator's errors seldom say which function or operator failed, and on which values; JSONata's messages
//! do. So after an error the expression is evaluated once more, rewritten to note each call just before it is
//! made. The last note is of the one that failed.

use std::cell::RefCell;
use std::rc::Rc;

use jsonata_core::ast::{AstNode, BinaryOp, UnaryOp};
use jsonata_core::evaluator::{Evaluator, EvaluatorError};
use jsonata_core::value::JValue;

use super::functions::{is_function, parameters};
use super::tree::{call, hidden_names, lambda, map_parts, unchained, variables};

const NOTE: &str = "note call";

/// What was called last.
#[derive(Clone, Debug)]
pub(super) struct Note {
    /// A function's name or an operator.
    pub(super) name: String,
    /// Its arguments or operands.
    pub(super) values: Vec<JValue>,
}

/// Holds the last note of an evaluation.
#[derive(Clone, Default)]
pub(super) struct Notes {
    last: Rc<RefCell<Option<Note>>>,
}

impl Notes {
    /// The last note.
    pub(super) fn last(&self) -> Option<Note> {
        self.last.borrow().clone()
    }

    /// Lets the evaluator take notes.
    pub(super) fn register(&self, evaluator: &mut Evaluator) -> Result<(), EvaluatorError> {
        let last = Rc::clone(&self.last);
        evaluator.register_fn(NOTE, move |args: &[JValue]| {
            if let Some((JValue::String(name), values)) = args.split_first() {
                *last.borrow_mut() = Some(Note { name: name.to_string(), values: values.to_vec() });
            }
            Ok(JValue::Undefined)
        })
    }
}

/// The tree that notes its calls.
pub(super) fn note(node: AstNode) -> AstNode {
    let binding = matches!(node, AstNode::Binary { op: BinaryOp::ColonEqual, .. });
    let mut first = true;
    let node = map_parts(unchained(node), &mut |part| {
        // The name that is bound is no value.
        let name = std::mem::take(&mut first) && binding;
        if name { part } else { note(part) }
    });
    match node {
        AstNode::Function { name, args, is_builtin: true }
            if is_function(&name) && !args.contains(&AstNode::Placeholder) =>
        {
            noted(&name.clone(), args, |args| call(&name, args))
        }
        AstNode::Variable(name) => match parameters(&name) {
            Some(count) if count > 0 => {
                let params = hidden_names(count);
                lambda(params.clone(), noted_body(&name, &params, call(&name, variables(&params))))
            }
            _ => AstNode::Variable(name),
        },
        AstNode::Unary { op: UnaryOp::Negate, operand } => noted("-", vec![*operand], |mut operands| AstNode::Unary {
            op: UnaryOp::Negate,
            operand: Box::new(operands.remove(0)),
        }),
        AstNode::Binary { op, lhs, rhs } => match symbol(op) {
            Some(symbol) => noted(symbol, vec![*lhs, *rhs], |mut operands| {
                let (rhs, lhs) = (operands.remove(1), operands.remove(0));
                AstNode::Binary { op, lhs: Box::new(lhs), rhs: Box::new(rhs) }
            }),
            None => AstNode::Binary { op, lhs, rhs },
        },
        other => other,
    }
}

/// The operators that can fail.
fn symbol(op: BinaryOp) -> Option<&'static str> {
    match op {
        BinaryOp::Add => Some("+"),
        BinaryOp::Subtract => Some("-"),
        BinaryOp::Multiply => Some("*"),
        BinaryOp::Divide => Some("/"),
        BinaryOp::Modulo => Some("%"),
        BinaryOp::LessThan => Some("<"),
        BinaryOp::LessThanOrEqual => Some("<="),
        BinaryOp::GreaterThan => Some(">"),
        BinaryOp::GreaterThanOrEqual => Some(">="),
        BinaryOp::Range => Some(".."),
        _ => None,
    }
}

fn noted(name: &str, args: Vec<AstNode>, make: impl FnOnce(Vec<AstNode>) -> AstNode) -> AstNode {
    let params = hidden_names(args.len());
    let procedure = lambda(params.clone(), noted_body(name, &params, make(variables(&params))));
    AstNode::Call { procedure: Box::new(procedure), args }
}

fn noted_body(name: &str, params: &[String], body: AstNode) -> AstNode {
    let name = std::iter::once(AstNode::String(name.to_owned()));
    AstNode::Block(vec![call(NOTE, name.chain(variables(params)).collect()), body])
}
