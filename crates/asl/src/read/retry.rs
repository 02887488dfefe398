//! Reads `Retry`.

use super::fields::Fields;
use super::rules;
use super::rules::range::{Bounds, SECONDS_MAX};
use super::supported;
use crate::program::{JitterStrategy, Retrier};
use crate::value::{Text, Value};

/// 366 days.
const MAX_DELAY_SECONDS_MAX: u64 = 31_622_400;

/// The retriers in order; none where there is no `Retry`.
pub(crate) fn read(fields: &Fields<'_>) -> Vec<Retrier> {
    let items = fields.list("Retry").unwrap_or_default();
    let place = fields.place_of("Retry");
    let read = |(index, item)| {
        let is_last = index + 1 == items.len();
        Some(retrier(&Fields::of(item, &place.item(index), fields.log, fields.language)?, is_last))
    };
    items.iter().enumerate().filter_map(read).collect()
}

fn retrier(fields: &Fields<'_>, is_last: bool) -> Retrier {
    rules::supported_fields::check(&[supported::RETRIER], fields);
    rules::required_fields::check(&["ErrorEquals"], fields);
    let interval_seconds = fields.integer("IntervalSeconds", 1, SECONDS_MAX);
    let max_delay_seconds = fields.integer("MaxDelaySeconds", 1, MAX_DELAY_SECONDS_MAX);
    rules::max_delay::check(interval_seconds, max_delay_seconds, fields);
    let jitter = fields.choice("JitterStrategy", &[("FULL", JitterStrategy::Full), ("NONE", JitterStrategy::None)]);
    Retrier {
        error_equals: error_equals(fields, is_last).unwrap_or_default(),
        interval_seconds: interval_seconds.unwrap_or(1),
        max_attempts: fields.integer("MaxAttempts", 0, SECONDS_MAX).unwrap_or(3),
        backoff_rate: fields.number("BackoffRate", Bounds::float(1.0, f64::MAX)).unwrap_or(2.0),
        max_delay_seconds,
        jitter: jitter.unwrap_or_default(),
    }
}

/// `ErrorEquals` of a retrier or catcher.
pub(crate) fn error_equals(fields: &Fields<'_>, is_last: bool) -> Option<Vec<Text>> {
    const NAME: &str = "ErrorEquals";
    let items = fields.filled_list(NAME)?;
    let place = fields.place_of(NAME);
    let name = |(index, item): (usize, &Value)| match item {
        Value::String(name) => Some(name.clone()),
        _ => rules::value_type::expected("String", &place.item(index), fields.log),
    };
    let names: Vec<Text> = items.iter().enumerate().filter_map(name).collect();
    rules::states_all::check(&names, is_last, fields);
    Some(names)
}
