//! Amazon Athena.

use super::job::{Job, answer};
use super::{Action, Service};

pub(super) const ATHENA: Service = Service {
    name: "athena",
    client: "athena",
    error_prefix: "Athena",
    error_service: "AmazonAthena",
    takes_task_token: false,
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
