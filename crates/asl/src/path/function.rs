//! The functions at the tail of a path: `$.prices.sum()`. Each gets what the path before it selected.

use super::filter::length;
use super::select::{Document, Fault, Selector, position};
use crate::number::Number;
use crate::value::Value;

/// A function with its arguments.
#[derive(Debug)]
pub(super) struct Function {
    name: Name,
    arguments: Vec<Argument>,
}

/// What a function's argument is.
#[derive(Debug)]
pub(super) enum Argument {
    Literal(Value),
    /// `$…`
    Place(Selector),
}

#[derive(Clone, Copy, Debug)]
enum Name {
    Length,
    Min,
    Max,
    Avg,
    Sum,
    StdDev,
    Keys,
    First,
    Last,
    Index,
    Concat,
    Append,
}

impl Function {
    /// `None` where no function has that name.
    pub(super) fn new(name: &str, arguments: Vec<Argument>) -> Option<Self> {
        let name = match name {
            "length" | "size" => Name::Length,
            "min" => Name::Min,
            "max" => Name::Max,
            "avg" => Name::Avg,
            "sum" => Name::Sum,
            "stddev" => Name::StdDev,
            "keys" => Name::Keys,
            "first" => Name::First,
            "last" => Name::Last,
            "index" => Name::Index,
            "concat" => Name::Concat,
            "append" => Name::Append,
            _ => return None,
        };
        Some(Self { name, arguments })
    }

    /// The function's value for what the path selected.
    pub(super) fn apply(&self, selected: &Value, document: Document<'_>) -> Result<Value, Fault> {
        let arguments =
            self.arguments.iter().map(|argument| argument.value(document)).collect::<Result<Vec<_>, _>>()?;
        match self.name {
            Name::Length => Ok(length(selected).map_or(Value::Null, |length| Value::int(length as i64))),
            Name::Min => aggregate(selected, &arguments, |numbers| numbers.iter().copied().fold(f64::MAX, f64::min)),
            Name::Max => aggregate(selected, &arguments, |numbers| numbers.iter().copied().fold(f64::MIN, f64::max)),
            Name::Sum => aggregate(selected, &arguments, |numbers| numbers.iter().sum()),
            Name::Avg => aggregate(selected, &arguments, average),
            Name::StdDev => aggregate(selected, &arguments, standard_deviation),
            Name::Keys => Ok(selected.as_object().map_or(Value::Null, |object| {
                Value::array(object.iter().map(|(name, _)| Value::String(name.clone())).collect())
            })),
            Name::First => item(selected, 0),
            Name::Last => item(selected, -1),
            Name::Index => item(selected, arguments.first().and_then(Value::as_i64).unwrap_or(0)),
            Name::Concat => Ok(concat(selected, &arguments)),
            Name::Append => {
                Ok(Value::array(selected.as_array().unwrap_or_default().iter().chain(&arguments).cloned().collect()))
            }
        }
    }
}

impl Argument {
    fn value(&self, document: Document<'_>) -> Result<Value, Fault> {
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::Place(selector) => selector.select(document.root, document.root, document.visits),
        }
    }
}

/// The selected array's numbers and those of the arguments, one level deep; other values do not count.
fn aggregate(selected: &Value, arguments: &[Value], of: impl Fn(&[f64]) -> f64) -> Result<Value, Fault> {
    let mut numbers = Vec::new();
    let mut add = |value: &Value| numbers.extend(value.as_number().map(Number::as_f64));
    selected.as_array().unwrap_or_default().iter().for_each(&mut add);
    for argument in arguments {
        match argument {
            Value::Array(items) => items.iter().for_each(&mut add),
            value => add(value),
        }
    }
    if numbers.is_empty() {
        let message = "Aggregation function attempted to calculate value using empty array";
        return Err(Fault::Inapplicable(message.to_owned()));
    }
    let Some(number) = Number::from_f64(of(&numbers)) else {
        return Err(Fault::Inapplicable("Aggregation function overflowed".to_owned()));
    };
    Ok(Value::Number(number))
}

fn average(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len() as f64
}

/// Of the whole population.
fn standard_deviation(numbers: &[f64]) -> f64 {
    let mean = average(numbers);
    (numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>() / numbers.len() as f64).sqrt()
}

fn item(selected: &Value, index: i64) -> Result<Value, Fault> {
    let items = selected.as_array().unwrap_or_default();
    let item = position(index, items.len()).and_then(|at| items.get(at));
    item.cloned().ok_or_else(|| Fault::Inapplicable(format!("Index {index} is out of bounds")))
}

fn concat(selected: &Value, arguments: &[Value]) -> Value {
    let mut text = String::new();
    for value in selected.as_array().unwrap_or_default() {
        text.push_str(value.as_str().unwrap_or_default());
    }
    for argument in arguments {
        match argument {
            Value::Array(items) => items.iter().filter_map(Value::as_str).for_each(|item| text.push_str(item)),
            Value::String(part) => text.push_str(part),
            other => crate::json::write(other, &mut text),
        }
    }
    Value::from(text)
}
