//! An expression as it is evaluated: paths are rows of steps, names are numbers.
//!
//! All constructs of a program stand in one row, parts next to each other and before the whole, and name each other by
//! their places. A construct takes twelve bytes, so that a program of a million constructs is no burden to keep.

use std::sync::Arc;

use super::function::Builtin;
use super::functions;
use super::regex::Regex;
use super::signature::Signature;
use super::syntax::Operator;
use crate::memory::{self, Held};
use crate::value::Text;

/// A text of the program: a string, a member's name, a variable's name.
pub(super) type Word = u32;

/// A name that is bound: a word, [`STATES`], or that of a look back.
pub(super) type Name = u32;

/// `$states`, whatever else there is.
pub(super) const STATES: Name = Name::MAX;

/// The first of the names that look backs (`%`) are bound to. There are never as many words: a text has fewer bytes.
pub(super) const LOOK_BACKS: Name = 1 << 31;

/// What an expression does.
#[derive(Debug)]
pub(super) struct Program {
    /// The whole of it.
    pub(super) root: Node,
    /// The parts.
    pub(super) nodes: Box<[Node]>,
    /// The texts, each once.
    pub(super) words: Box<[Text]>,
    /// What few programs have.
    pub(super) rare: Option<Box<Rare>>,
    /// Whether it binds `$states` itself.
    pub(super) binds_states: bool,
}

/// What few programs have.
#[derive(Debug, Default)]
pub(super) struct Rare {
    /// Numbers that are not [`Node::Number`].
    pub(super) numbers: Box<[f64]>,
    /// What steps bind.
    pub(super) bindings: Box<[Binding]>,
    /// The functions that are written in it.
    pub(super) lambdas: Box<[Lambda]>,
    /// The regular expressions.
    pub(super) regexes: Box<[Arc<Regex>]>,
    /// The name behind each look back (`%`).
    pub(super) parents: Box<[Name]>,
}

/// Constructs next to each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    /// The place of the first.
    pub(super) start: u32,
    /// How many they are.
    pub(super) len: u32,
}

/// One construct, which may be a step of a path.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Node {
    /// `null`
    #[default]
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number that these bytes suffice for.
    Number(f32),
    /// Any other, by its place among the numbers.
    LongNumber(u32),
    /// A string.
    Text(Word),
    /// A member's name, as a step, and whether `[]` stands behind it.
    Member(bool, Word),
    /// A path of one such step.
    Name(bool, Word),
    /// `$`
    Item,
    /// `$$`
    Root,
    /// A variable, and the language's function of that name.
    Variable(Option<functions::Number>, Name),
    /// `*`
    Wildcard,
    /// `**`
    Descendants,
    /// `%`, by its place among the parents.
    Parent(u32),
    /// `?` among the arguments of a partial application.
    Placeholder,
    /// Steps, and whether a single item stays in its sequence.
    Path(bool, Row),
    /// `^(...)` as a step.
    Sort(Row),
    /// `>x` as a term of that.
    Descending(u32),
    /// `[...]`, and whether it is written as such at an end of a path.
    Array(bool, Row),
    /// `{...}`: keys and values by turns.
    Object(Row),
    /// `-x`
    Negate(u32),
    /// Two operands, of which this is the first.
    Binary(Operator, u32),
    /// `(...)`
    Block(Scoping, Row),
    /// `$x := ...`
    Bind(Name, u32),
    /// `a ? b : c` or `a ? b`
    Condition(Row),
    /// `f(...)`: what is called, and with what.
    Call(Row),
    /// `f(?, ...)`
    Partial(Row),
    /// `function(...) {...}`, by its place among the functions.
    Lambda(u32),
    /// `|...|...|`: the pattern, what is put into what it finds, and the names that are removed.
    Transform(Row),
    /// `/.../`, by its place among the regular expressions.
    Regex(u32),
    /// A construct with `[]` behind it.
    Kept(u32),
    /// One that is no step, and the predicates behind it.
    Filtered(Row),
    /// One, and the `{...}` behind it: keys and values by turns.
    Grouped(Row),
    /// A step, and what is done with its items: predicates, and [`Node::Numbered`].
    Staged(Row),
    /// `#$name` behind a predicate.
    Numbered(Name),
    /// A step whose items carry names from here on, by its place among the bindings.
    Bound(u32),
}

/// What a block does with names and arrays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Scoping {
    /// A name is bound in it.
    pub(super) binds: bool,
    /// It has an array that is written as such.
    pub(super) constructs: bool,
}

/// What a step binds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Binding {
    /// The step.
    pub(super) step: Node,
    /// `@$name`
    pub(super) focus: Option<Name>,
    /// `#$name`
    pub(super) index: Option<Name>,
    /// The look back that finds this step's input, by its place among the parents.
    pub(super) parent: Option<u32>,
}

/// A function that is written in an expression.
#[derive(Debug)]
pub(super) struct Lambda {
    /// Its parameters.
    pub(super) parameters: Box<[Name]>,
    /// The types of them.
    pub(super) signature: Option<Box<Signature>>,
    /// What it does.
    pub(super) body: Node,
}

/// A construct, and what stands behind it.
#[derive(Clone, Copy)]
pub(super) struct Dressed<'p> {
    /// The construct alone.
    pub(super) node: Node,
    /// Predicates of what is no step.
    pub(super) predicates: &'p [Node],
    /// `{...}` behind it.
    pub(super) group: Option<&'p [Node]>,
    /// `[]` behind it.
    pub(super) keep_array: bool,
    /// What is done with the items of a step.
    pub(super) stages: &'p [Node],
    /// The names that the items of a step carry.
    pub(super) binding: Option<&'p Binding>,
}

