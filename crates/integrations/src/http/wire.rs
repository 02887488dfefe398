//! Sends a request that no service model describes.

use std::time::Duration;

use aws::{CallError, Client, RawRequest, Signing};

use super::request::Request;
use super::response::Response;

/// How a request travels.
#[derive(Clone, Debug)]
pub(crate) struct Wire<'a> {
    /// How long it may take.
    pub(crate) timeout: Duration,
    /// For whom it is signed, where it is.
    pub(crate) signing: Option<Signing>,
    /// Certificates (PEM) that are trusted in place of the known ones.
    pub(crate) root_ca: Option<&'a str>,
}

impl Wire<'_> {
    /// Unsigned, with the known certificate authorities.
    pub(crate) fn new(timeout: Duration) -> Self {
        Self { timeout, signing: None, root_ca: None }
    }
}

/// Sends a request once and reads the whole answer, whatever its status.
pub(crate) async fn send(client: &Client, request: &Request, wire: &Wire<'_>) -> Result<Response, CallError> {
    let raw = RawRequest {
        method: request.method.to_owned(),
        url: request.url.clone(),
        headers: request.headers.clone(),
        body: request.body.clone().unwrap_or_default(),
        timeout: wire.timeout,
        signing: wire.signing.clone(),
        root_ca: wire.root_ca.map(str::to_owned),
    };
    let answer = client.send(raw).await?;
    Ok(Response { status: answer.status, headers: answer.headers, body: answer.body })
}
