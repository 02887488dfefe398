//! Amazon Athena.

use super::bind::answer;
use super::job::Job;
use super::{Action, Service};
use crate::failure::Words;

pub(super) const SERVICE: Service = Service {
    name: "athena",
    client: "athena",
    words: Words::Optimized { prefix: "Athena", service: "AmazonAthena" },
    actions: &[
        Action::new("startQueryExecution", "StartQueryExecution").job(
            Job::new(
                ("GetQueryExecution", &[answer("QueryExecutionId", &["QueryExecutionId"])]),
                (&["QueryExecution"], &["Status", "State"]),
                &["SUCCEEDED"],
                &["FAILED", "CANCELLED"],
            )
            .cancel("StopQueryExecution", &[answer("QueryExecutionId", &["QueryExecutionId"])]),
        ),
        Action::new("stopQueryExecution", "StopQueryExecution"),
        Action::new("getQueryExecution", "GetQueryExecution"),
        Action::new("getQueryResults", "GetQueryResults"),
    ],
};
