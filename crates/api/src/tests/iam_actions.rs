//! Which IAM action and which resources each operation is about.

use std::fmt::Write;

use serde_json::{Value as Json, json};

use super::{PASS, ROLE, api};
use crate::actions::Operation;
use crate::call_context::{CallContext, Principal};
use crate::deadline::Deadline;
use crate::request::Request;
use crate::request_id::RequestId;

/// A request of each operation.
fn sample(operation: Operation) -> Json {
    let arn = |resource: &str| format!("arn:aws:states:us-east-1:000000000000:{resource}");
    let (machine, version) = (arn("stateMachine:m"), arn("stateMachine:m:1"));
    let (alias, execution, activity) = (arn("stateMachine:m:PROD"), arn("execution:m:e"), arn("activity:a"));
    let routing = json!([{"stateMachineVersionArn": version, "weight": 100}]);
    match operation {
        Operation::CreateActivity => json!({"name": "a"}),
        Operation::CreateStateMachine => json!({"name": "m", "definition": PASS, "roleArn": ROLE}),
        Operation::CreateStateMachineAlias => json!({"name": "PROD", "routingConfiguration": routing}),
        Operation::DeleteActivity | Operation::DescribeActivity => json!({"activityArn": activity}),
        Operation::DeleteStateMachine => json!({"stateMachineArn": machine}),
        Operation::DeleteStateMachineAlias | Operation::DescribeStateMachineAlias => {
            json!({"stateMachineAliasArn": alias})
        }
        Operation::DeleteStateMachineVersion => json!({"stateMachineVersionArn": version}),
        Operation::DescribeExecution
        | Operation::DescribeStateMachineForExecution
        | Operation::GetExecutionHistory
        | Operation::StopExecution => json!({"executionArn": execution}),
        Operation::DescribeStateMachine => json!({"stateMachineArn": version}),
        Operation::GetActivityTask => json!({"activityArn": activity, "workerName": "w"}),
        Operation::ListActivities | Operation::ListStateMachines => json!({}),
        Operation::ListExecutions | Operation::StartExecution | Operation::StartSyncExecution => {
            json!({"stateMachineArn": alias})
        }
        Operation::ListStateMachineAliases
        | Operation::ListStateMachineVersions
        | Operation::PublishStateMachineVersion => json!({"stateMachineArn": machine}),
        Operation::ListTagsForResource => json!({"resourceArn": activity}),
        Operation::SendTaskFailure | Operation::SendTaskHeartbeat => json!({"taskToken": "t"}),
        Operation::SendTaskSuccess => json!({"taskToken": "t", "output": "1"}),
        Operation::TagResource => json!({"resourceArn": machine, "tags": [{"key": "k", "value": "v"}]}),
        Operation::TestState => json!({"definition": PASS, "roleArn": ROLE}),
        Operation::UntagResource => json!({"resourceArn": machine, "tagKeys": ["k"]}),
        Operation::UpdateStateMachine => json!({"stateMachineArn": machine, "definition": PASS}),
        Operation::UpdateStateMachineAlias => json!({"stateMachineAliasArn": alias, "description": "d"}),
        Operation::ValidateStateMachineDefinition => json!({"definition": PASS}),
    }
}

#[tokio::test]
async fn each_operation_has_its_iam_action_and_its_resources() {
    let api = api();
    let context = CallContext {
        principal: Principal::Anonymous,
        request_id: RequestId::new(),
        trace: None,
        deadline: Deadline::within(None),
        runtime: &api.runtime,
        quotas: api.runtime.quotas(),
    };
    let mut table = String::new();
    for (name, operation) in Operation::ALL {
        let request = Request::parse(sample(*operation).to_string().as_bytes(), 262_144).unwrap();
        let (action, resources) = operation.access(&context, &request).unwrap();
        assert_eq!(Operation::named(name).unwrap(), *operation);
        writeln!(table, "{name:<32} {action:<39} {}", resources.join("; ")).unwrap();
    }
    insta::assert_snapshot!(table);
}
