//! CreateStateMachineAlias. Idempotent: a repeated call with the same content answers the first one's.

use runtime::Runtime;
use runtime::calls::CreateAlias;

use crate::answer::Answer;
use crate::error::ApiError;
use crate::request::Request;
use crate::routing::{self, RoutingShape};
use crate::shapes::{ALIAS_DESCRIPTION, ALIAS_NAME};

pub(super) async fn perform(runtime: &Runtime, request: &Request) -> Result<String, ApiError> {
    let (name, description, items) = request.read(|members| {
        (
            members.required("name", &ALIAS_NAME),
            members.optional("description", &ALIAS_DESCRIPTION),
            members.required("routingConfiguration", &RoutingShape),
        )
    })?;
    let (machine_arn, routing) = routing::check(&items)?;

    let created = runtime.create_alias(CreateAlias { machine_arn, name, description, routing }).await?;

    let mut answer = Answer::new(160);
    answer.text("stateMachineAliasArn", &created.arn).time("creationDate", created.created_at);
    Ok(answer.finish())
}
