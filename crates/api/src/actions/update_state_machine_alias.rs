//! UpdateStateMachineAlias. Running executions keep the version they began with.

use runtime::Runtime;
use runtime::calls::UpdateAlias;

use crate::answer::Answer;
use crate::arn;
use crate::error::ApiError;
use crate::request::Request;
use crate::routing::{self, RoutingShape};
use crate::shapes::{ALIAS_DESCRIPTION, ARN};

pub(super) async fn perform(runtime: &Runtime, request: &Request) -> Result<String, ApiError> {
    let (arn, description, items) = request.read(|members| {
        (
            members.required("stateMachineAliasArn", &ARN),
            members.optional("description", &ALIAS_DESCRIPTION),
            members.optional("routingConfiguration", &RoutingShape),
        )
    })?;
    arn::check_alias(&arn)?;
    if description.is_none() && items.is_none() {
        let message = "Either the description or the routing configuration must be specified";
        return Err(ApiError::validation(message).with("reason", "MISSING_REQUIRED_PARAMETER".into()));
    }
    let routing = items.map(|items| routing::check(&items)).transpose()?;
    if let Some((machine_arn, _)) = &routing
        && **machine_arn != *arn::unqualified(&arn)
    {
        return Err(routing::of_another_machine(&arn));
    }

    let routing = routing.map(|(_, routing)| routing);
    let updated_at = runtime.update_alias(UpdateAlias { arn, description, routing }).await?;

    let mut answer = Answer::new(48);
    answer.time("updateDate", updated_at);
    Ok(answer.finish())
}
