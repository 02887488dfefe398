//! Reads a Wait state.

use crate::program::{Wait, WaitUntil};
use crate::read::container::Here;
use crate::read::fields::Fields;
use crate::read::rules;
use crate::read::rules::range::SECONDS_MAX;

pub(crate) fn read(fields: &Fields<'_>, here: Here<'_>) -> Option<Wait> {
    let until = until(fields);
    let transition = here.transition(fields);
    Some(Wait { until: until?, transition: transition? })
}

fn until(fields: &Fields<'_>) -> Option<WaitUntil> {
    if fields.is_jsonata() {
        return until_jsonata(fields);
    }
    if !rules::one_of::exactly(&["Seconds", "SecondsPath", "Timestamp", "TimestampPath"], fields) {
        return None;
    }
    if fields.has("SecondsPath") {
        return fields.single_path("SecondsPath").map(WaitUntil::SecondsPath);
    }
    if fields.has("TimestampPath") {
        return fields.single_path("TimestampPath").map(WaitUntil::TimestampPath);
    }
    written(fields)
}

fn until_jsonata(fields: &Fields<'_>) -> Option<WaitUntil> {
    if !rules::one_of::exactly(&["Seconds", "Timestamp"], fields) {
        return None;
    }
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
        return fields.integer("Seconds", 0, SECONDS_MAX).map(WaitUntil::Seconds);
    }
    rules::timestamp::read("Timestamp", fields).map(WaitUntil::Timestamp)
}
