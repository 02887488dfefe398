//! Amazon EMR. Its integrations wrap EMR's operations: one cluster, one step, names in place of identities.

use super::{Behaviour, Members, into_list, out_of_list, rename};
use crate::TaskCall;

const EMR: &str = "elasticmapreduce";

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    Behaviour::of(EMR, "createCluster").answer(name_cluster),
    Behaviour::of(EMR, "setClusterTerminationProtection").request(one_job_flow),
    Behaviour::of(EMR, "terminateCluster").request(one_job_flow),
    Behaviour::of(EMR, "addStep").request(one_step).answer(name_step),
    Behaviour::of(EMR, "cancelStep").request(one_step_id).answer(one_cancelled_step),
    Behaviour::of(EMR, "modifyInstanceGroupByName").request(one_instance_group),
];

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
