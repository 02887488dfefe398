//! A connection beyond those that may be open: one request is answered on it, with AWS's throttling error.
//!
//! It costs little: no call is made, a body is thrown away as it comes, and soon all is over.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use hyper::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;

use super::{Service, health, turned_away};
use crate::error::ApiError;
use crate::response_body::ResponseBody;
use crate::routes::Endpoint;

/// How long it may take from its beginning to its end.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes of a request's head: the least that hyper can do with.
const HEAD_BYTES: usize = 8_192;

/// Answers one request and closes the connection.
pub(super) async fn tell(stream: TcpStream, service: Arc<Service>) {
    let answering = service_fn(|request| async { Ok::<_, Infallible>(answer(&service, request).await) });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(TIMEOUT)
        .max_buf_size(HEAD_BYTES)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), answering);
    match tokio::time::timeout(TIMEOUT, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::debug!(error = &error as &dyn std::error::Error, "a connection ended early");
        }
        Err(_) => tracing::debug!("a connection beyond the bound was slow, and is closed"),
    }
}

async fn answer(service: &Service, request: Request<Incoming>) -> Response<ResponseBody> {
    if let Err(error) = service.guard.check(&request) {
        return turned_away(service, request, &error).await;
    }
    if let Ok((Endpoint::Health, _)) = service.api.routes.find(request.method(), request.uri().path()) {
        return health(&service.api.runtime);
    }
    turned_away(service, request, &ApiError::throttled()).await
}
