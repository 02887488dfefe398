//! Smithy RPC v2 with CBOR: the operation in the path, CBOR both ways.

mod read;
mod write;

use models::{Operation, Service, ShapeId};
use serde_json::Value;

use super::error::{Refusal, bare};
use super::parameters::Field;
use super::{DecodeError, HttpAnswer, HttpRequest};

const CONTENT_TYPE: &str = "application/cbor";

pub(super) fn encode(service: &Service, operation: &Operation, fields: &[Field<'_>]) -> HttpRequest {
    let metadata = &service.metadata;
    let name = if metadata.target_prefix.is_empty() { &metadata.service_id } else { &metadata.target_prefix };
    let mut headers =
        vec![("smithy-protocol".to_owned(), "rpc-v2-cbor".to_owned()), ("Accept".to_owned(), CONTENT_TYPE.to_owned())];
    let mut body = Vec::new();
    // An operation without parameters has no body at all.
    if operation.input.is_some() {
        headers.push(("Content-Type".to_owned(), CONTENT_TYPE.to_owned()));
        write::structure(&mut body, fields);
    }
    HttpRequest {
        method: "POST".to_owned(),
        path: format!("/service/{name}/operation/{}", operation.name),
        query: Vec::new(),
        headers,
        body: body.into(),
        host_prefix: None,
    }
}

pub(super) fn decode(service: &Service, output: ShapeId, answer: &HttpAnswer) -> Result<Value, DecodeError> {
    let empty = || Value::Object(serde_json::Map::new());
    if answer.body.is_empty() {
        return Ok(empty());
    }
    Ok(read::value(service, output, &answer.body)?.unwrap_or_else(empty))
}

/// A refusal: the code in `__type`, the message in `message`.
pub(super) fn refusal(answer: &HttpAnswer) -> Refusal {
    let Ok(texts) = read::texts(&answer.body) else { return Refusal::default() };
    let text = |names: &[&str]| {
        let found = names.iter().find_map(|name| texts.iter().find(|(key, _)| key == name));
        found.map(|(_, value)| value.as_str())
    };
    Refusal {
        code: text(&["__type"]).map(bare).filter(|code| !code.is_empty()).map(str::to_owned),
        message: text(&["message", "Message"]).map(str::to_owned),
        readable: true,
        ..Refusal::default()
    }
}
