//! A Task state's `Resource` is the ARN of something that can be called.
//!
//! Why: a misspelt integration would fail only when an execution comes to it. What can be called is what the crate
//! `models` knows: the table of optimized integrations and, for `aws-sdk`, the actions of every service.
//!
//! Refused: `arn:aws:states:::dynamodb:query`. Mended: `arn:aws:states:::aws-sdk:dynamodb:query`.

use models::actions;
use models::optimized::{self, Pattern};

use crate::diagnostic::Code;
use crate::near::nearest;
use crate::program::Resource;
use crate::read::fields::Fields;
use crate::resource::Service;

/// What a `Resource` may be.
const FORMS: &str = "Give the ARN of a Lambda function, an activity or a service integration, such as \
                     arn:aws:states:::sqs:sendMessage or arn:aws:states:::aws-sdk:s3:getObject.";

/// The field's resource, also one that cannot be called: what calls it says so.
pub(crate) fn read(fields: &Fields<'_>) -> Option<Resource> {
    const NAME: &str = "Resource";
    let text = fields.text(NAME)?;
    let resource = Resource::parse(text);
    if resource.as_ref().is_some_and(is_known) {
        return resource;
    }
    let message = format!(
        "The resource provided {text} is not recognized. The value is not a valid resource ARN, or the resource is \
         not available in this region."
    );
    let help = if fields.log.suggests() { help(resource.as_ref()) } else { FORMS.to_owned() };
    fields.log.error(&fields.place_of(NAME), Code::SchemaValidationFailed, message, &help);
    resource
}

/// What to write instead of an ARN that names nothing that can be called, as far as it could be read.
fn help(resource: Option<&Resource>) -> String {
    let Some(integration) = resource.and_then(Resource::integration) else { return FORMS.to_owned() };
    match integration.service() {
        Service::Optimized(service) => optimized_help(service, integration.action(), integration.pattern()),
        Service::AwsSdk(service) if integration.pattern().is_job() && is_sdk_call(service, integration.action()) => {
            "aws-sdk knows no .sync: leave it out, or use an optimized integration.".to_owned()
        }
        Service::AwsSdk(service) => match meant(service, integration.action()) {
            Some(call) => format!("Did you mean {call}?"),
            None => "Name a service and one of its actions as the AWS SDK for Java does, in camel case, such as \
                     arn:aws:states:::aws-sdk:s3:getObject."
                .to_owned(),
        },
    }
}

/// What to write instead of an optimized integration that does not exist.
fn optimized_help(service: &str, action: &str, pattern: Pattern) -> String {
    if let Some(row) = optimized::find(service, action) {
        let known = Pattern::ALL.into_iter().filter(|pattern| row.allows(*pattern));
        let known: Vec<String> = known.map(|pattern| format!("{service}:{action}{}", pattern.suffix())).collect();
        return format!("Known are {}.", known.join(", "));
    }
    let suffix = pattern.suffix();
    let services = || optimized::SERVICES.into_iter();
    let meant = match services().find(|known| known.name == service) {
        Some(known) => nearest(action, known.actions.iter().map(|action| action.name))
            .map(|action| format!("arn:aws:states:::{service}:{action}{suffix}")),
        None => nearest(service, services().map(|known| known.name))
            .map(|service| format!("arn:aws:states:::{service}:{action}{suffix}")),
    };
    match meant {
        Some(meant) => format!("Did you mean {meant}?"),
        None if is_sdk_call(sdk_name(service), action) => {
            format!("Did you mean arn:aws:states:::aws-sdk:{}:{action}?", sdk_name(service))
        }
        None => FORMS.to_owned(),
    }
}

/// A service as `aws-sdk` has it.
fn sdk_name(service: &str) -> &str {
    optimized::SERVICES.into_iter().find(|known| known.name == service).map_or(service, |known| known.client)
}

/// Whether an integration is one of those that can be called. What activities and functions there are is not the
/// language's matter.
fn is_known(resource: &Resource) -> bool {
    let Some(integration) = resource.integration() else { return true };
    let (action, pattern) = (integration.action(), integration.pattern());
    match integration.service() {
        Service::AwsSdk(service) => !pattern.is_job() && is_sdk_call(service, action),
        Service::Optimized(service) => optimized::find(service, action).is_some_and(|row| row.allows(pattern)),
    }
}

/// A list that cannot be read refuses nothing: the call will say so.
fn is_sdk_call(service: &str, action: &str) -> bool {
    action.starts_with(|c: char| c.is_ascii_lowercase()) && actions::has(service, action).unwrap_or(true)
}

/// The call that was probably meant by one that does not exist: another action of the service, or another service.
/// `None` where nothing is like it.
fn meant(service: &str, action: &str) -> Option<String> {
    match actions::of(service).ok()? {
        Some(known) => nearest(action, known.names()).map(|action| format!("{service}:{action}")),
        None => nearest(service, actions::services().ok()?).map(|service| format!("{service}:{action}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::rules::testing::{accepted, machine, refused};

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
            ("arn:aws:states:::dynamodb:query", "Did you mean arn:aws:states:::aws-sdk:dynamodb:query?"),
            ("arn:aws:states:::states:listExecutions", "Did you mean arn:aws:states:::aws-sdk:sfn:listExecutions?"),
            ("arn:aws:states:::s3:getObject", "Did you mean arn:aws:states:::aws-sdk:s3:getObject?"),
            ("arn:aws:states:::sqs:sendMesage", "Did you mean arn:aws:states:::sqs:sendMessage?"),
            ("arn:aws:states:::lamdba:invoke.waitForTaskToken", "Did you mean arn:aws:states:::lambda:invoke.wait"),
            ("arn:aws:states:::lambda:invoke.sync", "Known are lambda:invoke, lambda:invoke.waitForTaskToken."),
            ("arn:aws:states:::aws-sdk:s3:getObject.sync", "aws-sdk knows no .sync"),
            ("arn:aws:states:::nothing:like", "Give the ARN"),
        ] {
            let help = help(Resource::parse(&arn.into()).as_ref());
            assert!(help.starts_with(expected), "{arn}: {help}");
        }
    }

    #[test]
    fn a_near_miss_is_named() {
        let cases = [
            (("s3", "GetObject"), Some("s3:getObject")),
            (("s3", "getObjects"), Some("s3:getObject")),
            (("s3", "somethingElse"), None),
            (("dynamo", "getItem"), Some("dynamodb:getItem")),
            (("simplequeue", "sendMessage"), None),
            (("dynamoDb", "getItem"), Some("dynamodb:getItem")),
            (("cloudwatch-logs", "putLogEvents"), Some("cloudwatchlogs:putLogEvents")),
        ];
        for ((service, action), expected) in cases {
            assert_eq!(meant(service, action).as_deref(), expected, "{service}:{action}");
        }
    }
}
