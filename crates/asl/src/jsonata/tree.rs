//! Walking and rewriting the tree of an expression.
//!
//! The parser bounds a tree's depth (1,000); every level may move to a new stack segment.

use jsonata_core::ast::{AstNode, BinaryOp, PathStep, Stage};
use jsonata_core::value::with_stack;

use super::functions::is_function;

/// Calls `visit` with each direct part of a node, in the order of the source.
pub(super) fn each_part<'n>(node: &'n AstNode, visit: &mut dyn FnMut(&'n AstNode)) {
    with_stack(|| match node {
        AstNode::Path { steps } => steps.iter().for_each(|step| {
            visit(&step.node);
            step.stages.iter().filter_map(filter).for_each(&mut *visit);
        }),
        AstNode::Binary { lhs, rhs, .. } => {
            visit(lhs);
            visit(rhs);
        }
        AstNode::Unary { operand, .. } => visit(operand),
        AstNode::Function { args, .. } | AstNode::Array(args) | AstNode::Block(args) | AstNode::ArrayGroup(args) => {
            args.iter().for_each(visit)
        }
        AstNode::Call { procedure, args } => {
            visit(procedure);
            args.iter().for_each(visit);
        }
        AstNode::Lambda { body, .. } => visit(body),
        AstNode::Object(pairs) => each_pair(pairs, visit),
        AstNode::ObjectTransform { input, pattern } => {
            visit(input);
            each_pair(pattern, visit);
        }
        AstNode::Conditional { condition, then_branch, else_branch } => {
            visit(condition);
            visit(then_branch);
            else_branch.iter().for_each(|branch| visit(branch));
        }
        AstNode::FunctionApplication(inner) => visit(inner),
        AstNode::Sort { input, terms } => {
            visit(input);
            terms.iter().for_each(|(term, _)| visit(term));
        }
        AstNode::Transform { location, update, delete } => {
            visit(location);
            visit(update);
            delete.iter().for_each(|delete| visit(delete));
        }
        AstNode::String(_)
        | AstNode::Name(_)
        | AstNode::Number(_)
        | AstNode::Boolean(_)
        | AstNode::Null
        | AstNode::Undefined
        | AstNode::Placeholder
        | AstNode::Regex { .. }
        | AstNode::Variable(_)
        | AstNode::ParentVariable(_)
        | AstNode::Wildcard
        | AstNode::Descendant
        | AstNode::Parent(_) => {}
    });
}

fn each_pair<'n>(pairs: &'n [(AstNode, AstNode)], visit: &mut dyn FnMut(&'n AstNode)) {
    for (key, value) in pairs {
        visit(key);
        visit(value);
    }
}

/// The expression of a predicate.
pub(super) fn filter(stage: &Stage) -> Option<&AstNode> {
    match stage {
        Stage::Filter(filter) => Some(filter),
        Stage::KeepArray | Stage::Index(_) => None,
    }
}

/// The node with each direct part replaced by what `map` makes of it, in the order of the source.
pub(super) fn map_parts(node: AstNode, map: &mut dyn FnMut(AstNode) -> AstNode) -> AstNode {
    with_stack(|| match node {
        AstNode::Path { steps } => AstNode::Path { steps: steps.into_iter().map(|step| map_step(step, map)).collect() },
        AstNode::Binary { op, lhs, rhs } => AstNode::Binary { op, lhs: Box::new(map(*lhs)), rhs: Box::new(map(*rhs)) },
        AstNode::Unary { op, operand } => AstNode::Unary { op, operand: Box::new(map(*operand)) },
        AstNode::Function { name, args, is_builtin } => {
            AstNode::Function { name, args: map_all(args, map), is_builtin }
        }
        AstNode::Array(items) => AstNode::Array(map_all(items, map)),
        AstNode::Block(items) => AstNode::Block(map_all(items, map)),
        AstNode::ArrayGroup(items) => AstNode::ArrayGroup(map_all(items, map)),
        AstNode::Call { procedure, args } => {
            AstNode::Call { procedure: Box::new(map(*procedure)), args: map_all(args, map) }
        }
        AstNode::Lambda { params, body, signature, thunk } => {
            AstNode::Lambda { params, body: Box::new(map(*body)), signature, thunk }
        }
        AstNode::Object(pairs) => AstNode::Object(map_pairs(pairs, map)),
        AstNode::ObjectTransform { input, pattern } => {
            AstNode::ObjectTransform { input: Box::new(map(*input)), pattern: map_pairs(pattern, map) }
        }
        AstNode::Conditional { condition, then_branch, else_branch } => AstNode::Conditional {
            condition: Box::new(map(*condition)),
            then_branch: Box::new(map(*then_branch)),
            else_branch: else_branch.map(|branch| Box::new(map(*branch))),
        },
        AstNode::FunctionApplication(inner) => AstNode::FunctionApplication(Box::new(map(*inner))),
        AstNode::Sort { input, terms } => AstNode::Sort {
            input: Box::new(map(*input)),
            terms: terms.into_iter().map(|(term, ascending)| (map(term), ascending)).collect(),
        },
        AstNode::Transform { location, update, delete } => AstNode::Transform {
            location: Box::new(map(*location)),
            update: Box::new(map(*update)),
            delete: delete.map(|delete| Box::new(map(*delete))),
        },
        leaf => leaf,
    })
}

/// A step gets a new identity: the evaluator keeps compiled steps by it.
fn map_step(step: PathStep, map: &mut dyn FnMut(AstNode) -> AstNode) -> PathStep {
    let node = map(step.node);
    let stages = step.stages.into_iter().map(|stage| match stage {
        Stage::Filter(filter) => Stage::Filter(Box::new(map(*filter))),
        other => other,
    });
    PathStep { node, stages: stages.collect(), id: Default::default(), ..step }
}

fn map_all(nodes: Vec<AstNode>, map: &mut dyn FnMut(AstNode) -> AstNode) -> Vec<AstNode> {
    nodes.into_iter().map(map).collect()
}

fn map_pairs(pairs: Vec<(AstNode, AstNode)>, map: &mut dyn FnMut(AstNode) -> AstNode) -> Vec<(AstNode, AstNode)> {
    pairs.into_iter().map(|(key, value)| (map(key), map(value))).collect()
}

/// A call of a function by its name.
pub(super) fn call(name: &str, args: Vec<AstNode>) -> AstNode {
    AstNode::Function { name: name.to_owned(), args, is_builtin: true }
}

/// A function of those parameters.
pub(super) fn lambda(params: Vec<String>, body: AstNode) -> AstNode {
    AstNode::Lambda { params, body: Box::new(body), signature: None, thunk: false }
}

/// Names of parameters that no expression can write.
pub(super) fn hidden_names(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("argument {index}")).collect()
}

/// Variables of those names.
pub(super) fn variables(names: &[String]) -> Vec<AstNode> {
    names.iter().cloned().map(AstNode::Variable).collect()
}

/// `x ~> $f(y)` as `$f(x, y)`, which it means.
pub(super) fn unchained(node: AstNode) -> AstNode {
    match node {
        AstNode::Binary { op: BinaryOp::ChainPipe, lhs, rhs } => match *rhs {
            AstNode::Function { name, mut args, is_builtin: true }
                if is_function(&name) && !args.contains(&AstNode::Placeholder) =>
            {
                args.insert(0, *lhs);
                AstNode::Function { name, args, is_builtin: true }
            }
            rhs => AstNode::Binary { op: BinaryOp::ChainPipe, lhs, rhs: Box::new(rhs) },
        },
        other => other,
    }
}
