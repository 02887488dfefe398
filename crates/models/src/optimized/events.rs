//! Amazon EventBridge.

use super::{Action, Service};

pub(super) const EVENTS: Service = Service {
    name: "events",
    client: "eventbridge",
    error_prefix: "EventBridge",
    error_service: "AmazonEventBridge",
    takes_task_token: true,
    actions: &[Action::new("putEvents", "PutEvents").only(&["Entries"])],
};
