//! The HTTP server.

mod connections;
mod guard;
mod overload;

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use functions::invoke_api::{self, InvokeApiOperation};

use crate::Api;
use crate::deadline::Deadline;
use crate::error::ApiError;
use crate::protocol::{self, ApiCall, ApiReply};
use crate::request_id::RequestId;
use crate::response_body::{BodyError, ResponseBody};
use crate::routes::{Endpoint, NoRoute};
use connections::Connections;
#[cfg(test)]
pub(crate) use connections::TOLD_MAX;
pub use guard::AllowedHosts;
use guard::Guard;

/// How long a client may take to send a request's head; an idle connection is closed after it, too.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a client may take to send a request's body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// How much of a body that is too large is read and thrown away, so that the client gets to read the answer, as a
/// multiple of what a body may have.
const DISCARD_FACTOR: usize = 8;
/// How long what a refused request still sends is read and thrown away.
const DISCARD_TIMEOUT: Duration = Duration::from_secs(5);
/// How long requests in flight may take to finish at shutdown.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(30);
/// The pause after a failed accept: the usual reason, too many open files, does not pass at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

const AMZ_TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const TRACE_ID: HeaderName = HeaderName::from_static("x-amzn-trace-id");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
const HEALTH: &str = r#"{"status":"ok"}"#;

/// Serves the API until `shutdown` is ready, then lets requests in flight finish, up to 30 s.
///
/// Long polls in flight end when the runtime is shut down, so shut it down when `shutdown` is ready, not after
/// this returns.
pub async fn serve(listener: TcpListener, api: Arc<Api>, shutdown: impl Future<Output = ()>) {
    let (stopping, stop) = watch::channel(());
    let mut connections = Connections::new(Arc::new(Service::new(api, &listener)), stop);
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => connections.accepted(stream),
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            () = connections.ended() => {}
        }
    }
    drop(listener);
    drop(stopping);
    if tokio::time::timeout(DRAIN_TIMEOUT, connections.all_ended()).await.is_err() {
        tracing::warn!(connections = connections.served(), "requests were cut off at shutdown");
    }
}

/// What answers the requests of all connections.
struct Service {
    api: Arc<Api>,
    guard: Guard,
}

impl Service {
    fn new(api: Arc<Api>, listener: &TcpListener) -> Self {
        // A listener without an address is none: then whoever reaches it is told what a local client would be.
        let listening = listener.local_addr().map_or(IpAddr::from(Ipv4Addr::LOCALHOST), |address| address.ip());
        let guard = Guard::new(listening, api.allowed_hosts.clone());
        Self { api, guard }
    }
}

