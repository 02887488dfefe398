//! How a resource names its target.

use asl::program::Resource;

use crate::{Pattern, Target};

impl Target {
    /// What a Task state's resource names; `None` for an activity, whose tasks are handed out, not called.
    pub fn of(resource: &Resource) -> Option<Self> {
        match resource {
            Resource::Activity(_) => None,
            Resource::LambdaFunction(_) => Some(Self::Function),
            Resource::Integration { service, action, .. } => Some(Self::named(service, action)),
        }
    }

    /// A service's action by its names in the history: `sqs` and `sendMessage.waitForTaskToken`. The language accepts
    /// no other patterns than these.
    pub fn named(service: &str, resource: &str) -> Self {
        let (action, pattern) = match resource.split_once('.') {
            None => (resource, Pattern::RequestResponse),
            Some((action, "sync:2")) => (action, Pattern::JobParsed),
            Some((action, "waitForTaskToken")) => (action, Pattern::Callback),
            Some((action, _)) => (action, Pattern::Job),
        };
        Self::Action { service: service.into(), action: action.into(), pattern }
    }

    /// What the task waits for.
    pub fn pattern(&self) -> Pattern {
        match self {
            Self::Function => Pattern::RequestResponse,
            Self::Action { pattern, .. } => *pattern,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_named_with_its_pattern() {
        for (resource, action, pattern) in [
            ("sendMessage", "sendMessage", Pattern::RequestResponse),
            ("runTask.sync", "runTask", Pattern::Job),
            ("startExecution.sync:2", "startExecution", Pattern::JobParsed),
            ("invoke.waitForTaskToken", "invoke", Pattern::Callback),
        ] {
            let expected = Target::Action { service: "s".into(), action: action.into(), pattern };
            assert_eq!(Target::named("s", resource), expected);
        }
        assert_eq!(Target::of(&Resource::Activity("arn".into())), None);
    }
}
