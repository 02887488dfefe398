//! Amazon EKS: clusters, node groups and Fargate profiles, and the Kubernetes API of a cluster.

use super::job::{Bind, Job, parameter};
use super::{Action, Run, Service};

const CLUSTER: (&str, &[Bind]) = ("DescribeCluster", &[parameter("Name")]);
const NODEGROUP: (&str, &[Bind]) = ("DescribeNodegroup", &[parameter("ClusterName"), parameter("NodegroupName")]);
const FARGATE: (&str, &[Bind]) =
    ("DescribeFargateProfile", &[parameter("ClusterName"), parameter("FargateProfileName")]);

const fn created(describe: (&'static str, &'static [Bind]), subject: &'static [&'static str]) -> Job {
    Job::new(describe, (subject, &["Status"]), &["ACTIVE"], &["FAILED", "CREATE_FAILED"])
}

const fn deleted(describe: (&'static str, &'static [Bind]), subject: &'static [&'static str]) -> Job {
    Job::new(describe, (subject, &["Status"]), &[], &["FAILED", "DELETE_FAILED"]).done_when_missing()
}

/// Amazon EKS.
pub const EKS: Service = Service {
    name: "eks",
    client: "eks",
    error_prefix: "EKS",
    error_service: "AmazonEKS",
    takes_task_token: true,
    actions: &[
        Action::new("createCluster", "CreateCluster").job(created(CLUSTER, &["Cluster"])),
        Action::new("deleteCluster", "DeleteCluster").job(deleted(CLUSTER, &["Cluster"])),
        Action::new("createFargateProfile", "CreateFargateProfile").job(created(FARGATE, &["FargateProfile"])),
        Action::new("deleteFargateProfile", "DeleteFargateProfile").job(deleted(FARGATE, &["FargateProfile"])),
        Action::new("createNodegroup", "CreateNodegroup").job(created(NODEGROUP, &["Nodegroup"])),
        Action::new("deleteNodegroup", "DeleteNodegroup").job(deleted(NODEGROUP, &["Nodegroup"])),
        Action::running("runJob", Run::RunKubernetesJob).only(&[
            "CertificateAuthority",
            "ClusterName",
            "Endpoint",
            "Job",
            "LogOptions",
            "Namespace",
        ]),
        Action::running("call", Run::CallKubernetes).only(&[
            "CertificateAuthority",
            "ClusterName",
            "Endpoint",
            "Method",
            "Path",
            "QueryParameters",
            "RequestBody",
        ]),
    ],
};
