//! StartExecution.

use asl::{Text, Value, json};
use runtime::calls::{self, CallError};

use super::{Action, ApiError, CallContext, Request, Resource, ResponseBody};
use crate::call_context::TraceHeader;
use crate::json_object_writer::JsonObjectWriter;
use crate::request::Members;
use crate::shape::Payload;
use crate::shapes::{ARN, NAME, TRACE_HEADER};
use crate::{arn, name};

/// StartExecution
pub(crate) struct StartExecution;

/// The members that start an execution, whether somebody waits for its end or not.
pub(super) struct StartMembers {
    state_machine_arn: Text,
    name: Option<Text>,
    input: Option<Text>,
    trace_header: Option<Text>,
}

impl StartMembers {
    pub(super) fn read(members: &mut Members<'_>) -> Self {
        Self {
            state_machine_arn: members.required("stateMachineArn", &ARN),
            name: members.optional("name", &NAME),
            input: members.optional("input", &Payload),
            trace_header: members.optional("traceHeader", &TRACE_HEADER),
        }
    }

    /// Checks what the model does not say. Of the trace the HTTP header wins over the member, as on AWS.
    pub(super) fn into_call(self, context: &CallContext<'_>) -> Result<calls::StartExecution, ApiError> {
        let has_profiles = context.runtime.has_profiles();
        let (state_machine_arn, profile) = arn::state_machine_to_start(self.state_machine_arn, has_profiles)?;
        if let Some(name) = &self.name {
            name::check(name)?;
        }
        let parsed = parse_input(self.input.as_deref())?;
        Ok(calls::StartExecution {
            state_machine_arn,
            name: self.name,
            input_text: self.input.filter(|text| **text != *parsed.to_json()),
            input: parsed,
            trace_header: context.trace.as_ref().map(TraceHeader::text).or(self.trace_header),
            profile,
        })
    }
}

impl Action for StartExecution {
    const NAME: &'static str = "StartExecution";
    const IAM_ACTION: &'static str = "states:StartExecution";
    type Input = calls::StartExecution;

    fn input(context: &CallContext<'_>, request: &Request) -> Result<Self::Input, ApiError> {
        request.read(StartMembers::read)?.into_call(context)
    }

    fn resources(call: &Self::Input) -> Vec<Resource<'_>> {
        vec![Resource::Given { member: "stateMachineArn", arn: &call.state_machine_arn }]
    }

    async fn perform(context: &CallContext<'_>, call: Self::Input) -> Result<ResponseBody, ApiError> {
        let profile = call.profile.clone();
        let started =
            context.runtime.start_execution(call).await.map_err(|error| as_given(error, profile.as_deref()))?;

        let mut answer = JsonObjectWriter::new(started.arn.len() + 64);
        answer.text("executionArn", &started.arn).time("startDate", started.started_at);
        Ok(answer.finish().into())
    }
}

/// The error of a start, with the state machine's ARN as it was given: with the profile behind it.
pub(super) fn as_given(error: CallError, profile: Option<&str>) -> CallError {
    match (error, profile) {
        (CallError::StateMachineDoesNotExist(arn), Some(profile)) => {
            CallError::StateMachineDoesNotExist(format!("{arn}#{profile}").into())
        }
        (error, _) => error,
    }
}

/// Parses an execution's `input`.
pub(super) fn parse_input(text: Option<&str>) -> Result<Value, ApiError> {
    let refused =
        |why: &str| ApiError::new("InvalidExecutionInput", format!("Invalid State Machine Execution Input: '{why}'"));
    match text {
        None => Ok(Value::empty_object()),
        Some("") => Err(refused("Invalid execution input.")),
        Some(text) => json::parse(text.as_bytes()).map_err(|error| refused(&error.message)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_is_any_json_value_and_an_empty_object_by_default() {
        assert_eq!(parse_input(None).unwrap().to_json(), "{}");
        for text in ["2", "\"some text\"", "null", "[1,2]", "{\"a\":1}"] {
            assert_eq!(parse_input(Some(text)).unwrap().to_json(), text);
        }
    }

    #[test]
    fn input_that_is_not_json_is_refused_with_the_reason() {
        for text in ["", " ", "{", "{'a':1}", "nope"] {
            let error = parse_input(Some(text)).unwrap_err();
            assert_eq!(error.code, "InvalidExecutionInput");
            assert!(error.message.starts_with("Invalid State Machine Execution Input: '"), "{}", error.message);
        }
    }
}
