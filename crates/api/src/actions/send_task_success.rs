//! SendTaskSuccess.

use asl::{Text, json};
use runtime::calls;

use super::{Action, ApiError, CallContext, Request, Resource, ResponseBody};
use crate::shape::Payload;
use crate::shapes::TASK_TOKEN;

/// SendTaskSuccess
pub(crate) struct SendTaskSuccess;

/// A task's token, and its result as JSON text.
pub(crate) struct Sent {
    token: Text,
    output: Text,
}

impl Action for SendTaskSuccess {
    const NAME: &'static str = "SendTaskSuccess";
    const IAM_ACTION: &'static str = "states:SendTaskSuccess";
    type Input = Sent;

    fn input(_context: &CallContext<'_>, request: &Request) -> Result<Self::Input, ApiError> {
        request.read(|members| Sent {
            token: members.required("taskToken", &TASK_TOKEN),
            output: members.required("output", &Payload),
        })
    }

    fn resources(_sent: &Self::Input) -> Vec<Resource<'_>> {
        vec![Resource::OfTask { member: "taskToken" }]
    }

    async fn perform(context: &CallContext<'_>, sent: Self::Input) -> Result<ResponseBody, ApiError> {
        let Sent { token, output } = sent;
        // As recorded: a bad token is told before a bad output.
        context.runtime.check_task_token(&token)?;
        let output = json::parse(output.as_bytes())
            .map_err(|error| ApiError::new("InvalidOutput", format!("Invalid Output: '{error}'")))?;
        context.runtime.send_task_success(calls::SendTaskSuccess { token, output }).await?;
        Ok(ResponseBody::empty_object())
    }
}
