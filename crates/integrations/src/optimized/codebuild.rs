//! AWS CodeBuild.

use super::bind::{answer, answers};
use super::job::{Job, JobResult};
use super::{Action, Service};
use crate::failure::Words;

const FAILED: &[&str] = &["FAILED", "FAULT", "STOPPED", "TIMED_OUT"];

const BUILD: Job = Job::new(
    ("BatchGetBuilds", &[answers("Ids", &["Build", "Id"])]),
    (&["Builds", "0"], &["BuildStatus"]),
    &["SUCCEEDED"],
    FAILED,
)
.result(JobResult::Wrapped("Build"))
.cancel("StopBuild", &[answer("Id", &["Build", "Id"])]);

const BUILD_BATCH: Job = Job::new(
    ("BatchGetBuildBatches", &[answers("Ids", &["BuildBatch", "Id"])]),
    (&["BuildBatches", "0"], &["BuildBatchStatus"]),
    &["SUCCEEDED"],
    FAILED,
)
.result(JobResult::Wrapped("BuildBatch"))
.cancel("StopBuildBatch", &[answer("Id", &["BuildBatch", "Id"])]);

pub(super) const SERVICE: Service = Service {
    name: "codebuild",
    client: "codebuild",
    words: Words::Optimized { prefix: "CodeBuild", service: "AWSCodeBuild" },
    actions: &[
        Action::new("startBuild", "StartBuild").job(BUILD),
        Action::new("stopBuild", "StopBuild"),
        Action::new("batchDeleteBuilds", "BatchDeleteBuilds"),
        Action::new("batchGetReports", "BatchGetReports"),
        Action::new("startBuildBatch", "StartBuildBatch").job(BUILD_BATCH),
        Action::new("stopBuildBatch", "StopBuildBatch"),
        Action::new("retryBuildBatch", "RetryBuildBatch").job(BUILD_BATCH),
        Action::new("deleteBuildBatch", "DeleteBuildBatch"),
    ],
};
