//! DescribeExecution.

use asl::Text;
use runtime::calls::ExecutionDescription;
use store::record::ExecutionRecord;

use super::{Action, ApiError, CallContext, Request, Resource, ResponseBody};
use crate::arn::{self, ArnKind};
use crate::json_object_writer::JsonObjectWriter;
use crate::redrivability::{self, NotRedrivable};
use crate::shapes::{ARN, INCLUDED_DATA, IncludedData};

/// DescribeExecution
pub(crate) struct DescribeExecution;

impl Action for DescribeExecution {
    const NAME: &'static str = "DescribeExecution";
    const IAM_ACTION: &'static str = "states:DescribeExecution";
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
        let execution = context.runtime.describe_execution(arn).await?;
        let redrivable = redrivability::check(&execution, context.quotas.execution.history_events, context.quotas);
        Ok(write(&execution, included, redrivable).into())
    }
}

fn write(execution: &ExecutionDescription, included: IncludedData, redrivable: Result<(), NotRedrivable>) -> String {
    let record = &execution.record;
    let mut answer = JsonObjectWriter::new(768);
    answer
        .text("executionArn", &record.arn)
        .text("stateMachineArn", &execution.state_machine_arn)
        .text("name", &record.name)
        .text("status", record.summary.status.as_str())
        .time("startDate", record.started_at);
    if let Some(at) = record.summary.stopped_at {
        answer.time("stopDate", at);
    }
    write_payloads(&mut answer, execution, included == IncludedData::All);
    answer
        .optional_text("error", execution.error.as_deref())
        .optional_text("cause", execution.cause.as_deref())
        .optional_text("traceHeader", record.trace_header.as_deref());
    write_qualifiers(&mut answer, &execution.state_machine_arn, record);
    answer.number("redriveCount", 0);
    write_redrive_status(&mut answer, redrivable);
    answer.finish()
}

/// The version and the alias that an execution was started with.
pub(super) fn write_qualifiers(answer: &mut JsonObjectWriter, machine_arn: &str, record: &ExecutionRecord) {
    let version = record.version.map(|version| arn::qualified(machine_arn, version.0));
    let alias = record.alias.as_ref().map(|alias| arn::qualified(machine_arn, alias));
    answer
        .optional_text("stateMachineVersionArn", version.as_deref())
        .optional_text("stateMachineAliasArn", alias.as_deref());
}

fn write_payloads(answer: &mut JsonObjectWriter, execution: &ExecutionDescription, included: bool) {
    if included {
        match &execution.input_text {
            Some(text) => answer.text("input", text),
            None => answer.payload("input", &execution.input),
        };
    }
    answer.object("inputDetails", |details| {
        details.boolean("included", included);
    });
    let Some(output) = &execution.output else {
        return;
    };
    if included {
        answer.payload("output", output);
    }
    answer.object("outputDetails", |details| {
        details.boolean("included", included);
    });
}

fn write_redrive_status(answer: &mut JsonObjectWriter, redrivable: Result<(), NotRedrivable>) {
    match redrivable {
        Ok(()) => answer.text("redriveStatus", "REDRIVABLE"),
        Err(why) => answer.text("redriveStatus", "NOT_REDRIVABLE").text("redriveStatusReason", why.reason()),
    };
}

#[cfg(test)]
mod tests {
    use asl::Value;
    use engine::Status;

    use super::*;
    use crate::tests::described_execution;
    use runtime::quotas::Quotas;

    #[test]
    fn each_status_shows_what_it_has() {
        let cases = [
            (
                described_execution(Status::Succeeded, Some(Value::int(2))),
                IncludedData::All,
                r#"{"executionArn":"e","stateMachineArn":"m","name":"n","status":"SUCCEEDED","startDate":1.000,"stopDate":2.500,"input":"{}","inputDetails":{"included":true},"output":"2","outputDetails":{"included":true},"redriveCount":0,"redriveStatus":"NOT_REDRIVABLE","redriveStatusReason":"Execution is SUCCEEDED and cannot be redriven"}"#,
            ),
            (
                described_execution(Status::Failed, None),
                IncludedData::All,
                r#"{"executionArn":"e","stateMachineArn":"m","name":"n","status":"FAILED","startDate":1.000,"stopDate":2.500,"input":"{}","inputDetails":{"included":true},"error":"E","redriveCount":0,"redriveStatus":"REDRIVABLE"}"#,
            ),
            (
                described_execution(Status::Running, None),
                IncludedData::MetadataOnly,
                r#"{"executionArn":"e","stateMachineArn":"m","name":"n","status":"RUNNING","startDate":1.000,"inputDetails":{"included":false},"redriveCount":0,"redriveStatus":"NOT_REDRIVABLE","redriveStatusReason":"Execution is RUNNING and cannot be redriven"}"#,
            ),
        ];
        for (execution, included, expected) in cases {
            let redrivable = redrivability::check(&execution, 25_000, &Quotas::default());
            assert_eq!(write(&execution, included, redrivable), expected);
        }
    }
}
