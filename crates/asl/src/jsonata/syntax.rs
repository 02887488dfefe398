//! The tree of an expression as it is written.

use super::regex::Regex;
use super::signature::Signature;

/// Expressions may be nested this deep. What is deeper could not be evaluated: AWS stops at a depth
/// of 100.
pub(super) const DEPTH_MAX: usize = 256;

/// One construct, and how deep it is.
#[derive(Debug)]
pub(super) struct Syntax {
    /// What it is.
    pub(super) kind: Kind,
    /// `[]` behind it: a single value stays in its array.
    pub(super) keep_array: bool,
    depth: usize,
}

/// A pair of an object constructor or of a grouping.
pub(super) type Pair = (Syntax, Syntax);

/// What a construct is.
#[derive(Debug)]
pub(super) enum Kind {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number.
    Number(f64),
    /// A string.
    Text(String),
    /// A member's name.
    Name(String),
    /// `$name`; empty for `$`, `$` for `$$`.
    Variable(String),
    /// `/pattern/flags`
    Regex(Regex),
    /// `*`
    Wildcard,
    /// `**`
    Descendants,
    /// `%`
    Parent,
    /// `?` among the arguments of a partial application.
    Placeholder,
    /// `-x`
    Negate(Box<Syntax>),
    /// `[a, b]`
    Array(Vec<Syntax>),
    /// `{a: b}`
    Object(Vec<Pair>),
    /// `(a; b)`
    Block(Vec<Syntax>),
    /// `|pattern|update, delete|`
    Transform(Box<[Syntax; 2]>, Option<Box<Syntax>>),
    /// Two operands and what stands between them.
    Binary(Operator, Box<[Syntax; 2]>),
    /// `a.b`
    Step(Box<[Syntax; 2]>),
    /// `a[b]`
    Predicate(Box<[Syntax; 2]>),
    /// `a{b: c}`
    Group(Box<Syntax>, Vec<Pair>),
    /// `a^(b, >c)`: each term, and whether it descends.
    Sort(Box<Syntax>, Vec<(Syntax, bool)>),
    /// `a@$b`
    Focus(Box<Syntax>, String),
    /// `a#$b`
    Index(Box<Syntax>, String),
    /// `$a := b`
    Bind(String, Box<Syntax>),
    /// `a ? b : c`
    Condition(Box<[Syntax; 2]>, Option<Box<Syntax>>),
    /// `f(a)`; a partial application where there is a placeholder.
    Call(Box<Syntax>, Vec<Syntax>),
    /// `function($a) { b }`
    Lambda(Vec<String>, Option<Signature>, Box<Syntax>),
}

/// What stands between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Modulo,
    /// `&`
    Concatenate,
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `and`
    And,
    /// `or`
    Or,
    /// `in`
    In,
    /// `..`
    Range,
    /// `~>`
    Apply,
}

impl Operator {
    /// All of them with their symbols.
    const ALL: [(&str, Self); 17] = [
        ("+", Self::Add),
        ("-", Self::Subtract),
        ("*", Self::Multiply),
        ("/", Self::Divide),
        ("%", Self::Modulo),
        ("&", Self::Concatenate),
        ("=", Self::Equal),
        ("!=", Self::NotEqual),
        ("<", Self::Less),
        ("<=", Self::LessOrEqual),
        (">", Self::Greater),
        (">=", Self::GreaterOrEqual),
        ("and", Self::And),
        ("or", Self::Or),
        ("in", Self::In),
        ("..", Self::Range),
        ("~>", Self::Apply),
    ];

    /// By its symbol.
    pub(super) fn of(symbol: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| *known == symbol).map(|(_, operator)| operator)
    }

    /// Its symbol.
    pub(super) fn symbol(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, operator)| *operator == self).map_or("", |(symbol, _)| symbol)
    }
}

impl Syntax {
    /// A construct of its parts; `Err` where it is nested too deep.
    pub(super) fn new(kind: Kind) -> Result<Self, String> {
        let mut depth = 1;
        each_part(&kind, &mut |part, _| depth = depth.max(part.depth + 1));
        if depth > DEPTH_MAX { Err(too_deep()) } else { Ok(Self { kind, keep_array: false, depth }) }
    }

    /// Visits the parts of it.
    pub(super) fn each_part<'s>(&'s self, visit: &mut impl FnMut(&'s Self, Context)) {
        each_part(&self.kind, visit);
    }
}

/// What is said of an expression that is nested too deep.
pub(super) fn too_deep() -> String {
    format!("The expression is nested deeper than {DEPTH_MAX}")
}

/// Whether a part has a context item of its own, or that of the construct around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Context {
    /// That of the construct.
    Same,
    /// What the construct goes through.
    Own,
}

fn each_part<'s>(kind: &'s Kind, visit: &mut impl FnMut(&'s Syntax, Context)) {
    use Context::{Own, Same};
    match kind {
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Name(_) | Kind::Variable(_) => {}
        Kind::Regex(_) | Kind::Wildcard | Kind::Descendants | Kind::Parent | Kind::Placeholder => {}
        Kind::Negate(part) | Kind::Focus(part, _) | Kind::Index(part, _) => visit(part, Same),
        Kind::Bind(_, part) | Kind::Lambda(_, _, part) => visit(part, Same),
        Kind::Array(parts) | Kind::Block(parts) => parts.iter().for_each(|part| visit(part, Same)),
        Kind::Binary(_, parts) => parts.iter().for_each(|part| visit(part, Same)),
        Kind::Step(parts) | Kind::Predicate(parts) => {
            visit(&parts[0], Same);
            visit(&parts[1], Own);
        }
        Kind::Object(pairs) => each_pair(pairs, Same, visit),
        Kind::Group(part, pairs) => {
            visit(part, Same);
            each_pair(pairs, Own, visit);
        }
        Kind::Sort(part, terms) => {
            visit(part, Same);
            terms.iter().for_each(|(term, _)| visit(term, Own));
        }
        Kind::Transform(parts, delete) => {
            parts.iter().for_each(|part| visit(part, Own));
            delete.iter().for_each(|part| visit(part, Own));
        }
        Kind::Condition(parts, otherwise) => {
            parts.iter().for_each(|part| visit(part, Same));
            otherwise.iter().for_each(|part| visit(part, Same));
        }
        Kind::Call(procedure, arguments) => {
            visit(procedure, Same);
            arguments.iter().for_each(|part| visit(part, Same));
        }
    }
}

fn each_pair<'s>(pairs: &'s [Pair], context: Context, visit: &mut impl FnMut(&'s Syntax, Context)) {
    for (key, value) in pairs {
        visit(key, context);
        visit(value, context);
    }
}
