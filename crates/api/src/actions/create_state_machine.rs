//! CreateStateMachine. Idempotent: a repeated call with the same name and content answers the first one's.

use asl::Text;
use runtime::calls;
use store::record::MachineType;

use super::update_state_machine::to_publish;
use super::{Action, ApiError, CallContext, Request, Resource, ResponseBody};
use crate::arn::ArnKind;
use crate::json_object_writer::JsonObjectWriter;
use crate::machine_settings::MachineSettings;
use crate::request::Members;
use crate::shape::Bool;
use crate::shapes::{ARN, DEFINITION, NAME, STATE_MACHINE_TYPE, VERSION_DESCRIPTION};
use crate::{arn, name, tags};

/// CreateStateMachine
pub(crate) struct CreateStateMachine;

struct CreateMembers {
    name: Text,
    definition: Text,
    role_arn: Text,
    machine_type: MachineType,
    settings: MachineSettings,
    tags: Vec<(Text, Text)>,
    publish: bool,
    version_description: Option<Text>,
}

impl CreateMembers {
    fn read(members: &mut Members<'_>) -> Self {
        Self {
            name: members.required("name", &NAME),
            definition: members.required("definition", &DEFINITION),
            role_arn: members.required("roleArn", &ARN),
            machine_type: members.optional("type", &STATE_MACHINE_TYPE).unwrap_or(MachineType::Standard),
            settings: MachineSettings::read(members),
            tags: members.optional("tags", &tags::tag_list()).unwrap_or_default(),
            publish: members.optional("publish", &Bool).unwrap_or(false),
            version_description: members.optional("versionDescription", &VERSION_DESCRIPTION),
        }
    }
}

impl Action for CreateStateMachine {
    const NAME: &'static str = "CreateStateMachine";
    const IAM_ACTION: &'static str = "states:CreateStateMachine";
    type Input = calls::CreateStateMachine;

    fn input(_context: &CallContext<'_>, request: &Request) -> Result<Self::Input, ApiError> {
        let members = request.read(CreateMembers::read)?;
        name::check(&members.name)?;
        let publish = to_publish(members.publish, members.version_description)?;
        arn::check_role(&members.role_arn)?;
        Ok(calls::CreateStateMachine {
            name: members.name,
            definition: members.definition,
            role_arn: members.role_arn,
            machine_type: members.machine_type,
            settings: members.settings.complete()?,
            tags: tags::to_object(members.tags)?,
            publish,
        })
    }

    fn resources(call: &Self::Input) -> Vec<Resource<'_>> {
        vec![Resource::New { member: "name", kind: ArnKind::StateMachine, name: &call.name }]
    }

    async fn perform(context: &CallContext<'_>, call: Self::Input) -> Result<ResponseBody, ApiError> {
        let created = context.runtime.create_state_machine(call).await?;

        let mut answer = JsonObjectWriter::new(160);
        answer
            .text("stateMachineArn", &created.arn)
            .time("creationDate", created.created_at)
            .optional_text("stateMachineVersionArn", created.version_arn.as_deref());
        Ok(answer.finish().into())
    }
}
