//! AWS Step Functions: child executions.

use super::job::{Job, JobResult, answer};
use super::{Action, Run, Service};

pub(super) const STATES: Service = Service {
    name: "states",
    client: "sfn",
    error_prefix: "StepFunctions",
    error_service: "AWSStepFunctions",
    takes_task_token: true,
    actions: &[Action::running("startExecution", Run::StartExecution)
        .only(&["Input", "Name", "StateMachineArn"])
        .job(
            Job::new(
                ("DescribeExecution", &[answer("ExecutionArn", &["ExecutionArn"])]),
                (&[], &["Status"]),
                &["SUCCEEDED"],
                &["FAILED", "TIMED_OUT", "ABORTED"],
            )
            // The integration is older than redrives, and does not tell of them.
            .result(JobResult::AnswerWithout(&["RedriveCount", "RedriveDate", "RedriveStatus", "RedriveStatusReason"]))
            .cancel("StopExecution", &[answer("ExecutionArn", &["ExecutionArn"])]),
        )
        .sync_2()],
};
