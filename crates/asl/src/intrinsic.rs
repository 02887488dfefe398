//! The intrinsic functions (`States.Format(...)` and its like): 18 of them, parsed once, evaluated often.

mod array;
pub mod java_random;
mod json;
mod math;
mod parse;
pub(crate) mod text;

use crate::error::EvaluationError;
use crate::path::Path;
use crate::scope::Scope;
use crate::value::{Text, Value};

/// Characters that `Base64Encode`, `Base64Decode` and `Hash` take, as the service does.
const CODED_CHARACTERS_MAX: usize = 10_000;

/// Bytes of a text that a function makes. Far above any payload; it stops a call that repeats a large value.
const TEXT_BYTES_MAX: usize = 16 << 20;

/// A call of an intrinsic function.
#[derive(Debug)]
pub struct Call {
    text: Text,
    function: Function,
    arguments: Vec<Argument>,
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

#[derive(Debug)]
enum Argument {
    Literal(Value),
    /// A quoted string as written, and its value; `None` where a backslash in it escapes nothing.
    Quoted {
        raw: Text,
        value: Option<Text>,
    },
    Path(Path),
    Call(Call),
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

    /// The function's value. A path that selects nothing is a `States.Runtime` error, all else that goes wrong
    /// a `States.IntrinsicFailure`.
    pub fn evaluate(&self, scope: &Scope<'_>) -> Result<Value, EvaluationError> {
        let mut values = Vec::with_capacity(self.arguments.len());
        for argument in &self.arguments {
            values.push(self.argument(argument, scope)?);
        }
        self.apply(&values, scope).map_err(|message| EvaluationError::intrinsic(self.failure(&message)))
    }

    /// Names of the workflow variables it reads.
    pub fn variables(&self) -> Vec<&str> {
        self.arguments.iter().flat_map(Argument::variables).collect()
    }

    fn argument(&self, argument: &Argument, scope: &Scope<'_>) -> Result<Value, EvaluationError> {
        match argument {
            Argument::Literal(value) => Ok(value.clone()),
            Argument::Quoted { value: Some(text), .. } => Ok(Value::String(text.clone())),
            Argument::Quoted { raw, value: None } => {
                Err(EvaluationError::intrinsic(self.failure(&format!("Open escape backslash in '{raw}'"))))
            }
            Argument::Path(path) => path.select(scope).map_err(|_| {
                let (path, input) = (path.text(), scope.input);
                EvaluationError::runtime(self.failure(&format!(
                    "The JsonPath argument for the field '{path}' could not be found in the input '{input}'"
                )))
            }),
            Argument::Call(call) => call.evaluate(scope),
        }
    }

    fn failure(&self, message: &str) -> String {
        format!("The function '{}' had the following error: {message}", self.text)
    }

    fn apply(&self, values: &[Value], scope: &Scope<'_>) -> Result<Value, String> {
        match (self.function, values) {
            (Function::Format, [template, rest @ ..]) => match self.arguments.first() {
                Some(Argument::Quoted { raw, .. }) => text::format(raw, rest),
                _ => text::format(string(template, "template")?, rest),
            },
            (Function::StringToJson, [text]) => json::string_to_json(string(text, "text")?),
            (Function::JsonToString, [value]) => text::bounded_json(value).map(Value::from),
            (Function::Array, items) => Ok(Value::array(items.to_vec())),
            (Function::ArrayPartition, [items, size]) => array::partition(list(items)?, size),
            (Function::ArrayContains, [items, item]) => Ok(Value::Bool(list(items)?.contains(item))),
            (Function::ArrayRange, [start, end, step]) => array::range(start, end, step),
            (Function::ArrayGetItem, [items, index]) => array::item(list(items)?, index),
            (Function::ArrayLength, [items]) => Ok(Value::int(list(items)?.len() as i64)),
            (Function::ArrayUnique, [items]) => Ok(array::unique(list(items)?)),
            (Function::Base64Encode, [data]) => text::base64_encode(string(data, "data")?),
            (Function::Base64Decode, [data]) => text::base64_decode(string(data, "data")?),
            (Function::Hash, [data, algorithm]) => text::hash(data, string(algorithm, "algorithm")?),
            (Function::JsonMerge, [first, second, deep]) => json::merge(first, second, deep),
            (Function::MathRandom, [start, end]) => math::random(start, end, None, scope.chance),
            (Function::MathRandom, [start, end, seed]) => math::random(start, end, Some(seed), scope.chance),
            (Function::MathAdd, [first, second]) => math::add(first, second),
            (Function::StringSplit, [text, delimiters]) => {
                Ok(text::split(string(text, "text")?, string(delimiters, "delimiters")?))
            }
            (Function::Uuid, []) => Ok(Value::String(scope.chance.uuid())),
            (_, values) => Err(format!("It does not take {} arguments", values.len())),
        }
    }
}

impl Argument {
    fn variables(&self) -> Vec<&str> {
        match self {
            Self::Path(path) => path.variable().into_iter().collect(),
            Self::Call(call) => call.variables(),
            Self::Literal(_) | Self::Quoted { .. } => Vec::new(),
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
