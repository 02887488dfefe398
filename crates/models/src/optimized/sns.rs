//! Amazon SNS.

use super::{Action, Service};

pub(super) const SNS: Service = Service {
    name: "sns",
    client: "sns",
    error_prefix: "SNS",
    error_service: "AmazonSNS",
    takes_task_token: true,
    actions: &[Action::new("publish", "Publish").only(&[
        "Message",
        "MessageAttributes",
        "MessageDeduplicationId",
        "MessageGroupId",
        "MessageStructure",
        "PhoneNumber",
        "Subject",
        "TargetArn",
        "TopicArn",
    ])],
};
