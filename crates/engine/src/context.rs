//! The context object, `$$` and `$states.context`.

use asl::program::{State, StateKind};
use asl::value::Object;
use asl::{Text, Value, timestamp};

use crate::cursor::Cursor;
use crate::event::Timestamp;
use crate::execution::{Execution, MapItem};

/// Makes the context object as a state sees it. The order of its members is AWS's.
pub(crate) fn object(
    execution: &Execution,
    cursor: &Cursor<'_>,
    item: Option<&MapItem>,
    task_token: Option<Text>,
) -> Value {
    let mut about_execution = execution_members(execution);
    // Nobody redrives an Express execution.
    if !execution.info.is_express() {
        about_execution.insert("RedriveCount".into(), Value::int(0));
    }
    let about_state = state(cursor.state.name.clone(), cursor.state, cursor.entered_at, cursor.retries);
    let mut context = context(execution, about_execution, about_state);
    insert_token(&mut context, task_token);
    with_item(Value::Object(context.into()), item)
}

/// The name that TestState gives every state in its context object, also one of a state machine.
pub(crate) const TESTED_STATE: &str = "StateName";

/// Makes the context object of a test of one state, entered when the execution began. It has no `RedriveCount`, and
/// `null` for a role where none was given.
pub(crate) fn of_test(execution: &Execution, tested: &State, retries: u64, task_token: Option<Text>) -> Value {
    let mut about_execution = execution_members(execution);
    if execution.info.role_arn.is_empty() {
        about_execution.insert("RoleArn".into(), Value::Null);
    }
    let about_state = state(TESTED_STATE.into(), tested, execution.started_at, retries);
    let mut context = context(execution, about_execution, about_state);
    insert_token(&mut context, task_token);
    Value::Object(context.into())
}

fn insert_token(context: &mut Object, task_token: Option<Text>) {
    if let Some(token) = task_token {
        context.insert("Task".into(), members([("Token", token.into())]));
    }
}

/// The context object with the item a Map state is at, where it is at one.
pub(crate) fn with_item(context: Value, item: Option<&MapItem>) -> Value {
    let (Some(item), Value::Object(object)) = (item, &context) else { return context };
    let mut object = Object::clone(object);
    object.insert("Map".into(), members([("Item", map_item(item))]));
    Value::Object(object.into())
}

fn context(execution: &Execution, about_execution: Object, state: Value) -> Object {
    let info = &execution.info;
    let machine = [("Id", info.state_machine_arn.clone().into()), ("Name", info.state_machine_name.clone().into())];
    let mut context = Object::default();
    context.insert("Execution".into(), Value::Object(about_execution.into()));
    context.insert("StateMachine".into(), members(machine));
    context.insert("State".into(), state);
    context
}

fn execution_members(execution: &Execution) -> Object {
    let info = &execution.info;
    let mut object = Object::default();
    object.insert("Id".into(), info.arn.clone().into());
    object.insert("Input".into(), execution.input.clone());
    object.insert("StartTime".into(), timestamp::format(execution.started_at.0).into());
    object.insert("Name".into(), info.name.clone().into());
    if !info.role_arn.is_empty() {
        object.insert("RoleArn".into(), info.role_arn.clone().into());
    }
    object
}

fn state(name: Text, state: &State, entered_at: Timestamp, retries: u64) -> Value {
    let mut object = Object::default();
    object.insert("Name".into(), name.into());
    object.insert("EnteredTime".into(), timestamp::format(entered_at.0).into());
    // States that can retry say how often they did.
    if matches!(state.kind, StateKind::Task(_) | StateKind::Parallel(_) | StateKind::Map(_)) {
        object.insert("RetryCount".into(), Value::int(i64::try_from(retries).unwrap_or(i64::MAX)));
    }
    Value::Object(object.into())
}

fn map_item(item: &MapItem) -> Value {
    let mut object = Object::default();
    object.insert("Index".into(), Value::int(i64::try_from(item.index).unwrap_or(i64::MAX)));
    if let Some(key) = &item.key {
        object.insert("Key".into(), key.clone().into());
    }
    object.insert("Value".into(), item.value.clone());
    Value::Object(object.into())
}

fn members<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::object(members.map(|(name, value)| (Text::from(name), value)))
}
