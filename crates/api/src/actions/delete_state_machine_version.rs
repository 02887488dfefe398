//! DeleteStateMachineVersion. A missing version is success.

use asl::Text;

use super::{Action, ApiError, CallContext, Request, Resource, ResponseBody};
use crate::arn;
use crate::shapes::LONG_ARN;

/// DeleteStateMachineVersion
pub(crate) struct DeleteStateMachineVersion;

impl Action for DeleteStateMachineVersion {
    const NAME: &'static str = "DeleteStateMachineVersion";
    const IAM_ACTION: &'static str = "states:DeleteStateMachineVersion";
    type Input = Text;

    fn input(_context: &CallContext<'_>, request: &Request) -> Result<Self::Input, ApiError> {
        let arn = request.read(|members| members.required("stateMachineVersionArn", &LONG_ARN))?;
        arn::check_version(&arn)?;
        Ok(arn)
    }

    fn resources(arn: &Self::Input) -> Vec<Resource<'_>> {
        vec![Resource::Given { member: "stateMachineVersionArn", arn }]
    }

    async fn perform(context: &CallContext<'_>, arn: Self::Input) -> Result<ResponseBody, ApiError> {
        context.runtime.delete_version(arn).await?;
        Ok(ResponseBody::empty_object())
    }
}
