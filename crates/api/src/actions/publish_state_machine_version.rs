//! PublishStateMachineVersion. Idempotent: a revision is published once.

use runtime::Runtime;
use runtime::calls::PublishVersion;

use crate::answer::Answer;
use crate::arn;
use crate::error::ApiError;
use crate::request::Request;
use crate::shapes::{ARN, REVISION_ID, VERSION_DESCRIPTION};

pub(super) async fn perform(runtime: &Runtime, request: &Request) -> Result<String, ApiError> {
    let call = request.read(|members| PublishVersion {
        arn: members.required("stateMachineArn", &ARN),
        revision_id: members.optional("revisionId", &REVISION_ID),
        description: members.optional("description", &VERSION_DESCRIPTION),
    })?;
    arn::check_state_machine(&call.arn)?;

    let published = runtime.publish_version(call).await?;

    let mut answer = Answer::new(160);
    answer.time("creationDate", published.created_at).text("stateMachineVersionArn", &published.arn);
    Ok(answer.finish())
}
