//! Numbers of a state that are fixed, selected by a path, or computed.

use asl::program::Figure;
use asl::{EvaluationError, Value};

use crate::cursor::{Cursor, View};
use crate::decide::Decision;

/// A figure that must be a whole number, not negative. `field` is its name without `Path`.
pub(crate) fn whole(
    decision: &Decision<'_>,
    cursor: &Cursor<'_>,
    figure: &Figure,
    field: &str,
) -> Result<u64, EvaluationError> {
    let value = number(decision, cursor, figure, field, "integer", |value| value.as_i64().map(|int| int as f64))?;
    if value < 0.0 {
        return Err(EvaluationError::runtime(format!("{field} cannot be negative.")));
    }
    Ok(value as u64)
}

/// A figure that must be positive and whole: seconds of a timeout.
pub(crate) fn positive(
    decision: &Decision<'_>,
    cursor: &Cursor<'_>,
    figure: &Figure,
    field: &str,
) -> Result<u64, EvaluationError> {
    match whole(decision, cursor, figure, field)? {
        0 => Err(EvaluationError::runtime(format!("{field} must be a positive integer."))),
        seconds => Ok(seconds),
    }
}

/// A figure between 0 and 100.
pub(crate) fn percentage(
    decision: &Decision<'_>,
    cursor: &Cursor<'_>,
    figure: &Figure,
    field: &str,
) -> Result<f64, EvaluationError> {
    let as_float = |value: &Value| value.as_number().map(asl::Number::as_f64);
    let value = number(decision, cursor, figure, field, "float", as_float)?;
    if !(0.0..=100.0).contains(&value) {
        return Err(EvaluationError::runtime(format!("{field} must be between 0 and 100.")));
    }
    Ok(value)
}

fn number(
    decision: &Decision<'_>,
    cursor: &Cursor<'_>,
    figure: &Figure,
    field: &str,
    wanted: &str,
    read: impl Fn(&Value) -> Option<f64>,
) -> Result<f64, EvaluationError> {
    match figure {
        Figure::Fixed(value) => Ok(*value),
        Figure::Path(path) => {
            let input = decision.effective_input(cursor)?;
            let value = decision.select_path(cursor, path, &input)?;
            read(&as_number(&value)).ok_or_else(|| {
                EvaluationError::runtime(format!(
                    "The {field}Path field refers to value \"{}\" which is not a valid {wanted}: {}",
                    value.as_str().map_or_else(|| value.to_json(), str::to_owned),
                    path.text()
                ))
            })
        }
        Figure::Expression(template) => {
            let view = View::of(&cursor.input);
            let value = decision.evaluate(cursor, view, |scope| template.evaluate(scope, field))?;
            read(&value).ok_or_else(|| template.unexpected_type(field, "number", &value))
        }
    }
}

/// AWS takes the text of a number for the number here.
fn as_number(value: &Value) -> Value {
    match value.as_str().map(|text| asl::json::parse(text.as_bytes())) {
        Some(Ok(number @ Value::Number(_))) => number,
        _ => value.clone(),
    }
}
