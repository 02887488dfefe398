//! From what a protocol finds in a refusal to a [`ServiceError`].

use http::StatusCode;
use models::{Operation, Service, Shape, Structure};

use super::{HttpAnswer, extended_request_id, request_id};
use crate::ServiceError;

/// How much of a body that cannot be read is shown.
const SHOWN_CHARS: usize = 1024;

/// What the body of a refusal says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
    /// Whether the body is what the protocol says.
    pub(super) readable: bool,
    pub(super) request_id: Option<String>,
    pub(super) extended_request_id: Option<String>,
}

/// The error, with what the headers and the status add.
pub(super) fn assemble(
    service: &Service,
    operation: &Operation,
    answer: &HttpAnswer,
    refusal: Refusal,
) -> ServiceError {
    let header = answer.header("x-amzn-errortype").map(bare).filter(|code| !code.is_empty()).map(str::to_owned);
    let sent = header.or(refusal.code);
    let shape = match &sent {
        Some(code) => by_code(service, operation, code),
        None => by_status(service, operation, answer),
    };
    // Services that moved from query to JSON say in a header what the code was: "code;Sender".
    let query_code = answer.header("x-amzn-query-error").and_then(|header| header.split(';').next());
    let code = query_code.filter(|code| !code.is_empty()).map(str::to_owned).or(sent);
    ServiceError {
        code: code.unwrap_or_else(|| answer.status.to_string()),
        shape: shape.map(|shape| shape.name.clone()),
        message: refusal.message.or_else(|| (!refusal.readable).then(|| body_text(answer))).unwrap_or_default(),
        status: answer.status,
        request_id: refusal.request_id.or_else(|| request_id(service, answer)),
        extended_request_id: refusal.extended_request_id.or_else(|| extended_request_id(answer)),
        attempts: 1,
    }
}

/// A code without namespace and URI: `com.amazon#Oops:http://...` is `Oops`.
pub(super) fn bare(code: &str) -> &str {
    let code = code.split(':').next().unwrap_or(code);
    code.rsplit('#').next().unwrap_or(code).trim()
}

/// The operation's error of that code; else any of the service's: not every model lists all errors of an operation.
fn by_code<'a>(service: &'a Service, operation: &Operation, code: &str) -> Option<&'a Structure> {
    let is_it = |structure: &&Structure| {
        let own = structure.error.as_ref().and_then(|error| error.code.as_deref());
        own == Some(code) || structure.name == code
    };
    let errors = || service.shapes.iter().filter_map(structure).filter(|structure| structure.error.is_some());
    errors_of(service, operation).find(is_it).or_else(|| errors().find(is_it))
}

/// HEAD has no body to name the error: it is the only one that the operation has for that status.
fn by_status<'a>(service: &'a Service, operation: &Operation, answer: &HttpAnswer) -> Option<&'a Structure> {
    if !answer.body.is_empty() {
        return None;
    }
    let status =
        |structure: &&Structure| structure.error.as_ref().is_some_and(|error| error.status == Some(answer.status));
    let mut candidates = errors_of(service, operation).filter(status);
    candidates.next().filter(|_| candidates.next().is_none())
}

fn errors_of<'a>(service: &'a Service, operation: &Operation) -> impl Iterator<Item = &'a Structure> {
    operation.errors.iter().filter_map(|id| structure(service.shape(*id)))
}

fn structure(shape: &Shape) -> Option<&Structure> {
    match shape {
        Shape::Structure(structure) => Some(structure),
        _ => None,
    }
}

/// What can be said of a body that cannot be read: its text, or, where it is empty or a page for a browser, the
/// status's name.
fn body_text(answer: &HttpAnswer) -> String {
    let text = std::str::from_utf8(&answer.body).unwrap_or_default().trim();
    if text.is_empty() || text.starts_with('<') {
        let name = StatusCode::from_u16(answer.status).ok().and_then(|status| status.canonical_reason());
        return name.unwrap_or_default().to_owned();
    }
    text.chars().take(SHOWN_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_loses_namespace_and_uri() {
        let cases = [
            ("Oops", "Oops"),
            ("com.amazonaws.dynamodb.v20120810#Oops", "Oops"),
            ("Oops:http://internal.amazon.com/coral/com.amazon/", "Oops"),
            ("aws.protocoltests#Oops:http://internal.amazon.com/coral/com.amazon.coral.validate/", "Oops"),
            ("", ""),
        ];
        for (code, expected) in cases {
            assert_eq!(bare(code), expected, "{code}");
        }
    }
}
