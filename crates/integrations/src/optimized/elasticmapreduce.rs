//! Amazon EMR. Its integrations wrap EMR's operations: one cluster, one step, names in place of identities.

use super::bind::{answer, answers, parameter};
use super::job::{Job, JobResult};
use super::lookup::Lookup;
use super::{Action, Members, Service, into_list, out_of_list, rename};
use crate::TaskCall;
use crate::failure::Words;

pub(super) const SERVICE: Service = Service {
    name: "elasticmapreduce",
    client: "emr",
    words: Words::Optimized { prefix: "ElasticMapReduce", service: "AmazonElasticMapReduce" },
    actions: &[
        // AWS leaves a cluster running when the task is given up.
        Action::new("createCluster", "RunJobFlow").answer(name_cluster).job(
            Job::new(
                ("DescribeCluster", &[answer("ClusterId", &["ClusterId"])]),
                (&["Cluster"], &["Status", "State"]),
                &["WAITING", "TERMINATED"],
                &["TERMINATED_WITH_ERRORS"],
            )
            .result(JobResult::AnswerWith("ClusterId")),
        ),
        Action::new("setClusterTerminationProtection", "SetTerminationProtection")
            .only(&["ClusterId", "TerminationProtected"])
            .request(one_job_flow),
        Action::new("terminateCluster", "TerminateJobFlows").only(&["ClusterId"]).request(one_job_flow).job(
            Job::new(
                ("DescribeCluster", &[parameter("ClusterId")]),
                (&["Cluster"], &["Status", "State"]),
                &["TERMINATED", "TERMINATED_WITH_ERRORS"],
                &[],
            )
            .done_when_missing(),
        ),
        Action::new("addStep", "AddJobFlowSteps")
            .only(&["ClusterId", "ExecutionRoleArn", "Step"])
            .request(one_step)
            .answer(name_step)
            .job(
                Job::new(
                    ("DescribeStep", &[parameter("ClusterId"), answer("StepId", &["StepId"])]),
                    (&["Step"], &["Status", "State"]),
                    &["COMPLETED"],
                    &["FAILED", "CANCELLED", "INTERRUPTED"],
                )
                .result(JobResult::AnswerWith("StepId"))
                .cancel("CancelSteps", &[parameter("ClusterId"), answers("StepIds", &["StepId"])]),
            ),
        Action::new("cancelStep", "CancelSteps")
            .only(&["ClusterId", "StepCancellationOption", "StepId"])
            .request(one_step_id)
            .answer(one_cancelled_step),
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
            })
            .request(one_instance_group),
    ],
};

fn name_cluster(answer: &mut Members, _: &Members) {
    rename(answer, "JobFlowId", "ClusterId");
}

fn one_job_flow(parameters: &mut Members, _: &TaskCall) {
    into_list(parameters, "ClusterId", "JobFlowIds");
}

fn one_step(parameters: &mut Members, _: &TaskCall) {
    rename(parameters, "ClusterId", "JobFlowId");
    into_list(parameters, "Step", "Steps");
}

fn name_step(answer: &mut Members, _: &Members) {
    out_of_list(answer, "StepIds", "StepId");
}

fn one_step_id(parameters: &mut Members, _: &TaskCall) {
    into_list(parameters, "StepId", "StepIds");
}

fn one_cancelled_step(answer: &mut Members, _: &Members) {
    out_of_list(answer, "CancelStepsInfoList", "CancelStepsInfo");
}

fn one_instance_group(parameters: &mut Members, _: &TaskCall) {
    into_list(parameters, "InstanceGroup", "InstanceGroups");
}
