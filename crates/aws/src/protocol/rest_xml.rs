//! REST with XML bodies: S3, CloudFront, Route 53.

use bytes::Bytes;
use models::{Member, Operation, Service, Shape, ShapeId};
use serde_json::Value;

use super::parameters::Field;
use super::rest::{self, AnswerBody, Body};
use super::{DecodeError, HttpAnswer, HttpRequest, xml, xml_body};
use crate::ParameterError;

const CONTENT_TYPE: &str = "application/xml";

pub(super) fn encode(
    service: &Service,
    operation: &Operation,
    fields: &[Field<'_>],
) -> Result<HttpRequest, ParameterError> {
    let mut request = rest::request(service, operation, fields)?;
    match rest::body(service, operation, fields) {
        Body::None | Body::Payload(_, None) => {}
        Body::Raw(bytes, content_type) => rest::set_body(&mut request, bytes, content_type),
        Body::Payload(member, Some(value)) => {
            let text = xml_body::document(member.wire_name(), member.xml_namespace.as_ref(), value);
            rest::set_body(&mut request, text, CONTENT_TYPE);
        }
        Body::Members(fields) if fields.is_empty() => {}
        Body::Members(fields) => {
            rest::set_body(&mut request, wrapped(service, operation, &fields), CONTENT_TYPE);
        }
    }
    Ok(request)
}

fn wrapped(service: &Service, operation: &Operation, fields: &[&Field<'_>]) -> String {
    let structure = match operation.input.map(|id| service.shape(id)) {
        Some(Shape::Structure(structure)) => structure.name.as_str(),
        _ => "",
    };
    let (name, uri) = operation.input_wrapper.as_ref().map_or((structure, &None), |(name, uri)| (name, uri));
    let namespace = uri.as_ref().map(|uri| (None, uri.clone()));
    xml_body::document_of(name, namespace.as_ref(), fields)
}

pub(super) fn decode(service: &Service, output: ShapeId, answer: &HttpAnswer) -> Result<Value, DecodeError> {
    rest::decode::<XmlBody>(service, output, answer)
}

/// Whether the body of a success is an error. A body that is anyone's bytes, an object of S3, is not looked at.
pub(super) fn is_hidden_error(service: &Service, operation: &Operation, answer: &HttpAnswer) -> bool {
    /// An error's root stands near the start.
    const LOOKED_AT: usize = 256;
    if let Some(Shape::Structure(output)) = operation.output.map(|id| service.shape(id))
        && let Some(payload) = output.payload.and_then(|place| output.members.get(place))
        && matches!(service.shape(payload.shape), Shape::Blob | Shape::String)
    {
        return false;
    }
    let start = &answer.body[..answer.body.len().min(LOOKED_AT)];
    start.windows(6).any(|window| window == b"<Error")
        && xml::parse(&answer.body).is_ok_and(|root| root.name == "Error")
}

/// An XML body.
struct XmlBody(xml::Element);

impl AnswerBody for XmlBody {
    fn open(body: &Bytes) -> Result<Self, DecodeError> {
        xml::parse(body).map(Self)
    }

    fn whole(&mut self, service: &Service, member: &Member) -> Result<Option<Value>, DecodeError> {
        xml_body::read(service, member.shape, &self.0)
    }

    fn member(&mut self, service: &Service, member: &Member) -> Result<Option<Value>, DecodeError> {
        let value = xml_body::read_member(service, member, &self.0)?;
        // S3 answers GetBucketLocation with the member itself as the root.
        if value.is_none() && self.0.name == member.wire_name() && self.0.children.is_empty() {
            return xml_body::read(service, member.shape, &self.0);
        }
        Ok(value)
    }
}
