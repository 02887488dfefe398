//! Amazon SQS. The queue's URL is a parameter only: the request goes to the endpoint that is configured.

use super::{Action, Service};
use crate::failure::Words;

pub(super) const SERVICE: Service = Service {
    name: "sqs",
    client: "sqs",
    words: Words::Optimized { prefix: "SQS", service: "AmazonSQS" },
    actions: &[Action::new("sendMessage", "SendMessage").only(&[
        "DelaySeconds",
        "MessageAttributes",
        "MessageBody",
        "MessageDeduplicationId",
        "MessageGroupId",
        "QueueUrl",
    ])],
};
