//! Rewrites an expression so that it passes the bounds of [`super::meter`] wherever a value could outgrow them.
//!
//! The evaluator bounds time, depth and the length of sequences. Left are texts (`&`, `$pad`, `$join`,
//! `$replace`, `$string`), the widths and numbers of pictures (`$fromMillis`, `$formatInteger`), and values that share
//! their parts: `{"a": $x, "b": $x}` within itself, forty times over, is small to hold and never done walking. So such
//! a function is called through one that looks at its arguments first, `&` is a function of ours, and what is
//! constructed from constructed values is weighed.

use jsonata_core::ast::{AstNode, BinaryOp};

use super::functions::own_parameters;
use super::tree::{call, hidden_names, lambda, map_parts, unchained, variables};

/// Functions whose arguments are looked at before they are called, and how many parameters they have.
const CHECKED: [(&str, usize); 10] = [
    ("pad", 3),
    ("replace", 4),
    ("join", 2),
    ("string", 1),
    ("fromMillis", 3),
    (DATING, 2),
    ("formatInteger", 2),
    ("parseInteger", 2),
    ("distinct", 1),
    ("base64decode", 1),
];

/// A function that counts with its numbers as they are; they are brought into reach first.
const COUNTING: &str = "substring";

/// A function that takes from the clock what a picture leaves open.
const DATING: &str = "toMillis";

/// Whole numbers up to here are told apart, and the difference of two is no overflow: 2^53.
const REACH: f64 = 9_007_199_254_740_992.0;

/// Functions that apply a function to each item of theirs.
const EACH: [&str; 6] = ["map", "filter", "each", "sift", "single", "sort"];

/// Functions that put values together.
const COMBINING: [&str; 3] = ["zip", "append", "merge"];

/// Functions that never give an array or object which was not there before.
const FLAT: [&str; 38] = [
    "string",
    "length",
    "substring",
    "substringBefore",
    "substringAfter",
    "uppercase",
    "lowercase",
    "trim",
    "pad",
    "contains",
    "join",
    "replace",
    "base64encode",
    "base64decode",
    "encodeUrlComponent",
    "encodeUrl",
    "decodeUrlComponent",
    "decodeUrl",
    "number",
    "abs",
    "floor",
    "ceil",
    "round",
    "power",
    "sqrt",
    "random",
    "formatNumber",
    "formatBase",
    "formatInteger",
    "sum",
    "max",
    "min",
    "average",
    "count",
    "boolean",
    "not",
    "now",
    "uuid",
];

/// Weighs its argument and gives it back.
pub(super) const WEIGH: &str = "weigh value";
/// `&` of any number of operands.
pub(super) const CONCATENATE: &str = "concatenate texts";
/// Whether its argument is a function of the language's own.
pub(super) const IS_BUILTIN: &str = "is builtin";
/// Brings a number into reach; gives back anything else.
pub(super) const CLAMP: &str = "clamp number";
/// The text and the picture of `$toMillis`, with today's date where they have none.
pub(super) const DATED_TEXT: &str = "dated text";
/// See [`DATED_TEXT`].
pub(super) const DATED_PICTURE: &str = "dated picture";
/// Looks at the context item and the arguments of the function after the space.
pub(super) const CHECK: &str = "check ";

/// The guarded tree, and whether there are guards in it.
pub(super) fn guard(tree: AstNode) -> (AstNode, bool) {
    let mut guards = Guards { any: false };
    let tree = guards.here(tree);
    (tree, guards.any)
}

struct Guards {
    any: bool,
}

/// A rewritten node, and whether its values are still to be weighed: a loop weighs all its values at once.
struct Rewritten {
    node: AstNode,
    heavy: bool,
}

impl Guards {
    /// A node whose value, where it must be weighed, is weighed here.
    fn here(&mut self, node: AstNode) -> AstNode {
        match self.within_loop(node) {
            Rewritten { node, heavy: true } => self.guarded(call(WEIGH, vec![node])),
            Rewritten { node, heavy: false } => node,
        }
    }

    fn guarded(&mut self, node: AstNode) -> AstNode {
        self.any = true;
        node
    }

