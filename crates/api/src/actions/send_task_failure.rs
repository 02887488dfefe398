//! SendTaskFailure.

use runtime::Runtime;
use runtime::calls::SendTaskFailure;

use crate::answer::Answer;
use crate::error::ApiError;
use crate::request::Request;
use crate::shapes::{CAUSE, ERROR, TASK_TOKEN};

pub(super) async fn perform(runtime: &Runtime, request: &Request) -> Result<String, ApiError> {
    let call = request.read(|members| SendTaskFailure {
        token: members.required("taskToken", &TASK_TOKEN),
        error: members.optional("error", &ERROR),
        cause: members.optional("cause", &CAUSE),
    })?;
    runtime.send_task_failure(call).await?;
    Ok(Answer::empty())
}
