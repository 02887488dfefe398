//! JSONata expressions: an evaluator of our own for JSONata 2.0.6, the level that AWS documents.
//!
//! An expression is parsed once, when its state machine is created: text to tokens ([`lexer`]), tokens to the tree of
//! what is written ([`parser`], [`syntax`]), and that tree to what is evaluated ([`shape`], [`code`]): paths are rows of
//! steps, names are numbers, the language's functions are found, and each look back (`%`) knows the step it means.
//!
//! An evaluation ([`evaluate`]) works on the payload as it is: a [`datum`] is a pointer into it, or something that was
//! made. `$states.input.a.b` follows references and copies nothing. A sequence, which JSONata takes apart where it has
//! one item, is an array with a mark; that its items may be a payload's is known to nobody but the datum.
//!
//! Every piece of work and every byte is charged to the scope's budget before it is done or made, so that nothing an
//! expression does outgrows it; no clock is read. Functions call each other as deep as the budget says, which is AWS's
//! depth, and what is made nests no deeper than a payload. A call at the end of a function does not nest, so only the
//! budget ends such a loop.

mod check;
mod code;
mod datum;
mod evaluate;
mod failure;
mod frames;
mod function;
mod functions;
mod json_text;
mod lexer;
mod merge_sort;
mod parser;
mod picture;
mod reads;
mod regex;
mod result;
mod round;
mod shape;
mod signature;
mod syntax;

#[cfg(test)]
mod arbitrary;
#[cfg(test)]
mod bounds;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod suite;
#[cfg(test)]
mod tests;

use std::fmt;

use self::code::Program;
use self::datum::Datum;
use self::evaluate::Machine;
use self::failure::{Evaluated, UNDEFINED};
use self::reads::Reads;
use crate::diagnostic::Code;
use crate::error::EvaluationError;
use crate::memory::Held;
use crate::scope::Scope;
use crate::value::Value;

/// A parsed JSONata expression. It can be shared between threads.
#[derive(Debug)]
pub struct Expression {
    text: Box<str>,
    program: Program,
    /// None for nothing.
    reads: Option<Box<Reads>>,
}

/// Why a text is not an expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExpressionError {
    /// `InvalidJsonataExpression` or `UnsupportedJsonataExpression`.
    pub code: Code,
    /// AWS's text.
    pub message: String,
    /// The byte of the text, without the space around it, at which that was seen; absent where it is about the whole.
    pub offset: Option<usize>,
    /// What to write instead, where that can be told.
    pub remedy: Option<String>,
}

impl Expression {
    /// Parses the text between `{%` and `%}`. What reads a context item is refused: there is none.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        let invalid =
            |message, offset| ExpressionError { code: Code::InvalidJsonataExpression, message, offset, remedy: None };
        let text = text.trim();
        let tree = parser::parse(text).map_err(|error| invalid(error.message, Some(error.offset)))?;
        let reference = check::top_level(&tree);
        let reads = Reads::of(&tree);
        let program = shape::program(tree).map_err(|message| invalid(message, None))?;
        match reference {
            Some(name) => Err(ExpressionError {
                code: Code::UnsupportedJsonataExpression,
                message: format!("Reference to '{name}' at the top level is not supported."),
                offset: text.find(&name),
                remedy: Some(check::remedy(&name, text)),
            }),
            None => {
                let reads = (!reads.is_empty()).then(|| Box::new(reads));
                Ok(Self { text: Box::from(text), program, reads })
            }
        }
    }

    /// The expression's value. `location` is the field of the state it stands in, for errors.
    pub fn evaluate(&self, scope: &Scope<'_>, location: impl fmt::Display) -> Result<Value, EvaluationError> {
        match run(&self.program, Datum::Undefined, scope) {
            Ok(Some(value)) => Ok(value),
            Ok(None) => Err(self.error(UNDEFINED, &location)),
            Err(failure) => Err(self.error(&failure.outcome(scope.chance), &location)),
        }
    }

    /// The text, without the space around it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Names of the workflow variables it reads.
    pub fn variables(&self) -> Vec<&str> {
        self.reads.iter().flat_map(|reads| &reads.variables).map(|word| self.program.name(*word)).collect()
    }

    /// Whether it names that member of `$states`.
    pub(crate) fn names_state_member(&self, member: &str) -> bool {
        self.reads.iter().flat_map(|reads| &reads.states_members).any(|word| self.program.name(*word) == member)
    }

    fn error(&self, outcome: &str, location: &dyn fmt::Display) -> EvaluationError {
        EvaluationError::query(
            format!("The JSONata expression '{}' specified for the field '{location}' {outcome}", self.text),
            location.to_string(),
        )
    }
}

impl Held for Expression {
    fn held_bytes(&self) -> usize {
        self.text.held_bytes() + self.program.held_bytes() + self.reads.held_bytes()
    }
}

/// What a program gives over a context item, as a payload; `None` for nothing.
fn run(program: &Program, item: Datum, scope: &Scope<'_>) -> Evaluated<Option<Value>> {
    let given = Machine::new(program, scope).run(item)?;
    result::payload(&given, scope.budget)
}
