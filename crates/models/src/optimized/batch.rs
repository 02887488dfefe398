//! AWS Batch.

use super::job::{Job, JobResult, answer, answers, fixed};
use super::{Action, Service};

pub(super) const BATCH: Service = Service {
    name: "batch",
    client: "batch",
    error_prefix: "Batch",
    error_service: "AWSBatch",
    takes_task_token: false,
    actions: &[Action::new("submitJob", "SubmitJob").job(
        Job::new(
            ("DescribeJobs", &[answers("Jobs", &["JobId"])]),
            (&["Jobs", "0"], &["Status"]),
            &["SUCCEEDED"],
            &["FAILED"],
        )
        .result(JobResult::Subject)
        .cancel("TerminateJob", &[answer("JobId", &["JobId"]), fixed("Reason", "The Step Functions task was stopped")]),
    )],
};
