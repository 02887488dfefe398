//! DeleteStateMachineVersion. A missing version is success.

use runtime::Runtime;

use crate::answer::Answer;
use crate::arn;
use crate::error::ApiError;
use crate::request::Request;
use crate::shapes::LONG_ARN;

pub(super) async fn perform(runtime: &Runtime, request: &Request) -> Result<String, ApiError> {
    let arn = request.read(|members| members.required("stateMachineVersionArn", &LONG_ARN))?;
    arn::check_version(&arn)?;
    runtime.delete_version(arn).await?;
    Ok(Answer::empty())
}
