//! What a context object may look like that comes with a test.

use asl::Value;

#[derive(Clone, Copy)]
enum Kind {
    Anything,
    Text,
    Number,
    Object(&'static [(&'static str, Kind)]),
}

const CONTEXT: &[(&str, Kind)] = &[
    ("Execution", Kind::Object(EXECUTION)),
    ("State", Kind::Object(STATE)),
    ("StateMachine", Kind::Object(STATE_MACHINE)),
    ("Task", Kind::Object(TASK)),
];
const EXECUTION: &[(&str, Kind)] = &[
    ("Id", Kind::Text),
    ("Input", Kind::Anything),
    ("Name", Kind::Text),
    ("RedriveCount", Kind::Number),
    ("RedriveTime", Kind::Text),
    ("RoleArn", Kind::Text),
    ("StartTime", Kind::Text),
];
const STATE: &[(&str, Kind)] = &[("EnteredTime", Kind::Text), ("Name", Kind::Text), ("RetryCount", Kind::Number)];
const STATE_MACHINE: &[(&str, Kind)] = &[("Id", Kind::Text), ("Name", Kind::Text)];
const TASK: &[(&str, Kind)] = &[("Token", Kind::Text)];

/// Says what is wrong with a context object, in AWS's words.
pub(super) fn check(context: &Value, has_task_token: bool) -> Result<(), String> {
    if context.get("Map").is_some() {
        return Err("'Map' field is not supported when mocking a Context object".to_owned());
    }
    if context.get("Task").is_some() && !has_task_token {
        let why = "Context object contains 'Task' when state is not a Task state with a '.sync' or \
                   '.waitForTaskToken' service integration pattern";
        return Err(why.to_owned());
    }
    is_of(Kind::Object(CONTEXT), context, "")
}

/// The depth is that of the tables above.
fn is_of(kind: Kind, value: &Value, place: &str) -> Result<(), String> {
    let expected = match (kind, value) {
        (Kind::Anything, _) | (Kind::Text, Value::String(_)) | (Kind::Number, Value::Number(_)) => return Ok(()),
        (Kind::Object(fields), Value::Object(object)) => {
            return object.iter().try_for_each(|(name, value)| {
                let place = if place.is_empty() { name.to_string() } else { format!("{place}.{name}") };
                match fields.iter().find(|(field, _)| *field == &**name) {
                    Some((_, kind)) => is_of(*kind, value, &place),
                    None => Err(format!("Field '{name}' is not allowed")),
                }
            });
        }
        (Kind::Text, _) => "a string",
        (Kind::Number, _) => "a number",
        (Kind::Object(_), _) => "a JSON object",
    };
    let what = if place.is_empty() { "Context" } else { place };
    Err(format!("{what} must be {expected}"))
}
