//! Reads a Wait state.

use crate::program::{Wait, WaitUntil};
use crate::read::container::Here;
use crate::read::fields::Fields;
use crate::read::rules;
use crate::read::rules::range::{Bounds, SECONDS_MAX};

pub(crate) fn read(fields: &Fields<'_>, here: Here<'_>) -> Wait {
    let until = until(fields).unwrap_or_else(|| fields.log.stand_in(WaitUntil::Seconds(0)));
    Wait { until, transition: here.transition(fields) }
}

fn until(fields: &Fields<'_>) -> Option<WaitUntil> {
    if fields.is_jsonata() {
        return until_jsonata(fields);
    }
    fields.exactly_one_of(&["Seconds", "SecondsPath", "Timestamp", "TimestampPath"]);
    if fields.has("SecondsPath") {
        return fields.single_path("SecondsPath").map(WaitUntil::SecondsPath);
    }
    if fields.has("TimestampPath") {
        return fields.single_path("TimestampPath").map(WaitUntil::TimestampPath);
    }
    written(fields)
}

fn until_jsonata(fields: &Fields<'_>) -> Option<WaitUntil> {
    fields.exactly_one_of(&["Seconds", "Timestamp"]);
    if let Some(template) = fields.expression("Seconds") {
        return template.map(WaitUntil::SecondsExpression);
    }
    if let Some(template) = fields.expression("Timestamp") {
        return template.map(WaitUntil::TimestampExpression);
    }
    written(fields)
}

fn written(fields: &Fields<'_>) -> Option<WaitUntil> {
    if fields.has("Seconds") {
        return fields.integer("Seconds", Bounds::integer(0, SECONDS_MAX)).map(WaitUntil::Seconds);
    }
    rules::timestamp::read("Timestamp", fields).map(WaitUntil::Timestamp)
}
