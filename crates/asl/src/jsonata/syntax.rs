//! The tree of an expression as it is written.
//!
//! All constructs stand in one row, the parts of a construct next to each other and before it. A construct takes sixteen
//! bytes: a text of two million digits and commas must not take gigabytes to read.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use super::code::{Row, STATES, Word};
use super::regex::Regex;
use super::signature::Signature;
use crate::value::Text;

/// Expressions may be nested this deep. What is deeper could not be evaluated: AWS stops at a depth
/// of 100.
pub(super) const DEPTH_MAX: u16 = 256;

/// One construct, and how deep it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Syntax {
    /// What it is.
    pub(super) kind: Kind,
    /// `[]` behind it: a single value stays in its array.
    pub(super) keep_array: bool,
    /// `>` before it, where it is a term of a sort.
    pub(super) descends: bool,
    depth: u16,
}

/// What a construct is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number that these bytes suffice for.
    Number(f32),
    /// Any other, by its place among the numbers.
    LongNumber(u32),
    /// A string.
    Text(Word),
    /// A member's name.
    Name(Word),
    /// `$name`; empty for `$`, `$` for `$$`, [`STATES`] for `$states`.
    Variable(Word),
    /// `/pattern/flags`, by its place among the regular expressions.
    Regex(u32),
    /// `*`
    Wildcard,
    /// `**`
    Descendants,
    /// `%`
    Parent,
    /// `?` among the arguments of a partial application.
    Placeholder,
    /// `-x`
    Negate(u32),
    /// `[a, b]`
    Array(Row),
    /// `{a: b}`: keys and values by turns.
    Object(Row),
    /// `(a; b)`
    Block(Row),
    /// `|pattern|update, delete|`
    Transform(Row),
    /// Two operands, of which this is the first, and what stands between them.
    Binary(Operator, u32),
    /// `a.b`
    Step(u32),
    /// `a[b]`
    Predicate(u32),
    /// `a{b: c}`: what is grouped, then keys and values by turns.
    Group(Row),
    /// `a^(b, >c)`: what is sorted, then the terms.
    Sort(Row),
    /// `a@$b`
    Focus(Word, u32),
    /// `a#$b`
    Index(Word, u32),
    /// `$a := b`
    Bind(Word, u32),
    /// `a ? b : c`
    Condition(Row),
    /// `f(a)`, what is called first; a partial application where there is a placeholder.
    Call(Row),
    /// `function($a) { b }`, by its place among the functions.
    Lambda(u32),
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

/// A function that is written in an expression.
#[derive(Debug)]
pub(super) struct Function {
    /// Its parameters, all of them variables.
    pub(super) parameters: Row,
    /// The types of them.
    pub(super) signature: Option<Box<Signature>>,
    /// What it does.
    pub(super) body: u32,
}

/// A whole expression.
#[derive(Debug, Default)]
pub(super) struct Tree {
    nodes: Vec<Syntax>,
    /// The whole of it.
    pub(super) root: Syntax,
    /// The texts, each once.
    pub(super) words: Words,
    /// Numbers that are not [`Kind::Number`].
    pub(super) numbers: Vec<f64>,
    /// The regular expressions.
    pub(super) regexes: Regexes,
    /// The functions.
    pub(super) functions: Vec<Function>,
}

/// Texts, each once.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// The texts by their numbers.
    pub(super) texts: Vec<Text>,
    known: HashMap<Text, Word>,
}

/// Texts that most expressions have: the members of `$states`.
static COMMON: LazyLock<[Text; 4]> = LazyLock::new(|| ["input", "context", "result", "errorOutput"].map(Text::from));

impl Words {
    /// The number of a text.
    pub(super) fn intern(&mut self, text: &str) -> Word {
        if let Some(known) = self.known.get(text) {
            return *known;
        }
        let common = COMMON.iter().find(|common| &***common == text);
        let (word, text) = (self.texts.len() as Word, common.map_or_else(|| Text::from(text), Text::clone));
        self.texts.push(text.clone());
        self.known.insert(text, word);
        word
    }
}

/// Regular expressions, each once.
#[derive(Debug, Default)]
pub(super) struct Regexes {
    /// The expressions by their numbers.
    pub(super) all: Vec<Arc<Regex>>,
    known: HashMap<(String, String), u32>,
}

