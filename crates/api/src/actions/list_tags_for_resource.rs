//! ListTagsForResource.

use asl::Text;

use super::{Action, ApiError, CallContext, Request, Resource, ResponseBody};
use crate::arn::{self, ArnKind};
use crate::json_object_writer::JsonObjectWriter;
use crate::shapes::ARN;
use crate::tags;

/// ListTagsForResource
pub(crate) struct ListTagsForResource;

impl Action for ListTagsForResource {
    const NAME: &'static str = "ListTagsForResource";
    const IAM_ACTION: &'static str = "states:ListTagsForResource";
    type Input = Text;

    fn input(_context: &CallContext<'_>, request: &Request) -> Result<Self::Input, ApiError> {
        let arn = request.read(|members| members.required("resourceArn", &ARN))?;
        arn::check(&arn, &[ArnKind::StateMachine, ArnKind::Activity])?;
        Ok(arn)
    }

    fn resources(arn: &Self::Input) -> Vec<Resource<'_>> {
        vec![Resource::Given { member: "resourceArn", arn }]
    }

    async fn perform(context: &CallContext<'_>, arn: Self::Input) -> Result<ResponseBody, ApiError> {
        let tags = context.runtime.list_tags_for_resource(arn).await?;

        let mut answer = JsonObjectWriter::new(256);
        tags::write(&tags, &mut answer);
        Ok(answer.finish().into())
    }
}
