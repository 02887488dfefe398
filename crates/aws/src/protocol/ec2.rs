//! EC2's variant of the query protocol: other names in the form, and a result without an element around it.

use models::{Operation, Service, ShapeId};
use serde_json::Value;

use super::form::Dialect;
use super::parameters::Field;
use super::{DecodeError, HttpAnswer, HttpRequest, query, xml, xml_body};

pub(super) fn encode(service: &Service, operation: &Operation, fields: &[Field<'_>]) -> HttpRequest {
    query::request(Dialect::Ec2, service, operation, fields)
}

pub(super) fn decode(service: &Service, output: ShapeId, answer: &HttpAnswer) -> Result<Value, DecodeError> {
    xml_body::read_root(service, output, &xml::parse(&answer.body)?)
}
