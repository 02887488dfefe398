//! StopExecution.

use runtime::calls;

use super::{Action, ApiError, CallContext, Request, Resource, ResponseBody};
use crate::arn::{self, ArnKind};
use crate::json_object_writer::JsonObjectWriter;
use crate::shapes::{ARN, CAUSE, ERROR};

/// StopExecution
pub(crate) struct StopExecution;

impl Action for StopExecution {
    const NAME: &'static str = "StopExecution";
    const IAM_ACTION: &'static str = "states:StopExecution";
    type Input = calls::StopExecution;

    fn input(_context: &CallContext<'_>, request: &Request) -> Result<Self::Input, ApiError> {
        let call = request.read(|members| calls::StopExecution {
            arn: members.required("executionArn", &ARN),
            error: members.optional("error", &ERROR),
            cause: members.optional("cause", &CAUSE),
        })?;
        arn::check(&call.arn, &[ArnKind::Execution])?;
        Ok(call)
    }

    fn resources(call: &Self::Input) -> Vec<Resource<'_>> {
        vec![Resource::Given { member: "executionArn", arn: &call.arn }]
    }

    async fn perform(context: &CallContext<'_>, call: Self::Input) -> Result<ResponseBody, ApiError> {
        let stopped_at = context.runtime.stop_execution(call).await?;

        let mut answer = JsonObjectWriter::new(48);
        answer.time("stopDate", stopped_at);
        Ok(answer.finish().into())
    }
}
