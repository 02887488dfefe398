//! Sends a request that no service model describes.

use std::time::Duration;

use aws::{CallError, Client, RawRequest, Reach, Signing};

use super::address::PlainHttp;
use super::headers;
use super::request::Request;
use super::response::Response;

/// How a request travels.
#[derive(Clone, Debug)]
pub(crate) struct Wire<'a> {
    /// Where it may go without TLS.
    pub(crate) plain: PlainHttp,
    /// How long it may take.
    pub(crate) timeout: Duration,
    /// For whom it is signed, where it is.
    pub(crate) signing: Option<Signing>,
    /// Certificates (PEM) that are trusted in place of the known ones.
    pub(crate) root_ca: Option<&'a str>,
}

impl Wire<'_> {
    /// Unsigned, with the known certificate authorities.
    pub(crate) fn new(plain: PlainHttp, timeout: Duration) -> Self {
        Self { plain, timeout, signing: None, root_ca: None }
    }
}

/// Sends a request once and reads the whole answer, whatever its status. Where it goes was named by a workflow or by a
/// connection: the rules for that hold here, for the URL as it came out in the end.
pub(crate) async fn send(client: &Client, request: &Request, wire: &Wire<'_>) -> Result<Response, CallError> {
    wire.plain.check(&request.url).map_err(|error| CallError::Transport(error.to_string()))?;
    if let Some((name, _)) = request.headers.iter().find(|(name, _)| headers::is_refused(name)) {
        return Err(CallError::Transport(format!("the header '{name}' is not permitted")));
    }
    let raw = RawRequest {
        method: request.method.to_owned(),
        url: request.url.clone(),
        headers: request.headers.clone(),
        body: request.body.clone().unwrap_or_default(),
        timeout: wire.timeout,
        signing: wire.signing.clone(),
        root_ca: wire.root_ca.map(str::to_owned),
        reach: Reach::Guarded,
    };
    let answer = client.send(raw).await?;
    Ok(Response { status: answer.status, headers: answer.headers, body: answer.body })
}
