//! StartSyncExecution.

use asl::Text;
use engine::Status;
use runtime::calls::{self, EndedExecution, SyncExecution};

use super::start_execution::{StartMembers, as_given};
use super::{Action, ApiError, CallContext, Request, Resource, ResponseBody};
use crate::json_object_writer::JsonObjectWriter;
use crate::shapes::{INCLUDED_DATA, IncludedData};

/// AWS bills in steps of that many milliseconds and megabytes. What an execution takes here is less than one step of
/// memory.
const BILLED_STEP_MILLISECONDS: u64 = 100;
const BILLED_STEP_MEGABYTES: u64 = 64;

/// StartSyncExecution
pub(crate) struct StartSyncExecution;

impl Action for StartSyncExecution {
    const NAME: &'static str = "StartSyncExecution";
    const IAM_ACTION: &'static str = "states:StartSyncExecution";
    type Input = (calls::StartExecution, IncludedData);

    fn input(context: &CallContext<'_>, request: &Request) -> Result<Self::Input, ApiError> {
        let (start, included) = request.read(|members| {
            (StartMembers::read(members), members.optional("includedData", &INCLUDED_DATA).unwrap_or_default())
        })?;
        Ok((start.into_call(context)?, included))
    }

    fn resources((call, _): &Self::Input) -> Vec<Resource<'_>> {
        vec![Resource::Given { member: "stateMachineArn", arn: &call.state_machine_arn }]
    }

    async fn perform(context: &CallContext<'_>, (call, included): Self::Input) -> Result<ResponseBody, ApiError> {
        let (input, trace_header) = (shown_input(&call), call.trace_header.clone());

        let profile = call.profile.clone();
        let execution = context.runtime.start_sync_execution(call).await;
        let execution = execution.map_err(|error| as_given(error, profile.as_deref()))?;

        Ok(write(&execution, &input, trace_header.as_deref(), included == IncludedData::All).into())
    }
}

/// The input as it was given.
fn shown_input(call: &calls::StartExecution) -> Text {
    call.input_text.clone().unwrap_or_else(|| call.input.to_json().into())
}

fn write(execution: &SyncExecution, input: &str, trace_header: Option<&str>, included: bool) -> String {
    let EndedExecution { status, stopped_at, output, error, cause } = &execution.ended;
    let mut answer = JsonObjectWriter::new(768);
    answer
        .text("executionArn", &execution.arn)
        .text("stateMachineArn", &execution.state_machine_arn)
        .text("name", &execution.name)
        .text("status", status.as_str())
        .time("startDate", execution.started_at)
        .time("stopDate", *stopped_at);
    if included {
        answer.text("input", input);
    }
    answer.object("inputDetails", |details| {
        details.boolean("included", included);
    });
    if let Some(output) = output.as_ref().filter(|_| included && *status == Status::Succeeded) {
        answer.payload("output", output);
    }
    answer.object("outputDetails", |details| {
        details.boolean("included", included);
    });
    answer
        .optional_text("error", error.as_deref())
        .optional_text("cause", cause.as_deref())
        .optional_text("traceHeader", trace_header);
    let milliseconds = stopped_at.0.saturating_sub(execution.started_at.0).max(1).unsigned_abs();
    answer.object("billingDetails", |details| {
        let duration = milliseconds.div_ceil(BILLED_STEP_MILLISECONDS) * BILLED_STEP_MILLISECONDS;
        details.number("billedDurationInMilliseconds", duration).number("billedMemoryUsedInMB", BILLED_STEP_MEGABYTES);
    });
    answer.finish()
}

#[cfg(test)]
mod tests {
    use asl::Value;
    use engine::Timestamp;

    use super::*;

    fn execution(status: Status, output: Option<Value>) -> SyncExecution {
        let failed = status != Status::Succeeded;
        SyncExecution {
            arn: "e".into(),
            name: "n".into(),
            state_machine_arn: "m".into(),
            started_at: Timestamp(1_000),
            ended: EndedExecution {
                status,
                stopped_at: Timestamp(1_101),
                output,
                error: failed.then(|| "E".into()),
                cause: None,
            },
        }
    }

    #[test]
    fn a_good_end_shows_input_output_and_what_aws_would_bill() {
        let text = write(&execution(Status::Succeeded, Some(Value::int(1))), "{}", Some("t"), true);
        let expected = concat!(
            r#"{"executionArn":"e","stateMachineArn":"m","name":"n","status":"SUCCEEDED","startDate":1.000,"#,
            r#""stopDate":1.101,"input":"{}","inputDetails":{"included":true},"output":"1","#,
            r#""outputDetails":{"included":true},"traceHeader":"t","#,
            r#""billingDetails":{"billedDurationInMilliseconds":200,"billedMemoryUsedInMB":64}}"#
        );
        assert_eq!(text, expected);
    }

    #[test]
    fn a_bad_end_shows_its_error_and_payloads_can_be_left_out() {
        let text = write(&execution(Status::Failed, None), "{}", None, false);
        assert!(text.contains(r#""inputDetails":{"included":false}"#), "{text}");
        assert!(!text.contains(r#""input":"#) && !text.contains(r#""output":"#), "{text}");
        assert!(text.contains(r#""error":"E""#), "{text}");
    }
}
