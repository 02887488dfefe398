//! PublishStateMachineVersion. Idempotent: a revision is published once.

use runtime::calls::PublishVersion;

use super::{Action, ApiError, CallContext, Request, Resource, ResponseBody};
use crate::arn;
use crate::json_object_writer::JsonObjectWriter;
use crate::shapes::{ARN, REVISION_ID, VERSION_DESCRIPTION};

/// PublishStateMachineVersion
pub(crate) struct PublishStateMachineVersion;

impl Action for PublishStateMachineVersion {
    const NAME: &'static str = "PublishStateMachineVersion";
    const IAM_ACTION: &'static str = "states:PublishStateMachineVersion";
    type Input = PublishVersion;

    fn input(_context: &CallContext<'_>, request: &Request) -> Result<Self::Input, ApiError> {
        let call = request.read(|members| PublishVersion {
            arn: members.required("stateMachineArn", &ARN),
            revision_id: members.optional("revisionId", &REVISION_ID),
            description: members.optional("description", &VERSION_DESCRIPTION),
        })?;
        arn::check_state_machine(&call.arn)?;
        Ok(call)
    }

    fn resources(call: &Self::Input) -> Vec<Resource<'_>> {
        vec![Resource::Given { member: "stateMachineArn", arn: &call.arn }]
    }

    async fn perform(context: &CallContext<'_>, call: Self::Input) -> Result<ResponseBody, ApiError> {
        let published = context.runtime.publish_version(call).await?;

        let mut answer = JsonObjectWriter::new(160);
        answer.time("creationDate", published.created_at).text("stateMachineVersionArn", &published.arn);
        Ok(answer.finish().into())
    }
}
