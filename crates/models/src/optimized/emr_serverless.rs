//! Amazon EMR Serverless.

use super::job::{Bind, Job, JobResult, answer, parameter};
use super::{Action, Service};

const APPLICATION: &[Bind] = &[parameter("ApplicationId")];

/// An application that is to reach a state.
const fn application(ask: &'static [Bind], done: &'static [&'static str], failed: &'static [&'static str]) -> Job {
    Job::new(("GetApplication", ask), (&["Application"], &["State"]), done, failed).result(JobResult::Subject)
}

/// A job run that is to reach a state.
const fn job_run(ask: &'static [Bind], done: &'static [&'static str], failed: &'static [&'static str]) -> Job {
    Job::new(("GetJobRun", ask), (&["JobRun"], &["State"]), done, failed).result(JobResult::Subject)
}

const RUN: &[Bind] = &[parameter("ApplicationId"), answer("JobRunId", &["JobRunId"])];

pub(super) const EMR_SERVERLESS: Service = Service {
    name: "emr-serverless",
    client: "emrserverless",
    error_prefix: "EMRServerless",
    error_service: "AWSEMRServerless",
    takes_task_token: false,
    actions: &[
        Action::new("createApplication", "CreateApplication").job(application(
            &[answer("ApplicationId", &["ApplicationId"])],
            &["CREATED", "STARTED"],
            &["TERMINATED"],
        )),
        Action::new("startApplication", "StartApplication").job(application(
            APPLICATION,
            &["STARTED"],
            &["TERMINATED"],
        )),
        Action::new("stopApplication", "StopApplication").job(application(APPLICATION, &["STOPPED"], &["TERMINATED"])),
        Action::new("deleteApplication", "DeleteApplication")
            .job(application(APPLICATION, &["TERMINATED"], &[]).done_when_missing()),
        Action::new("startJobRun", "StartJobRun")
            .job(job_run(RUN, &["SUCCESS"], &["FAILED", "CANCELLED"]).cancel("CancelJobRun", RUN)),
        Action::new("cancelJobRun", "CancelJobRun").job(job_run(
            &[parameter("ApplicationId"), parameter("JobRunId")],
            &["CANCELLED"],
            &["SUCCESS", "FAILED"],
        )),
    ],
};
