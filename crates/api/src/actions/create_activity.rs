//! CreateActivity. Idempotent by name; the tags of a repeated call are ignored.

use runtime::calls;

use super::{Action, ApiError, CallContext, Request, Resource, ResponseBody};
use crate::arn::ArnKind;
use crate::json_object_writer::JsonObjectWriter;
use crate::shapes::NAME;
use crate::{machine_settings, name, tags};

/// CreateActivity
pub(crate) struct CreateActivity;

impl Action for CreateActivity {
    const NAME: &'static str = "CreateActivity";
    const IAM_ACTION: &'static str = "states:CreateActivity";
    type Input = calls::CreateActivity;

    fn input(_context: &CallContext<'_>, request: &Request) -> Result<Self::Input, ApiError> {
        let (name, tags, encryption) = request.read(|members| {
            (
                members.required("name", &NAME),
                members.optional("tags", &tags::tag_list()).unwrap_or_default(),
                machine_settings::read_encryption_member(members),
            )
        })?;
        name::check(&name)?;
        let tags = tags::to_object(tags)?;
        let settings = machine_settings::encryption_only(encryption)?;
        Ok(calls::CreateActivity { name, tags, settings })
    }

    fn resources(call: &Self::Input) -> Vec<Resource<'_>> {
        vec![Resource::New { member: "name", kind: ArnKind::Activity, name: &call.name }]
    }

    async fn perform(context: &CallContext<'_>, call: Self::Input) -> Result<ResponseBody, ApiError> {
        let activity = context.runtime.create_activity(call).await?;

        let mut answer = JsonObjectWriter::new(160);
        answer.text("activityArn", &activity.arn).time("creationDate", activity.created_at);
        Ok(answer.finish().into())
    }
}
