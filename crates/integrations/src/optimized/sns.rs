//! Amazon SNS.

use super::{Action, Service};
use crate::failure::Words;

pub(super) const SERVICE: Service = Service {
    name: "sns",
    client: "sns",
    words: Words::Optimized { prefix: "SNS", service: "AmazonSNS" },
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
