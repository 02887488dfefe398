//! SendTaskHeartbeat.

use runtime::Runtime;

use crate::answer::Answer;
use crate::error::ApiError;
use crate::request::Request;
use crate::shapes::TASK_TOKEN;

pub(super) async fn perform(runtime: &Runtime, request: &Request) -> Result<String, ApiError> {
    let token = request.read(|members| members.required("taskToken", &TASK_TOKEN))?;
    runtime.send_task_heartbeat(token).await?;
    Ok(Answer::empty())
}
