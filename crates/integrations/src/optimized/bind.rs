//! Where the parameters of a request about a job come from.

use asl::Value;
use models::optimized::{Bind, Origin};
use serde_json::Value as Json;

use super::Members;
use crate::TaskCall;

/// The parameters of a request about a job. What is not there is left out: the service says what it misses.
pub(super) fn bound(binds: &[Bind], call: &TaskCall, submitted: &Value) -> Json {
    let mut members = Members::new();
    for bind in binds {
        let value = match bind.from {
            Origin::Answer(path) => step_down(submitted, path).and_then(Value::as_str),
            Origin::Parameter(name) => named(&call.parameters, name).and_then(Value::as_str),
            Origin::Fixed(text) => Some(text),
        };
        if let Some(text) = value {
            let text = Json::from(text);
            members.insert(bind.to.to_owned(), if bind.list { Json::Array(vec![text]) } else { text });
        }
    }
    Json::Object(members)
}

/// The value at the end of a path, numbers being places in lists.
pub(super) fn step_down<'a>(value: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, step| match value {
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        _ => value.get(step),
    })
}

fn named<'a>(parameters: &'a Value, name: &str) -> Option<&'a Value> {
    let mut members = parameters.as_object()?.iter();
    members.find(|(key, _)| models::same_but_first_case(key, name)).map(|(_, value)| value)
}
