//! DeleteStateMachineAlias. A missing alias is success.

use runtime::Runtime;

use crate::answer::Answer;
use crate::arn;
use crate::error::ApiError;
use crate::request::Request;
use crate::shapes::ARN;

pub(super) async fn perform(runtime: &Runtime, request: &Request) -> Result<String, ApiError> {
    let arn = request.read(|members| members.required("stateMachineAliasArn", &ARN))?;
    arn::check_alias(&arn)?;
    runtime.delete_alias(arn).await?;
    Ok(Answer::empty())
}
