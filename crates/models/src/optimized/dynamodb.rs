//! Amazon DynamoDB.

use super::{Action, Service};

pub(super) const DYNAMODB: Service = Service {
    name: "dynamodb",
    client: "dynamodb",
    error_prefix: "DynamoDB",
    error_service: "AmazonDynamoDBv2",
    takes_task_token: false,
    actions: &[
        Action::new("getItem", "GetItem"),
        Action::new("putItem", "PutItem"),
        Action::new("updateItem", "UpdateItem"),
        Action::new("deleteItem", "DeleteItem"),
    ],
};
