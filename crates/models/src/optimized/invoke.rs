//! Integrations that send a request of their own kind: a function, an API, an HTTP endpoint.

use super::{Action, Run, Service};

/// AWS Lambda.
pub const LAMBDA: Service = Service {
    name: "lambda",
    client: "lambda",
    error_prefix: "Lambda",
    error_service: "AWSLambda",
    takes_task_token: true,
    actions: &[Action::running("invoke", Run::InvokeFunction).only(&[
        "ClientContext",
        "FunctionName",
        "InvocationType",
        "LogType",
        "Payload",
        "Qualifier",
    ])],
};

/// Amazon API Gateway.
pub const APIGATEWAY: Service = Service {
    name: "apigateway",
    client: "apigateway",
    error_prefix: "ApiGateway",
    error_service: "AmazonApiGateway",
    takes_task_token: true,
    actions: &[Action::running("invoke", Run::InvokeApi).only(&[
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

/// HTTP endpoints of third parties.
pub const HTTP: Service = Service {
    name: "http",
    client: "http",
    error_prefix: "States.Http",
    error_service: "Http",
    takes_task_token: false,
    actions: &[Action::running("invoke", Run::InvokeHttpEndpoint).only(&[
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
