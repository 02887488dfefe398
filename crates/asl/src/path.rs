//! JSONPath as AWS evaluates it, and reference paths.
//!
//! AWS evaluates paths with Jayway JsonPath 2.0.0, and this is its dialect: functions are plain names, a filter compares
//! with texts, only single quotes quote, and what stands in brackets is read leniently. What a path costs is charged to
//! the budget of its scope.

mod bracket;
mod compare;
mod filter;
mod parse;
mod pattern;
mod reference;
mod select;

use std::sync::Arc;

use crate::budget::Exhausted;
use crate::error::EvaluationError;
use crate::memory::{self, Held};
use crate::scope::Scope;
use crate::value::Value;

pub use reference::ReferencePath;
use select::{Fault, Steps};

/// A parsed path: `$…` into the input, `$$…` into the context object, `$name…` into a variable. Cloning is a pointer.
#[derive(Clone, Debug)]
pub struct Path {
    parsed: Arc<Parsed>,
}

#[derive(Debug)]
struct Parsed {
    text: Box<str>,
    root: Root,
    steps: Steps,
}

/// Why a text is not a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PathSyntaxError {
    /// What was wrong, and what to write instead.
    pub message: String,
    /// Offset of the offending byte.
    pub offset: usize,
}

/// Why a path gave no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// It selects nothing, or one of its steps cannot be taken. The text is Jayway's: `No results for path: $['x']`.
    #[error("{0}")]
    Miss(String),
    /// There was no budget left for it.
    #[error(transparent)]
    Exhausted(#[from] Exhausted),
}

impl PathError {
    /// The error of the field that the path stands in: what `worded` makes of the miss's text, or that the budget was
    /// used up.
    pub fn worded(self, worded: impl FnOnce(String) -> EvaluationError) -> EvaluationError {
        match self {
            Self::Miss(message) => worded(message),
            Self::Exhausted(exhausted) => EvaluationError::exhausted(exhausted),
        }
    }
}

/// What a path starts from.
#[derive(Debug, PartialEq, Eq)]
enum Root {
    /// `$`
    Input,
    /// `$$`
    Context,
    /// `$name`
    Variable(Box<str>),
}

impl Path {
    /// Parses any path; blanks around it do not count.
    ///
    /// # Errors
    /// It is none. So are more than 1,000 steps, or more than 100 that may select several values.
    pub fn parse(text: &str) -> Result<Self, PathSyntaxError> {
        let (root, steps) = parse::path(text)?;
        Ok(Self { parsed: Arc::new(Parsed { text: Box::from(text), root, steps }) })
    }

    /// The text it was parsed from.
    pub fn text(&self) -> &str {
        &self.parsed.text
    }

    /// What the path selects: one value for a definite path, an array for an indefinite one.
    ///
    /// # Errors
    /// A definite path leads nowhere, a step cannot be taken, or the budget is used up.
    pub fn select(&self, scope: &Scope<'_>) -> Result<Value, PathError> {
        let Parsed { root, steps, .. } = &*self.parsed;
        let root = match root {
            Root::Input => scope.input,
            Root::Context => scope.context.value(),
            Root::Variable(name) => match scope.variables.get(name) {
                Some(value) => value,
                None => return Err(PathError::Miss(format!("No results for path: $['{name}']"))),
            },
        };
        steps.select(root, scope.budget).map_err(|fault| match fault {
            Fault::Miss(miss) => PathError::Miss(miss.message(steps)),
            Fault::Error(message) => PathError::Miss(message),
            Fault::Exhausted(exhausted) => PathError::Exhausted(exhausted),
        })
    }

    /// Whether it selects one value and not a list.
    pub fn is_definite(&self) -> bool {
        self.parsed.steps.is_definite()
    }

    /// Name of the variable it reads, where it reads one.
    pub fn variable(&self) -> Option<&str> {
        match &self.parsed.root {
            Root::Variable(name) => Some(name),
            Root::Input | Root::Context => None,
        }
    }
}

impl Held for Path {
    fn held_bytes(&self) -> usize {
        let Parsed { text, root, steps } = &*self.parsed;
        let root = match root {
            Root::Variable(name) => name.held_bytes(),
            Root::Input | Root::Context => 0,
        };
        memory::shared(&self.parsed, text.held_bytes() + root + steps.held_bytes())
    }
}

#[cfg(test)]
mod judge;
#[cfg(test)]
mod tests;
