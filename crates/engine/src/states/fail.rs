//! Fail: the frame ends with an error.

use asl::program::{Fail, FailText};
use asl::{EvaluationError, Text, Value};

use crate::cursor::{Cursor, View};
use crate::decide::Decision;
use crate::failure::Failure;

pub(crate) fn run<'a>(decision: &mut Decision<'a>, cursor: Cursor<'a>, fail: &Fail) {
    let error = text(decision, &cursor, fail.error.as_ref(), ["Error", "ErrorPath"]);
    let cause = text(decision, &cursor, fail.cause.as_ref(), ["Cause", "CausePath"]);
    match error.and_then(|error| Ok((error, cause?))) {
        Ok((error, cause)) => decision.fail(cursor, Failure::other(error, cause)),
        Err(error) => decision.raise(cursor, error),
    }
}

fn text(
    decision: &Decision<'_>,
    cursor: &Cursor<'_>,
    text: Option<&FailText>,
    [field, path_field]: [&str; 2],
) -> Result<Option<Text>, EvaluationError> {
    let view = View::of(&cursor.input);
    match text {
        None => Ok(None),
        Some(FailText::Fixed(text)) => Ok(Some(text.clone())),
        Some(FailText::Path(template)) => {
            match decision.evaluate(cursor, view, |scope| template.evaluate(scope, path_field))? {
                Value::String(text) => Ok(Some(text)),
                other => Err(EvaluationError::runtime(format!(
                    "The {path_field} field refers to value {other} which is not a string."
                ))),
            }
        }
        Some(FailText::Expression(template)) => {
            match decision.evaluate(cursor, view, |scope| template.evaluate(scope, field))? {
                Value::String(text) => Ok(Some(text)),
                other => Err(template.unexpected_type(field, "string", &other)),
            }
        }
    }
}
