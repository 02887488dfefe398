//! ListTagsForResource.

use runtime::Runtime;

use crate::answer::Answer;
use crate::arn::{self, Resource};
use crate::error::ApiError;
use crate::request::Request;
use crate::shapes::ARN;
use crate::tags;

pub(super) async fn perform(runtime: &Runtime, request: &Request) -> Result<String, ApiError> {
    let arn = request.read(|members| members.required("resourceArn", &ARN))?;
    arn::check(&arn, &[Resource::StateMachine, Resource::Activity])?;

    let tags = runtime.list_tags_for_resource(arn).await?;

    let mut answer = Answer::new(256);
    tags::write(&tags, &mut answer);
    Ok(answer.finish())
}
