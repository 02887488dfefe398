//! Amazon Bedrock.

use super::job::{Job, answer};
use super::{Action, Run, Service};

pub(super) const BEDROCK: Service = Service {
    name: "bedrock",
    client: "bedrock",
    error_prefix: "Bedrock",
    error_service: "AmazonBedrock",
    takes_task_token: true,
    actions: &[
        Action::running("invokeModel", Run::InvokeModel).of("bedrockruntime").only(&[
            "Accept",
            "Body",
            "ContentType",
            "GuardrailIdentifier",
            "GuardrailVersion",
            "Input",
            "ModelId",
            "Output",
            "Trace",
        ]),
        Action::new("createModelCustomizationJob", "CreateModelCustomizationJob").job(
            Job::new(
                ("GetModelCustomizationJob", &[answer("JobIdentifier", &["JobArn"])]),
                (&[], &["Status"]),
                &["Completed"],
                &["Failed", "Stopped"],
            )
            .cancel("StopModelCustomizationJob", &[answer("JobIdentifier", &["JobArn"])]),
        ),
    ],
};
