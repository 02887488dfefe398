//! Integrations that are no operations of a model: their parameters alone.

use super::{Action, Run, Service};
use crate::failure::Words;

pub(super) const LAMBDA: Service = Service {
    name: "lambda",
    client: "lambda",
    words: Words::Optimized { prefix: "Lambda", service: "AWSLambda" },
    actions: &[Action::running("invoke", Run::Elsewhere).only(&[
        "ClientContext",
        "FunctionName",
        "InvocationType",
        "LogType",
        "Payload",
        "Qualifier",
    ])],
};

pub(super) const APIGATEWAY: Service = Service {
    name: "apigateway",
    client: "apigateway",
    words: Words::Optimized { prefix: "ApiGateway", service: "AmazonApiGateway" },
    actions: &[Action::running("invoke", Run::Elsewhere).only(&[
        "AllowNullValues",
        "ApiEndpoint",
        "AuthType",
        "Headers",
        "Method",
        "Path",
        "QueryParameters",
        "RequestBody",
        "Stage",
    ])],
};

pub(super) const HTTP: Service = Service {
    name: "http",
    client: "http",
    words: Words::Optimized { prefix: "States.Http", service: "Http" },
    actions: &[Action::running("invoke", Run::Elsewhere).only(&[
        "ApiEndpoint",
        "Authentication",
        "Headers",
        "InvocationConfig",
        "Method",
        "QueryParameters",
        "RequestBody",
        "Transform",
    ])],
};
