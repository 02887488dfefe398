//! DescribeStateMachineAlias.

use asl::Text;

use super::{Action, ApiError, CallContext, Request, Resource, ResponseBody};
use crate::json_object_writer::JsonObjectWriter;
use crate::shapes::ARN;
use crate::{alias_routing, arn};

/// DescribeStateMachineAlias
pub(crate) struct DescribeStateMachineAlias;

impl Action for DescribeStateMachineAlias {
    const NAME: &'static str = "DescribeStateMachineAlias";
    const IAM_ACTION: &'static str = "states:DescribeStateMachineAlias";
    type Input = Text;

    fn input(_context: &CallContext<'_>, request: &Request) -> Result<Self::Input, ApiError> {
        let arn = request.read(|members| members.required("stateMachineAliasArn", &ARN))?;
        arn::check_alias(&arn)?;
        Ok(arn)
    }

    fn resources(arn: &Self::Input) -> Vec<Resource<'_>> {
        vec![Resource::Given { member: "stateMachineAliasArn", arn }]
    }

    async fn perform(context: &CallContext<'_>, arn: Self::Input) -> Result<ResponseBody, ApiError> {
        let alias = context.runtime.describe_alias(arn.clone()).await?;

        let mut answer = JsonObjectWriter::new(512);
        answer
            .text("stateMachineAliasArn", &arn)
            .text("name", &alias.name)
            .optional_text("description", alias.description.as_deref());
        alias_routing::write(&mut answer, arn::unqualified(&arn), &alias.routing);
        answer.time("creationDate", alias.created_at).time("updateDate", alias.updated_at);
        Ok(answer.finish().into())
    }
}
