//! SendTaskFailure.

use runtime::calls;

use super::{Action, ApiError, CallContext, Request, Resource, ResponseBody};
use crate::shapes::{CAUSE, ERROR, TASK_TOKEN};

/// SendTaskFailure
pub(crate) struct SendTaskFailure;

impl Action for SendTaskFailure {
    const NAME: &'static str = "SendTaskFailure";
    const IAM_ACTION: &'static str = "states:SendTaskFailure";
    type Input = calls::SendTaskFailure;

    fn input(_context: &CallContext<'_>, request: &Request) -> Result<Self::Input, ApiError> {
        request.read(|members| calls::SendTaskFailure {
            token: members.required("taskToken", &TASK_TOKEN),
            error: members.optional("error", &ERROR),
            cause: members.optional("cause", &CAUSE),
        })
    }

    fn resources(_call: &Self::Input) -> Vec<Resource<'_>> {
        vec![Resource::OfTask { member: "taskToken" }]
    }

    async fn perform(context: &CallContext<'_>, call: Self::Input) -> Result<ResponseBody, ApiError> {
        context.runtime.send_task_failure(call).await?;
        Ok(ResponseBody::empty_object())
    }
}
