//! How parameters become an HTTP request, and an HTTP answer becomes a result or an error.
//!
//! ```text
//! JSON ── parameters: fit the model ──▶ Parameter ── json, query, ec2, rest_json, rest_xml, cbor ──▶ HttpRequest
//! JSON ◀── json_body, xml_body, cbor: read by shape ── HttpAnswer
//! ```
//!
//! What does not fit the model is found in the first step, so writing cannot fail but where HTTP itself sets limits.

mod base64;
mod cbor;
mod checksum;
mod ec2;
mod error;
mod form;
mod header;
mod json;
mod json_body;
mod parameters;
mod query;
mod request_id;
mod rest;
mod rest_json;
mod rest_xml;
mod result;
mod route53;
mod s3;
#[cfg(test)]
mod tests;
mod timestamp;
mod xml;
mod xml_body;

use bytes::Bytes;
use models::{Operation, Protocol, Service};
use serde_json::Value;

use crate::{MissingParameters, ParameterError, ServiceError};

use request_id::extended_request_id;
pub(crate) use request_id::request_id;
pub(crate) use timestamp::Timestamp;

/// Asks a service that once spoke the query protocol to name its errors as it did then, in `x-amzn-query-error`.
const QUERY_MODE: (&str, &str) = ("x-amzn-query-mode", "true");

/// The services that want something beside their model, by `serviceId`.
const S3: &str = "S3";
const ROUTE_53: &str = "Route 53";

/// How deep parameters and answers may be nested.
const DEPTH_MAX: usize = 64;

/// A request as its protocol makes it: without host, signature and what the transport adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HttpRequest {
    /// `GET`, `POST` ...
    pub(crate) method: String,
    /// The path, percent-encoded, beginning with a slash.
    pub(crate) path: String,
    /// The query parameters, not encoded, in order. `None` for a parameter without a value.
    pub(crate) query: Vec<(String, Option<String>)>,
    /// The headers.
    pub(crate) headers: Vec<(String, String)>,
    /// The body.
    pub(crate) body: Bytes,
    /// What comes before the host's name, parameters filled in.
    pub(crate) host_prefix: Option<String>,
}

/// An answer as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The headers in order.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Bytes,
}

/// An answer that does not fit the model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer cannot be read{}: {problem}", if path.is_empty() { String::new() } else { format!(" at {path}") })]
pub struct DecodeError {
    /// Where: `Contents[0].Size`; empty for the answer as a whole.
    pub path: String,
    /// What was expected and what was found.
    pub problem: String,
}

/// What a caller gives for a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Given<'a> {
    /// The parameters.
    pub(crate) input: &'a Value,
    /// Goes into idempotency tokens that the input leaves out.
    pub(crate) token: &'a str,
    /// What becomes of the request where the input lacks a required parameter.
    pub(crate) missing: MissingParameters,
}

/// The request that carries what is given to `operation`.
///
/// A member is known by its name whatever the case of its first letter; null is not sent. A string or blob given
/// any other JSON is that JSON's compact text.
///
/// # Errors
/// An unknown member, a missing required one, a value of the wrong kind, more than 64 levels.
pub(crate) fn encode(
    service: &Service,
    operation: &Operation,
    given: Given<'_>,
) -> Result<HttpRequest, ParameterError> {
    let mut fields = parameters::fit(service, operation, given)?;
    if service.metadata.service_id == ROUTE_53 {
        route53::shorten_parameters(&mut fields);
    }
    let mut request = match service.metadata.protocol {
        Protocol::Json => json::encode(service, operation, &fields),
        Protocol::Query => query::encode(service, operation, &fields),
        Protocol::Ec2 => ec2::encode(service, operation, &fields),
        Protocol::RestJson => rest_json::encode(service, operation, &fields)?,
        Protocol::RestXml => rest_xml::encode(service, operation, &fields)?,
        Protocol::Cbor => cbor::encode(service, operation, &fields),
    };
    request.host_prefix = rest::host_prefix(operation, &fields)?;
    if service.metadata.query_compatible {
        let (name, value) = QUERY_MODE;
        request.headers.push((name.to_owned(), value.to_owned()));
    }
    checksum::add(service, operation, &mut request)?;
    Ok(request)
}

/// The result in an answer that is a success.
///
/// Every structure's member begins with a capital letter, in the model's order; absent members are left out and
/// members that the model lacks are dropped. Blobs are their text where they are UTF-8, else base64. Times are
/// `2015-01-01T00:00:00Z`, with milliseconds where these are not 0.
///
/// # Errors
/// A body that is not what the protocol says, or a value that does not fit its shape.
pub fn decode(service: &Service, operation: &Operation, answer: &HttpAnswer) -> Result<Value, DecodeError> {
    let Some(output) = operation.output else { return Ok(Value::Object(serde_json::Map::new())) };
    let mut result = match service.metadata.protocol {
        Protocol::Json => json::decode(service, output, answer),
        Protocol::Query => query::decode(service, operation, output, answer),
        Protocol::Ec2 => ec2::decode(service, output, answer),
        Protocol::RestJson => rest_json::decode(service, output, answer),
        Protocol::RestXml => rest_xml::decode(service, output, answer),
        Protocol::Cbor => cbor::decode(service, output, answer),
    }?;
    match service.metadata.service_id.as_str() {
        S3 => s3::decode_names(&mut result),
        ROUTE_53 => route53::shorten_result(&mut result),
        _ => {}
    }
    Ok(result)
}

/// The refusal in an answer that is an error. Whatever cannot be read falls back to the HTTP status: its number is the
/// code. The caller sets `attempts`; it is 1 here.
pub fn decode_error(service: &Service, operation: &Operation, answer: &HttpAnswer) -> ServiceError {
    let found = match service.metadata.protocol {
        Protocol::Json | Protocol::RestJson => json_body::refusal(answer),
        Protocol::Query | Protocol::Ec2 | Protocol::RestXml => xml_body::refusal(answer),
        Protocol::Cbor => cbor::refusal(answer),
    };
    error::assemble(service, operation, answer, found)
}

/// Whether an answer is an error: by its status, or, as S3 answers requests that take long, an error's body under
/// status 200.
pub fn is_error(service: &Service, operation: &Operation, answer: &HttpAnswer) -> bool {
    if !(200..300).contains(&answer.status) {
        return true;
    }
    service.metadata.protocol == Protocol::RestXml && rest_xml::is_hidden_error(service, operation, answer)
}

impl HttpAnswer {
    /// The first header of that name, whatever its case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

impl DecodeError {
    fn new(problem: impl Into<String>) -> Self {
        Self { path: String::new(), problem: problem.into() }
    }

    /// The same error, seen from the structure or list around it.
    fn within(mut self, part: &str) -> Self {
        self.path = join(part, &self.path);
        self
    }
}

impl ParameterError {
    pub(crate) fn new(problem: impl Into<String>) -> Self {
        Self { path: String::new(), problem: problem.into() }
    }

    /// The same error, seen from the structure or list around it.
    pub(crate) fn within(mut self, part: &str) -> Self {
        self.path = join(part, &self.path);
        self
    }
}

fn join(part: &str, rest: &str) -> String {
    if rest.is_empty() || rest.starts_with('[') { format!("{part}{rest}") } else { format!("{part}.{rest}") }
}
