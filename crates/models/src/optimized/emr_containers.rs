//! Amazon EMR on EKS.

use super::job::{Job, JobResult, answer, parameter};
use super::{Action, Service};

pub(super) const EMR_CONTAINERS: Service = Service {
    name: "emr-containers",
    client: "emrcontainers",
    error_prefix: "EMRContainers",
    error_service: "AmazonEMRContainers",
    takes_task_token: false,
    actions: &[
        Action::new("createVirtualCluster", "CreateVirtualCluster"),
        Action::new("deleteVirtualCluster", "DeleteVirtualCluster").job(
            Job::new(
                ("DescribeVirtualCluster", &[parameter("Id")]),
                (&["VirtualCluster"], &["State"]),
                &["TERMINATED"],
                &["ARRESTED"],
            )
            .result(JobResult::Subject)
            .done_when_missing(),
        ),
        Action::new("startJobRun", "StartJobRun").job(
            Job::new(
                ("DescribeJobRun", &[answer("Id", &["Id"]), parameter("VirtualClusterId")]),
                (&["JobRun"], &["State"]),
                &["COMPLETED"],
                &["FAILED", "CANCELLED"],
            )
            .result(JobResult::Subject)
            .cancel("CancelJobRun", &[answer("Id", &["Id"]), parameter("VirtualClusterId")]),
        ),
    ],
};
