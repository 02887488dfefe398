//! AWS Glue.

use super::bind::{answer, answers, parameter};
use super::job::{Job, JobResult};
use super::{Action, Members, Service, member};
use crate::failure::Words;

pub(super) const SERVICE: Service = Service {
    name: "glue",
    client: "glue",
    words: Words::Optimized { prefix: "Glue", service: "AWSGlue" },
    actions: &[Action::new("startJobRun", "StartJobRun").answer(name_job).job(
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

/// AWS puts the job's name into the answer.
fn name_job(answer: &mut Members, parameters: &Members) {
    if let Some(name) = member(parameters, "JobName") {
        answer.insert("JobName".to_owned(), name.clone());
    }
}