    /// A node whose value something around it weighs.
    fn within_loop(&mut self, node: AstNode) -> Rewritten {
        match unchained(node) {
            node @ (AstNode::Array(_) | AstNode::Object(_) | AstNode::ArrayGroup(_)) => self.constructor(node),
            node @ AstNode::ObjectTransform { .. } => self.all_within(node, true),
            node @ (AstNode::Path { .. } | AstNode::Sort { .. } | AstNode::FunctionApplication(_)) => {
                self.all_within(node, false)
            }
            AstNode::Conditional { condition, then_branch, else_branch } => {
                let condition = Box::new(self.here(*condition));
                let mut heavy = false;
                let mut branch = |branch: Box<AstNode>| {
                    let rewritten = self.within_loop(*branch);
                    heavy |= rewritten.heavy;
                    Box::new(rewritten.node)
                };
                let (then_branch, else_branch) = (branch(then_branch), else_branch.map(branch));
                Rewritten { node: AstNode::Conditional { condition, then_branch, else_branch }, heavy }
            }
            AstNode::Block(mut items) => {
                let last = items.pop().map(|last| self.within_loop(last));
                let mut items: Vec<_> = items.into_iter().map(|item| self.here(item)).collect();
                let heavy = last.as_ref().is_some_and(|last| last.heavy);
                items.extend(last.map(|last| last.node));
                Rewritten { node: AstNode::Block(items), heavy }
            }
            AstNode::Function { name, args, is_builtin: true } => self.function(&name, args),
            other => Rewritten { node: self.light(other), heavy: false },
        }
    }

    /// The nodes whose own value is never heavy.
    fn light(&mut self, node: AstNode) -> AstNode {
        match node {
            AstNode::Binary { op: BinaryOp::Concatenate, lhs, rhs } => {
                let mut operands = Vec::new();
                self.operands(AstNode::Binary { op: BinaryOp::Concatenate, lhs, rhs }, &mut operands);
                self.guarded(call(CONCATENATE, operands))
            }
            AstNode::Binary { op: BinaryOp::Range, lhs, rhs } => {
                let (lhs, rhs) = (self.here(*lhs), self.here(*rhs));
                let (lhs, rhs) = (Box::new(self.clamped(lhs)), Box::new(self.clamped(rhs)));
                let range = AstNode::Binary { op: BinaryOp::Range, lhs, rhs };
                self.guarded(call(WEIGH, vec![range]))
            }
            AstNode::Binary { op: BinaryOp::ColonEqual, lhs, rhs } => {
                AstNode::Binary { op: BinaryOp::ColonEqual, lhs, rhs: Box::new(self.here(*rhs)) }
            }
            AstNode::Variable(name) => self.reference(name),
            other => map_parts(other, &mut |part| self.here(part)),
        }
    }

    /// `a & b & c` has three operands.
    fn operands(&mut self, node: AstNode, operands: &mut Vec<AstNode>) {
        match node {
            AstNode::Binary { op: BinaryOp::Concatenate, lhs, rhs } => {
                self.operands(*lhs, operands);
                operands.push(self.here(*rhs));
            }
            other => operands.push(self.here(other)),
        }
    }

    fn constructor(&mut self, node: AstNode) -> Rewritten {
        let dynamic = is_built(&node);
        let mut rewritten = self.all_within(node, false);
        rewritten.heavy |= dynamic;
        rewritten
    }

    /// All parts within what is weighed as a whole.
    fn all_within(&mut self, node: AstNode, mut heavy: bool) -> Rewritten {
        let node = map_parts(node, &mut |part| {
            let rewritten = self.within_loop(part);
            heavy |= rewritten.heavy;
            rewritten.node
        });
        Rewritten { node, heavy }
    }

    fn function(&mut self, name: &str, args: Vec<AstNode>) -> Rewritten {
        if name == "now" && !args.is_empty() && !args.contains(&AstNode::Placeholder) {
            let now = std::iter::once(call("millis", Vec::new()));
            return self.function("fromMillis", now.chain(args).collect());
        }
        let mut heavy = COMBINING.contains(&name);
        let each = EACH.contains(&name);
        let args: Vec<_> = args
            .into_iter()
            .map(|arg| match arg {
                AstNode::Lambda { params, body, signature, thunk } if each => {
                    let body = self.within_loop(*body);
                    heavy |= body.heavy;
                    AstNode::Lambda { params, body: Box::new(body.node), signature, thunk }
                }
                other => self.here(other),
            })
            .collect();
        if name == COUNTING {
            let args = args.into_iter().map(|arg| self.clamped(arg)).collect();
            return Rewritten { node: call(name, args), heavy };
        }
        if CHECKED.iter().any(|(checked, _)| *checked == name) {
            let node = checked_call(name, args);
            return Rewritten { node: self.guarded(node), heavy: false };
        }
        Rewritten { node: call(name, args), heavy }
    }

