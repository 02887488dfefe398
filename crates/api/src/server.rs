//! The HTTP server.

mod answers;
mod budget;
mod connection;
mod connections;
mod guard;
mod overload;
mod presence;
mod request_body;

use std::net::{IpAddr, Ipv4Addr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tokio::sync::watch;

use asl::Value;
use functions::invoke_api::{self, InvokeApiOperation};
use runtime::Runtime;

use crate::Api;
use crate::error::ApiError;
use crate::protocol::{self, ApiCall, ApiReply};
use crate::request_id::RequestId;
use crate::response_body::ResponseBody;
use crate::routes::{Endpoint, NoRoute};
use answers::{Answers, Repeatable};
use connections::Connections;
#[cfg(test)]
pub(crate) use connections::TOLD_MAX;
pub use guard::AllowedHosts;
use guard::Guard;
use request_body::RequestBodies;
pub(crate) use request_body::too_large;

/// How long requests in flight may take to finish at shutdown.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(4);
pub(crate) const AMZ_TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
pub(crate) const TRACE_ID: HeaderName = HeaderName::from_static("x-amzn-trace-id");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
const HEALTH: &str = r#"{"status":"ok"}"#;

/// Serves the API until `shutdown` is ready, then lets requests in flight finish, up to 4 s.
///
/// Whatever goes wrong with one connection, or with accepting one, others are served.
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
                Err(error) => connections.not_accepted(&error).await,
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
    bodies: RequestBodies,
    answers: Answers,
}

impl Service {
    fn new(api: Arc<Api>, listener: &TcpListener) -> Self {
        // A listener without an address is none: then whoever reaches it is told what a local client would be.
        let listening = listener.local_addr().map_or(IpAddr::from(Ipv4Addr::LOCALHOST), |address| address.ip());
        let guard = Guard::new(listening, api.allowed_hosts.clone());
        let (bodies, answers) = (RequestBodies::new(api.runtime.clone()), Answers::new(api.runtime.clone()));
        Self { api, guard, bodies, answers }
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<ResponseBody> {
        let repeatable = Repeatable::of(&request);
        if let Err(error) = self.answers.admit(repeatable) {
            return turned_away(self, request, &error).await;
        }
        self.answers.charged(respond(self, request).await, repeatable)
    }
}

async fn respond(service: &Service, request: Request<Incoming>) -> Response<ResponseBody> {
    let api = &*service.api;
    if let Err(error) = service.guard.check(&request) {
        return turned_away(service, request, &error).await;
    }
    // What nearly every request is, first: it needs no table.
    if request.method() == Method::POST && request.uri().path() == "/" {
        return answer_call(service, request).await;
    }
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    match api.routes.find(&method, &path) {
        Ok((Endpoint::AwsJson, _)) => answer_call(service, request).await,
        Ok((Endpoint::Health, _)) => health(&api.runtime),
        Ok((Endpoint::InvokeApi(operation), function)) => call_function(service, operation, function, request).await,
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
    service: &Service,
    operation: InvokeApiOperation,
    function: &str,
    request: Request<Incoming>,
) -> Response<ResponseBody> {
    // Its routes are there only with functions.
    let Some(functions) = &service.api.functions else {
        return no_answer(request.method(), request.uri().path(), NoRoute::Path);
    };
    if let Some(refusal) = invoke_api::refusal(operation, request.headers()) {
        service.bodies.discard(request.into_body()).await;
        return refusal.map(ResponseBody::from);
    }
    let (head, body) = request.into_parts();
    match service.bodies.read(body, functions::MAX_REQUEST_BYTES).await {
        Ok(body) => {
            let request = Request::from_parts(head, body.bytes.clone());
            invoke_api::answer(functions, operation, function, request).await.map(ResponseBody::from)
        }
        Err(error) => refused(&error),
    }
}

/// Step Functions' API.
async fn answer_call(service: &Service, request: Request<Incoming>) -> Response<ResponseBody> {
    if let Err(error) = protocol::check_content_type(header(request.headers(), &CONTENT_TYPE)) {
        return turned_away(service, request, &error).await;
    }
    let (head, body) = request.into_parts();
    let api = &service.api;
    let body = match service.bodies.read(body, api.runtime.quotas().request_bytes).await {
        Ok(body) => body,
        Err(error) => return refused(&error),
    };
    let call = ApiCall {
        target: header(&head.headers, &AMZ_TARGET),
        content_type: header(&head.headers, &CONTENT_TYPE),
        trace: header(&head.headers, &TRACE_ID),
        body: &body.bytes,
    };
    response(api.handle(call).await)
}

/// The answer to a request whose head is enough to refuse it.
async fn turned_away(service: &Service, request: Request<Incoming>, error: &ApiError) -> Response<ResponseBody> {
    service.bodies.discard(request.into_body()).await;
    refused(error)
}

/// The answer to what did not become a call.
pub(crate) fn refused(error: &ApiError) -> Response<ResponseBody> {
    response(ApiReply::refused(RequestId::new(), error))
}

pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Whether the server can do its work: 200, or 503 with what is wrong. Whoever supervises it may go by that.
fn health(runtime: &Runtime) -> Response<ResponseBody> {
    let (status, text) = match runtime.check() {
        Ok(()) => (StatusCode::OK, Bytes::from_static(HEALTH.as_bytes())),
        Err(failure) => {
            let text = Value::object([("status", Value::from("unwell")), ("reason", Value::from(failure.to_string()))]);
            (StatusCode::SERVICE_UNAVAILABLE, Bytes::from(text.to_json()))
        }
    };
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

pub(crate) fn response(reply: ApiReply) -> Response<ResponseBody> {
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
