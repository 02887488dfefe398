//! AWS CodeBuild.

use std::time::Duration;

use serde_json::Value as Json;
use tokio::time::{Instant, sleep};

use super::Sender;
use crate::Failure;
use crate::integrations::REQUEST_TIMEOUT;

/// How long after a build was found not to be at its end it is deleted again.
const DELETED_AGAIN_AFTER: Duration = if cfg!(test) { Duration::from_millis(1) } else { Duration::from_secs(5) };

const DELETED: &str = "BuildsDeleted";
const NOT_DELETED: &str = "BuildsNotDeleted";

/// Deletes builds. What was just stopped is not at its end at once, and until then it cannot be deleted: it is tried
/// again, within the time that the task has. The guide says that AWS tries again, not how often.
pub(super) async fn delete(sender: &Sender<'_>, operation: &str, input: &Json) -> Result<aws::ServiceAnswer, Failure> {
    let until = Instant::now() + sender.call.request_timeout(REQUEST_TIMEOUT).min(REQUEST_TIMEOUT);
    let mut input = input.clone();
    let (mut deleted, mut not_deleted) = (Vec::new(), Vec::new());
    loop {
        let mut answer = sender.send(operation, &input).await?;
        deleted.append(&mut taken(&mut answer.output, DELETED));
        let (unfinished, others): (Vec<_>, _) =
            taken(&mut answer.output, NOT_DELETED).into_iter().partition(is_running);
        not_deleted.extend(others);
        let is_over = unfinished.is_empty() && !is_running(&answer.output);
        if is_over || Instant::now() + DELETED_AGAIN_AFTER >= until {
            not_deleted.extend(unfinished);
            put(&mut answer.output, DELETED, deleted);
            put(&mut answer.output, NOT_DELETED, not_deleted);
            return Ok(answer);
        }
        let mut members = input.as_object_mut().into_iter().flatten();
        if let Some((_, ids)) = members.find(|(name, _)| models::same_but_first_case(name, "Ids")) {
            *ids = unfinished.iter().filter_map(|build| build.get("Id").cloned()).collect();
        }
        sleep(DELETED_AGAIN_AFTER).await;
    }
}

/// `BUILD_IN_PROGRESS` of a build, and its like of a batch.
fn is_running(build: &Json) -> bool {
    build.get("StatusCode").and_then(Json::as_str).is_some_and(|code| code.ends_with("IN_PROGRESS"))
}

fn taken(output: &mut Json, list: &str) -> Vec<Json> {
    output.get_mut(list).and_then(Json::as_array_mut).map(std::mem::take).unwrap_or_default()
}

/// Puts a list back; one that is empty only where there was one.
fn put(output: &mut Json, list: &str, items: Vec<Json>) {
    if let Some(members) = output.as_object_mut().filter(|members| !items.is_empty() || members.contains_key(list)) {
        members.insert(list.to_owned(), Json::Array(items));
    }
}
