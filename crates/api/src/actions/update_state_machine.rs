//! UpdateStateMachine. Running executions keep the definition and role they began with.

use asl::Text;
use runtime::Runtime;
use runtime::calls::{Publish, UpdateStateMachine};

use crate::answer::Answer;
use crate::arn;
use crate::error::ApiError;
use crate::request::{Members, Request};
use crate::settings::Settings;
use crate::shape::Bool;
use crate::shapes::{ARN, DEFINITION, VERSION_DESCRIPTION};

struct Input {
    arn: Text,
    definition: Option<Text>,
    role_arn: Option<Text>,
    settings: Settings,
    publish: bool,
    version_description: Option<Text>,
}

impl Input {
    fn read(members: &mut Members<'_>) -> Self {
        Self {
            arn: members.required("stateMachineArn", &ARN),
            definition: members.optional("definition", &DEFINITION),
            role_arn: members.optional("roleArn", &ARN),
            settings: Settings::read(members),
            publish: members.optional("publish", &Bool).unwrap_or(false),
            version_description: members.optional("versionDescription", &VERSION_DESCRIPTION),
        }
    }
}

pub(super) async fn perform(runtime: &Runtime, request: &Request) -> Result<String, ApiError> {
    let input = request.read(Input::read)?;
    arn::check_state_machine(&input.arn)?;
    if input.definition.is_none() && input.role_arn.is_none() && input.settings.is_empty() {
        return Err(ApiError::new(
            "MissingRequiredParameter",
            "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be \
             specified",
        ));
    }
    let publish = to_publish(input.publish, input.version_description)?;
    if let Some(role) = &input.role_arn {
        arn::check_role(role)?;
    }
    let settings = input.settings.given()?;

    let call = UpdateStateMachine {
        arn: input.arn,
        definition: input.definition,
        role_arn: input.role_arn,
        settings,
        publish,
    };
    let updated = runtime.update_state_machine(call).await?;

    let mut answer = Answer::new(128);
    answer
        .time("updateDate", updated.updated_at)
        .optional_text("revisionId", updated.revision_id.as_deref())
        .optional_text("stateMachineVersionArn", updated.version_arn.as_deref());
    Ok(answer.finish())
}

/// `publish` with `versionDescription`, which goes with nothing else.
pub(super) fn to_publish(publish: bool, description: Option<Text>) -> Result<Option<Publish>, ApiError> {
    match description {
        _ if publish => Ok(Some(Publish { description })),
        Some(_) => Err(ApiError::validation("Version description can only be set when publish is true")),
        None => Ok(None),
    }
}
