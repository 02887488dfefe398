//! UpdateStateMachine. Running executions keep the definition and role they began with.

use asl::Text;
use runtime::calls::{self, Publish};

use super::{Action, ApiError, CallContext, Request, Resource, ResponseBody};
use crate::arn;
use crate::json_object_writer::JsonObjectWriter;
use crate::machine_settings::MachineSettings;
use crate::request::Members;
use crate::shape::Bool;
use crate::shapes::{ARN, DEFINITION, VERSION_DESCRIPTION};

/// UpdateStateMachine
pub(crate) struct UpdateStateMachine;

struct UpdateMembers {
    arn: Text,
    definition: Option<Text>,
    role_arn: Option<Text>,
    settings: MachineSettings,
    publish: bool,
    version_description: Option<Text>,
}

impl UpdateMembers {
    fn read(members: &mut Members<'_>) -> Self {
        Self {
            arn: members.required("stateMachineArn", &ARN),
            definition: members.optional("definition", &DEFINITION),
            role_arn: members.optional("roleArn", &ARN),
            settings: MachineSettings::read(members),
            publish: members.optional("publish", &Bool).unwrap_or(false),
            version_description: members.optional("versionDescription", &VERSION_DESCRIPTION),
        }
    }

    fn changes_nothing(&self) -> bool {
        self.definition.is_none() && self.role_arn.is_none() && self.settings.is_empty()
    }
}

impl Action for UpdateStateMachine {
    const NAME: &'static str = "UpdateStateMachine";
    const IAM_ACTION: &'static str = "states:UpdateStateMachine";
    type Input = calls::UpdateStateMachine;

    fn input(_context: &CallContext<'_>, request: &Request) -> Result<Self::Input, ApiError> {
        let members = request.read(UpdateMembers::read)?;
        arn::check_state_machine(&members.arn)?;
        if members.changes_nothing() {
            return Err(ApiError::new(
                "MissingRequiredParameter",
                "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be \
                 specified",
            ));
        }
        let publish = to_publish(members.publish, members.version_description)?;
        if let Some(role) = &members.role_arn {
            arn::check_role(role)?;
        }
        Ok(calls::UpdateStateMachine {
            arn: members.arn,
            definition: members.definition,
            role_arn: members.role_arn,
            settings: members.settings.given()?,
            publish,
        })
    }

    fn resources(call: &Self::Input) -> Vec<Resource<'_>> {
        vec![Resource::Given { member: "stateMachineArn", arn: &call.arn }]
    }

    async fn perform(context: &CallContext<'_>, call: Self::Input) -> Result<ResponseBody, ApiError> {
        let updated = context.runtime.update_state_machine(call).await?;

        let mut answer = JsonObjectWriter::new(128);
        answer
            .time("updateDate", updated.updated_at)
            .optional_text("revisionId", updated.revision_id.as_deref())
            .optional_text("stateMachineVersionArn", updated.version_arn.as_deref());
        Ok(answer.finish().into())
    }
}

/// `publish` with `versionDescription`, which goes with nothing else.
pub(super) fn to_publish(publish: bool, description: Option<Text>) -> Result<Option<Publish>, ApiError> {
    match description {
        _ if publish => Ok(Some(Publish { description })),
        Some(_) => Err(ApiError::validation("Version description can only be set when publish is true")),
        None => Ok(None),
    }
}
