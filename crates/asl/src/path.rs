//! JSONPath as AWS evaluates it (the Jayway dialect), and reference paths.

mod filter;
mod function;
mod literal;
mod parse;
mod reference;
mod select;

use std::cell::Cell;

use crate::scope::Scope;
use crate::value::{Text, Value};

pub use reference::ReferencePath;
use select::{Fault, Selector};

/// A parsed path: `$…` into the input, `$$…` into the context object, `$name…` into a variable.
#[derive(Debug)]
pub struct Path {
    text: Text,
    root: Root,
    selector: Selector,
}

/// Why a text is not a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PathSyntaxError {
    /// What was wrong.
    pub message: String,
    /// Offset of the offending byte.
    pub offset: usize,
}

/// A definite path that selected nothing. The message is Jayway's: `No results for path: $['x']`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PathMiss {
    /// Jayway's text.
    pub message: String,
}

/// What a path starts from.
#[derive(Debug, PartialEq, Eq)]
enum Root {
    /// `$`
    Input,
    /// `$$`
    Context,
    /// `$name`
    Variable(Text),
}

/// How many values one selection may visit. A payload of 256 KiB has at most half as many, so only a path
/// that multiplies them (`$..*..*..*`) meets the bound.
const VISITS_MAX: u32 = 1 << 20;

impl Path {
    /// Parses any path. Refused are more than 1,000 steps and filters nested deeper than 32.
    pub fn parse(text: &str) -> Result<Self, PathSyntaxError> {
        let (root, selector) = parse::path(text)?;
        Ok(Self { text: Text::from(text), root, selector })
    }

    /// The text it was parsed from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What the path selects: one value for a definite path, an array for an indefinite one.
    pub fn select(&self, scope: &Scope<'_>) -> Result<Value, PathMiss> {
        let root = match &self.root {
            Root::Input => scope.input,
            Root::Context => scope.context.value(),
            Root::Variable(name) => match scope.variables.get(name) {
                Some(value) => value,
                None => return Err(PathMiss { message: format!("No results for path: $['{name}']") }),
            },
        };
        let visits = Cell::new(VISITS_MAX);
        match self.selector.select(root, root, &visits) {
            Ok(value) => Ok(value),
            Err(Fault::Nothing(message) | Fault::Inapplicable(message)) => Err(PathMiss { message }),
        }
    }

    /// Whether it selects at most one value.
    pub fn is_definite(&self) -> bool {
        self.selector.is_definite()
    }

    /// Name of the variable it reads, where it reads one.
    pub fn variable(&self) -> Option<&str> {
        match &self.root {
            Root::Variable(name) => Some(name),
            Root::Input | Root::Context => None,
        }
    }
}

#[cfg(test)]
mod tests;
