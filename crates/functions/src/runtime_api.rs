//! The Lambda runtime API, version 2018-06-01, as one process sees it.
//!
//! Every process has a listener of its own, so a request needs to say no more than the API asks for, and a secret before
//! its path: whoever else finds the listener can neither take an event nor answer one.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::process::{Misplaced, Process, Taken};
use crate::{FunctionError, MAX_RESPONSE_BYTES, failure};

const PREFIX: &str = "/2018-06-01/runtime/";

/// What a request asks for.
enum Call<'a> {
    Next,
    Response(&'a str),
    Error(&'a str),
    InitError,
}

/// Why a body was not read.
enum BodyError {
    TooLarge,
    Broken,
}

/// Answers the requests of one connection until it closes.
pub(crate) async fn serve(process: Arc<Process>, stream: TcpStream) {
    // Without it an answer may wait for an acknowledgement; that costs time, not correctness.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| {
        let process = process.clone();
        async move { Ok::<_, Infallible>(answer(&process, request).await) }
    });
    // A runtime may send an answer and its question for the next invocation together, ours do. Its answer is not held
    // back for that: what follows it may never be a whole request.
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        tracing::debug!(target: "functions", function = process.function(), %error, "a connection of the runtime API broke");
    }
}

async fn answer(process: &Arc<Process>, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let Some(path) = after_secret(head.uri.path(), process.secret()) else {
        process.count_stranger();
        return refuse(StatusCode::FORBIDDEN, "AccessDenied", "this is another process's runtime API");
    };
    let Some(call) = parse(&head.method, path) else {
        return refuse(StatusCode::NOT_FOUND, "InvalidRequest", "there is no such path in the runtime API");
    };
    if let Call::Next = call {
        return process.next().await.map_or_else(misplaced, |taken| next(process, taken));
    }
    let body = match read(body).await {
        Ok(body) => Some(body),
        Err(BodyError::TooLarge) => None,
        Err(BodyError::Broken) => return refuse(StatusCode::BAD_REQUEST, "InvalidRequest", "the body broke off"),
    };
    let too_large = body.is_none();
    let accepted = match (call, body) {
        (Call::Next | Call::InitError, None) => process.init_failed(failure::response_too_large()),
        (Call::Next | Call::InitError, Some(body)) => process.init_failed(error_object(&head.headers, body)),
        (Call::Response(id) | Call::Error(id), None) => {
            process.answer(id, failure::response_too_large(), Some(FunctionError::Unhandled))
        }
        (Call::Response(id), Some(body)) => process.answer(id, body, None),
        (Call::Error(id), Some(body)) => {
            process.answer(id, error_object(&head.headers, body), Some(FunctionError::Unhandled))
        }
    };
    match accepted {
        Err(error) => misplaced(error),
        Ok(()) if too_large => {
            let text = format!("Exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes).");
            refuse(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", &text)
        }
        Ok(()) => json(StatusCode::ACCEPTED, Bytes::from_static(b"{\"status\":\"OK\"}\n")),
    }
}

/// The path behind the secret. How long a wrong one takes to refuse does not say where it is wrong.
fn after_secret<'a>(path: &'a str, secret: &str) -> Option<&'a str> {
    let (given, rest) = path.strip_prefix('/')?.split_at_checked(secret.len())?;
    let differences = given.bytes().zip(secret.bytes()).fold(0, |differences, (a, b)| differences | (a ^ b));
    (differences == 0).then_some(rest)
}

fn parse<'a>(method: &Method, path: &'a str) -> Option<Call<'a>> {
    let path = path.strip_prefix(PREFIX)?;
    match (method, path) {
        (&Method::GET, "invocation/next") => Some(Call::Next),
        (&Method::POST, "init/error") => Some(Call::InitError),
        (&Method::POST, _) => match path.strip_prefix("invocation/")?.split_once('/')? {
            (id, "response") => Some(Call::Response(id)),
            (id, "error") => Some(Call::Error(id)),
            _ => None,
        },
        _ => None,
    }
}

async fn read(body: Incoming) -> Result<Bytes, BodyError> {
    match Limited::new(body, MAX_RESPONSE_BYTES).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(BodyError::TooLarge),
        Err(_) => Err(BodyError::Broken),
    }
}

/// The error object that a runtime sent, or one made from its header where it sent none.
fn error_object(headers: &http::HeaderMap, body: Bytes) -> Bytes {
    if !body.is_empty() {
        return body;
    }
    let kind = headers.get("lambda-runtime-function-error-type").and_then(|value| value.to_str().ok());
    failure::object(kind.unwrap_or("Runtime.Unknown"), "")
}

fn next(process: &Process, taken: Taken) -> Response<Full<Bytes>> {
    let Taken { job, deadline } = taken;
    let deadline = deadline.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let mut response = json(StatusCode::OK, job.payload);
    let headers = response.headers_mut();
    let mut add = |name: &'static str, value: &str| {
        // Always: a job's texts have no control characters.
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            headers.insert(name, value);
        }
    };
    add("lambda-runtime-aws-request-id", &job.request_id);
    add("lambda-runtime-deadline-ms", &deadline.to_string());
    add("lambda-runtime-invoked-function-arn", process.arn());
    add("lambda-runtime-trace-id", &job.trace_header);
    if let Some(context) = &job.client_context {
        add("lambda-runtime-client-context", context);
    }
    response
}

fn misplaced(error: Misplaced) -> Response<Full<Bytes>> {
    match error {
        Misplaced::OwesAnswer => {
            refuse(StatusCode::FORBIDDEN, "InvalidStateTransition", "the invocation before is not answered")
        }
        Misplaced::NotStarting => {
            refuse(StatusCode::FORBIDDEN, "InvalidStateTransition", "the process has started already")
        }
        Misplaced::UnknownRequest => refuse(StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID"),
        Misplaced::Ended => refuse(StatusCode::GONE, "InvalidStateTransition", "the process is being ended"),
    }
}

fn refuse(status: StatusCode, error_type: &str, text: &str) -> Response<Full<Bytes>> {
    json(status, failure::object(error_type, text))
}

fn json(status: StatusCode, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
