//! What becomes of parameters before a task is scheduled.

use super::{integrations, value};
use crate::http::testing::target;

fn prepared(service: &str, resource: &str, parameters: &str) -> String {
    let integrations = integrations("http://127.0.0.1:9", None);
    match integrations.prepare(&target(service, resource), value(parameters)) {
        Ok(value) => value.to_json(),
        Err(cause) => cause,
    }
}

#[tokio::test]
async fn some_integrations_add_to_the_parameters() {
    for (service, resource, parameters, expected) in [
        ("ecs", "runTask", r#"{"TaskDefinition":"t"}"#, r#"{"TaskDefinition":"t"}"#),
        (
            "ecs",
            "runTask.sync",
            r#"{"TaskDefinition":"t"}"#,
            r#"{"TaskDefinition":"t","StartedBy":"AWS Step Functions"}"#,
        ),
        (
            "ecs",
            "runTask.waitForTaskToken",
            r#"{"TaskDefinition":"t"}"#,
            r#"{"TaskDefinition":"t","StartedBy":"AWS Step Functions"}"#,
        ),
        ("batch", "submitJob", r#"{"JobName":"j"}"#, r#"{"JobName":"j"}"#),
        (
            "batch",
            "submitJob.sync",
            r#"{"JobName":"j"}"#,
            r#"{"JobName":"j","ContainerOverrides":{"Environment":[{"Name":"MANAGED_BY_AWS","Value":"STARTED_BY_STEP_FUNCTIONS"}]}}"#,
        ),
        (
            "batch",
            "submitJob.sync",
            r#"{"ContainerOverrides":{"Environment":[{"Name":"A","Value":"1"}],"Vcpus":2}}"#,
            r#"{"ContainerOverrides":{"Environment":[{"Name":"A","Value":"1"},{"Name":"MANAGED_BY_AWS","Value":"STARTED_BY_STEP_FUNCTIONS"}],"Vcpus":2}}"#,
        ),
        ("batch", "submitJob.sync", r#"{"NodeOverrides":{}}"#, r#"{"NodeOverrides":{}}"#),
        ("states", "startExecution.sync", r#"{"Input":{"a":1}}"#, r#"{"Input":{"a":1}}"#),
        ("lambda", "invoke", r#"{"FunctionName":"f"}"#, r#"{"FunctionName":"f"}"#),
    ] {
        assert_eq!(prepared(service, resource, parameters), expected);
    }
}

#[tokio::test]
async fn parameters_that_an_action_does_not_have_are_refused() {
    for (service, resource, parameters, problems) in [
        ("sqs", "sendMessage", r#"{"Nix":1}"#, r#"The field "Nix" is not supported by Step Functions"#),
        (
            "dynamodb",
            "putItem",
            r#"{"TableName":"t","A":1,"B":2}"#,
            r#"The field "A" is not supported by Step Functions, The field "B" is not supported by Step Functions"#,
        ),
        (
            "states",
            "startExecution",
            r#"{"TraceHeader":"t"}"#,
            r#"The field "TraceHeader" is not supported by Step Functions"#,
        ),
        ("aws-sdk:s3", "getObject", r#"{"Buckets":"b"}"#, r#"The field "Buckets" is not supported by Step Functions"#),
        ("http", "invoke", r#"{"Nix":"b"}"#, r#"The field "Nix" is not supported by Step Functions"#),
        ("sqs", "sendMessage", "[]", "The value of the field 'Parameters' has an invalid format"),
        ("sqs", "receiveMessage", "{}", "sqs:receiveMessage is not an integration"),
    ] {
        let expected = format!("The Parameters '{parameters}' could not be used to start the Task: [{problems}]");
        assert_eq!(prepared(service, resource, parameters), expected);
    }
}
