//! StopExecution.

use runtime::Runtime;
use runtime::calls::StopExecution;

use crate::answer::Answer;
use crate::arn::{self, Resource};
use crate::error::ApiError;
use crate::request::Request;
use crate::shapes::{ARN, CAUSE, ERROR};

pub(super) async fn perform(runtime: &Runtime, request: &Request) -> Result<String, ApiError> {
    let call = request.read(|members| StopExecution {
        arn: members.required("executionArn", &ARN),
        error: members.optional("error", &ERROR),
        cause: members.optional("cause", &CAUSE),
    })?;
    arn::check(&call.arn, &[Resource::Execution])?;

    let stopped_at = runtime.stop_execution(call).await?;

    let mut answer = Answer::new(48);
    answer.time("stopDate", stopped_at);
    Ok(answer.finish())
}
