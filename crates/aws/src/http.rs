//! Sends HTTP requests and takes in the answers: connections, their bounds, and the words for what goes wrong.
//!
//! It follows no redirects, repeats nothing and signs nothing.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::broken::Broken;
use crate::connector::Connector;
use crate::environment::Environment;
use crate::in_process::InProcess;
use crate::protocol::HttpAnswer;
use crate::reach::{Reach, Resolver};
use crate::spelling::as_sent;
use crate::tls::Tls;

/// How long a connection without requests is kept: less than what servers commonly keep it.
const IDLE_CONNECTION: Duration = Duration::from_secs(20);
/// How many connections without requests are kept to one host. Each is a file descriptor, of which a process often has
/// 1,024 for all hosts together; a burst of requests may open more, and closes them behind it.
const IDLE_PER_HOST: usize = 128;
/// How long a connection is silent before the system asks whether the other side is still there.
const TCP_KEEPALIVE: Duration = Duration::from_secs(30);
/// How many hosts are remembered before those without requests are forgotten.
const REMEMBERED_HOSTS: usize = 1024;

/// A plain HTTP request: to an endpoint that no service model knows.
#[derive(Clone)]
pub struct RawRequest {
    /// `GET`, `POST` ...
    pub method: String,
    /// The absolute URL, percent-encoded.
    pub url: String,
    /// The headers. `Host` and `Content-Length` are added.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
    /// The longest it may take.
    pub timeout: Duration,
    /// For whom to sign it, if at all.
    pub signing: Option<Signing>,
    /// Certificates in PEM: the only ones that the server's may come from, in place of those the system trusts.
    pub root_ca: Option<String>,
    /// Who named the host.
    pub reach: Reach,
}

impl RawRequest {
    /// A request for what is at a URL, without headers and signature.
    pub fn get(url: String, timeout: Duration) -> Self {
        let (headers, body) = (Vec::new(), Bytes::new());
        Self {
            method: "GET".to_owned(),
            url,
            headers,
            body,
            timeout,
            signing: None,
            root_ca: None,
            reach: Reach::Anywhere,
        }
    }
}

/// How to sign a plain request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signing {
    /// The signing name: `execute-api`, `eks`.
    pub service: String,
    /// The region.
    pub region: String,
    /// The role to assume, as an ARN; the client's own credentials where absent.
    pub role: Option<String>,
}

/// Shows no header and no body, which may hold secrets.
impl fmt::Debug for RawRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.url.split(['?', '#']).next().unwrap_or_default();
        let mut shown = formatter.debug_struct("RawRequest");
        shown.field("method", &self.method).field("url", &path).field("body_bytes", &self.body.len());
        shown.field("timeout", &self.timeout).field("signing", &self.signing).finish_non_exhaustive()
    }
}

/// Bounds of the transport.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    pub(crate) answer_bytes: usize,
    pub(crate) connect_timeout: Duration,
    pub(crate) requests_per_host: usize,
    /// Hosts, in lower case, that guarded requests may reach wherever they are.
    pub(crate) open_hosts: Vec<String>,
}

type Connections<C> = Client<C, Full<Bytes>>;

/// Connections for the requests of one reach: what one may not reach, it finds no open connection to either.
struct Routes {
    reach: Reach,
    plain: Connections<Connector>,
    tls: Tls,
}

impl Routes {
    fn new(reach: Reach, limits: &Limits, environment: &Environment) -> Self {
        Self { reach, plain: connections(connector(reach, limits), limits), tls: Tls::new(environment) }
    }
}

