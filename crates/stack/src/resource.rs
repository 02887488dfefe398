//! What a reference to a resource gives, by the resource's type.

/// The account of made-up ARNs.
pub(crate) const ACCOUNT: &str = "123456789012";
/// The region of made-up ARNs.
pub(crate) const REGION: &str = "us-east-1";

/// What `Ref` gives for a resource of that type.
pub(crate) fn reference(id: &str, resource_type: &str) -> String {
    match resource_type {
        "AWS::StepFunctions::Activity"
        | "AWS::StepFunctions::StateMachine"
        | "AWS::Serverless::StateMachine"
        | "AWS::SNS::Topic"
        | "AWS::Batch::JobDefinition"
        | "AWS::Batch::JobQueue"
        | "AWS::Batch::ComputeEnvironment"
        | "AWS::ECS::TaskDefinition"
        | "AWS::ECS::Service"
        | "AWS::SecretsManager::Secret" => arn(id, resource_type),
        "AWS::Lambda::Version" | "AWS::Lambda::Alias" => {
            format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{id}:1")
        }
        "AWS::SQS::Queue" => format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{id}"),
        _ => id.to_owned(),
    }
}

/// What `Fn::GetAtt` gives.
pub(crate) fn attribute(id: &str, resource_type: &str, attribute: &str) -> String {
    match attribute {
        "QueueUrl" => reference(id, resource_type),
        _ if attribute.ends_with("Arn") => arn(id, resource_type),
        _ if attribute.ends_with("Name") => id.to_owned(),
        _ => format!("{id}-{attribute}"),
    }
}

/// The ARN that a resource would probably have.
fn arn(id: &str, resource_type: &str) -> String {
    let (service, resource) = match resource_type {
        "AWS::Serverless::Function" | "AWS::Lambda::Function" => ("lambda", format!("function:{id}")),
        "AWS::StepFunctions::Activity" => ("states", format!("activity:{id}")),
        "AWS::StepFunctions::StateMachine" | "AWS::Serverless::StateMachine" => {
            ("states", format!("stateMachine:{id}"))
        }
        "AWS::DynamoDB::Table" | "AWS::Serverless::SimpleTable" => ("dynamodb", format!("table/{id}")),
        "AWS::Batch::JobDefinition" => ("batch", format!("job-definition/{id}:1")),
        "AWS::Batch::JobQueue" => ("batch", format!("job-queue/{id}")),
        "AWS::ECS::TaskDefinition" => ("ecs", format!("task-definition/{id}:1")),
        "AWS::ECS::Cluster" => ("ecs", format!("cluster/{id}")),
        "AWS::IAM::Role" => return format!("arn:aws:iam::{ACCOUNT}:role/{id}"),
        "AWS::S3::Bucket" => return format!("arn:aws:s3:::{id}"),
        other => {
            let service = other.split("::").nth(1).unwrap_or("custom").to_ascii_lowercase();
            return format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{id}");
        }
    };
    format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_what_a_definition_expects_of_them() {
        for (resource_type, by_ref, by_arn) in [
            ("AWS::Serverless::Function", "X", "arn:aws:lambda:us-east-1:123456789012:function:X"),
            ("AWS::SNS::Topic", "arn:aws:sns:us-east-1:123456789012:X", "arn:aws:sns:us-east-1:123456789012:X"),
            (
                "AWS::StepFunctions::Activity",
                "arn:aws:states:us-east-1:123456789012:activity:X",
                "arn:aws:states:us-east-1:123456789012:activity:X",
            ),
            (
                "AWS::SQS::Queue",
                "https://sqs.us-east-1.amazonaws.com/123456789012/X",
                "arn:aws:sqs:us-east-1:123456789012:X",
            ),
            ("AWS::DynamoDB::Table", "X", "arn:aws:dynamodb:us-east-1:123456789012:table/X"),
        ] {
            assert_eq!(reference("X", resource_type), by_ref);
            assert_eq!(attribute("X", resource_type, "Arn"), by_arn);
        }
        assert_eq!(attribute("X", "AWS::SQS::Queue", "QueueName"), "X");
        assert_eq!(attribute("X", "AWS::RDS::DBInstance", "Endpoint"), "X-Endpoint");
    }
}
