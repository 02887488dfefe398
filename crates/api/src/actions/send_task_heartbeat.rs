//! SendTaskHeartbeat.

use asl::Text;

use super::{Action, ApiError, CallContext, Request, Resource, ResponseBody};
use crate::shapes::TASK_TOKEN;

/// SendTaskHeartbeat
pub(crate) struct SendTaskHeartbeat;

impl Action for SendTaskHeartbeat {
    const NAME: &'static str = "SendTaskHeartbeat";
    const IAM_ACTION: &'static str = "states:SendTaskHeartbeat";
    type Input = Text;

    fn input(_context: &CallContext<'_>, request: &Request) -> Result<Self::Input, ApiError> {
        request.read(|members| members.required("taskToken", &TASK_TOKEN))
    }

    fn resources(_token: &Self::Input) -> Vec<Resource<'_>> {
        vec![Resource::OfTask { member: "taskToken" }]
    }

    async fn perform(context: &CallContext<'_>, token: Self::Input) -> Result<ResponseBody, ApiError> {
        context.runtime.send_task_heartbeat(token).await?;
        Ok(ResponseBody::empty_object())
    }
}
