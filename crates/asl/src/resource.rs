//! What a Task's `Resource` names: an activity, a Lambda function, or an action of a service and what is waited for.
//!
//! The one place where such a name is taken apart. Whether there is such an action is not asked here, but by a rule: a
//! definition that is stored keeps its meaning whatever the rules learn later.

pub use models::optimized::Pattern;

use crate::value::Text;

/// Begins the resource type of an action that is called as the AWS SDK has it.
const SDK: &str = "aws-sdk:";

/// A Task's `Resource`, told apart by its form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resource {
    /// `arn:<p>:states:<r>:<a>:activity:<name>`
    Activity(Text),
    /// `arn:<p>:lambda:<r>:<a>:function:<name>[:<qualifier>]`
    LambdaFunction(Text),
    /// `arn:<p>:states:<r?>:<a?>:<service>:<action>[.<pattern>]`
    Integration {
        /// The whole ARN.
        arn: Text,
        /// What stands behind the account.
        integration: Integration,
    },
}

impl Resource {
    /// Reads an ARN. `None` for what has none of the three forms.
    pub fn parse(arn: &Text) -> Option<Self> {
        let mut parts = arn.splitn(6, ':');
        let mut part = || parts.next();
        let (scheme, partition, service, _region, _account, rest) =
            (part()?, part()?, part()?, part()?, part()?, part()?);
        if scheme != "arn" || !is_word(partition) {
            return None;
        }
        match service {
            "lambda" => is_function(rest).then(|| Self::LambdaFunction(arn.clone())),
            "states" => match rest.strip_prefix("activity:") {
                Some(name) => is_activity(name).then(|| Self::Activity(arn.clone())),
                None => {
                    Integration::of_arn(rest).map(|integration| Self::Integration { arn: arn.clone(), integration })
                }
            },
            _ => None,
        }
    }

    /// The ARN as written.
    pub fn arn(&self) -> &Text {
        match self {
            Self::Activity(arn) | Self::LambdaFunction(arn) | Self::Integration { arn, .. } => arn,
        }
    }

    /// The integration; `None` for an activity and a function.
    pub fn integration(&self) -> Option<&Integration> {
        match self {
            Self::Integration { integration, .. } => Some(integration),
            Self::Activity(_) | Self::LambdaFunction(_) => None,
        }
    }

    /// Whether the task goes on when the service has answered: it waits for a job or a callback. Only such a task finds
    /// its token in the context object.
    pub fn waits_for_more(&self) -> bool {
        self.integration().is_some_and(|integration| integration.pattern != Pattern::RequestResponse)
    }

    /// Whether the task ends by a callback with its token.
    pub fn is_callback(&self) -> bool {
        self.integration().is_some_and(|integration| integration.pattern == Pattern::WaitForTaskToken)
    }
}

/// An action of a service, and what the task waits for. It keeps the two texts that it was read from, which are those
/// that history shows, so that an event has them without making them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Integration {
    resource_type: Text,
    resource: Text,
    pattern: Pattern,
}

impl Integration {
    /// The two texts.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &Text> {
        [&self.resource_type, &self.resource].into_iter()
    }

    /// Reads the two texts that history shows: `sqs` or `aws-sdk:s3`, and `sendMessage.waitForTaskToken`. `None` where
    /// they are none of an integration.
    pub fn parse(resource_type: Text, resource: Text) -> Option<Self> {
        let (action, pattern) = split(&resource)?;
        let service = resource_type.strip_prefix(SDK).unwrap_or(&resource_type);
        if !is_word(service) || !is_word(action) {
            return None;
        }
        Some(Self { resource_type, resource, pattern })
    }

    /// Reads what an ARN has behind its account: `sqs:sendMessage`, `aws-sdk:s3:getObject`.
    fn of_arn(rest: &str) -> Option<Self> {
        let prefix = if rest.starts_with(SDK) { SDK.len() } else { 0 };
        let end = prefix + rest[prefix..].find(':')?;
        Self::parse(rest[..end].into(), rest[end + 1..].into())
    }

    /// `resourceType` in history: `sqs`, `aws-sdk:s3`.
    pub fn resource_type(&self) -> &Text {
        &self.resource_type
    }

    /// `resource` in history: the action with its pattern, `sendMessage.waitForTaskToken`.
    pub fn resource(&self) -> &Text {
        &self.resource
    }

    /// Whose action it is.
    pub fn service(&self) -> Service<'_> {
        match self.resource_type.strip_prefix(SDK) {
            Some(name) => Service::AwsSdk(name),
            None => Service::Optimized(&self.resource_type),
        }
    }

    /// The action: `sendMessage`.
    pub fn action(&self) -> &str {
        &self.resource[..self.resource.len() - self.pattern.suffix().len()]
    }

    /// What the task waits for.
    pub fn pattern(&self) -> Pattern {
        self.pattern
    }
}

