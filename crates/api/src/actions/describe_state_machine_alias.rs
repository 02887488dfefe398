//! DescribeStateMachineAlias.

use runtime::Runtime;

use crate::answer::Answer;
use crate::error::ApiError;
use crate::request::Request;
use crate::shapes::ARN;
use crate::{arn, routing};

pub(super) async fn perform(runtime: &Runtime, request: &Request) -> Result<String, ApiError> {
    let arn = request.read(|members| members.required("stateMachineAliasArn", &ARN))?;
    arn::check_alias(&arn)?;

    let alias = runtime.describe_alias(arn.clone()).await?;

    let mut answer = Answer::new(512);
    answer
        .text("stateMachineAliasArn", &arn)
        .text("name", &alias.name)
        .optional_text("description", alias.description.as_deref());
    routing::write(&mut answer, arn::unqualified(&arn), &alias.routing);
    answer.time("creationDate", alias.created_at).time("updateDate", alias.updated_at);
    Ok(answer.finish())
}
