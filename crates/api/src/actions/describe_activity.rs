//! DescribeActivity.

use asl::{Text, Value};

use super::{Action, ApiError, CallContext, Request, Resource, ResponseBody};
use crate::arn::{self, ArnKind};
use crate::json_object_writer::JsonObjectWriter;
use crate::shapes::ARN;

/// DescribeActivity
pub(crate) struct DescribeActivity;

impl Action for DescribeActivity {
    const NAME: &'static str = "DescribeActivity";
    const IAM_ACTION: &'static str = "states:DescribeActivity";
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
        let activity = context.runtime.describe_activity(arn).await?;

        let mut answer = JsonObjectWriter::new(320);
        answer
            .text("activityArn", &activity.arn)
            .text("name", &activity.name)
            .time("creationDate", activity.created_at);
        if let Value::Object(settings) = &activity.settings {
            for (name, value) in settings.iter() {
                answer.value(name, value);
            }
        }
        Ok(answer.finish().into())
    }
}
