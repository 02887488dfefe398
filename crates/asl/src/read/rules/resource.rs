//! A Task state's `Resource` is the ARN of something that can be called.
//!
//! Why: a misspelt integration would fail only when an execution comes to it. The table below is AWS's list of
//! optimized integrations; what can be called through `aws-sdk` is in a list of its own.
//!
//! Refused: `arn:aws:states:::dynamodb:query`. Mended: `arn:aws:states:::aws-sdk:dynamodb:query`.

mod near;
mod sdk;

use crate::diagnostic::Code;
use crate::program::Resource;
use crate::read::fields::Fields;
use crate::value::Text;

/// The field's resource.
pub(crate) fn read(fields: &Fields<'_>) -> Option<Resource> {
    const NAME: &str = "Resource";
    let text = fields.text(NAME)?;
    let resource = parse(text);
    if resource.is_none() {
        let message = format!(
            "The resource provided {text} is not recognized. The value is not a valid resource ARN, or the resource \
             is not available in this region."
        );
        fields.log.error(&fields.place_of(NAME), Code::SchemaValidationFailed, message, &help(text));
    }
    resource
}

fn help(arn: &str) -> String {
    match arn.split_once(":aws-sdk:").and_then(|(_, call)| call.split_once(':')) {
        Some((service, action)) => match sdk::meant(service, without_token(action)) {
            Some(call) => format!("Did you mean {call}?"),
            None => "Name a service and one of its actions as the AWS SDK for Java does, in camel case, such as \
                     arn:aws:states:::aws-sdk:s3:getObject."
                .to_owned(),
        },
        None => "Give the ARN of a Lambda function, an activity or a service integration, such as \
                 arn:aws:states:::sqs:sendMessage or arn:aws:states:::aws-sdk:s3:getObject."
            .to_owned(),
    }
}

fn parse(arn: &Text) -> Option<Resource> {
    let mut parts = arn.splitn(6, ':');
    let mut part = || parts.next();
    let (scheme, partition, service, _region, _account, rest) = (part()?, part()?, part()?, part()?, part()?, part()?);
    if scheme != "arn" || !is_word(partition) {
        return None;
    }
    match service {
        "lambda" => is_function(rest).then(|| Resource::LambdaFunction(arn.clone())),
        "states" => match rest.strip_prefix("activity:") {
            Some(name) => is_activity(name).then(|| Resource::Activity(arn.clone())),
            None => integration(arn, rest),
        },
        _ => None,
    }
}

fn is_function(rest: &str) -> bool {
    let mut parts = rest.split(':');
    parts.next() == Some("function") && {
        let names: Vec<&str> = parts.collect();
        matches!(names.len(), 1 | 2) && names.iter().all(|name| is_word_with(name, "$"))
    }
}

fn is_activity(name: &str) -> bool {
    !name.is_empty() && !name.contains([':', ' ', '/'])
}

fn integration(arn: &Text, rest: &str) -> Option<Resource> {
    let (service, action) = match rest.strip_prefix("aws-sdk:") {
        Some(call) => {
            let (name, action) = call.split_once(':')?;
            if !is_sdk_call(name, action) {
                return None;
            }
            (&rest[.."aws-sdk:".len() + name.len()], action)
        }
        None => {
            let (service, action) = rest.split_once(':')?;
            if !is_optimized(service, action) {
                return None;
            }
            (service, action)
        }
    };
    Some(Resource::Integration { arn: arn.clone(), service: service.into(), action: action.into() })
}

/// `s3` and `getObject`, also `.waitForTaskToken`.
fn is_sdk_call(service: &str, action: &str) -> bool {
    let action = without_token(action);
    action.starts_with(|c: char| c.is_ascii_lowercase()) && is_word(action) && sdk::has(service, action)
}

fn without_token(action: &str) -> &str {
    action.strip_suffix(".waitForTaskToken").unwrap_or(action)
}

fn is_optimized(service: &str, action: &str) -> bool {
    let (name, pattern) = action.split_once('.').map_or((action, None), |(name, pattern)| (name, Some(pattern)));
    let Some((_, jobs, calls, tokens)) = INTEGRATIONS.iter().find(|(known, ..)| *known == service) else {
        return false;
    };
    let is_job = jobs.contains(&name);
    match pattern {
        None => is_job || calls.contains(&name),
        Some("sync") => is_job,
        Some("sync:2") => is_job && service == "states",
        Some("waitForTaskToken") => *tokens && (is_job || calls.contains(&name)),
        Some(_) => false,
    }
}

fn is_word(text: &str) -> bool {
    is_word_with(text, "")
}

fn is_word_with(text: &str, more: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_' || more.contains(c))
}

