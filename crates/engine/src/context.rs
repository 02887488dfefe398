//! The context object, `$$` and `$states.context`.

use asl::program::StateKind;
use asl::value::Object;
use asl::{Text, Value, timestamp};

use crate::cursor::Cursor;
use crate::execution::{Execution, MapItem};

/// Makes the context object as a state sees it. The order of its members is AWS's.
pub(crate) fn object(execution: &Execution, cursor: &Cursor<'_>, item: Option<&MapItem>) -> Value {
    let info = &execution.info;
    let mut context = Object::default();
    context.insert(
        "Execution".into(),
        members([
            ("Id", info.arn.clone().into()),
            ("Input", execution.input.clone()),
            ("StartTime", timestamp::format(execution.started_at.0).into()),
            ("Name", info.name.clone().into()),
            ("RoleArn", info.role_arn.clone().into()),
            ("RedriveCount", Value::int(0)),
        ]),
    );
    context.insert(
        "StateMachine".into(),
        members([("Id", info.state_machine_arn.clone().into()), ("Name", info.state_machine_name.clone().into())]),
    );
    context.insert("State".into(), state(cursor));
    if let Some(item) = item {
        context.insert("Map".into(), members([("Item", map_item(item))]));
    }
    Value::Object(context.into())
}

fn state(cursor: &Cursor<'_>) -> Value {
    let mut state = Object::default();
    state.insert("Name".into(), cursor.state.name.clone().into());
    state.insert("EnteredTime".into(), timestamp::format(cursor.entered_at.0).into());
    // States that can retry say how often they did.
    if matches!(cursor.state.kind, StateKind::Task(_) | StateKind::Parallel(_) | StateKind::Map(_)) {
        state.insert("RetryCount".into(), Value::int(i64::try_from(cursor.retries).unwrap_or(i64::MAX)));
    }
    Value::Object(state.into())
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
