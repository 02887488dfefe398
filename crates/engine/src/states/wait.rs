//! Wait: for a time, or until one.

use asl::path::Path;
use asl::program::{Wait, WaitUntil};
use asl::template::Template;
use asl::{EvaluationError, Value, timestamp};

use crate::cursor::{Cursor, View};
use crate::decide::Decision;
use crate::event::{EventKind, Timestamp};

/// AWS refuses to wait longer than a signed 32-bit number of seconds.
/// No quota: the language bounds the field.
const SECONDS_MAX: i64 = 2_147_483_647;

pub(crate) fn begin<'a>(decision: &mut Decision<'a>, cursor: Cursor<'a>, wait: &Wait) {
    match due(decision, &cursor, wait) {
        Ok(due) => {
            decision.push(cursor.frame, cursor.last, EventKind::WaitScheduled { due });
        }
        Err(error) => {
            let previous = cursor.entered;
            decision.raise_after(cursor, error, previous);
        }
    }
}

pub(crate) fn over<'a>(decision: &mut Decision<'a>, cursor: Cursor<'a>) {
    let asl::program::StateKind::Wait(wait) = &cursor.state.kind else { return };
    let transition = wait.transition;
    decision.leave_with_input(cursor, transition);
}

fn due(decision: &Decision<'_>, cursor: &Cursor<'_>, wait: &Wait) -> Result<Timestamp, EvaluationError> {
    let now = decision.turn.now;
    let milliseconds = match &wait.until {
        WaitUntil::Seconds(seconds) => milliseconds(*seconds)?,
        WaitUntil::SecondsPath(path) => seconds_at(decision, cursor, path)?,
        WaitUntil::SecondsExpression(template) => seconds_computed(decision, cursor, template)?,
        WaitUntil::Timestamp(text) => until(now, fixed_instant(text)?)?,
        WaitUntil::TimestampPath(path) => until(now, timestamp_at(decision, cursor, path)?)?,
        WaitUntil::TimestampExpression(template) => until(now, timestamp_computed(decision, cursor, template)?)?,
    };
    Ok(now.plus_seconds(milliseconds as f64 / 1000.0 * decision.turn.limits.wait_time_scale))
}

fn milliseconds(seconds: u64) -> Result<i64, EvaluationError> {
    match i64::try_from(seconds) {
        Ok(seconds) if seconds <= SECONDS_MAX => Ok(seconds * 1000),
        _ => Err(too_long()),
    }
}

fn until(now: Timestamp, instant: i64) -> Result<i64, EvaluationError> {
    let wait = instant.saturating_sub(now.0).max(0);
    if wait / 1000 > SECONDS_MAX { Err(too_long()) } else { Ok(wait) }
}

fn seconds_at(decision: &Decision<'_>, cursor: &Cursor<'_>, path: &Path) -> Result<i64, EvaluationError> {
    let value = referenced(decision, cursor, path, "SecondsPath")?;
    seconds_of(&value, |what| {
        EvaluationError::runtime(format!("The SecondsPath parameter {what}: {} == {value}", path.text()))
    })
}

fn seconds_of(value: &Value, refused: impl Fn(&str) -> EvaluationError) -> Result<i64, EvaluationError> {
    let number = value.as_number().filter(|number| number.as_i64().is_some() && number.is_integer_text());
    let Some(seconds) = number.and_then(asl::Number::as_i64) else {
        return Err(refused("cannot be parsed as a long value"));
    };
    let seconds = u64::try_from(seconds).map_err(|_| refused("references a negative value"))?;
    milliseconds(seconds)
}

fn seconds_computed(decision: &Decision<'_>, cursor: &Cursor<'_>, template: &Template) -> Result<i64, EvaluationError> {
    let view = View::of(&cursor.input);
    let value = decision.evaluate(cursor, view, |scope| template.evaluate(scope, "Seconds"))?;
    if value.as_number().is_none() {
        return Err(template.unexpected_type("Seconds", "number", &value));
    }
    seconds_of(&value, |what| EvaluationError::query(format!("The Seconds parameter {what}: {value}"), "Seconds"))
}

fn timestamp_at(decision: &Decision<'_>, cursor: &Cursor<'_>, path: &Path) -> Result<i64, EvaluationError> {
    let value = referenced(decision, cursor, path, "TimestampPath")?;
    value.as_str().and_then(instant).ok_or_else(|| {
        let shown = value.as_str().map_or_else(|| value.to_json(), str::to_owned);
        EvaluationError::runtime(format!(
            "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: {} == {shown}",
            path.text()
        ))
    })
}

fn timestamp_computed(
    decision: &Decision<'_>,
    cursor: &Cursor<'_>,
    template: &Template,
) -> Result<i64, EvaluationError> {
    let view = View::of(&cursor.input);
    let value = decision.evaluate(cursor, view, |scope| template.evaluate(scope, "Timestamp"))?;
    let Some(text) = value.as_str() else {
        return Err(template.unexpected_type("Timestamp", "string", &value));
    };
    instant(text).ok_or_else(|| EvaluationError::query(not_a_timestamp(text), "Timestamp"))
}

fn referenced(
    decision: &Decision<'_>,
    cursor: &Cursor<'_>,
    path: &Path,
    field: &str,
) -> Result<Value, EvaluationError> {
    let input = decision.effective_input(cursor)?;
    decision.evaluate(cursor, View::of(&input), |scope| {
        path.select(scope).map_err(|error| {
            error.worded(|_| {
                EvaluationError::runtime(format!(
                    "The {field} parameter does not reference an input value: {}",
                    path.text()
                ))
            })
        })
    })
}

fn instant(text: &str) -> Option<i64> {
    timestamp::parse(text)
}

fn fixed_instant(text: &str) -> Result<i64, EvaluationError> {
    instant(text).ok_or_else(|| EvaluationError::runtime(not_a_timestamp(text)))
}

fn not_a_timestamp(text: &str) -> String {
    format!("The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: {text}")
}

fn too_long() -> EvaluationError {
    EvaluationError::runtime("Wait state delay is too long.")
}
