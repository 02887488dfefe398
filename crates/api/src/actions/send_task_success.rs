//! SendTaskSuccess.

use asl::json;
use runtime::Runtime;
use runtime::calls::SendTaskSuccess;

use crate::answer::Answer;
use crate::error::ApiError;
use crate::request::Request;
use crate::shape::Payload;
use crate::shapes::TASK_TOKEN;

pub(super) async fn perform(runtime: &Runtime, request: &Request) -> Result<String, ApiError> {
    let (token, output) =
        request.read(|members| (members.required("taskToken", &TASK_TOKEN), members.required("output", &Payload)))?;
    let output = json::parse(output.as_bytes())
        .map_err(|error| ApiError::new("InvalidOutput", format!("Invalid Output: '{error}'")))?;
    runtime.send_task_success(SendTaskSuccess { token, output }).await?;
    Ok(Answer::empty())
}
