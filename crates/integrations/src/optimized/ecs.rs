//! Amazon ECS and Fargate.

use asl::resource::Pattern;
use asl::{Object, Value};
use serde_json::Value as Json;

use super::{Behaviour, Members};
use crate::Failure;

pub(super) const BEHAVIOURS: &[Behaviour] =
    &[Behaviour::of("ecs", "runTask").prepared(sign).check(has_started).succeeded(all_containers_succeeded)];

/// AWS tells ECS who started a task that it waits for.
fn sign(parameters: &mut Object, pattern: Pattern) {
    if pattern != Pattern::RequestResponse {
        parameters.insert("StartedBy".into(), Value::string("AWS Step Functions"));
    }
}

/// A task that waits needs something to wait for; otherwise failures are part of the answer.
fn has_started(answer: &Members, pattern: Pattern) -> Result<(), Failure> {
    let is_empty = |name: &str| answer.get(name).and_then(Json::as_array).is_none_or(Vec::is_empty);
    if pattern == Pattern::RequestResponse || (is_empty("Failures") && !is_empty("Tasks")) {
        return Ok(());
    }
    let cause = Json::Object(answer.clone()).to_string();
    Err(Failure { error: "AmazonECS.Unknown".to_owned(), cause })
}

/// Whether all containers of a stopped task have ended well. One that never ran has no exit code.
fn all_containers_succeeded(task: &Value) -> bool {
    let containers = task.get("Containers").and_then(Value::as_array).unwrap_or_default();
    let failed_to_start = task.get("StopCode").and_then(Value::as_str) == Some("TaskFailedToStart");
    !failed_to_start && containers.iter().all(|container| container.get("ExitCode").and_then(Value::as_i64) == Some(0))
}