/// The service of an [`Integration`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service<'a> {
    /// One with optimized integrations, as resources name it: `elasticmapreduce`.
    Optimized(&'a str),
    /// One that is called as the AWS SDK for Java has it: `s3` of `aws-sdk:s3`.
    AwsSdk(&'a str),
}

/// `sendMessage.waitForTaskToken` is an action and its pattern.
fn split(resource: &str) -> Option<(&str, Pattern)> {
    let (action, suffix) = resource.split_at(resource.find('.').unwrap_or(resource.len()));
    let pattern = Pattern::ALL.into_iter().find(|pattern| pattern.suffix() == suffix)?;
    Some((action, pattern))
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

fn is_word(text: &str) -> bool {
    is_word_with(text, "")
}

fn is_word_with(text: &str, more: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_' || more.contains(c))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(arn: &str) -> Option<Resource> {
        Resource::parse(&arn.into())
    }

    #[test]
    fn activities_and_functions_are_told_by_their_arns() {
        for arn in ["arn:aws:states:us-east-1:1:activity:a-b", "arn:aws-cn:states:cn-north-1:1:activity:a.b"] {
            assert_eq!(parsed(arn), Some(Resource::Activity(arn.into())));
        }
        for arn in ["arn:aws:lambda:us-east-1:1:function:f", "arn:aws-cn:lambda:cn-north-1:1:function:f:$LATEST"] {
            assert_eq!(parsed(arn), Some(Resource::LambdaFunction(arn.into())));
        }
    }

    #[test]
    fn an_integration_is_a_service_an_action_and_a_pattern() {
        use Pattern::*;
        use Service::*;
        for (rest, resource_type, resource, service, action, pattern) in [
            ("::sqs:sendMessage", "sqs", "sendMessage", Optimized("sqs"), "sendMessage", RequestResponse),
            ("r:1:ecs:runTask.sync", "ecs", "runTask.sync", Optimized("ecs"), "runTask", Sync),
            ("::states:start.sync:2", "states", "start.sync:2", Optimized("states"), "start", Sync2),
            ("::x:y.waitForTaskToken", "x", "y.waitForTaskToken", Optimized("x"), "y", WaitForTaskToken),
            ("::aws-sdk:s3:getObject", "aws-sdk:s3", "getObject", AwsSdk("s3"), "getObject", RequestResponse),
            ("::aws-sdk:s3:a.sync:2", "aws-sdk:s3", "a.sync:2", AwsSdk("s3"), "a", Sync2),
        ] {
            let resource_read = parsed(&format!("arn:aws:states:{rest}")).unwrap_or_else(|| panic!("{rest}"));
            let read = resource_read.integration().unwrap();
            assert_eq!((&**read.resource_type(), &**read.resource()), (resource_type, resource));
            assert_eq!((read.service(), read.action(), read.pattern()), (service, action, pattern));
            assert_eq!(Integration::parse(resource_type.into(), resource.into()).as_ref(), Some(read));
            assert_eq!(resource_read.is_callback(), pattern == WaitForTaskToken);
            assert_eq!(resource_read.waits_for_more(), pattern != RequestResponse);
        }
    }

    #[test]
    fn what_has_no_form_is_no_resource() {
        for arn in [
            "",
            "function:f",
            "arn:aws:s3:::bucket",
            "arn::states:::sqs:sendMessage",
            "arn:aws:states:::sqs",
            "arn:aws:states:::sqs:",
            "arn:aws:states::::sendMessage",
            "arn:aws:states:::aws-sdk:s3",
            "arn:aws:states:::aws-sdk::getObject",
            "arn:aws:states:::sqs:sendMessage.async",
            "arn:aws:states:::sqs:sendMessage.",
            "arn:aws:states:::sqs:sendMessage.sync.sync",
            "arn:aws:states:::sqs:send message",
            "arn:aws:states:r:1:activity:",
            "arn:aws:states:r:1:activity:a b",
            "arn:aws:lambda:us-east-1:1:function:a b",
            "arn:aws:lambda:us-east-1:1:function:a:b:c",
        ] {
            assert_eq!(parsed(arn), None, "{arn}");
        }
    }

    proptest! {
        #[test]
        fn an_integration_is_the_texts_it_was_read_from(service in "(aws-sdk:)?[a-z0-9-]{1,8}", action in "[a-zA-Z]{1,8}") {
            for pattern in Pattern::ALL {
                let resource = format!("{action}{}", pattern.suffix());
                let read = parsed(&format!("arn:aws:states:::{service}:{resource}"));
                let Some(Resource::Integration { integration, .. }) = read else {
                    // `activity` is the one word that is no service.
                    prop_assert_eq!(&service, "activity");
                    continue;
                };
                prop_assert_eq!(&**integration.resource_type(), &service);
                prop_assert_eq!(&**integration.resource(), &resource);
                prop_assert_eq!((integration.action(), integration.pattern()), (action.as_str(), pattern));
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,60}") {
            let _ = parsed(&text);
            let _ = parsed(&format!("arn:aws:states:::{text}"));
        }
    }
}
