//! CreateStateMachine. Idempotent: a repeated call with the same name and content answers the first one's.

use asl::Text;
use runtime::Runtime;
use runtime::calls::CreateStateMachine;
use store::record::MachineType;

use super::update_state_machine::to_publish;
use crate::answer::Answer;
use crate::error::ApiError;
use crate::request::{Members, Request};
use crate::settings::Settings;
use crate::shape::Bool;
use crate::shapes::{ARN, DEFINITION, NAME, STATE_MACHINE_TYPE, VERSION_DESCRIPTION};
use crate::{arn, name, tags};

struct Input {
    name: Text,
    definition: Text,
    role_arn: Text,
    machine_type: MachineType,
    settings: Settings,
    tags: Vec<(Text, Text)>,
    publish: bool,
    version_description: Option<Text>,
}

impl Input {
    fn read(members: &mut Members<'_>) -> Self {
        Self {
            name: members.required("name", &NAME),
            definition: members.required("definition", &DEFINITION),
            role_arn: members.required("roleArn", &ARN),
            machine_type: members.optional("type", &STATE_MACHINE_TYPE).unwrap_or(MachineType::Standard),
            settings: Settings::read(members),
            tags: members.optional("tags", &tags::tag_list()).unwrap_or_default(),
            publish: members.optional("publish", &Bool).unwrap_or(false),
            version_description: members.optional("versionDescription", &VERSION_DESCRIPTION),
        }
    }
}

pub(super) async fn perform(runtime: &Runtime, request: &Request) -> Result<String, ApiError> {
    let input = request.read(Input::read)?;
    name::check(&input.name)?;
    let publish = to_publish(input.publish, input.version_description)?;
    arn::check_role(&input.role_arn)?;
    let settings = input.settings.complete()?;
    let tags = tags::to_object(input.tags)?;
    if tags::count(&tags) > tags::COUNT_MAX {
        let options = runtime.options();
        let arn = format!("arn:aws:states:{}:{}:stateMachine:{}", options.region, options.account, input.name);
        return Err(ApiError::too_many_tags(arn.into()));
    }

    let call = CreateStateMachine {
        name: input.name,
        definition: input.definition,
        role_arn: input.role_arn,
        machine_type: input.machine_type,
        settings,
        tags,
        publish,
    };
    let created = runtime.create_state_machine(call).await?;

    let mut answer = Answer::new(160);
    answer
        .text("stateMachineArn", &created.arn)
        .time("creationDate", created.created_at)
        .optional_text("stateMachineVersionArn", created.version_arn.as_deref());
    Ok(answer.finish())
}
