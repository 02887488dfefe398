//! Where the parameters of a request about a job come from.

use asl::Value;
use serde_json::Value as Json;

use super::Members;
use crate::TaskCall;

/// A parameter of a request about a job.
pub(super) struct Bind {
    /// Its name.
    pub(super) to: &'static str,
    /// Where its value is.
    pub(super) from: Source,
    /// Whether it is a list of one.
    pub(super) list: bool,
}

/// Where a value is.
pub(super) enum Source {
    /// In the answer to the request that began the job: the way to it, numbers being places in lists.
    Answer(&'static [&'static str]),
    /// In the task's parameters.
    Parameter(&'static str),
    /// Here.
    Fixed(&'static str),
}

/// A parameter from the answer.
pub(super) const fn answer(to: &'static str, path: &'static [&'static str]) -> Bind {
    Bind { to, from: Source::Answer(path), list: false }
}

/// A list of one, from the answer.
pub(super) const fn answers(to: &'static str, path: &'static [&'static str]) -> Bind {
    Bind { to, from: Source::Answer(path), list: true }
}

/// A parameter that is the task's parameter of the same name.
pub(super) const fn parameter(name: &'static str) -> Bind {
    Bind { to: name, from: Source::Parameter(name), list: false }
}

/// A parameter that is always the same.
pub(super) const fn fixed(to: &'static str, text: &'static str) -> Bind {
    Bind { to, from: Source::Fixed(text), list: false }
}

/// The parameters of a request about a job. What is not there is left out: the service says what it misses.
pub(super) fn bound(binds: &[Bind], call: &TaskCall, submitted: &Value) -> Json {
    let mut members = Members::new();
    for bind in binds {
        let value = match bind.from {
            Source::Answer(path) => step_down(submitted, path).and_then(Value::as_str),
            Source::Parameter(name) => named(&call.parameters, name).and_then(Value::as_str),
            Source::Fixed(text) => Some(text),
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
    members.find(|(key, _)| aws::model::same_but_first_case(key, name)).map(|(_, value)| value)
}
