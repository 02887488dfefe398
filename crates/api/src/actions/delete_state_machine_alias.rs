//! DeleteStateMachineAlias. A missing alias is success.

use asl::Text;

use super::{Action, ApiError, CallContext, Request, Resource, ResponseBody};
use crate::arn;
use crate::shapes::ARN;

/// DeleteStateMachineAlias
pub(crate) struct DeleteStateMachineAlias;

impl Action for DeleteStateMachineAlias {
    const NAME: &'static str = "DeleteStateMachineAlias";
    const IAM_ACTION: &'static str = "states:DeleteStateMachineAlias";
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
        context.runtime.delete_alias(arn).await?;
        Ok(ResponseBody::empty_object())
    }
}
