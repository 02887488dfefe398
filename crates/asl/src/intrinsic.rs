//! The intrinsic functions (`States.Format(...)` and its like): 18 of them, parsed once, evaluated often.

mod array;
pub mod java_random;
mod json;
mod math;
mod parse;
pub(crate) mod text;

use std::sync::Arc;

use crate::budget::Exhausted;
use crate::error::EvaluationError;
use crate::memory::{self, Held};
use crate::path::Path;
use crate::scope::Scope;
use crate::value::{Text, Value};
use crate::walk;

/// Characters that `Base64Encode`, `Base64Decode` and `Hash` take, as the service does.
const CODED_CHARACTERS_MAX: usize = 10_000;

/// A call of an intrinsic function.
#[derive(Debug)]
pub struct Call {
    text: Box<str>,
    function: Function,
    arguments: Box<[Argument]>,
}

/// Why a text is not a call of an intrinsic function.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CallSyntaxError {
    /// What was wrong.
    pub message: String,
    /// Offset of the offending byte.
    pub offset: usize,
}

/// Cloning is a pointer: what is written twice is there once.
#[derive(Clone, Debug)]
enum Argument {
    Literal(Value),
    Quoted(Arc<Quoted>),
    Path(Path),
    Call(Arc<Call>),
}

/// A string in single quotes.
#[derive(Debug)]
struct Quoted {
    /// As written.
    raw: Box<str>,
    value: Text,
}

/// Why a function gave no value.
#[derive(Debug)]
enum Failure {
    /// It cannot be applied to these arguments.
    Inapplicable(String),
    /// There was no budget left for it.
    Exhausted(Exhausted),
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self::Inapplicable(message)
    }
}

