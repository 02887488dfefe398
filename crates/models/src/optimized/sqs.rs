//! Amazon SQS. The queue's URL is a parameter only: the request goes to the endpoint that is configured.

use super::{Action, Service};

pub(super) const SQS: Service = Service {
    name: "sqs",
    client: "sqs",
    error_prefix: "SQS",
    error_service: "AmazonSQS",
    takes_task_token: true,
    actions: &[Action::new("sendMessage", "SendMessage").only(&[
        "DelaySeconds",
        "MessageAttributes",
        "MessageBody",
        "MessageDeduplicationId",
        "MessageGroupId",
        "QueueUrl",
    ])],
};
