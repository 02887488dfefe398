//! Functions as values.

use std::fmt;
use std::rc::Rc;
use std::sync::{Arc, LazyLock};

use super::code::Row;
use super::datum::{Datum, ITEM_BYTES, TEXT_MAX};
use super::failure::{Evaluated, Failure};
use super::regex::Regex;
use super::signature::Signature;
use crate::budget::Budget;
use crate::scope::Scope;
use crate::value::Text;

/// One of the language's own functions.
pub(super) struct Builtin {
    /// Its name, without the `$`.
    pub(super) name: &'static str,
    /// How many parameters it has, for those that hand on as many arguments as it takes.
    pub(super) arity: usize,
    /// What it takes.
    pub(super) signature: LazyLock<Signature, fn() -> Signature>,
    /// What it does with arguments that match the signature.
    pub(super) run: fn(&mut dyn Host, &[Datum]) -> Evaluated,
}

impl fmt::Debug for Builtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// What the functions may ask of the evaluation that calls them.
pub(super) trait Host {
    /// What the evaluation sees.
    fn scope(&self) -> &Scope<'_>;
    /// Calls a function.
    fn call(&mut self, function: &Rc<Function>, args: Vec<Datum>) -> Evaluated;

    /// What the evaluation may use.
    fn budget(&self) -> &Budget {
        self.scope().budget
    }

    /// Charges a string that is yet to be made, which must not be too long.
    fn charge_text(&self, bytes: usize) -> Evaluated<()> {
        if bytes > TEXT_MAX {
            return Err(Failure::Size);
        }
        Ok(self.budget().charge_bytes(bytes as u64)?)
    }

    /// Charges an array that is yet to be made.
    fn charge_items(&self, count: usize) -> Evaluated<()> {
        Ok(self.budget().charge_bytes(count as u64 * ITEM_BYTES)?)
    }
}

/// A function, and how deep functions and values are nested in it.
pub(super) struct Function {
    /// What it does.
    pub(super) kind: Kind,
    depth: u32,
}

/// What a function does.
pub(super) enum Kind {
    /// `function($x) { ... }` with the context item and the frame that were there.
    Lambda {
        /// What it is written as, by its place among the program's functions.
        code: u32,
        /// How many parameters it has.
        arity: usize,
        /// The context item.
        item: Datum,
        /// Where its names are looked up.
        frame: u32,
    },
    /// One of the language's own.
    Builtin(&'static Builtin),
    /// `f(a, ?)`: the arguments that are there.
    Partial(Rc<Function>, Vec<Option<Datum>>),
    /// `f ~> g`
    Chain(Rc<Function>, Rc<Function>),
    /// `|pattern|update|` with the frame that was there.
    Transform(Row, u32),
    /// `/pattern/`
    Regex(Arc<Regex>),
    /// The next match of a regular expression in a text, from a byte on.
    NextMatch(Arc<Regex>, Text, usize),
}

impl Function {
    /// A function; `Err` where too many are nested in each other.
    pub(super) fn new(kind: Kind) -> Evaluated<Rc<Self>> {
        let depth = match &kind {
            Kind::Lambda { item, .. } => Datum::depth_around([item])?,
            Kind::Partial(function, args) => {
                let args = Datum::depth_around(args.iter().flatten())?;
                args.max(Datum::depth_around([&Datum::Function(Rc::clone(function))])?)
            }
            Kind::Chain(first, second) => {
                let parts = [Datum::Function(Rc::clone(first)), Datum::Function(Rc::clone(second))];
                Datum::depth_around(&parts)?
            }
            Kind::Builtin(_) | Kind::Transform(..) | Kind::Regex(_) | Kind::NextMatch(..) => 1,
        };
        Ok(Rc::new(Self { kind, depth }))
    }

    /// How deep functions and values are nested in it.
    pub(super) fn depth(&self) -> u32 {
        self.depth
    }

    /// How many parameters it has, for those that hand on as many arguments as it takes.
    pub(super) fn arity(&self) -> usize {
        match &self.kind {
            Kind::Lambda { arity, .. } => *arity,
            Kind::Builtin(builtin) => builtin.arity,
            Kind::Partial(_, args) => args.iter().filter(|arg| arg.is_none()).count(),
            Kind::Chain(..) | Kind::Transform(..) | Kind::Regex(_) => 1,
            Kind::NextMatch(..) => 0,
        }
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("function")
    }
}
