//! The protocols as wholes: a miniature model, parameters and the request's bytes; an answer's bytes and the result.

mod model;
mod properties;

use bytes::Bytes;
use models::Service;
use serde_json::{Value, json};

use super::{Given, HttpAnswer, HttpRequest};
use crate::{MissingParameters, ParameterError, ServiceError};

mod cbor;
mod ec2;
mod json;
mod parameters;
mod query;
mod rest_json;
mod rest_xml;

const TOKEN: &str = "token-1";

/// Headers of an answer.
type Headers<'a> = &'a [(&'a str, &'a str)];

/// The request for an operation that the model has.
fn encode(service: &Service, operation: &str, input: &Value) -> Result<HttpRequest, ParameterError> {
    let given = Given { input, token: TOKEN, missing: MissingParameters::Refused };
    super::encode(service, service.operation(operation).unwrap(), given)
}

fn encoded(service: &Service, operation: &str, input: &Value) -> HttpRequest {
    encode(service, operation, input).unwrap()
}

fn body(request: &HttpRequest) -> &str {
    std::str::from_utf8(&request.body).unwrap()
}

fn answer(status: u16, headers: Headers<'_>, body: impl Into<Bytes>) -> HttpAnswer {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    HttpAnswer { status, headers, body: body.into() }
}

/// The result, or the text of what is wrong with the answer.
fn decode(service: &Service, operation: &str, answer: &HttpAnswer) -> Result<Value, String> {
    super::decode(service, service.operation(operation).unwrap(), answer).map_err(|error| error.to_string())
}

fn refusal(service: &Service, operation: &str, answer: &HttpAnswer) -> ServiceError {
    super::decode_error(service, service.operation(operation).unwrap(), answer)
}

/// An error's code, shape, message and request id as one line.
fn told(error: &ServiceError) -> String {
    let (shape, id) = (error.shape.as_deref().unwrap_or("-"), error.request_id.as_deref().unwrap_or("-"));
    format!("{} {shape} {:?} {id}", error.code, error.message)
}

/// Headers as lines.
fn headers(request: &HttpRequest) -> Vec<String> {
    request.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect()
}

/// The path with the query as it would stand in a request, values as they are.
fn target(request: &HttpRequest) -> String {
    let query = request.query.iter().map(|(name, value)| match value {
        Some(value) => format!("{name}={value}"),
        None => name.clone(),
    });
    let query = query.collect::<Vec<_>>().join("&");
    format!("{} {}{}{query}", request.method, request.path, if query.is_empty() { "" } else { "?" })
}

#[test]
fn an_operation_without_parameters_and_results_is_called_in_every_protocol() {
    for protocol in ["json", "query", "ec2", "rest-json", "rest-xml", "smithy-rpc-v2-cbor"] {
        let service = model::service(&json!({
            "metadata": {"protocol": protocol, "serviceId": "Mini"},
            "operations": {"Ping": {"http": {"method": "POST", "requestUri": "/"}}},
            "shapes": {}
        }));
        let request = encoded(&service, "ping", &Value::Null);
        assert_eq!(request.method, "POST", "{protocol}");
        assert!(encode(&service, "Ping", &json!({"Extra": 1})).is_err(), "{protocol}");
        assert_eq!(decode(&service, "Ping", &answer(200, &[], "")), Ok(json!({})), "{protocol}");
    }
}
