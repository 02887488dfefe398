//! Reference paths: they name one place, so a value can be put there.

use std::sync::Arc;

use super::select::Step;
use super::{PathSyntaxError, Root, parse};
use crate::error::{ErrorName, EvaluationError};
use crate::memory::Held;
use crate::value::{Object, Text, Value};

/// A reference path: it names one place, so a value can be put there.
#[derive(Debug)]
pub struct ReferencePath {
    text: Box<str>,
    steps: Box<[ReferenceStep]>,
}

#[derive(Debug)]
enum ReferenceStep {
    Member(Text),
    Index(usize),
}

/// Steps of one path. Each may add a level of nesting, and deeply nested payloads cannot be read again.
const STEPS_MAX: usize = 200;

impl ReferencePath {
    /// Parses a path that names one place: `.name`, `['name']`, `[n]` only, at most 200 of them. Unquoted
    /// names cannot contain `@`, `,`, `:`, `?`, `*` or parentheses, as `length()` does.
    pub fn parse(text: &str) -> Result<Self, PathSyntaxError> {
        let refused = |message: &str| PathSyntaxError { message: message.to_owned(), offset: 0 };
        let (root, steps) = parse::path(text)?;
        if root != Root::Input {
            return Err(refused("A reference path begins with $ and names one place in the input"));
        }
        let steps = steps.into_vec();
        if steps.len() > STEPS_MAX {
            return Err(refused("The reference path has too many steps"));
        }
        if let Some(offset) = reserved_character(text) {
            return Err(PathSyntaxError {
                offset,
                ..refused("Outside of brackets a reference path has none of @ , : ? * ( and )")
            });
        }
        let steps = steps.into_iter().map(|step| match step {
            Step::Member(name) => Ok(ReferenceStep::Member(name)),
            Step::Index(index) => usize::try_from(index)
                .map(ReferenceStep::Index)
                .map_err(|_| refused("A reference path has no negative index")),
            _ => Err(refused("A reference path names one place: only .name, ['name'] and [n] are allowed")),
        });
        Ok(Self { text: Box::from(text), steps: steps.collect::<Result<_, _>>()? })
    }

    /// The text it was parsed from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// `into` with `value` at this place; missing parents are made, items of arrays must be there. Shares what
    /// it does not change. A parent of another kind is a `States.ResultPathMatchFailure`.
    pub fn put(&self, into: &Value, value: Value) -> Result<Value, EvaluationError> {
        let Some(parents) = self.parents(into) else {
            return Err(EvaluationError {
                name: ErrorName::RESULT_PATH_MATCH_FAILURE,
                cause: format!("Unable to apply Reference Path {} to input {into}", self.text),
                location: None,
            });
        };
        Ok(self.steps.iter().zip(parents).rev().fold(value, |value, (step, parent)| step.set(parent, value)))
    }

    /// The value that each step is taken from, `None` where it has yet to be made.
    fn parents<'v>(&self, into: &'v Value) -> Option<Vec<Option<&'v Value>>> {
        let mut parents = Vec::with_capacity(self.steps.len());
        let mut at = Some(into);
        for step in &self.steps {
            parents.push(at);
            at = match (step, at) {
                (ReferenceStep::Member(name), Some(Value::Object(object))) => object.get(name),
                (ReferenceStep::Index(index), Some(Value::Array(items))) => Some(items.get(*index)?),
                (ReferenceStep::Member(_), None) => None,
                _ => return None,
            };
        }
        Some(parents)
    }
}

impl Held for ReferencePath {
    fn held_bytes(&self) -> usize {
        self.text.held_bytes() + self.steps.held_bytes()
    }
}

impl Held for ReferenceStep {
    fn held_bytes(&self) -> usize {
        match self {
            Self::Member(name) => name.held_bytes(),
            Self::Index(_) => 0,
        }
    }
}

impl ReferenceStep {
    /// A copy of the parent, one level deep, with the value in it.
    fn set(&self, parent: Option<&Value>, value: Value) -> Value {
        match self {
            Self::Index(index) => {
                let mut items = parent.and_then(Value::as_array).unwrap_or_default().to_vec();
                items.iter_mut().skip(*index).take(1).for_each(|item| *item = value.clone());
                Value::array(items)
            }
            Self::Member(name) => {
                let mut object = parent.and_then(Value::as_object).map_or_else(Object::default, Object::clone);
                object.insert(name.clone(), value);
                Value::Object(Arc::new(object))
            }
        }
    }
}

/// Offset of a character that means more than one place, outside of brackets.
fn reserved_character(text: &str) -> Option<usize> {
    let (mut bracket, mut quote) = (false, None);
    text.char_indices().find_map(|(at, character)| {
        match character {
            '\'' | '"' if bracket && quote.is_none() => quote = Some(character),
            _ if quote == Some(character) => quote = None,
            _ if quote.is_some() => {}
            '[' => bracket = true,
            ']' => bracket = false,
            '@' | ',' | ':' | '?' | '*' | '(' | ')' if !bracket => return Some(at),
            _ => {}
        }
        None
    })
}
