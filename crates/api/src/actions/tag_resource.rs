//! TagResource: adds tags, replaces those with the same key.

use runtime::Runtime;
use runtime::calls::TagResource;

use crate::answer::Answer;
use crate::arn::{self, Resource};
use crate::error::ApiError;
use crate::request::Request;
use crate::shapes::ARN;
use crate::tags;

pub(super) async fn perform(runtime: &Runtime, request: &Request) -> Result<String, ApiError> {
    let (arn, tags) =
        request.read(|members| (members.required("resourceArn", &ARN), members.required("tags", &tags::tag_list())))?;
    arn::check(&arn, &[Resource::StateMachine, Resource::Activity])?;
    let tags = tags::to_object(tags)?;
    runtime.tag_resource(TagResource { arn, tags }).await?;
    Ok(Answer::empty())
}
