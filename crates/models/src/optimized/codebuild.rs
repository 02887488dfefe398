//! AWS CodeBuild.

use super::job::{Job, JobResult, answer, answers};
use super::{Action, Run, Service};

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

pub(super) const CODEBUILD: Service = Service {
    name: "codebuild",
    client: "codebuild",
    error_prefix: "CodeBuild",
    error_service: "AWSCodeBuild",
    takes_task_token: false,
    actions: &[
        Action::new("startBuild", "StartBuild").job(BUILD),
        Action::new("stopBuild", "StopBuild"),
        Action::running("batchDeleteBuilds", Run::Delete("BatchDeleteBuilds")),
        Action::new("batchGetReports", "BatchGetReports"),
        Action::new("startBuildBatch", "StartBuildBatch").job(BUILD_BATCH),
        Action::new("stopBuildBatch", "StopBuildBatch"),
        Action::new("retryBuildBatch", "RetryBuildBatch").job(BUILD_BATCH),
        Action::running("deleteBuildBatch", Run::Delete("DeleteBuildBatch")),
    ],
};