impl Rare {
    /// Whether there is none of it.
    pub(super) fn is_empty(&self) -> bool {
        self.numbers.is_empty()
            && self.bindings.is_empty()
            && self.lambdas.is_empty()
            && self.regexes.is_empty()
            && self.parents.is_empty()
    }
}

impl Held for Program {
    fn held_bytes(&self) -> usize {
        memory::row::<Node>(self.nodes.len()) + self.words.held_bytes() + self.rare.held_bytes()
    }
}

impl Held for Rare {
    fn held_bytes(&self) -> usize {
        let regexes = self.regexes.iter().map(|regex| memory::shared(regex, regex.held_bytes()));
        memory::row::<f64>(self.numbers.len())
            + memory::row::<Binding>(self.bindings.len())
            + self.lambdas.held_bytes()
            + memory::row::<Arc<Regex>>(self.regexes.len())
            + regexes.sum::<usize>()
            + memory::row::<Name>(self.parents.len())
    }
}

impl Held for Lambda {
    fn held_bytes(&self) -> usize {
        memory::row::<Name>(self.parameters.len()) + self.signature.held_bytes()
    }
}

impl Program {
    /// The constructs of a row.
    #[inline]
    pub(super) fn row(&self, row: Row) -> &[Node] {
        let (start, end) = (row.start as usize, (row.start + row.len) as usize);
        self.nodes.get(start..end).unwrap_or_default()
    }

    /// The construct at a place.
    #[inline]
    pub(super) fn node(&self, place: u32) -> &Node {
        self.nodes.get(place as usize).unwrap_or(&Node::Null)
    }

    /// A text.
    #[inline]
    pub(super) fn word(&self, word: Word) -> Option<&Text> {
        self.words.get(word as usize)
    }

    /// The text of a name; none of a look back's.
    pub(super) fn name(&self, name: Name) -> &str {
        if name == STATES { "states" } else { self.word(name).map_or("", |text| text) }
    }

    /// The number, where a construct is one.
    #[inline]
    pub(super) fn number(&self, node: Node) -> Option<f64> {
        match node {
            Node::Number(number) => Some(f64::from(number)),
            Node::LongNumber(place) => self.rare.as_ref()?.numbers.get(place as usize).copied(),
            _ => None,
        }
    }

    /// The function at a place.
    pub(super) fn lambda(&self, place: u32) -> Option<&Lambda> {
        self.rare.as_ref()?.lambdas.get(place as usize)
    }

    /// The regular expression at a place.
    pub(super) fn regex(&self, place: u32) -> Option<&Arc<Regex>> {
        self.rare.as_ref()?.regexes.get(place as usize)
    }

    /// The name behind a look back.
    pub(super) fn parent(&self, place: u32) -> Name {
        self.rare.as_ref().and_then(|rare| rare.parents.get(place as usize)).copied().unwrap_or(LOOK_BACKS)
    }

    /// The name that a function is called by, for messages.
    pub(super) fn called(&self, procedure: Node) -> &str {
        match procedure {
            Node::Variable(_, name) => self.name(name),
            Node::Name(_, word) => self.word(word).map_or("", |text| text),
            _ => "",
        }
    }

    /// The language's function that a member's name may mean.
    pub(super) fn meant(&self, procedure: Node) -> Option<&'static Builtin> {
        match procedure {
            Node::Name(_, word) => functions::find(self.word(word)?).map(functions::get),
            _ => None,
        }
    }

    /// A construct apart from what stands behind it.
    #[inline]
    pub(super) fn dressed(&self, mut node: Node) -> Dressed<'_> {
        let mut dressed = Dressed { node, predicates: &[], group: None, keep_array: false, stages: &[], binding: None };
        loop {
            node = match node {
                Node::Kept(place) => {
                    dressed.keep_array = true;
                    *self.node(place)
                }
                Node::Filtered(row) => self.behind(row, |rest| dressed.predicates = rest),
                Node::Grouped(row) => self.behind(row, |rest| dressed.group = Some(rest)),
                Node::Staged(row) => self.behind(row, |rest| dressed.stages = rest),
                Node::Bound(place) => match self.rare.as_ref().and_then(|rare| rare.bindings.get(place as usize)) {
                    Some(binding) => {
                        dressed.binding = Some(binding);
                        binding.step
                    }
                    None => Node::Null,
                },
                Node::Member(keeps, _) | Node::Name(keeps, _) => {
                    dressed.keep_array |= keeps;
                    break;
                }
                _ => break,
            };
        }
        dressed.node = node;
        dressed
    }

    /// The first of a row; the others are handed on.
    fn behind<'p>(&'p self, row: Row, rest: impl FnOnce(&'p [Node])) -> Node {
        let Some((first, others)) = self.row(row).split_first() else { return Node::Null };
        rest(others);
        *first
    }
}

impl Node {
    /// Whether nothing stands behind it, and it is no step that binds names.
    #[inline]
    pub(super) fn is_plain(self) -> bool {
        !matches!(
            self,
            Self::Kept(_)
                | Self::Filtered(_)
                | Self::Grouped(_)
                | Self::Staged(_)
                | Self::Bound(_)
                | Self::Member(true, _)
                | Self::Name(true, _)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_construct_is_small() {
        assert_eq!((size_of::<Node>(), size_of::<Binding>()), (12, 36));
    }
}
