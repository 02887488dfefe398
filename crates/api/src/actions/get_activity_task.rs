//! GetActivityTask: a long poll. When no task comes, the answer is an empty object.

use std::time::Duration;

use runtime::calls;

use super::{Action, ApiError, CallContext, Request, Resource, ResponseBody};
use crate::arn::{self, ArnKind};
use crate::json_object_writer::JsonObjectWriter;
use crate::name;
use crate::shapes::{ARN, NAME};
use runtime::quotas::Quotas;

/// GetActivityTask
pub(crate) struct GetActivityTask;

impl Action for GetActivityTask {
    const NAME: &'static str = "GetActivityTask";
    const IAM_ACTION: &'static str = "states:GetActivityTask";
    type Input = calls::GetActivityTask;

    fn answered_within(quotas: &Quotas) -> Option<Duration> {
        Some(quotas.activity_poll)
    }

    fn input(context: &CallContext<'_>, request: &Request) -> Result<Self::Input, ApiError> {
        let call = request.read(|members| calls::GetActivityTask {
            arn: members.required("activityArn", &ARN),
            worker: members.optional("workerName", &NAME),
            wait: context.deadline.remaining(),
        })?;
        arn::check(&call.arn, &[ArnKind::Activity])?;
        if let Some(worker) = &call.worker {
            name::check(worker)?;
        }
        Ok(call)
    }

    fn resources(call: &Self::Input) -> Vec<Resource<'_>> {
        vec![Resource::Given { member: "activityArn", arn: &call.arn }]
    }

    async fn perform(context: &CallContext<'_>, call: Self::Input) -> Result<ResponseBody, ApiError> {
        let Some(task) = context.runtime.get_activity_task(call).await? else {
            return Ok(ResponseBody::empty_object());
        };

        let mut answer = JsonObjectWriter::new(task.token.len() + 256);
        answer.text("taskToken", &task.token).payload("input", &task.input);
        Ok(answer.finish().into())
    }
}
