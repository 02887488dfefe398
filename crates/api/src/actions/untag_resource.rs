//! UntagResource. Keys that are not there are ignored.

use runtime::calls;

use super::{Action, ApiError, CallContext, Request, Resource, ResponseBody};
use crate::arn::{self, ArnKind};
use crate::shape::List;
use crate::shapes::ARN;
use crate::tags::TAG_KEY;

/// UntagResource
pub(crate) struct UntagResource;

impl Action for UntagResource {
    const NAME: &'static str = "UntagResource";
    const IAM_ACTION: &'static str = "states:UntagResource";
    type Input = calls::UntagResource;

    fn input(_context: &CallContext<'_>, request: &Request) -> Result<Self::Input, ApiError> {
        let call = request.read(|members| calls::UntagResource {
            arn: members.required("resourceArn", &ARN),
            keys: members.required("tagKeys", &List(TAG_KEY)),
        })?;
        arn::check(&call.arn, &[ArnKind::StateMachine, ArnKind::Activity])?;
        Ok(call)
    }

    fn resources(call: &Self::Input) -> Vec<Resource<'_>> {
        vec![Resource::Given { member: "resourceArn", arn: &call.arn }]
    }

    async fn perform(context: &CallContext<'_>, call: Self::Input) -> Result<ResponseBody, ApiError> {
        context.runtime.untag_resource(call).await?;
        Ok(ResponseBody::empty_object())
    }
}
