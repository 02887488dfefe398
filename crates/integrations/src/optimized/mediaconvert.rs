//! AWS Elemental MediaConvert.

use super::bind::answer;
use super::job::Job;
use super::{Action, Service};
use crate::failure::Words;

pub(super) const SERVICE: Service = Service {
    name: "mediaconvert",
    client: "mediaconvert",
    words: Words::Optimized { prefix: "MediaConvert", service: "AWSMediaConvert" },
    actions: &[Action::new("createJob", "CreateJob").job(
        Job::new(
            ("GetJob", &[answer("Id", &["Job", "Id"])]),
            (&["Job"], &["Status"]),
            &["COMPLETE"],
            &["ERROR", "CANCELED"],
        )
        .cancel("CancelJob", &[answer("Id", &["Job", "Id"])]),
    )],
};
