//! SendTaskSuccess.

use asl::json;
use runtime::calls;

use super::{Action, ApiError, CallContext, Request, Resource, ResponseBody};
use crate::shape::Payload;
use crate::shapes::TASK_TOKEN;

/// SendTaskSuccess
pub(crate) struct SendTaskSuccess;

impl Action for SendTaskSuccess {
    const NAME: &'static str = "SendTaskSuccess";
    const IAM_ACTION: &'static str = "states:SendTaskSuccess";
    type Input = calls::SendTaskSuccess;

    fn input(_context: &CallContext<'_>, request: &Request) -> Result<Self::Input, ApiError> {
        let (token, output) = request
            .read(|members| (members.required("taskToken", &TASK_TOKEN), members.required("output", &Payload)))?;
        let output = json::parse(output.as_bytes())
            .map_err(|error| ApiError::new("InvalidOutput", format!("Invalid Output: '{error}'")))?;
        Ok(calls::SendTaskSuccess { token, output })
    }

    fn resources(_call: &Self::Input) -> Vec<Resource<'_>> {
        vec![Resource::OfTask { member: "taskToken" }]
    }

    async fn perform(context: &CallContext<'_>, call: Self::Input) -> Result<ResponseBody, ApiError> {
        context.runtime.send_task_success(call).await?;
        Ok(ResponseBody::empty_object())
    }
}
