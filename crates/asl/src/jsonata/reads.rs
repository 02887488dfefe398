//! What an expression reads of `$states` and of the workflow variables.

use super::code::{STATES, Word};
use super::functions;
use super::syntax::{Kind, Syntax, Tree};
use crate::memory::{self, Held};

/// The names an expression reads, by their words.
#[derive(Debug, Default)]
pub(super) struct Reads {
    /// The workflow variables.
    pub(super) variables: Box<[Word]>,
    /// The members of `$states`.
    pub(super) states_members: Box<[Word]>,
}

impl Reads {
    /// What that expression reads.
    pub(super) fn of(tree: &Tree) -> Self {
        // The last is that of `$states`.
        let seen = vec![Seen::default(); tree.words.texts.len() + 1];
        let mut finder = Finder { tree, seen, local: Vec::new(), variables: Vec::new(), states_members: Vec::new() };
        finder.bound_in_paths(tree.root);
        finder.read(tree.root);
        Self { variables: finder.variables.into(), states_members: finder.states_members.into() }
    }

    /// Whether it reads nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.variables.is_empty() && self.states_members.is_empty()
    }
}

impl Held for Reads {
    fn held_bytes(&self) -> usize {
        memory::row::<Word>(self.variables.len()) + memory::row::<Word>(self.states_members.len())
    }
}

/// What is known of a word.
#[derive(Clone, Default)]
struct Seen {
    /// How often it is bound around here.
    bound: u32,
    is_variable: bool,
    is_states_member: bool,
}

struct Finder<'t> {
    tree: &'t Tree,
    /// By the words.
    seen: Vec<Seen>,
    /// Names bound within the expression, innermost last.
    local: Vec<Word>,
    variables: Vec<Word>,
    states_members: Vec<Word>,
}

impl Finder<'_> {
    /// `@$name` and `#$name` are taken as bound everywhere.
    fn bound_in_paths(&mut self, syntax: Syntax) {
        if let Kind::Focus(name, _) | Kind::Index(name, _) = syntax.kind {
            self.bind(name);
        }
        self.tree.each_part(syntax, &mut |part, _| self.bound_in_paths(part));
    }

    fn bind(&mut self, name: Word) {
        self.local.push(name);
        self.seen(name).bound += 1;
    }

    fn seen(&mut self, word: Word) -> &mut Seen {
        let last = self.seen.len() - 1;
        &mut self.seen[last.min(word as usize)]
    }

    fn read(&mut self, syntax: Syntax) {
        match syntax.kind {
            Kind::Variable(name) => self.variable(name),
            Kind::Lambda(place) => self.within(|finder| {
                let Some(function) = finder.tree.functions.get(place as usize) else { return };
                for parameter in finder.tree.parts(function.parameters) {
                    if let Kind::Variable(name) = parameter.kind {
                        finder.bind(name);
                    }
                }
                finder.read(finder.tree.at(function.body));
            }),
            Kind::Block(_) => self.within(|finder| finder.tree.each_part(syntax, &mut |part, _| finder.read(part))),
            Kind::Bind(name, value) => self.binding(name, self.tree.at(value)),
            kind => {
                if let Kind::Step(pair) = kind {
                    let [left, right] = self.tree.pair(pair);
                    self.states_member(left, right);
                }
                self.tree.each_part(syntax, &mut |part, _| self.read(part));
            }
        }
    }

    fn within(&mut self, read: impl FnOnce(&mut Self)) {
        let bound = self.local.len();
        read(self);
        for name in self.local.split_off(bound) {
            self.seen(name).bound -= 1;
        }
    }

    /// A function may call itself by the name it is bound to; other values are made before the name is.
    fn binding(&mut self, name: Word, value: Syntax) {
        let is_function = matches!(value.kind, Kind::Lambda(..));
        if !is_function {
            self.read(value);
        }
        self.bind(name);
        if is_function {
            self.read(value);
        }
    }

    fn is_local(&mut self, name: Word) -> bool {
        self.seen(name).bound > 0
    }

    fn variable(&mut self, word: Word) {
        if self.seen(word).is_variable || self.is_local(word) {
            return;
        }
        let name = self.tree.word(word);
        if word != STATES && !matches!(name, "" | "$") && functions::find(name).is_none() {
            self.seen(word).is_variable = true;
            self.variables.push(word);
        }
    }

    /// `$states.member`, with whatever stands behind it.
    fn states_member(&mut self, left: Syntax, right: Syntax) {
        let mut right = right;
        while let Kind::Predicate(pair) = right.kind {
            right = self.tree.at(pair);
        }
        if let (Kind::Variable(root), Kind::Name(member)) = (left.kind, right.kind)
            && root == STATES
            && !self.is_local(root)
            && !std::mem::replace(&mut self.seen(member).is_states_member, true)
        {
            self.states_members.push(member);
        }
    }
}
