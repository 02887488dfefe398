//! CreateStateMachineAlias. Idempotent: a repeated call with the same content answers the first one's.

use runtime::calls::CreateAlias;

use super::{Action, ApiError, CallContext, Request, Resource, ResponseBody};
use crate::alias_routing::{self, RoutingShape};
use crate::json_object_writer::JsonObjectWriter;
use crate::shapes::{ALIAS_DESCRIPTION, ALIAS_NAME};

/// CreateStateMachineAlias
pub(crate) struct CreateStateMachineAlias;

impl Action for CreateStateMachineAlias {
    const NAME: &'static str = "CreateStateMachineAlias";
    const IAM_ACTION: &'static str = "states:CreateStateMachineAlias";
    type Input = CreateAlias;

    fn input(_context: &CallContext<'_>, request: &Request) -> Result<Self::Input, ApiError> {
        let (name, description, items) = request.read(|members| {
            (
                members.required("name", &ALIAS_NAME),
                members.optional("description", &ALIAS_DESCRIPTION),
                members.required("routingConfiguration", &RoutingShape),
            )
        })?;
        let (machine_arn, routing) = alias_routing::check(&items)?;
        Ok(CreateAlias { machine_arn, name, description, routing })
    }

    fn resources(call: &Self::Input) -> Vec<Resource<'_>> {
        vec![Resource::Given { member: "routingConfiguration", arn: &call.machine_arn }]
    }

    async fn perform(context: &CallContext<'_>, call: Self::Input) -> Result<ResponseBody, ApiError> {
        let created = context.runtime.create_alias(call).await?;

        let mut answer = JsonObjectWriter::new(160);
        answer.text("stateMachineAliasArn", &created.arn).time("creationDate", created.created_at);
        Ok(answer.finish().into())
    }
}
