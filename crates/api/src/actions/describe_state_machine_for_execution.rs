//! DescribeStateMachineForExecution: the state machine as it was when the execution began.

use runtime::Runtime;

use super::describe_state_machine::write_definition;
use crate::answer::Answer;
use crate::arn::{self, Resource};
use crate::error::ApiError;
use crate::request::Request;
use crate::shapes::{ARN, INCLUDED_DATA};

pub(super) async fn perform(runtime: &Runtime, request: &Request) -> Result<String, ApiError> {
    let (arn, included) = request.read(|members| {
        (members.required("executionArn", &ARN), members.optional("includedData", &INCLUDED_DATA).unwrap_or_default())
    })?;
    arn::check(&arn, &[Resource::Execution])?;

    let description = runtime.describe_state_machine_for_execution(arn).await?;

    let definition = &description.definition;
    // The machine may be deleted; its ARN still ends with its name, which has no colon.
    let name = definition.state_machine_arn.rsplit(':').next().unwrap_or_default();
    let mut answer = Answer::new(definition.text.len() + 640);
    answer
        .text("stateMachineArn", &definition.state_machine_arn)
        .text("name", name)
        .time("updateDate", definition.created_at);
    write_definition(&mut answer, &description, &definition.settings, included);
    Ok(answer.finish())
}
