//! Amazon EMR on EKS.

use super::bind::{answer, parameter};
use super::job::{Job, JobResult};
use super::{Action, Service};
use crate::failure::Words;

pub(super) const SERVICE: Service = Service {
    name: "emr-containers",
    client: "emrcontainers",
    words: Words::Optimized { prefix: "EMRContainers", service: "AmazonEMRContainers" },
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