impl From<Exhausted> for Failure {
    fn from(exhausted: Exhausted) -> Self {
        Self::Exhausted(exhausted)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Function {
    Format,
    StringToJson,
    JsonToString,
    Array,
    ArrayPartition,
    ArrayContains,
    ArrayRange,
    ArrayGetItem,
    ArrayLength,
    ArrayUnique,
    Base64Encode,
    Base64Decode,
    Hash,
    JsonMerge,
    MathRandom,
    MathAdd,
    StringSplit,
    Uuid,
}

impl Call {
    /// Parses a whole text as a call. Calls nest at most 10 deep and have at most 1,000 arguments in all; the
    /// name and the number of arguments are checked.
    pub fn parse(text: &str) -> Result<Self, CallSyntaxError> {
        parse::call(text)
    }

    /// The text it was parsed from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The function's value.
    ///
    /// # Errors
    /// A path that selects nothing and a budget that is used up are `States.Runtime` errors, all else that goes wrong
    /// is a `States.IntrinsicFailure`.
    pub fn evaluate(&self, scope: &Scope<'_>) -> Result<Value, EvaluationError> {
        let count = self.arguments.len();
        scope.budget.charge_steps(1 + count as u64).map_err(EvaluationError::exhausted)?;
        walk::charge_items(count, scope.budget).map_err(EvaluationError::exhausted)?;
        let mut values = Vec::with_capacity(count);
        for argument in &self.arguments {
            values.push(self.argument(argument, scope)?);
        }
        self.apply(&values, scope).map_err(|failure| match failure {
            Failure::Inapplicable(message) => EvaluationError::intrinsic(self.failure(&message)),
            Failure::Exhausted(exhausted) => EvaluationError::exhausted(exhausted),
        })
    }

    /// Names of the workflow variables it reads.
    pub fn variables(&self) -> Vec<&str> {
        self.arguments.iter().flat_map(Argument::variables).collect()
    }

    fn argument(&self, argument: &Argument, scope: &Scope<'_>) -> Result<Value, EvaluationError> {
        match argument {
            Argument::Literal(value) => Ok(value.clone()),
            Argument::Quoted(quoted) => Ok(Value::String(quoted.value.clone())),
            Argument::Path(path) => path.select(scope).map_err(|error| {
                error.worded(|_| match walk::json(scope.input, scope.budget) {
                    Err(exhausted) => EvaluationError::exhausted(exhausted),
                    Ok(input) => EvaluationError::runtime(self.failure(&format!(
                        "The JsonPath argument for the field '{}' could not be found in the input '{input}'",
                        path.text()
                    ))),
                })
            }),
            Argument::Call(call) => call.evaluate(scope),
        }
    }

    fn failure(&self, message: &str) -> String {
        format!("The function '{}' had the following error: {message}", self.text)
    }

    fn apply(&self, values: &[Value], scope: &Scope<'_>) -> Result<Value, Failure> {
        let budget = scope.budget;
        match (self.function, values) {
            (Function::Format, [template, rest @ ..]) => match self.arguments.first() {
                Some(Argument::Quoted(quoted)) => text::format(&quoted.raw, rest, budget),
                _ => text::format(string(template, "template")?, rest, budget),
            },
            (Function::StringToJson, [text]) => json::string_to_json(string(text, "text")?, budget),
            (Function::JsonToString, [value]) => Ok(Value::from(walk::json(value, budget)?)),
            (Function::Array, items) => {
                walk::charge_items(items.len(), budget)?;
                Ok(Value::array(items.to_vec()))
            }
            (Function::ArrayPartition, [items, size]) => array::partition(list(items)?, size, budget),
            (Function::ArrayContains, [items, item]) => array::contains(list(items)?, item, budget),
            (Function::ArrayRange, [start, end, step]) => array::range(start, end, step, budget),
            (Function::ArrayGetItem, [items, index]) => Ok(array::item(list(items)?, index)?),
            (Function::ArrayLength, [items]) => Ok(Value::int(list(items)?.len() as i64)),
            (Function::ArrayUnique, [items]) => array::unique(list(items)?, budget),
            (Function::Base64Encode, [data]) => text::base64_encode(string(data, "data")?, budget),
            (Function::Base64Decode, [data]) => text::base64_decode(string(data, "data")?, budget),
            (Function::Hash, [data, algorithm]) => text::charged_hash(data, string(algorithm, "algorithm")?, budget),
            (Function::JsonMerge, [first, second, deep]) => json::merge(first, second, deep, budget),
            (Function::MathRandom, [start, end]) => Ok(math::random(start, end, None, scope.chance)?),
            (Function::MathRandom, [start, end, seed]) => Ok(math::random(start, end, Some(seed), scope.chance)?),
            (Function::MathAdd, [first, second]) => Ok(math::add(first, second)?),
            (Function::StringSplit, [text, delimiters]) => {
                text::split(string(text, "text")?, string(delimiters, "delimiters")?, budget)
            }
            (Function::Uuid, []) => Ok(Value::String(scope.chance.uuid())),
            (_, values) => Err(format!("It does not take {} arguments", values.len()).into()),
        }
    }
}

impl Held for Call {
    fn held_bytes(&self) -> usize {
        self.text.held_bytes() + self.arguments.held_bytes()
    }
}

impl Held for Argument {
    fn held_bytes(&self) -> usize {
        match self {
            Self::Literal(value) => value.held_bytes(),
            Self::Quoted(quoted) => memory::shared(quoted, quoted.raw.held_bytes() + quoted.value.held_bytes()),
            Self::Path(path) => path.held_bytes(),
            Self::Call(call) => memory::shared(call, call.held_bytes()),
        }
    }
}

impl Argument {
    fn variables(&self) -> Vec<&str> {
        match self {
            Self::Path(path) => path.variable().into_iter().collect(),
            Self::Call(call) => call.variables(),
            Self::Literal(_) | Self::Quoted(_) => Vec::new(),
        }
    }
}

impl Function {
    /// The functions with the least and the most arguments they take.
    const ALL: &[(&'static str, Self, usize, usize)] = &[
        ("States.Format", Self::Format, 1, usize::MAX),
        ("States.StringToJson", Self::StringToJson, 1, 1),
        ("States.JsonToString", Self::JsonToString, 1, 1),
        ("States.Array", Self::Array, 0, usize::MAX),
        ("States.ArrayPartition", Self::ArrayPartition, 2, 2),
        ("States.ArrayContains", Self::ArrayContains, 2, 2),
        ("States.ArrayRange", Self::ArrayRange, 3, 3),
        ("States.ArrayGetItem", Self::ArrayGetItem, 2, 2),
        ("States.ArrayLength", Self::ArrayLength, 1, 1),
        ("States.ArrayUnique", Self::ArrayUnique, 1, 1),
        ("States.Base64Encode", Self::Base64Encode, 1, 1),
        ("States.Base64Decode", Self::Base64Decode, 1, 1),
        ("States.Hash", Self::Hash, 2, 2),
        ("States.JsonMerge", Self::JsonMerge, 3, 3),
        ("States.MathRandom", Self::MathRandom, 2, 3),
        ("States.MathAdd", Self::MathAdd, 2, 2),
        ("States.StringSplit", Self::StringSplit, 2, 2),
        ("States.UUID", Self::Uuid, 0, 0),
    ];
}

fn string<'v>(value: &'v Value, role: &str) -> Result<&'v str, String> {
    value.as_str().ok_or_else(|| format!("The {role} must be a string, but was a value of type {}", value.type_name()))
}

fn list(value: &Value) -> Result<&[Value], String> {
    value
        .as_array()
        .ok_or_else(|| format!("The argument must be an array, but was a value of type {}", value.type_name()))
}

#[cfg(test)]
mod tests;
