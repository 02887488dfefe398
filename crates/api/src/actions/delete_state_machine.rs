//! DeleteStateMachine. A missing state machine is success.

use asl::Text;

use super::{Action, ApiError, CallContext, Request, Resource, ResponseBody};
use crate::arn;
use crate::shapes::ARN;

/// DeleteStateMachine
pub(crate) struct DeleteStateMachine;

impl Action for DeleteStateMachine {
    const NAME: &'static str = "DeleteStateMachine";
    const IAM_ACTION: &'static str = "states:DeleteStateMachine";
    type Input = Text;

    fn input(_context: &CallContext<'_>, request: &Request) -> Result<Self::Input, ApiError> {
        let arn = request.read(|members| members.required("stateMachineArn", &ARN))?;
        arn::check_state_machine(&arn)?;
        Ok(arn)
    }

    fn resources(arn: &Self::Input) -> Vec<Resource<'_>> {
        vec![Resource::Given { member: "stateMachineArn", arn }]
    }

    async fn perform(context: &CallContext<'_>, arn: Self::Input) -> Result<ResponseBody, ApiError> {
        context.runtime.delete_state_machine(arn).await?;
        Ok(ResponseBody::empty_object())
    }
}