async fn serve_connection(stream: TcpStream, service: Arc<Service>, mut stop: watch::Receiver<()>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(error = &error as &dyn std::error::Error, "cannot set TCP_NODELAY");
    }
    let service = service_fn(move |request| {
        let service = service.clone();
        async move { Ok::<_, Infallible>(respond(&service, request).await) }
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

async fn respond(service: &Service, request: Request<Incoming>) -> Response<ResponseBody> {
    let api = &*service.api;
    if let Err(error) = service.guard.check(&request) {
        return turned_away(api, request, &error).await;
    }
    // What nearly every request is, first: it needs no table.
    if request.method() == Method::POST && request.uri().path() == "/" {
        return answer_call(api, request).await;
    }
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    match api.routes.find(&method, &path) {
        Ok((Endpoint::AwsJson, _)) => answer_call(api, request).await,
        Ok((Endpoint::Health, _)) => health(),
        Ok((Endpoint::InvokeApi(operation), function)) => call_function(api, operation, function, request).await,
        Err(no_route) => no_answer(&method, &path, no_route),
    }
}

/// Where nothing is, or nothing for that method.
fn no_answer(method: &Method, path: &str, no_route: NoRoute) -> Response<ResponseBody> {
    let mut error = ApiError::unknown_operation(format!("There is nothing at {method} {path}."));
    match no_route {
        NoRoute::Path => {
            error.status = StatusCode::NOT_FOUND;
            refused(&error)
        }
        NoRoute::Method(allow) => {
            error.status = StatusCode::METHOD_NOT_ALLOWED;
            let mut response = refused(&error);
            response.headers_mut().insert(ALLOW, allow);
            response
        }
    }
}

/// Lambda's API.
async fn call_function(
    api: &Api,
    operation: InvokeApiOperation,
    function: &str,
    request: Request<Incoming>,
) -> Response<ResponseBody> {
    // Its routes are there only with functions.
    let Some(functions) = &api.functions else {
        return no_answer(request.method(), request.uri().path(), NoRoute::Path);
    };
    if let Some(refusal) = invoke_api::refusal(operation, request.headers()) {
        discard(api, request.into_body()).await;
        return refusal.map(ResponseBody::from);
    }
    let (head, body) = request.into_parts();
    match read_body(body, functions::MAX_REQUEST_BYTES).await {
        Ok(body) => {
            let request = Request::from_parts(head, body);
            invoke_api::answer(functions, operation, function, request).await.map(ResponseBody::from)
        }
        Err(error) => refused(&error),
    }
}

/// Step Functions' API.
async fn answer_call(api: &Api, request: Request<Incoming>) -> Response<ResponseBody> {
    if let Err(error) = protocol::check_content_type(header(request.headers(), &CONTENT_TYPE)) {
        return turned_away(api, request, &error).await;
    }
    let (head, body) = request.into_parts();
    let body = match read_body(body, api.runtime.quotas().request_bytes).await {
        Ok(body) => body,
        Err(error) => return refused(&error),
    };
    let call = ApiCall {
        target: header(&head.headers, &AMZ_TARGET),
        content_type: header(&head.headers, &CONTENT_TYPE),
        trace: header(&head.headers, &TRACE_ID),
        body: &body,
    };
    response(api.handle(call).await)
}

/// The answer to a request whose head is enough to refuse it.
async fn turned_away(api: &Api, request: Request<Incoming>, error: &ApiError) -> Response<ResponseBody> {
    discard(api, request.into_body()).await;
    refused(error)
}

/// Reads what a client still sends, and throws it away: it reads no answer before it has sent what it has.
async fn discard(api: &Api, body: Incoming) {
    let mut body = Limited::new(body, api.runtime.quotas().request_bytes.saturating_mul(DISCARD_FACTOR));
    let all = async { while let Some(Ok(_)) = body.frame().await {} };
    // Whoever takes longer, or sends more, finds the connection closed.
    let _ = tokio::time::timeout(DISCARD_TIMEOUT, all).await;
}

/// The answer to what did not become a call.
fn refused(error: &ApiError) -> Response<ResponseBody> {
    response(ApiReply::refused(RequestId::new(), error))
}

fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

async fn read_body<B>(body: B, bytes_max: usize) -> Result<Bytes, ApiError>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BodyError>,
{
    match Deadline::within(Some(BODY_TIMEOUT)).bound(collect(body, bytes_max)).await {
        Some(Ok(Some(body))) => Ok(body),
        Some(Ok(None)) => Err(too_large(bytes_max)),
        Some(Err(error)) => Err(unreadable(&*error, bytes_max)),
        None => {
            let mut error = ApiError::new("RequestTimeout", "The request's body did not arrive in time.");
            error.status = StatusCode::REQUEST_TIMEOUT;
            Err(error)
        }
    }
}

/// The whole body; `None` where it is too large.
async fn collect<B>(body: B, bytes_max: usize) -> Result<Option<Bytes>, BodyError>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BodyError>,
{
    let mut body = Limited::new(body, bytes_max.saturating_mul(DISCARD_FACTOR));
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

fn health() -> Response<ResponseBody> {
    let mut response = Response::new(Bytes::from_static(HEALTH.as_bytes()).into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn response(reply: ApiReply) -> Response<ResponseBody> {
    let mut response = Response::new(reply.body);
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