type Integration = (&'static str, &'static [&'static str], &'static [&'static str], bool);

/// Each service with the actions that also have the `.sync` pattern, those that have not, and whether it takes
/// `.waitForTaskToken`.
const INTEGRATIONS: &[Integration] = &[
    ("apigateway", &[], &["invoke"], true),
    ("athena", &["startQueryExecution"], &["stopQueryExecution", "getQueryExecution", "getQueryResults"], false),
    ("batch", &["submitJob"], &[], false),
    ("bedrock", &["createModelCustomizationJob"], &["invokeModel"], true),
    (
        "codebuild",
        &["startBuild", "startBuildBatch", "retryBuildBatch"],
        &["stopBuild", "batchDeleteBuilds", "batchGetReports", "stopBuildBatch", "deleteBuildBatch"],
        false,
    ),
    ("databrew", &["startJobRun"], &[], false),
    ("dynamodb", &[], &["getItem", "putItem", "updateItem", "deleteItem"], false),
    ("ecs", &["runTask"], &[], true),
    (
        "eks",
        &[
            "createCluster",
            "deleteCluster",
            "createFargateProfile",
            "deleteFargateProfile",
            "createNodegroup",
            "deleteNodegroup",
            "runJob",
        ],
        &["call"],
        true,
    ),
    (
        "elasticmapreduce",
        &["createCluster", "terminateCluster", "addStep"],
        &["setClusterTerminationProtection", "cancelStep", "modifyInstanceFleetByName", "modifyInstanceGroupByName"],
        false,
    ),
    ("emr-containers", &["deleteVirtualCluster", "startJobRun"], &["createVirtualCluster"], false),
    (
        "emr-serverless",
        &[
            "createApplication",
            "startApplication",
            "stopApplication",
            "deleteApplication",
            "startJobRun",
            "cancelJobRun",
        ],
        &[],
        false,
    ),
    ("events", &[], &["putEvents"], true),
    ("glue", &["startJobRun"], &[], false),
    ("http", &[], &["invoke"], false),
    ("lambda", &[], &["invoke"], true),
    ("mediaconvert", &["createJob"], &[], false),
    (
        "sagemaker",
        &[
            "createHyperParameterTuningJob",
            "createLabelingJob",
            "createProcessingJob",
            "createTrainingJob",
            "createTransformJob",
        ],
        &["createEndpoint", "createEndpointConfig", "createModel", "updateEndpoint"],
        false,
    ),
    ("sns", &[], &["publish"], true),
    ("sqs", &[], &["sendMessage"], true),
    ("states", &["startExecution"], &[], true),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::rules::testing::{accepted, machine, refused};

    #[test]
    fn resources_are_told_apart() {
        let integration = |arn: &str, service: &str, action: &str| Resource::Integration {
            arn: arn.into(),
            service: service.into(),
            action: action.into(),
        };
        let cases = [
            (
                "arn:aws:states:us-east-1:1:activity:a-b",
                Resource::Activity("arn:aws:states:us-east-1:1:activity:a-b".into()),
            ),
            (
                "arn:aws-cn:lambda:cn-north-1:1:function:f:$LATEST",
                Resource::LambdaFunction("arn:aws-cn:lambda:cn-north-1:1:function:f:$LATEST".into()),
            ),
            (
                "arn:aws:states:::states:startExecution.sync:2",
                integration("arn:aws:states:::states:startExecution.sync:2", "states", "startExecution.sync:2"),
            ),
            (
                "arn:aws:states:us-east-1:1:sqs:sendMessage.waitForTaskToken",
                integration(
                    "arn:aws:states:us-east-1:1:sqs:sendMessage.waitForTaskToken",
                    "sqs",
                    "sendMessage.waitForTaskToken",
                ),
            ),
            (
                "arn:aws:states:::aws-sdk:s3:getObject",
                integration("arn:aws:states:::aws-sdk:s3:getObject", "aws-sdk:s3", "getObject"),
            ),
        ];
        for (arn, resource) in cases {
            assert_eq!(parse(&Text::from(arn)), Some(resource), "{arn}");
        }
    }

    #[test]
    fn what_cannot_be_called_is_refused() {
        let task = |arn: &str| machine(&format!(r#"{{"Type": "Task", "Resource": "{arn}", "End": true}}"#));
        for arn in [
            "",
            "function:f",
            "arn:aws:states:::dynamodb:query",
            "arn:aws:states:::dynamodb:getItem.sync",
            "arn:aws:states:::lambda:invoke.sync",
            "arn:aws:states:::batch:submitJob.sync:2",
            "arn:aws:states:::batch:submitJob.waitForTaskToken",
            "arn:aws:states:::aws-sdk:s3:GetObject",
            "arn:aws:states:::aws-sdk:s3",
            "arn:aws:states:::aws-sdk:s3:getObjects",
            "arn:aws:states:::aws-sdk:s3:getObject.sync",
            "arn:aws:states:::aws-sdk:stepfunctions:startExecution",
            "arn:aws:states:::aws-sdk:qldb:a b",
            "arn:aws:s3:::bucket",
            "arn:aws:lambda:us-east-1:1:function:a b",
        ] {
            let text = format!(
                "SCHEMA_VALIDATION_FAILED: The resource provided {arn} is not recognized. The value is not a valid \
                 resource ARN, or the resource is not available in this region. at /States/X/Resource"
            );
            refused(&task(arn), &[&text]);
        }
        accepted(&task("arn:aws:states:::dynamodb:updateItem"));
        accepted(&task("arn:aws:states:::aws-sdk:sfn:startExecution.waitForTaskToken"));
        accepted(&task("arn:aws:states:::batch:submitJob.sync"));
    }

    #[test]
    fn the_help_names_a_near_miss() {
        for (arn, expected) in [
            ("arn:aws:states:::aws-sdk:s3:GetObject", "Did you mean s3:getObject?"),
            ("arn:aws:states:::aws-sdk:dynamo-db:getItem.waitForTaskToken", "Did you mean dynamodb:getItem?"),
            ("arn:aws:states:::aws-sdk:nothing:like", "Name a service and one of its actions"),
            ("arn:aws:states:::dynamodb:query", "Give the ARN"),
        ] {
            assert!(help(arn).starts_with(expected), "{arn}: {}", help(arn));
        }
    }
}
