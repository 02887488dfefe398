//! REST with JSON bodies.

use bytes::Bytes;
use models::{Member, Operation, Service, ShapeId};
use serde_json::Value;

use super::parameters::Field;
use super::rest::{self, AnswerBody, Body};
use super::{DecodeError, HttpAnswer, HttpRequest, json_body, result};
use crate::ParameterError;

const CONTENT_TYPE: &str = "application/json";

pub(super) fn encode(
    service: &Service,
    operation: &Operation,
    fields: &[Field<'_>],
) -> Result<HttpRequest, ParameterError> {
    let mut request = rest::request(service, operation, fields)?;
    let mut text = String::new();
    match rest::body(service, operation, fields) {
        Body::None => return Ok(request),
        Body::Raw(bytes, content_type) => {
            rest::set_body(&mut request, bytes, content_type);
            return Ok(request);
        }
        Body::Payload(_, Some(value)) => json_body::write(&mut text, value),
        Body::Payload(_, None) => text.push_str("{}"),
        Body::Members(fields) => json_body::write_members(&mut text, fields),
    }
    rest::set_body(&mut request, text, CONTENT_TYPE);
    Ok(request)
}

pub(super) fn decode(service: &Service, output: ShapeId, answer: &HttpAnswer) -> Result<Value, DecodeError> {
    rest::decode::<JsonBody>(service, output, answer)
}

/// A JSON body; what has been read of it is gone.
struct JsonBody(Value);

impl AnswerBody for JsonBody {
    fn open(body: &Bytes) -> Result<Self, DecodeError> {
        json_body::parse(body).map(Self)
    }

    fn whole(&mut self, service: &Service, member: &Member) -> Result<Option<Value>, DecodeError> {
        json_body::read(service, member.shape, self.0.take())
    }

    fn member(&mut self, service: &Service, member: &Member) -> Result<Option<Value>, DecodeError> {
        match &mut self.0 {
            Value::Object(members) => match members.swap_remove(member.wire_name()) {
                Some(value) => json_body::read(service, member.shape, value),
                None => Ok(None),
            },
            Value::Null => Ok(None),
            other => Err(DecodeError::new(format!("expected it in an object, found {}", result::kind(other)))),
        }
    }
}
