//! AWS Glue DataBrew.

use super::job::{Job, answer, parameter};
use super::{Action, Service};

pub(super) const DATABREW: Service = Service {
    name: "databrew",
    client: "databrew",
    error_prefix: "GlueDataBrew",
    error_service: "AWSGlueDataBrew",
    takes_task_token: false,
    actions: &[Action::new("startJobRun", "StartJobRun").job(
        Job::new(
            ("DescribeJobRun", &[parameter("Name"), answer("RunId", &["RunId"])]),
            (&[], &["State"]),
            &["SUCCEEDED"],
            &["FAILED", "TIMEOUT", "STOPPED"],
        )
        .cancel("StopJobRun", &[parameter("Name"), answer("RunId", &["RunId"])]),
    )],
};
