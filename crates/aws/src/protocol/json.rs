//! AWS JSON 1.0 and 1.1: one path for all, the operation is named in a header.

use models::{Operation, Service, ShapeId};
use serde_json::Value;

use super::parameters::Field;
use super::{DecodeError, HttpAnswer, HttpRequest, json_body, rest};

pub(super) fn encode(service: &Service, operation: &Operation, fields: &[Field<'_>]) -> HttpRequest {
    let metadata = &service.metadata;
    let (path, query) = rest::fixed_target(operation);
    let mut body = String::new();
    json_body::write_members(&mut body, fields);
    HttpRequest {
        method: "POST".to_owned(),
        path,
        query,
        headers: vec![
            ("X-Amz-Target".to_owned(), format!("{}.{}", metadata.target_prefix, operation.name)),
            ("Content-Type".to_owned(), format!("application/x-amz-json-{}", metadata.json_version)),
        ],
        body: body.into(),
        host_prefix: None,
    }
}

pub(super) fn decode(service: &Service, output: ShapeId, answer: &HttpAnswer) -> Result<Value, DecodeError> {
    let value = if answer.body.is_empty() { Value::Null } else { json_body::parse(&answer.body)? };
    let result = json_body::read(service, output, value)?;
    Ok(result.unwrap_or_else(|| Value::Object(serde_json::Map::new())))
}
