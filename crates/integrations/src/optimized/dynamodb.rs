//! Amazon DynamoDB.

use super::{Action, Service};
use crate::failure::Words;

pub(super) const SERVICE: Service = Service {
    name: "dynamodb",
    client: "dynamodb",
    words: Words::Optimized { prefix: "DynamoDB", service: "AmazonDynamoDBv2" },
    actions: &[
        Action::new("getItem", "GetItem"),
        Action::new("putItem", "PutItem"),
        Action::new("updateItem", "UpdateItem"),
        Action::new("deleteItem", "DeleteItem"),
    ],
};
