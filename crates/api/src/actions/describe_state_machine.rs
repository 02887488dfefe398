//! DescribeStateMachine: as it is, or as one of its versions, by its own ARN or an alias's.

use asl::{Text, Value};
use runtime::calls::StateMachineDescription;
use store::record::{MachineStatus, MachineType};

use super::{Action, ApiError, CallContext, Request, Resource, ResponseBody};
use crate::arn;
use crate::json_object_writer::JsonObjectWriter;
use crate::shapes::{ARN, INCLUDED_DATA, IncludedData};

/// DescribeStateMachine
pub(crate) struct DescribeStateMachine;

impl Action for DescribeStateMachine {
    const NAME: &'static str = "DescribeStateMachine";
    const IAM_ACTION: &'static str = "states:DescribeStateMachine";
    type Input = (Text, IncludedData);

    fn input(_context: &CallContext<'_>, request: &Request) -> Result<Self::Input, ApiError> {
        let (arn, included) = request.read(|members| {
            (
                members.required("stateMachineArn", &ARN),
                members.optional("includedData", &INCLUDED_DATA).unwrap_or_default(),
            )
        })?;
        arn::check_state_machine(&arn)?;
        Ok((arn, included))
    }

    fn resources((arn, _): &Self::Input) -> Vec<Resource<'_>> {
        vec![Resource::Given { member: "stateMachineArn", arn }]
    }

    async fn perform(context: &CallContext<'_>, (arn, included): Self::Input) -> Result<ResponseBody, ApiError> {
        let description = context.runtime.describe_state_machine(arn.clone()).await?;
        let Some(machine) = &description.machine else {
            return Err(ApiError::no_state_machine(&arn));
        };

        let (arn, settings, created_at) = match &description.version {
            Some(version) => (
                arn::qualified(&machine.arn, version.number.0).into(),
                &description.definition.settings,
                version.created_at,
            ),
            None => (machine.arn.clone(), &machine.settings, machine.created_at),
        };
        let mut answer = JsonObjectWriter::new(description.definition.text.len() + 640);
        answer
            .text("stateMachineArn", &arn)
            .text("name", &machine.name)
            .text("status", status(machine.status))
            .text("type", machine_type(machine.machine_type))
            .time("creationDate", created_at)
            .optional_text(
                "description",
                description.version.as_ref().and_then(|version| version.description.as_deref()),
            );
        write_definition(&mut answer, &description, settings, included);
        Ok(answer.finish().into())
    }
}

/// The members that both operations that describe state machines show.
pub(super) fn write_definition(
    answer: &mut JsonObjectWriter,
    description: &StateMachineDescription,
    settings: &Value,
    included: IncludedData,
) {
    let definition = &description.definition;
    answer.text("roleArn", &definition.role_arn).optional_text("revisionId", definition.revision_id.as_deref());
    if let Value::Object(settings) = settings {
        for (name, value) in settings.iter() {
            answer.value(name, value);
        }
    }
    match included {
        IncludedData::MetadataOnly => {
            answer.text("definition", "{}");
        }
        IncludedData::All => {
            answer.text("definition", &definition.text);
            write_variable_references(answer, &description.variable_references);
        }
    }
}

fn write_variable_references(answer: &mut JsonObjectWriter, references: &Value) {
    match references {
        Value::Object(states) if !states.is_empty() => {
            answer.value("variableReferences", references);
        }
        // AWS leaves the member out where no state reads a variable.
        _ => (),
    }
}

/// A type as AWS spells it.
pub(super) fn machine_type(machine_type: MachineType) -> &'static str {
    match machine_type {
        MachineType::Standard => "STANDARD",
        MachineType::Express => "EXPRESS",
    }
}

fn status(status: MachineStatus) -> &'static str {
    match status {
        MachineStatus::Active => "ACTIVE",
        MachineStatus::Deleting => "DELETING",
    }
}
