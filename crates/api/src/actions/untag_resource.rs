//! UntagResource. Keys that are not there are ignored.

use runtime::Runtime;
use runtime::calls::UntagResource;

use crate::answer::Answer;
use crate::arn::{self, Resource};
use crate::error::ApiError;
use crate::request::Request;
use crate::shape::List;
use crate::shapes::ARN;
use crate::tags::TAG_KEY;

pub(super) async fn perform(runtime: &Runtime, request: &Request) -> Result<String, ApiError> {
    let call = request.read(|members| UntagResource {
        arn: members.required("resourceArn", &ARN),
        keys: members.required("tagKeys", &List(TAG_KEY)),
    })?;
    arn::check(&call.arn, &[Resource::StateMachine, Resource::Activity])?;
    runtime.untag_resource(call).await?;
    Ok(Answer::empty())
}
