//! AWS Glue.

use super::job::{Job, JobResult, answer, answers, parameter};
use super::{Action, Service};

pub(super) const GLUE: Service = Service {
    name: "glue",
    client: "glue",
    error_prefix: "Glue",
    error_service: "AWSGlue",
    takes_task_token: false,
    actions: &[Action::new("startJobRun", "StartJobRun").job(
        Job::new(
            ("GetJobRun", &[parameter("JobName"), answer("RunId", &["JobRunId"])]),
            (&["JobRun"], &["JobRunState"]),
            &["SUCCEEDED", "STOPPED"],
            &["FAILED", "TIMEOUT", "ERROR", "EXPIRED"],
        )
        .result(JobResult::Subject)
        .cancel("BatchStopJobRun", &[parameter("JobName"), answers("JobRunIds", &["JobRunId"])]),
    )],
};
