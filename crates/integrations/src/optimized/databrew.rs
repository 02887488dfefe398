//! AWS Glue DataBrew.

use super::bind::{answer, parameter};
use super::job::Job;
use super::{Action, Service};
use crate::failure::Words;

pub(super) const SERVICE: Service = Service {
    name: "databrew",
    client: "databrew",
    words: Words::Optimized { prefix: "GlueDataBrew", service: "AWSGlueDataBrew" },
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
