//! DescribeExecution.

use engine::Status;
use runtime::Runtime;
use runtime::calls::ExecutionDescription;
use store::record::ExecutionRecord;

use crate::answer::Answer;
use crate::arn::{self, Resource};
use crate::error::ApiError;
use crate::request::Request;
use crate::shapes::{ARN, INCLUDED_DATA, IncludedData};

pub(super) async fn perform(runtime: &Runtime, request: &Request) -> Result<String, ApiError> {
    let (arn, included) = request.read(|members| {
        (members.required("executionArn", &ARN), members.optional("includedData", &INCLUDED_DATA).unwrap_or_default())
    })?;
    arn::check(&arn, &[Resource::Execution])?;
    let execution = runtime.describe_execution(arn).await?;
    Ok(write(&execution, included))
}

fn write(execution: &ExecutionDescription, included: IncludedData) -> String {
    let record = &execution.record;
    let mut answer = Answer::new(768);
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
    write_redrive_status(&mut answer, record.summary.status);
    answer.finish()
}

/// The version and the alias that an execution was started with.
pub(super) fn write_qualifiers(answer: &mut Answer, machine_arn: &str, record: &ExecutionRecord) {
    let version = record.version.map(|version| arn::qualified(machine_arn, version.0));
    let alias = record.alias.as_ref().map(|alias| arn::qualified(machine_arn, alias));
    answer
        .optional_text("stateMachineVersionArn", version.as_deref())
        .optional_text("stateMachineAliasArn", alias.as_deref());
}

fn write_payloads(answer: &mut Answer, execution: &ExecutionDescription, included: bool) {
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

fn write_redrive_status(answer: &mut Answer, status: Status) {
    match status {
        Status::Failed | Status::TimedOut | Status::Aborted => {
            answer.text("redriveStatus", "REDRIVABLE");
        }
        Status::Running | Status::Succeeded => {
            let reason = format!("Execution is {} and cannot be redriven", status.as_str());
            answer.text("redriveStatus", "NOT_REDRIVABLE").text("redriveStatusReason", &reason);
        }
    }
}

#[cfg(test)]
mod tests {
    use asl::Value;
    use engine::Timestamp;
    use store::record::{DefinitionId, ExecutionId, StateMachineId, Summary};

    use super::*;

    fn execution(status: Status, output: Option<Value>) -> ExecutionDescription {
        let ended = status != Status::Running;
        ExecutionDescription {
            record: ExecutionRecord {
                id: ExecutionId(1),
                arn: "e".into(),
                name: "n".into(),
                state_machine: StateMachineId(1),
                definition: DefinitionId(1),
                started_at: Timestamp(1_000),
                trace_header: None,
                version: None,
                alias: None,
                profile: None,
                summary: Summary {
                    status,
                    stopped_at: ended.then_some(Timestamp(2_500)),
                    wake_at: None,
                    open_tasks: false,
                    ready: false,
                },
            },
            state_machine_arn: "m".into(),
            input: Value::empty_object(),
            input_text: None,
            output,
            error: (status == Status::Failed).then(|| "E".into()),
            cause: None,
        }
    }

    #[test]
    fn each_status_shows_what_it_has() {
        let cases = [
            (
                execution(Status::Succeeded, Some(Value::int(2))),
                IncludedData::All,
                r#"{"executionArn":"e","stateMachineArn":"m","name":"n","status":"SUCCEEDED","startDate":1.000,"stopDate":2.500,"input":"{}","inputDetails":{"included":true},"output":"2","outputDetails":{"included":true},"redriveCount":0,"redriveStatus":"NOT_REDRIVABLE","redriveStatusReason":"Execution is SUCCEEDED and cannot be redriven"}"#,
            ),
            (
                execution(Status::Failed, None),
                IncludedData::All,
                r#"{"executionArn":"e","stateMachineArn":"m","name":"n","status":"FAILED","startDate":1.000,"stopDate":2.500,"input":"{}","inputDetails":{"included":true},"error":"E","redriveCount":0,"redriveStatus":"REDRIVABLE"}"#,
            ),
            (
                execution(Status::Running, None),
                IncludedData::MetadataOnly,
                r#"{"executionArn":"e","stateMachineArn":"m","name":"n","status":"RUNNING","startDate":1.000,"inputDetails":{"included":false},"redriveCount":0,"redriveStatus":"NOT_REDRIVABLE","redriveStatusReason":"Execution is RUNNING and cannot be redriven"}"#,
            ),
        ];
        for (execution, included, expected) in cases {
            assert_eq!(write(&execution, included), expected);
        }
    }
}
