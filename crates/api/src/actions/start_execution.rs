//! StartExecution.

use asl::{Text, Value, json};
use runtime::Runtime;
use runtime::calls::StartExecution;

use crate::answer::Answer;
use crate::error::ApiError;
use crate::request::{Members, Request};
use crate::shape::Payload;
use crate::shapes::{ARN, NAME, TRACE_HEADER};
use crate::{arn, name};

/// What starts an execution, whether somebody waits for its end or not.
pub(super) struct Input {
    state_machine_arn: Text,
    name: Option<Text>,
    input: Option<Text>,
    trace_header: Option<Text>,
}

impl Input {
    pub(super) fn read(members: &mut Members<'_>) -> Self {
        Self {
            state_machine_arn: members.required("stateMachineArn", &ARN),
            name: members.optional("name", &NAME),
            input: members.optional("input", &Payload),
            trace_header: members.optional("traceHeader", &TRACE_HEADER),
        }
    }

    /// Checks what the model does not say.
    pub(super) fn into_call(self, runtime: &Runtime) -> Result<StartExecution, ApiError> {
        let (state_machine_arn, profile) = arn::state_machine_to_start(self.state_machine_arn, runtime.has_profiles())?;
        if let Some(name) = &self.name {
            name::check(name)?;
        }
        let parsed = parse_input(self.input.as_deref())?;
        Ok(StartExecution {
            state_machine_arn,
            name: self.name,
            input_text: self.input.filter(|text| **text != *parsed.to_json()),
            input: parsed,
            trace_header: self.trace_header,
            profile,
        })
    }
}

pub(super) async fn perform(runtime: &Runtime, request: &Request) -> Result<String, ApiError> {
    let call = request.read(Input::read)?.into_call(runtime)?;

    let started = runtime.start_execution(call).await?;

    let mut answer = Answer::new(started.arn.len() + 64);
    answer.text("executionArn", &started.arn).time("startDate", started.started_at);
    Ok(answer.finish())
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
