//! The HTTP server.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use functions::Functions;

use crate::Api;
use crate::error::ApiError;
use crate::protocol::{self, Call, Reply};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Bytes a request's body may have (AWS: 1 MB).
pub const BODY_BYTES_MAX: usize = 1_048_576;
/// How long a client may take to send a request's head; an idle connection is closed after it, too.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a client may take to send a request's body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// How much of a body that is too large is read and thrown away, so that the client gets to read the answer.
const DISCARD_BYTES_MAX: usize = 8 * BODY_BYTES_MAX;
/// How long requests in flight may take to finish at shutdown.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(30);
/// The pause after a failed accept: the usual reason, too many open files, does not pass at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

const AMZ_TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
const HEALTH: &str = r#"{"status":"ok"}"#;

/// Serves the API until `shutdown` is ready, then lets requests in flight finish, up to 30 s.
///
/// Long polls in flight end when the runtime is shut down, so shut it down when `shutdown` is ready, not after
/// this returns.
pub async fn serve(listener: TcpListener, api: Arc<Api>, shutdown: impl Future<Output = ()>) {
    let (stopping, stop) = watch::channel(());
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve_connection(stream, api.clone(), stop.clone()));
                }
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(ended) = connections.join_next() => log_panic(ended),
        }
    }
    drop(listener);
    drop(stopping);
    let drained = tokio::time::timeout(DRAIN_TIMEOUT, async {
        while let Some(ended) = connections.join_next().await {
            log_panic(ended);
        }
    });
    if drained.await.is_err() {
        tracing::warn!(connections = connections.len(), "requests were cut off at shutdown");
    }
}

fn log_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(error = &error as &dyn std::error::Error, "a connection's task failed");
    }
}

async fn serve_connection(stream: TcpStream, api: Arc<Api>, mut stop: watch::Receiver<()>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(error = &error as &dyn std::error::Error, "cannot set TCP_NODELAY");
    }
    let service = service_fn(move |request| {
        let api = api.clone();
        async move { Ok::<_, Infallible>(respond(&api, request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .pipeline_flush(true)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        // The sender is dropped at shutdown; nothing is ever sent.
        _ = stop.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(error = &error as &dyn std::error::Error, "a connection ended early");
    }
}

async fn respond(api: &Api, request: Request<Incoming>) -> Response<Full<Bytes>> {
    match (request.method(), request.uri().path()) {
        (&Method::POST, "/") => match call(api, request).await {
            Ok(reply) => response(reply),
            Err(error) => response(Reply::refused(&error)),
        },
        (&Method::GET | &Method::HEAD, "/" | "/health") => health(),
        (_, path) if functions::invoke_api::is_path(path) => match &api.functions {
            Some(functions) => call_function(functions, request).await,
            None => nothing(request.method(), request.uri().path()),
        },
        (method, path) => nothing(method, path),
    }
}

fn nothing(method: &Method, path: &str) -> Response<Full<Bytes>> {
    let mut error = ApiError::unknown_operation(format!("There is nothing at {method} {path}."));
    error.status = StatusCode::NOT_FOUND;
    response(Reply::refused(&error))
}

/// Lambda's API.
async fn call_function(functions: &Functions, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    match read_body(body, functions::MAX_REQUEST_BYTES).await {
        Ok(body) => functions::invoke_api::answer(functions, Request::from_parts(head, body)).await.map(Full::new),
        Err(error) => response(Reply::refused(&error)),
    }
}

async fn call(api: &Api, request: Request<Incoming>) -> Result<Reply, ApiError> {
    let (head, body) = request.into_parts();
    let body = read_body(body, BODY_BYTES_MAX).await?;
    let call = Call {
        target: header(&head.headers, &AMZ_TARGET),
        content_type: header(&head.headers, &CONTENT_TYPE),
        body: &body,
    };
    Ok(api.handle(call).await)
}

fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

async fn read_body<B>(body: B, bytes_max: usize) -> Result<Bytes, ApiError>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    match tokio::time::timeout(BODY_TIMEOUT, collect(body, bytes_max)).await {
        Ok(Ok(Some(body))) => Ok(body),
        Ok(Ok(None)) => Err(too_large(bytes_max)),
        Ok(Err(error)) => Err(unreadable(&*error, bytes_max)),
        Err(_elapsed) => {
            let mut error = ApiError::new("RequestTimeout", "The request's body did not arrive in time.");
            error.status = StatusCode::REQUEST_TIMEOUT;
            Err(error)
        }
    }
}

/// The whole body; `None` where it is too large.
async fn collect<B>(body: B, bytes_max: usize) -> Result<Option<Bytes>, BoxError>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    let mut body = Limited::new(body, DISCARD_BYTES_MAX);
    let Some(first) = body.frame().await.transpose()? else {
        return Ok(Some(Bytes::new()));
    };
    let first = first.into_data().unwrap_or_default();
    // Most requests come in one piece, which needs no copy.
    if body.is_end_stream() && first.len() <= bytes_max {
        return Ok(Some(first));
    }
    let mut whole = first.to_vec();
    let mut total = whole.len();
    while let Some(frame) = body.frame().await.transpose()? {
        let data = frame.into_data().unwrap_or_default();
        total += data.len();
        if total <= bytes_max {
            whole.extend_from_slice(&data);
        } else {
            whole = Vec::new();
        }
    }
    Ok((total <= bytes_max).then(|| Bytes::from(whole)))
}

fn unreadable(error: &(dyn std::error::Error + Send + Sync + 'static), bytes_max: usize) -> ApiError {
    if error.is::<LengthLimitError>() {
        return too_large(bytes_max);
    }
    ApiError::serialization("The request's body could not be read.")
}

fn too_large(bytes_max: usize) -> ApiError {
    let message = format!("The request's body is larger than {bytes_max} bytes.");
    let mut error = ApiError::new("RequestEntityTooLargeException", message);
    error.status = StatusCode::PAYLOAD_TOO_LARGE;
    error
}

fn health() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(HEALTH.as_bytes())));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn response(reply: Reply) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(reply.body)));
    *response.status_mut() = reply.status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(protocol::CONTENT_TYPE));
    if let Ok(id) = HeaderValue::from_bytes(reply.request_id.as_bytes()) {
        headers.insert(REQUEST_ID, id);
    }
    if let Some(code) = reply.error {
        headers.insert(ERROR_TYPE, HeaderValue::from_static(code));
    }
    response
}
