//! Reads `Retry`.

use super::fields::Fields;
use super::rules;
use super::rules::range::{Bounds, SECONDS, SECONDS_MAX};
use super::supported;
use crate::program::{JitterStrategy, Retrier};
use crate::value::{Text, Value};

/// 366 days at most.
const MAX_DELAY: Bounds = Bounds::integer(1, 31_622_400);

const ATTEMPTS: Bounds = Bounds::integer(0, SECONDS_MAX);

/// The retriers in order; none where there is no `Retry`. Histories count them by their places, so that each keeps its.
pub(crate) fn read(fields: &Fields<'_>) -> Vec<Retrier> {
    let items = fields.list("Retry").unwrap_or_default();
    let place = fields.place_of("Retry");
    let read = |(index, item)| {
        let is_last = index + 1 == items.len();
        match Fields::of(item, &place.item(index), fields.log, fields.language) {
            Some(fields) => retrier(&fields, is_last),
            None => NEVER,
        }
    };
    items.iter().enumerate().map(read).collect()
}

/// Takes no error.
const NEVER: Retrier = Retrier {
    error_equals: Vec::new(),
    interval_seconds: 1,
    max_attempts: 0,
    backoff_rate: 1.0,
    max_delay_seconds: None,
    jitter: JitterStrategy::None,
};

fn retrier(fields: &Fields<'_>, is_last: bool) -> Retrier {
    rules::supported_fields::check(&[supported::RETRIER], fields);
    rules::required_fields::check(&["ErrorEquals"], fields);
    let interval_seconds = fields.integer("IntervalSeconds", SECONDS);
    let max_delay_seconds = fields.integer("MaxDelaySeconds", MAX_DELAY);
    let within = |bounds: Bounds, seconds: Option<u64>| seconds.filter(|seconds| bounds.contain(*seconds as f64));
    rules::max_delay::check(within(SECONDS, interval_seconds), within(MAX_DELAY, max_delay_seconds), fields);
    let jitter = fields.choice("JitterStrategy", &[("FULL", JitterStrategy::Full), ("NONE", JitterStrategy::None)]);
    Retrier {
        error_equals: error_equals(fields, is_last),
        interval_seconds: interval_seconds.unwrap_or(1),
        max_attempts: fields.integer("MaxAttempts", ATTEMPTS).unwrap_or(3),
        backoff_rate: fields.number("BackoffRate", Bounds::float(1.0, f64::MAX)).unwrap_or(2.0),
        max_delay_seconds,
        jitter: jitter.unwrap_or_default(),
    }
}

/// `ErrorEquals` of a retrier or catcher.
pub(crate) fn error_equals(fields: &Fields<'_>, is_last: bool) -> Vec<Text> {
    const NAME: &str = "ErrorEquals";
    let items = fields.filled_list(NAME).unwrap_or_default();
    let place = fields.place_of(NAME);
    let name = |(index, item): (usize, &Value)| match item {
        Value::String(name) => Some(name.clone()),
        _ => rules::value_type::expected("String", &place.item(index), fields.log),
    };
    let mut names: Vec<Text> = items.iter().enumerate().filter_map(name).collect();
    names.shrink_to_fit();
    rules::states_all::check(&names, is_last, fields);
    names
}
