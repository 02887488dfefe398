//! Calls from this very process: child executions start without a socket.
//!
//! A call is answered as on the socket, by the same code from its head and body on, so that ARNs, errors and outputs are
//! the same both ways. What guards the socket against web pages has nothing to guard here.

use std::sync::{Arc, Weak};
use std::time::SystemTime;

use aws::in_process::{Answering, Server};
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderValue};
use http::{HeaderMap, Method, Request, Response};
use http_body_util::BodyExt;

use crate::Api;
use crate::protocol::ApiCall;
use crate::server::{AMZ_TARGET, TRACE_ID, header, refused, response, too_large};

/// Answers calls as long as there is an API. It keeps none alive: the tasks that call are part of it.
pub struct OwnServer(Weak<Api>);

impl OwnServer {
    /// In front of that API.
    pub fn new(api: &Arc<Api>) -> Self {
        Self(Arc::downgrade(api))
    }
}

impl Server for OwnServer {
    fn answer(&self, request: Request<Bytes>) -> Answering {
        let api = self.0.upgrade();
        Box::pin(async move {
            // Whatever is not AWS JSON, and what comes when the server stops, takes the socket.
            let api = api.filter(|_| request.method() == Method::POST && request.uri().path() == "/")?;
            answer(&api, request.headers(), request.body()).await
        })
    }
}

async fn answer(api: &Api, headers: &HeaderMap, body: &Bytes) -> Option<Response<Bytes>> {
    let most = api.runtime.quotas().request_bytes;
    let response = if body.len() > most {
        refused(&too_large(most))
    } else {
        let call = ApiCall {
            target: header(headers, &AMZ_TARGET),
            content_type: header(headers, &CONTENT_TYPE),
            trace: header(headers, &TRACE_ID),
            body,
        };
        response(api.handle(call).await)
    };
    let (mut head, body) = response.into_parts();
    let body = body.collect().await.ok()?.to_bytes();
    // As the socket adds them: results of tasks show the headers.
    head.headers.insert(CONTENT_LENGTH, body.len().into());
    head.headers.insert(DATE, HeaderValue::from_str(&httpdate::fmt_http_date(SystemTime::now())).ok()?);
    Some(Response::from_parts(head, body))
}
