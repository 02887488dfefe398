//! DeleteActivity. A missing activity is success.

use asl::Text;

use super::{Action, ApiError, CallContext, Request, Resource, ResponseBody};
use crate::arn::{self, ArnKind};
use crate::shapes::ARN;

/// DeleteActivity
pub(crate) struct DeleteActivity;

impl Action for DeleteActivity {
    const NAME: &'static str = "DeleteActivity";
    const IAM_ACTION: &'static str = "states:DeleteActivity";
    type Input = Text;

    fn input(_context: &CallContext<'_>, request: &Request) -> Result<Self::Input, ApiError> {
        let arn = request.read(|members| members.required("activityArn", &ARN))?;
        arn::check(&arn, &[ArnKind::Activity])?;
        Ok(arn)
    }

    fn resources(arn: &Self::Input) -> Vec<Resource<'_>> {
        vec![Resource::Given { member: "activityArn", arn }]
    }

    async fn perform(context: &CallContext<'_>, arn: Self::Input) -> Result<ResponseBody, ApiError> {
        context.runtime.delete_activity(arn).await?;
        Ok(ResponseBody::empty_object())
    }
}
