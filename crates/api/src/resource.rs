//! What a caller must be allowed to do an action with.
//!
//! AWS's rules: a version or an alias is asked for as the state machine it belongs to, and its name stands in the
//! condition key `states:StateMachineQualifier`. Where the Service Authorization Reference names no resource, lists ask
//! for every resource of their kind, and SendTask* for what gave out the token.

use std::borrow::Cow;
use std::fmt::{self, Display};

use runtime::RuntimeOptions;

use crate::arn::{self, ArnKind};

/// A resource that an action is about, and the request's member that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resource<'a> {
    /// The one whose ARN the member gives.
    Given {
        /// The member.
        member: &'static str,
        /// The ARN, which may be a version's or an alias's.
        arn: &'a str,
    },
    /// The one that is to get the name that the member gives.
    New {
        /// The member.
        member: &'static str,
        /// What it will be.
        kind: ArnKind,
        /// Its name.
        name: &'a str,
    },
    /// Every one of a kind; no member says so.
    Every(ArnKind),
    /// The state machine or the activity whose task the member's token stands for.
    OfTask {
        /// The member.
        member: &'static str,
    },
}

impl<'a> Resource<'a> {
    /// The ARN that a policy must allow. `None` where only the task's token tells.
    pub(crate) fn arn(&self, options: &RuntimeOptions) -> Option<Cow<'a, str>> {
        let of_account = |kind: ArnKind, name: &str| {
            Cow::Owned(format!("arn:aws:states:{}:{}:{}:{name}", options.region, options.account, kind.as_str()))
        };
        match *self {
            Self::Given { arn, .. } if arn::is_state_machine(arn) => Some(arn::unqualified(arn).into()),
            Self::Given { arn, .. } => Some(arn.into()),
            Self::New { kind, name, .. } => Some(of_account(kind, name)),
            Self::Every(kind) => Some(of_account(kind, "*")),
            Self::OfTask { .. } => None,
        }
    }

    /// The version or the alias that is asked for: `states:StateMachineQualifier`.
    pub(crate) fn qualifier(&self) -> Option<&'a str> {
        match *self {
            Self::Given { arn, .. } if arn::is_state_machine(arn) => arn::qualifier(arn),
            _ => None,
        }
    }
}

/// Resources as a log line shows them.
pub(crate) struct ShownResources<'a> {
    /// The resources.
    pub(crate) resources: Vec<Resource<'a>>,
    /// Where ARNs are made.
    pub(crate) options: &'a RuntimeOptions,
}

impl Display for ShownResources<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, resource) in self.resources.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            match resource.arn(self.options) {
                Some(arn) => f.write_str(&arn)?,
                None => f.write_str("what the task token is of")?,
            }
            if let Some(qualifier) = resource.qualifier() {
                write!(f, " ({qualifier})")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> RuntimeOptions {
        RuntimeOptions {
            region: "eu-west-1".into(),
            account: "000000000000".into(),
            quotas: runtime::quotas::Quotas::default(),
            shards: 1,
        }
    }

    #[test]
    fn a_qualified_state_machine_is_asked_for_unqualified() {
        let machine = "arn:aws:states:r:0:stateMachine:m";
        for (suffix, qualifier) in [("", None), (":1", Some("1")), (":PROD", Some("PROD"))] {
            let arn = format!("{machine}{suffix}");
            let resource = Resource::Given { member: "stateMachineArn", arn: &arn };
            assert_eq!((resource.arn(&options()).as_deref(), resource.qualifier()), (Some(machine), qualifier));
        }
    }

    #[test]
    fn other_arns_are_taken_whole_and_names_become_arns() {
        let execution = "arn:aws:states:r:0:execution:m:e";
        let resource = Resource::Given { member: "executionArn", arn: execution };
        assert_eq!((resource.arn(&options()).as_deref(), resource.qualifier()), (Some(execution), None));
        let new = Resource::New { member: "name", kind: ArnKind::Activity, name: "a" };
        assert_eq!(new.arn(&options()).as_deref(), Some("arn:aws:states:eu-west-1:000000000000:activity:a"));
        let every = Resource::Every(ArnKind::StateMachine);
        assert_eq!(every.arn(&options()).as_deref(), Some("arn:aws:states:eu-west-1:000000000000:stateMachine:*"));
        assert_eq!(Resource::OfTask { member: "taskToken" }.arn(&options()), None);
    }
}
