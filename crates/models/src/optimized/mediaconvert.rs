//! AWS Elemental MediaConvert.

use super::job::{Job, answer};
use super::{Action, Service};

pub(super) const MEDIACONVERT: Service = Service {
    name: "mediaconvert",
    client: "mediaconvert",
    error_prefix: "MediaConvert",
    error_service: "AWSMediaConvert",
    takes_task_token: false,
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
