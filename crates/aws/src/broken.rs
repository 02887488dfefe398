//! Why an exchange failed, in the words of the Java SDK, which state machines that catch such errors know.

use std::error::Error;
use std::io;

use http::uri::Authority;

use crate::CallError;
use crate::reach::RefusedAddress;

/// An exchange that gave no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    why: String,
    /// Whether it may go better the next time.
    pub(crate) is_transient: bool,
}

impl Broken {
    /// What goes wrong each time.
    pub(crate) fn lasting(why: impl Into<String>) -> Self {
        Self { why: why.into(), is_transient: false }
    }

    fn transient(why: impl Into<String>) -> Self {
        Self { why: why.into(), is_transient: true }
    }

    pub(crate) fn too_large(limit: usize) -> Self {
        Self::lasting(format!("the answer is larger than the {limit} bytes allowed"))
    }

    /// No connection, or one that broke before the answer's head was there.
    pub(crate) fn before_an_answer(error: &hyper_util::client::legacy::Error, authority: &Authority) -> Self {
        let causes = causes(error);
        if let Some(tls) = causes.iter().find_map(|cause| cause.downcast_ref::<rustls::Error>()) {
            let is_transient = !matches!(tls, rustls::Error::InvalidCertificate(_));
            return Self { why: tls.to_string(), is_transient };
        }
        if let Some(refused) = causes.iter().find_map(|cause| cause.downcast_ref::<RefusedAddress>()) {
            return Self::lasting(refused.to_string());
        }
        let io = causes.iter().rev().find_map(|cause| cause.downcast_ref::<io::Error>());
        if error.is_connect() {
            return Self::transient(no_connection(io, authority, &causes));
        }
        if let Some(io) = io.and_then(interruption) {
            return Self::transient(io);
        }
        let hyper = causes.iter().find_map(|cause| cause.downcast_ref::<hyper::Error>());
        if hyper.is_some_and(hyper::Error::is_parse) {
            return Self::lasting("The server failed to respond with a valid HTTP response");
        }
        if hyper.is_some_and(|error| error.is_incomplete_message() || error.is_closed() || error.is_canceled()) {
            return Self::transient("The target server failed to respond");
        }
        Self::transient(innermost(&causes))
    }

    /// An answer that ends too early. `expected` is its announced length where it has one.
    pub(crate) fn within_an_answer(error: &hyper::Error, expected: Option<u64>, received: usize) -> Self {
        let causes = causes(error);
        let io = causes.iter().rev().find_map(|cause| cause.downcast_ref::<io::Error>());
        if let Some(why) = io.and_then(interruption) {
            return Self::transient(why);
        }
        Self::transient(match expected {
            Some(expected) => format!(
                "Premature end of Content-Length delimited message body (expected: {expected}; received: {received})"
            ),
            None => "Premature end of chunk coded message body: closing chunk expected".to_owned(),
        })
    }
}

impl From<Broken> for CallError {
    fn from(broken: Broken) -> Self {
        Self::Transport(format!("Unable to execute HTTP request: {}", broken.why))
    }
}

fn no_connection(io: Option<&io::Error>, authority: &Authority, causes: &[&(dyn Error + 'static)]) -> String {
    let Some(io) = io else { return innermost(causes) };
    let (host, text) = (authority.host(), io.to_string());
    if let Some((_, why)) = text.split_once("lookup address information: ") {
        return format!("{host}: {why}");
    }
    let why = match io.kind() {
        io::ErrorKind::ConnectionRefused => "Connection refused".to_owned(),
        io::ErrorKind::TimedOut => "connect timed out".to_owned(),
        io::ErrorKind::ConnectionReset => return "Connection reset".to_owned(),
        io::ErrorKind::UnexpectedEof => return "Remote host terminated the handshake".to_owned(),
        _ => text,
    };
    format!("Connect to {authority} failed: {why}")
}

fn interruption(io: &io::Error) -> Option<&'static str> {
    match io.kind() {
        io::ErrorKind::ConnectionReset => Some("Connection reset"),
        io::ErrorKind::BrokenPipe => Some("Broken pipe"),
        _ => None,
    }
}

/// All that an error stands on, outermost first. An IO error hides what it holds from `source`.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    let mut causes = Vec::new();
    let mut next = error.source();
    // A chain is a few links long; the bound is for one that bites its tail.
    while let Some(cause) = next.filter(|_| causes.len() < 16) {
        causes.push(cause);
        let held = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = held.map(|held| held as &(dyn Error + 'static)).or_else(|| cause.source());
    }
    causes
}

fn innermost(causes: &[&(dyn Error + 'static)]) -> String {
    causes.last().map_or_else(|| "the exchange failed".to_owned(), ToString::to_string)
}
