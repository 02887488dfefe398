//! A client for any AWS API, made from its service model: encode, sign, send, decode. Knows nothing of workflows.
//!
//! A [`Call`] names a service and an operation and carries its parameters as JSON. The service's model says how they
//! travel (JSON, query, REST, CBOR), where the service lives and which errors it has. Models are packed into the
//! binary and each is unpacked when it is first used.

mod broken;
pub mod client;
mod connector;
mod credentials;
pub mod endpoint;
pub mod environment;
pub mod http;
pub mod in_process;
mod partition;
mod presign;
mod profile;
pub mod protocol;
mod reach;
mod retry;
mod sign;
mod spelling;
#[cfg(test)]
mod test_server;
mod tls;

use std::time::Duration;

use serde_json::Value;

pub use crate::client::{Client, Options};
pub use crate::endpoint::{EndpointError, Endpoints};
pub use crate::environment::Environment;
pub use crate::http::{RawRequest, Signing};
pub use crate::presign::Presign;
pub use crate::profile::ProfileError;
pub use crate::reach::Reach;

/// A request to a service.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// The service's name as the SDK integrations have it: `sfn`, `dynamodb`, `cloudwatchlogs`.
    pub service: &'a str,
    /// The operation's name, `GetItem`; the first letter may be of either case.
    pub operation: &'a str,
    /// The parameters. A member is known by its name in the model whatever the case of its first letter.
    pub input: &'a Value,
    /// Goes into members that the model calls idempotency tokens, where the caller left them out: the same token for
    /// every repetition of the same request.
    pub idempotency_token: &'a str,
    /// What becomes of it where it lacks a required parameter.
    pub missing: MissingParameters,
    /// The role to assume for this request, as an ARN; the client's own credentials where absent.
    pub role: Option<&'a str>,
    /// The longest the request may take, all attempts together.
    pub timeout: Duration,
}

/// What becomes of a call that lacks a required parameter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingParameters {
    /// It is refused here: [`CallError::Parameters`]. One that is given as null is not sent, and the service says what it
    /// misses.
    #[default]
    Refused,
    /// It is sent without, and the service says what it misses. What stands in the path or in the host's name cannot be
    /// left out: without it the call is refused all the same.
    LeftToService,
}

/// What a service answered.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceAnswer {
    /// The result. Every structure's member begins with a capital letter, as Step Functions shows it.
    pub output: Value,
    /// The HTTP status.
    pub status: u16,
    /// The HTTP headers in order, names as sent.
    pub headers: Vec<(String, String)>,
    /// The request's identity, where the service gave one.
    pub request_id: Option<String>,
}

/// Why a request has no result.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CallError {
    /// No service of that name.
    #[error("there is no service {0}")]
    UnknownService(String),
    /// The service has no such operation.
    #[error("{service} has no operation {operation}")]
    UnknownOperation {
        /// The service.
        service: String,
        /// The operation.
        operation: String,
    },
    /// The parameters do not fit the model. Nothing was sent.
    #[error("{0}")]
    Parameters(ParameterError),
    /// The service refused.
    #[error("{} ({})", .0.message, .0.code)]
    Service(Box<ServiceError>),
    /// Nothing usable came back: no connection, a connection that broke, an answer that cannot be read or is too large.
    #[error("{0}")]
    Transport(String),
    /// No answer in time.
    #[error("no answer within {} ms", .0.as_millis())]
    Timeout(Duration),
    /// No credentials, or the role could not be assumed.
    #[error("{0}")]
    Credentials(String),
}

/// A parameter that does not fit the model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {problem}")]
pub struct ParameterError {
    /// Where: `Entries[0].Detail`.
    pub path: String,
    /// What was expected and what was found.
    pub problem: String,
}

/// A service's refusal.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceError {
    /// The code as the service sent it, without namespace: `NoSuchKey`, `ConditionalCheckFailedException`.
    pub code: String,
    /// The name of the error's shape in the model, where the model knows the code: `NoSuchKey`.
    pub shape: Option<String>,
    /// What the service says; empty where it says nothing.
    pub message: String,
    /// The HTTP status.
    pub status: u16,
    /// The request's identity, where the service gave one.
    pub request_id: Option<String>,
    /// S3's second identity of a request.
    pub extended_request_id: Option<String>,
    /// How often the request was sent, at least 1.
    pub attempts: u32,
}
