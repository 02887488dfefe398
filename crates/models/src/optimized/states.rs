//! AWS Step Functions: child executions.

use super::job::{Job, answer};
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
            // As recorded: the result tells of redrives, the cause of a failure does not.
            .cause_lacks(&["RedriveCount", "RedriveDate", "RedriveStatus", "RedriveStatusReason"])
            .cancel("StopExecution", &[answer("ExecutionArn", &["ExecutionArn"])]),
        )
        .sync_2()],
};
