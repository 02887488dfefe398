//! TagResource: adds tags, replaces those with the same key.

use runtime::calls;

use super::{Action, ApiError, CallContext, Request, Resource, ResponseBody};
use crate::arn::{self, ArnKind};
use crate::shapes::ARN;
use crate::tags;

/// TagResource
pub(crate) struct TagResource;

impl Action for TagResource {
    const NAME: &'static str = "TagResource";
    const IAM_ACTION: &'static str = "states:TagResource";
    type Input = calls::TagResource;

    fn input(_context: &CallContext<'_>, request: &Request) -> Result<Self::Input, ApiError> {
        let (arn, tags) = request
            .read(|members| (members.required("resourceArn", &ARN), members.required("tags", &tags::tag_list())))?;
        arn::check(&arn, &[ArnKind::StateMachine, ArnKind::Activity])?;
        let tags = tags::to_object(tags)?;
        Ok(calls::TagResource { arn, tags })
    }

    fn resources(call: &Self::Input) -> Vec<Resource<'_>> {
        vec![Resource::Given { member: "resourceArn", arn: &call.arn }]
    }

    async fn perform(context: &CallContext<'_>, call: Self::Input) -> Result<ResponseBody, ApiError> {
        context.runtime.tag_resource(call).await?;
        Ok(ResponseBody::empty_object())
    }
}
