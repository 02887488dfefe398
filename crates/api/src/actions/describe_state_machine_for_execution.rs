//! DescribeStateMachineForExecution: the state machine as it was when the execution began.

use asl::Text;

use super::describe_state_machine::write_definition;
use super::{Action, ApiError, CallContext, Request, Resource, ResponseBody};
use crate::arn::{self, ArnKind};
use crate::json_object_writer::JsonObjectWriter;
use crate::shapes::{ARN, INCLUDED_DATA, IncludedData};

/// DescribeStateMachineForExecution
pub(crate) struct DescribeStateMachineForExecution;

impl Action for DescribeStateMachineForExecution {
    const NAME: &'static str = "DescribeStateMachineForExecution";
    const IAM_ACTION: &'static str = "states:DescribeStateMachineForExecution";
    type Input = (Text, IncludedData);

    fn input(_context: &CallContext<'_>, request: &Request) -> Result<Self::Input, ApiError> {
        let (arn, included) = request.read(|members| {
            (
                members.required("executionArn", &ARN),
                members.optional("includedData", &INCLUDED_DATA).unwrap_or_default(),
            )
        })?;
        arn::check(&arn, &[ArnKind::Execution])?;
        Ok((arn, included))
    }

    fn resources((arn, _): &Self::Input) -> Vec<Resource<'_>> {
        vec![Resource::Given { member: "executionArn", arn }]
    }

    async fn perform(context: &CallContext<'_>, (arn, included): Self::Input) -> Result<ResponseBody, ApiError> {
        let description = context.runtime.describe_state_machine_for_execution(arn).await?;

        let definition = &description.definition;
        // The machine may be deleted; its ARN still ends with its name, which has no colon.
        let name = definition.state_machine_arn.rsplit(':').next().unwrap_or_default();
        let mut answer = JsonObjectWriter::new(definition.text.len() + 640);
        answer
            .text("stateMachineArn", &definition.state_machine_arn)
            .text("name", name)
            .time("updateDate", definition.created_at);
        write_definition(&mut answer, &description, &definition.settings, included);
        Ok(answer.finish().into())
    }
}
