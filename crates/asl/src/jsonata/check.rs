//! What an expression may not refer to: a state has no context item, so a name at the top level means nothing.

use jsonata_core::ast::AstNode;
use jsonata_core::value::with_stack;

use super::ExpressionError;
use super::tree::{each_part, filter};
use crate::diagnostic::Code;

/// Refuses the first reference to a context item where there is none.
pub(super) fn top_level(node: &AstNode) -> Result<(), ExpressionError> {
    match reference(node, false) {
        None => Ok(()),
        Some(name) => Err(ExpressionError {
            code: Code::UnsupportedJsonataExpression,
            message: format!("Reference to '{name}' at the top level is not supported."),
        }),
    }
}

/// The first such reference. `inside` is whether a path, a predicate or the like gives a context item here.
fn reference(node: &AstNode, inside: bool) -> Option<&str> {
    with_stack(|| match node {
        AstNode::ParentVariable(_) => Some("$$"),
        AstNode::Name(name) if !inside => Some(name.as_str()),
        AstNode::Function { name, is_builtin: false, .. } if !inside => Some(name.as_str()),
        AstNode::Variable(name) if name.is_empty() && !inside => Some("$"),
        AstNode::Wildcard if !inside => Some("*"),
        AstNode::Descendant if !inside => Some("**"),
        AstNode::Parent(_) if !inside => Some("%"),
        AstNode::Path { steps } => steps.iter().enumerate().find_map(|(index, step)| {
            reference(&step.node, inside || index > 0)
                .or_else(|| step.stages.iter().filter_map(filter).find_map(|stage| reference(stage, true)))
        }),
        AstNode::Sort { input, terms } => {
            reference(input, inside).or_else(|| terms.iter().find_map(|(term, _)| reference(term, true)))
        }
        AstNode::ObjectTransform { input, pattern } => reference(input, inside).or_else(|| {
            pattern.iter().find_map(|(key, value)| reference(key, true).or_else(|| reference(value, true)))
        }),
        AstNode::Transform { .. } => first_part(node, true),
        other => first_part(other, inside),
    })
}

fn first_part(node: &AstNode, inside: bool) -> Option<&str> {
    let mut found = None;
    each_part(node, &mut |part| {
        if found.is_none() {
            found = reference(part, inside);
        }
    });
    found
}
