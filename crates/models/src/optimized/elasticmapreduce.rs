//! Amazon EMR. Its integrations wrap EMR's operations: one cluster, one step, names in place of identities.

use super::job::{Job, JobResult, answer, answers, parameter};
use super::{Action, Lookup, Service};

pub(super) const ELASTICMAPREDUCE: Service = Service {
    name: "elasticmapreduce",
    client: "emr",
    error_prefix: "ElasticMapReduce",
    error_service: "AmazonElasticMapReduce",
    takes_task_token: false,
    actions: &[
        // AWS leaves a cluster running when the task is given up.
        Action::new("createCluster", "RunJobFlow").job(
            Job::new(
                ("DescribeCluster", &[answer("ClusterId", &["ClusterId"])]),
                (&["Cluster"], &["Status", "State"]),
                &["WAITING", "TERMINATED"],
                &["TERMINATED_WITH_ERRORS"],
            )
            .result(JobResult::AnswerWith("ClusterId")),
        ),
        Action::new("setClusterTerminationProtection", "SetTerminationProtection")
            .only(&["ClusterId", "TerminationProtected"]),
        Action::new("terminateCluster", "TerminateJobFlows").only(&["ClusterId"]).job(
            Job::new(
                ("DescribeCluster", &[parameter("ClusterId")]),
                (&["Cluster"], &["Status", "State"]),
                &["TERMINATED", "TERMINATED_WITH_ERRORS"],
                &[],
            )
            .done_when_missing(),
        ),
        Action::new("addStep", "AddJobFlowSteps").only(&["ClusterId", "ExecutionRoleArn", "Step"]).job(
            Job::new(
                ("DescribeStep", &[parameter("ClusterId"), answer("StepId", &["StepId"])]),
                (&["Step"], &["Status", "State"]),
                &["COMPLETED"],
                &["FAILED", "CANCELLED", "INTERRUPTED"],
            )
            .result(JobResult::AnswerWith("StepId"))
            .cancel("CancelSteps", &[parameter("ClusterId"), answers("StepIds", &["StepId"])]),
        ),
        Action::new("cancelStep", "CancelSteps").only(&["ClusterId", "StepCancellationOption", "StepId"]),
        Action::new("modifyInstanceFleetByName", "ModifyInstanceFleet")
            .only(&["ClusterId", "InstanceFleet", "InstanceFleetName"])
            .lookup(Lookup {
                operation: "ListInstanceFleets",
                list: "InstanceFleets",
                name: "InstanceFleetName",
                into: "InstanceFleet",
                id: "InstanceFleetId",
            }),
        Action::new("modifyInstanceGroupByName", "ModifyInstanceGroups")
            .only(&["ClusterId", "InstanceGroup", "InstanceGroupName"])
            .lookup(Lookup {
                operation: "ListInstanceGroups",
                list: "InstanceGroups",
                name: "InstanceGroupName",
                into: "InstanceGroup",
                id: "InstanceGroupId",
            }),
    ],
};
