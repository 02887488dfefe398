//! The query protocol: a form goes out, XML comes back, the result in an element of its own.

use models::{Operation, Service, ShapeId};
use serde_json::Value;

use super::form::{self, Dialect};
use super::parameters::Field;
use super::{DecodeError, HttpAnswer, HttpRequest, rest, xml, xml_body};

pub(super) fn encode(service: &Service, operation: &Operation, fields: &[Field<'_>]) -> HttpRequest {
    request(Dialect::Query, service, operation, fields)
}

/// A form as a request: EC2's too.
pub(super) fn request(dialect: Dialect, service: &Service, operation: &Operation, fields: &[Field<'_>]) -> HttpRequest {
    let (path, query) = rest::fixed_target(operation);
    HttpRequest {
        method: "POST".to_owned(),
        path,
        query,
        headers: vec![("Content-Type".to_owned(), "application/x-www-form-urlencoded; charset=utf-8".to_owned())],
        body: form::write(dialect, &operation.name, &service.metadata.api_version, fields).into(),
        host_prefix: None,
    }
}

pub(super) fn decode(
    service: &Service,
    operation: &Operation,
    output: ShapeId,
    answer: &HttpAnswer,
) -> Result<Value, DecodeError> {
    let root = xml::parse(&answer.body)?;
    let Some(wrapper) = &operation.result_wrapper else { return xml_body::read_root(service, output, &root) };
    let result = root
        .child(wrapper)
        .ok_or_else(|| DecodeError::new(format!("expected an element {wrapper} in {}", root.name)))?;
    xml_body::read_root(service, output, result)
}
