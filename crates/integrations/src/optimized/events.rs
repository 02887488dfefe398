//! Amazon EventBridge.

use asl::resource::Pattern;
use serde_json::{Value as Json, json};

use super::{Behaviour, Members};
use crate::{Failure, TaskCall};

pub(super) const BEHAVIOURS: &[Behaviour] =
    &[Behaviour::of("events", "putEvents").request(name_origin).check(all_entered)];

/// AWS names the state machine and the execution among each event's resources.
fn name_origin(parameters: &mut Members, call: &TaskCall) {
    let Some(Json::Array(entries)) = parameters.get_mut("Entries") else { return };
    for entry in entries.iter_mut().filter_map(Json::as_object_mut) {
        let resources = entry.entry("Resources").or_insert_with(|| json!([]));
        if let Json::Array(resources) = resources {
            resources.push((*call.state_machine_arn).into());
            resources.push((*call.execution_arn).into());
        }
    }
}

/// AWS fails the task when any of its events was refused.
fn all_entered(answer: &Members, _: Pattern) -> Result<(), Failure> {
    if answer.get("FailedEntryCount").and_then(Json::as_i64).unwrap_or_default() == 0 {
        return Ok(());
    }
    let cause = Json::Object(answer.clone()).to_string();
    Err(Failure { error: "EventBridge.FailedEntry".to_owned(), cause })
}