    fn clamped(&mut self, arg: AstNode) -> AstNode {
        match arg {
            AstNode::Number(number) => AstNode::Number(clamp(number)),
            literal @ (AstNode::String(_) | AstNode::Placeholder) => literal,
            other => self.guarded(call(CLAMP, vec![other])),
        }
    }

    /// A function that is not called but passed on. One that is checked is replaced by one that checks; one of
    /// ours by one that has as many parameters, since the evaluator hands on all it has. Unless the name means
    /// something else there.
    fn reference(&mut self, name: String) -> AstNode {
        let checked = CHECKED.iter().find(|(checked, _)| *checked == name).map(|(_, arity)| *arity);
        let counting = (name == COUNTING).then_some(3);
        let Some(arity) = checked.or(counting).or_else(|| own_parameters(&name)) else {
            return AstNode::Variable(name);
        };
        let params = hidden_names(arity);
        let body = match checked {
            Some(_) => check_then_call(&name, &params),
            None => self.function(&name, variables(&params)).node,
        };
        self.guarded(AstNode::Conditional {
            condition: Box::new(call(IS_BUILTIN, vec![AstNode::Variable(name.clone())])),
            then_branch: Box::new(lambda(params, body)),
            else_branch: Some(Box::new(AstNode::Variable(name))),
        })
    }
}

/// The number, or the nearest one in reach.
pub(super) fn clamp(number: f64) -> f64 {
    number.clamp(-REACH, REACH)
}

/// Whether a constructor has a part that may itself have been constructed: what comes from the payload, and what
/// has no parts, cannot grow by being put together.
fn is_built(node: &AstNode) -> bool {
    match node {
        AstNode::Array(items) | AstNode::ArrayGroup(items) => items.iter().any(is_built),
        AstNode::Object(pairs) => pairs.iter().any(|(_, value)| is_built(value)),
        AstNode::Path { steps } => {
            let from_states =
                matches!(&steps.first().map(|step| &step.node), Some(AstNode::Variable(name)) if name == "states");
            !from_states || !steps[1..].iter().all(|step| matches!(step.node, AstNode::Name(_)))
        }
        AstNode::Binary { op, .. } => {
            matches!(op, BinaryOp::ColonEqual | BinaryOp::Coalesce | BinaryOp::Default | BinaryOp::ChainPipe)
        }
        AstNode::Function { name, .. } => !FLAT.contains(&&**name),
        AstNode::String(_)
        | AstNode::Number(_)
        | AstNode::Boolean(_)
        | AstNode::Null
        | AstNode::Undefined
        | AstNode::Regex { .. }
        | AstNode::Unary { .. }
        | AstNode::Lambda { .. } => false,
        _ => true,
    }
}

/// `$name(a, ?)` is a function of its placeholders; anything else is called with the arguments as they come.
fn checked_call(name: &str, args: Vec<AstNode>) -> AstNode {
    let open = args.iter().filter(|arg| **arg == AstNode::Placeholder).count();
    let params = hidden_names(args.len());
    if open == 0 {
        let procedure = Box::new(lambda(params.clone(), check_then_call(name, &params)));
        return AstNode::Call { procedure, args };
    }
    let placeholders: Vec<String> = (0..open).map(|index| format!("placeholder {index}")).collect();
    let mut next = placeholders.iter().cloned().map(AstNode::Variable);
    let filled = args.into_iter().map(|arg| match arg {
        AstNode::Placeholder => next.next().unwrap_or(AstNode::Undefined),
        given => given,
    });
    let filled = filled.collect();
    let procedure = Box::new(lambda(params.clone(), check_then_call(name, &params)));
    lambda(placeholders, AstNode::Call { procedure, args: filled })
}

fn check_then_call(name: &str, params: &[String]) -> AstNode {
    let context = std::iter::once(AstNode::Variable(String::new()));
    let check = call(&format!("{CHECK}{name}"), context.chain(variables(params)).collect());
    let args = if name == DATING && params.len() == 2 {
        vec![call(DATED_TEXT, variables(params)), call(DATED_PICTURE, variables(&params[1..]))]
    } else {
        variables(params)
    };
    AstNode::Block(vec![check, call(name, args)])
}
