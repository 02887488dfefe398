//! DescribeActivity.

use asl::Value;
use runtime::Runtime;

use crate::answer::Answer;
use crate::arn::{self, Resource};
use crate::error::ApiError;
use crate::request::Request;
use crate::shapes::ARN;

pub(super) async fn perform(runtime: &Runtime, request: &Request) -> Result<String, ApiError> {
    let arn = request.read(|members| members.required("activityArn", &ARN))?;
    arn::check(&arn, &[Resource::Activity])?;

    let activity = runtime.describe_activity(arn).await?;

    let mut answer = Answer::new(320);
    answer.text("activityArn", &activity.arn).text("name", &activity.name).time("creationDate", activity.created_at);
    if let Value::Object(settings) = &activity.settings {
        for (name, value) in settings.iter() {
            answer.value(name, value);
        }
    }
    Ok(answer.finish())
}