/// Connections to all hosts.
pub(crate) struct Transport {
    limits: Limits,
    /// The server in this process, where there is one.
    in_process: Option<InProcess>,
    anywhere: Routes,
    guarded: Routes,
    hosts: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Transport {
    /// Opens nothing and reads nothing.
    pub(crate) fn new(limits: Limits, environment: &Environment, in_process: Option<InProcess>) -> Self {
        let anywhere = Routes::new(Reach::Anywhere, &limits, environment);
        let guarded = Routes::new(Reach::Guarded, &limits, environment);
        Self { limits, in_process, anywhere, guarded, hosts: Mutex::default() }
    }

    /// Sends a request, whose URI is absolute, and takes in the whole answer. It may take for ever: the caller bounds it.
    ///
    /// # Errors
    /// No connection, one that breaks, an answer that is none or larger than allowed.
    pub(crate) async fn exchange(
        &self,
        request: http::Request<Bytes>,
        root_ca: Option<&str>,
        reach: Reach,
    ) -> Result<HttpAnswer, Broken> {
        let uri = request.uri().clone();
        let Some(authority) = uri.authority() else { return Err(Broken::lasting("Target host is not specified")) };
        if let Some(server) = self.in_process.as_ref().and_then(|own| own.server_of(&uri))
            && reach == Reach::Anywhere
            && let Some(answer) = server.answer(request.clone()).await
        {
            let (head, body) = answer.into_parts();
            let is_too_large = body.len() > self.limits.answer_bytes;
            return if is_too_large {
                Err(Broken::too_large(self.limits.answer_bytes))
            } else {
                Ok(answered(&head, body))
            };
        }
        let routes = self.routes(reach, authority.host());
        routes.reach.check(authority.host()).map_err(|refused| Broken::lasting(refused.to_string()))?;
        let is_https = uri.scheme() == Some(&http::uri::Scheme::HTTPS);
        let _permit = self.permit(authority.as_str()).await;
        let request = request.map(Full::new);
        let sent = if is_https {
            let connector = |config| routes.tls.connector(config, connector(routes.reach, &self.limits));
            let connect = |config| connections(connector(config), &self.limits);
            routes.tls.connections(root_ca, connect).await?.request(request).await
        } else {
            routes.plain.request(request).await
        };
        let answer = sent.map_err(|error| Broken::before_an_answer(&error, authority))?;
        self.take_in(answer).await
    }

    fn routes(&self, reach: Reach, host: &str) -> &Routes {
        let is_open = self.limits.open_hosts.iter().any(|open| open.eq_ignore_ascii_case(bare(host)));
        if reach == Reach::Guarded && !is_open { &self.guarded } else { &self.anywhere }
    }

    async fn take_in(&self, answer: http::Response<Incoming>) -> Result<HttpAnswer, Broken> {
        let (head, body) = answer.into_parts();
        let body = self.whole(body).await?;
        Ok(answered(&head, body))
    }

    async fn whole(&self, mut body: Incoming) -> Result<Bytes, Broken> {
        let limit = self.limits.answer_bytes;
        let expected = body.size_hint().exact();
        if expected.is_some_and(|expected| expected > limit as u64) {
            return Err(Broken::too_large(limit));
        }
        // An answer in one piece, which most are, is not copied.
        let mut first = Bytes::new();
        let mut rest = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let received = first.len() + rest.len();
            let Ok(piece) = frame.map_err(|error| Broken::within_an_answer(&error, expected, received))?.into_data()
            else {
                continue;
            };
            if received + piece.len() > limit {
                return Err(Broken::too_large(limit));
            }
            match received {
                0 => first = piece,
                _ => rest.extend_from_slice(&piece),
            }
        }
        if rest.is_empty() {
            return Ok(first);
        }
        let mut whole = BytesMut::with_capacity(first.len() + rest.len());
        whole.extend_from_slice(&first);
        whole.extend_from_slice(&rest);
        Ok(whole.freeze())
    }

    /// The right to one request to the host. A host has its own bound, so that one that hangs stops no other.
    async fn permit(&self, host: &str) -> Option<OwnedSemaphorePermit> {
        let permits = {
            let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
            if hosts.len() >= REMEMBERED_HOSTS {
                hosts.retain(|_, permits| Arc::strong_count(permits) > 1);
            }
            match hosts.get(host) {
                Some(permits) => Arc::clone(permits),
                None => {
                    let permits = Arc::new(Semaphore::new(self.limits.requests_per_host));
                    hosts.insert(host.to_owned(), Arc::clone(&permits));
                    permits
                }
            }
        };
        // The semaphore is never closed, so there always is a permit.
        permits.acquire_owned().await.ok()
    }
}

fn answered(head: &http::response::Parts, body: Bytes) -> HttpAnswer {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = head.headers.iter().map(|(name, value)| (as_sent(name.as_str()), text(value))).collect();
    HttpAnswer { status: head.status.as_u16(), headers, body }
}

/// A host without the brackets of an IPv6 address.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

fn connector(reach: Reach, limits: &Limits) -> Connector {
    let mut connector = HttpConnector::new_with_resolver(Resolver::new(reach));
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector.set_keepalive(Some(TCP_KEEPALIVE));
    connector.set_connect_timeout(Some(limits.connect_timeout));
    Connector::new(connector)
}

fn connections<C: Connect + Clone + Send + Sync + 'static>(connector: C, limits: &Limits) -> Connections<C> {
    Client::builder(TokioExecutor::new())
        .pool_idle_timeout(IDLE_CONNECTION)
        .pool_timer(TokioTimer::new())
        .pool_max_idle_per_host(limits.requests_per_host.min(IDLE_PER_HOST))
        .build(connector)
}