impl Regexes {
    /// The number of the one that is written so.
    pub(super) fn intern(&mut self, pattern: String, flags: String) -> Result<u32, String> {
        let key = (pattern, flags);
        if let Some(known) = self.known.get(&key) {
            return Ok(*known);
        }
        let place = self.all.len() as u32;
        self.all.push(Arc::new(Regex::parse(&key.0, &key.1)?));
        self.known.insert(key, place);
        Ok(place)
    }
}

impl Default for Syntax {
    fn default() -> Self {
        Self { kind: Kind::Null, keep_array: false, descends: false, depth: 1 }
    }
}

impl Tree {
    /// A construct of parts that the tree has; `Err` where it is nested too deep.
    pub(super) fn construct(&self, kind: Kind) -> Result<Syntax, String> {
        let mut depth = 1;
        self.each_part_of(kind, &mut |part, _| depth = depth.max(part.depth + 1));
        if depth > DEPTH_MAX { Err(too_deep()) } else { Ok(Syntax { kind, depth, ..Syntax::default() }) }
    }

    /// Puts a part into the tree.
    pub(super) fn place(&mut self, part: Syntax) -> u32 {
        self.row(&[part]).start
    }

    /// Puts parts into the tree, next to each other.
    pub(super) fn row(&mut self, parts: &[Syntax]) -> Row {
        let start = self.nodes.len() as u32;
        self.nodes.extend_from_slice(parts);
        Row { start, len: parts.len() as u32 }
    }

    /// The constructs of a row.
    pub(super) fn parts(&self, row: Row) -> &[Syntax] {
        self.nodes.get(row.start as usize..(row.start + row.len) as usize).unwrap_or_default()
    }

    /// The construct at a place.
    pub(super) fn at(&self, place: u32) -> Syntax {
        self.nodes.get(place as usize).copied().unwrap_or_default()
    }

    /// The two constructs from a place on.
    pub(super) fn pair(&self, place: u32) -> [Syntax; 2] {
        [self.at(place), self.at(place + 1)]
    }

    /// A construct at a place, which may change but for its parts.
    pub(super) fn at_mut(&mut self, place: u32) -> Option<&mut Syntax> {
        self.nodes.get_mut(place as usize)
    }

    /// A text.
    pub(super) fn word(&self, word: Word) -> &str {
        if word == STATES { "states" } else { self.words.texts.get(word as usize).map_or("", |text| text) }
    }

    /// A number.
    pub(super) fn number(&mut self, number: f64) -> Kind {
        let short = number as f32;
        if f64::from(short).to_bits() == number.to_bits() {
            return Kind::Number(short);
        }
        self.numbers.push(number);
        Kind::LongNumber(self.numbers.len() as u32 - 1)
    }

    /// Visits the parts of a construct.
    pub(super) fn each_part(&self, syntax: Syntax, visit: &mut impl FnMut(Syntax, Context)) {
        self.each_part_of(syntax.kind, visit);
    }

    fn each_part_of(&self, kind: Kind, visit: &mut impl FnMut(Syntax, Context)) {
        use Context::{Own, Same};
        match kind {
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::LongNumber(_) | Kind::Text(_) | Kind::Name(_) => {}
            Kind::Variable(_) | Kind::Regex(_) | Kind::Wildcard | Kind::Descendants | Kind::Parent => {}
            Kind::Placeholder => {}
            Kind::Negate(part) | Kind::Focus(_, part) | Kind::Index(_, part) | Kind::Bind(_, part) => {
                visit(self.at(part), Same);
            }
            Kind::Lambda(place) => {
                let body = self.functions.get(place as usize).map(|function| self.at(function.body));
                body.into_iter().for_each(|body| visit(body, Same));
            }
            Kind::Array(row) | Kind::Block(row) | Kind::Object(row) | Kind::Condition(row) | Kind::Call(row) => {
                self.parts(row).iter().for_each(|part| visit(*part, Same));
            }
            Kind::Binary(_, pair) => self.pair(pair).into_iter().for_each(|part| visit(part, Same)),
            Kind::Step(pair) | Kind::Predicate(pair) => {
                let [first, second] = self.pair(pair);
                visit(first, Same);
                visit(second, Own);
            }
            Kind::Group(row) | Kind::Sort(row) => {
                let contexts = std::iter::once(Same).chain(std::iter::repeat(Own));
                self.parts(row).iter().zip(contexts).for_each(|(part, context)| visit(*part, context));
            }
            Kind::Transform(row) => self.parts(row).iter().for_each(|part| visit(*part, Own)),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_construct_is_small() {
        assert_eq!(size_of::<Syntax>(), 16);
    }
}
