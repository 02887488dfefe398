//! DeleteActivity. A missing activity is success.

use runtime::Runtime;

use crate::answer::Answer;
use crate::arn::{self, Resource};
use crate::error::ApiError;
use crate::request::Request;
use crate::shapes::ARN;

pub(super) async fn perform(runtime: &Runtime, request: &Request) -> Result<String, ApiError> {
    let arn = request.read(|members| members.required("activityArn", &ARN))?;
    arn::check(&arn, &[Resource::Activity])?;
    runtime.delete_activity(arn).await?;
    Ok(Answer::empty())
}
