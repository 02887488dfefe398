//! GetActivityTask: a long poll. When no task comes, the answer is an empty object.

use runtime::Runtime;
use runtime::calls::GetActivityTask;

use crate::answer::Answer;
use crate::arn::{self, Resource};
use crate::error::ApiError;
use crate::name;
use crate::request::Request;
use crate::shapes::{ARN, NAME};

pub(super) async fn perform(runtime: &Runtime, request: &Request) -> Result<String, ApiError> {
    let call = request.read(|members| GetActivityTask {
        arn: members.required("activityArn", &ARN),
        worker: members.optional("workerName", &NAME),
    })?;
    arn::check(&call.arn, &[Resource::Activity])?;
    if let Some(worker) = &call.worker {
        name::check(worker)?;
    }

    let Some(task) = runtime.get_activity_task(call).await? else {
        return Ok(Answer::empty());
    };

    let mut answer = Answer::new(task.token.len() + 256);
    answer.text("taskToken", &task.token).payload("input", &task.input);
    Ok(answer.finish())
}
