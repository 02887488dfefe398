//! UpdateStateMachineAlias. Running executions keep the version they began with.

use runtime::calls::UpdateAlias;

use super::{Action, ApiError, CallContext, Request, Resource, ResponseBody};
use crate::alias_routing::{self, RoutingShape};
use crate::arn;
use crate::json_object_writer::JsonObjectWriter;
use crate::shapes::{ALIAS_DESCRIPTION, ARN};

/// UpdateStateMachineAlias
pub(crate) struct UpdateStateMachineAlias;

impl Action for UpdateStateMachineAlias {
    const NAME: &'static str = "UpdateStateMachineAlias";
    const IAM_ACTION: &'static str = "states:UpdateStateMachineAlias";
    type Input = UpdateAlias;

    fn input(_context: &CallContext<'_>, request: &Request) -> Result<Self::Input, ApiError> {
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
        let routing = items.map(|items| alias_routing::check(&items)).transpose()?;
        if let Some((machine_arn, _)) = &routing
            && **machine_arn != *arn::unqualified(&arn)
        {
            return Err(alias_routing::of_another_machine(&arn));
        }
        let routing = routing.map(|(_, routing)| routing);
        Ok(UpdateAlias { arn, description, routing })
    }

    fn resources(call: &Self::Input) -> Vec<Resource<'_>> {
        vec![Resource::Given { member: "stateMachineAliasArn", arn: &call.arn }]
    }

    async fn perform(context: &CallContext<'_>, call: Self::Input) -> Result<ResponseBody, ApiError> {
        let updated_at = context.runtime.update_alias(call).await?;

        let mut answer = JsonObjectWriter::new(48);
        answer.time("updateDate", updated_at);
        Ok(answer.finish().into())
    }
}
