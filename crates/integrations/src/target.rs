//! How a resource names its target.

use asl::resource::{Pattern, Resource};

use crate::Target;

impl Target {
    /// What a Task state's resource names; `None` for an activity, whose tasks are handed out, not called.
    pub fn of(resource: &Resource) -> Option<Self> {
        match resource {
            Resource::Activity(_) => None,
            Resource::LambdaFunction(_) => Some(Self::Function),
            Resource::Integration { integration, .. } => Some(Self::Integration(integration.clone())),
        }
    }

    /// What the task waits for.
    pub fn pattern(&self) -> Pattern {
        match self {
            Self::Function => Pattern::RequestResponse,
            Self::Integration(integration) => integration.pattern(),
        }
    }
}
