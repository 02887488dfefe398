//! An expression as it is evaluated: paths are rows of steps, names are numbers.

use std::sync::Arc;

use super::function::Builtin;
use super::regex::Regex;
use super::signature::Signature;
use super::syntax::Operator;
use crate::value::Text;

/// A name of a variable, by its place among the program's names.
pub(super) type Name = u32;

/// `$states`, whatever else there is.
pub(super) const STATES: Name = 0;

/// What an expression does.
#[derive(Debug)]
pub(super) struct Program {
    /// The whole of it.
    pub(super) root: Node,
    /// The variables that it names.
    pub(super) names: Vec<Text>,
    /// The variable behind each look back (`%`).
    pub(super) parents: Vec<Name>,
    /// Whether it binds `$states` itself.
    pub(super) binds_states: bool,
}

/// One construct, which may be a step of a path.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// What it does.
    pub(super) kind: Kind,
    /// Predicates of what is no step.
    pub(super) predicates: Vec<Node>,
    /// What is done with the items of a step.
    pub(super) stages: Vec<Stage>,
    /// `{...}` behind it.
    pub(super) group: Option<Vec<(Node, Node)>>,
    /// `@$name`
    pub(super) focus: Option<Name>,
    /// `#$name`
    pub(super) index: Option<Name>,
    /// The look back that finds this step's input, by its place among the parents.
    pub(super) parent: Option<usize>,
    /// The items carry names from here on.
    pub(super) is_tuple: bool,
    /// `[]` behind it.
    pub(super) keep_array: bool,
    /// An array that is written as such at an end of a path.
    pub(super) constructs: bool,
    /// Look backs in it that find their step further out. They are all found when the program is there.
    pub(super) looks_back: Vec<usize>,
}

/// What is done with the items of a step.
#[derive(Debug)]
pub(super) enum Stage {
    /// `[predicate]`
    Filter(Node),
    /// `#$name`
    Index(Name),
}

/// What a node does.
#[derive(Debug, Default)]
pub(super) enum Kind {
    /// `null`
    #[default]
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number.
    Number(f64),
    /// A string.
    Text(Text),
    /// A member's name, as a step.
    Member(Text),
    /// `$`
    Item,
    /// `$$`
    Root,
    /// A variable, and the language's function of that name.
    Variable(Name, Option<&'static Builtin>),
    /// `*`
    Wildcard,
    /// `**`
    Descendants,
    /// `%`, by its place among the parents.
    Parent(usize),
    /// Steps, and whether a single item stays in its sequence.
    Path(Vec<Node>, bool),
    /// `^(...)` as a step: each term, and whether it descends.
    Sort(Vec<(Node, bool)>),
    /// `[...]`
    Array(Vec<Node>),
    /// `{...}`
    Object(Vec<(Node, Node)>),
    /// `-x`
    Negate(Box<Node>),
    /// Two operands.
    Binary(Operator, Box<[Node; 2]>),
    /// `(...)`, and whether a name is bound in it.
    Block(Vec<Node>, bool),
    /// `$x := ...`
    Bind(Name, Box<Node>),
    /// `a ? b : c`
    Condition(Box<[Node; 2]>, Option<Box<Node>>),
    /// `f(...)`
    Call(Box<Call>),
    /// `f(?, ...)`: `None` for each placeholder, and the language's function that a name without its `$` may mean.
    Partial(Box<Node>, Vec<Option<Node>>, Option<&'static Builtin>),
    /// `function(...) {...}`
    Lambda(Arc<LambdaCode>),
    /// `|...|...|`
    Transform(Arc<TransformCode>),
    /// `/.../`
    Regex(Arc<Regex>),
}

/// A call.
#[derive(Debug)]
pub(super) struct Call {
    /// What is called.
    pub(super) procedure: Node,
    /// With what.
    pub(super) arguments: Vec<Node>,
    /// The name it is called by, for messages.
    pub(super) name: Text,
    /// The language's function that a member's name may mean.
    pub(super) meant: Option<&'static Builtin>,
}

/// A function that is written in an expression.
#[derive(Debug)]
pub(super) struct LambdaCode {
    /// Its parameters.
    pub(super) parameters: Vec<Name>,
    /// The types of them.
    pub(super) signature: Option<Signature>,
    /// What it does.
    pub(super) body: Node,
}

/// `|pattern|update, delete|`
#[derive(Debug)]
pub(super) struct TransformCode {
    /// Which objects change.
    pub(super) pattern: Node,
    /// What is put into them.
    pub(super) update: Node,
    /// The names that are removed.
    pub(super) delete: Option<Node>,
}

impl Node {
    /// A construct by itself.
    pub(super) fn new(kind: Kind) -> Self {
        Self { kind, ..Self::default() }
    }

    /// Whether nothing stands behind it.
    #[inline]
    pub(super) fn is_plain(&self) -> bool {
        self.predicates.is_empty() && self.group.is_none() && !self.keep_array
    }
}
