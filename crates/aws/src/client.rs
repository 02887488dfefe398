//! The client: a call becomes a signed request, is sent as often as it takes, and its answer becomes a result.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ::http::header::{HOST, USER_AGENT};
use ::http::uri::Authority;
use ::http::{HeaderName, HeaderValue, Request, Uri};
use aws_credential_types::Credentials;
use bytes::Bytes;
use models::{Operation, Service};
use tokio::time::Instant;

use crate::broken::Broken;
use crate::credentials::{Chain, Looked};
use crate::endpoint::{BaseUrl, Endpoint, Endpoints, absolute};
use crate::environment::Environment;
use crate::http::{Limits, RawRequest, Transport};
use crate::in_process::InProcess;
use crate::presign::{Presign, presigned};
use crate::protocol::{self, Given, HttpAnswer, HttpRequest};
use crate::reach::Reach;
use crate::retry::{self, Retry};
use crate::sign::{Scope, sign};
use crate::{Call, CallError, ServiceAnswer, ServiceError};

const AGENT: &str = concat!("stepwright/", env!("CARGO_PKG_VERSION"));

/// What a client is made of. [`Options::new`] has the defaults.
#[derive(Clone, Debug)]
pub struct Options {
    /// The region whose services are called.
    pub region: String,
    /// Where requests go.
    pub endpoints: Endpoints,
    /// Where credentials and certificates are looked for.
    pub environment: Environment,
    /// The profile to take credentials from, before `AWS_PROFILE`.
    pub profile: Option<String>,
    /// How often a call is sent at most; 0 counts as 1. Default 3, as the SDKs' standard mode.
    pub attempts: u32,
    /// What the delay before the second attempt is drawn from; each later one from twice as much, at most 20 s. Default 1 s.
    pub backoff: Duration,
    /// The largest body of an answer, in bytes. Default 32 MiB.
    pub max_answer_bytes: usize,
    /// The longest that opening a TCP connection may take. Default 10 s.
    pub connect_timeout: Duration,
    /// How many requests to one host may be under way at once; further ones wait their turn, within their timeouts.
    /// Each takes a connection; some of these are kept open for the next requests. Default 1,000.
    pub max_requests_per_host: usize,
    /// Hosts, names or addresses as URLs have them, that requests of [`Reach::Guarded`] may reach wherever they are.
    pub open_hosts: Vec<String>,
    /// A server in this process, whose requests take no socket.
    pub in_process: Option<InProcess>,
}

impl Options {
    /// AWS's own endpoints in a region, credentials as the environment has them, and the defaults.
    pub fn new(region: impl Into<String>, environment: Environment) -> Self {
        Self {
            region: region.into(),
            endpoints: Endpoints::aws(),
            environment,
            profile: None,
            attempts: 3,
            backoff: Duration::from_secs(1),
            max_answer_bytes: 32 * 1024 * 1024,
            connect_timeout: Duration::from_secs(10),
            max_requests_per_host: 1000,
            open_hosts: Vec::new(),
            in_process: None,
        }
    }
}

/// A client for all services. Clones share connections and credentials.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    region: String,
    endpoints: Endpoints,
    transport: Transport,
    retry: Retry,
    chain: Chain,
}

/// Whose credentials sign a request.
#[derive(Clone, Copy)]
pub(crate) enum Signer<'a> {
    /// The client's.
    Own,
    /// Those of a role that the client assumes.
    Role(&'a str),
    /// These.
    Given(&'a Credentials),
    /// Nobody's: it is not signed.
    Nobody,
}

/// A call ready to be sent, as often as it takes.
struct Prepared<'a> {
    service: &'a Service,
    operation: &'a Operation,
    request: HttpRequest,
    uri: Uri,
    endpoint: Endpoint,
    signer: Signer<'a>,
}

/// What one attempt came to.
enum Attempt {
    Answered(Box<ServiceAnswer>),
    /// `asked` is the delay that the service asks for.
    Refused {
        error: Box<ServiceError>,
        asked: Option<Duration>,
    },
    Broke(Broken),
}

impl Client {
    /// Makes a client. Opens nothing and reads nothing.
    pub fn new(options: Options) -> Self {
        let limits = Limits {
            answer_bytes: options.max_answer_bytes,
            connect_timeout: options.connect_timeout,
            requests_per_host: options.max_requests_per_host.max(1),
            open_hosts: options.open_hosts,
        };
        let transport = Transport::new(limits, &options.environment, options.in_process);
        let retry = Retry { attempts: options.attempts.max(1), base: options.backoff };
        let chain = Chain::new(options.environment, options.profile);
        let inner = Inner { region: options.region, endpoints: options.endpoints, transport, retry, chain };
        Self { inner: Arc::new(inner) }
    }

    /// Calls an operation of a service. Repeats it as the SDKs' standard mode does, within the call's timeout.
    ///
    /// # Errors
    /// As [`CallError`] lists them.
    pub async fn call(&self, call: &Call<'_>) -> Result<ServiceAnswer, CallError> {
        self.call_as(call, call.role.map_or(Signer::Own, Signer::Role)).await
    }

    /// Sends a plain request once and gives its answer, whatever its status.
    ///
    /// # Errors
    /// `Transport`, `Timeout`, `Credentials`.
    pub async fn send(&self, request: RawRequest) -> Result<HttpAnswer, CallError> {
        let timeout = request.timeout;
        within(timeout, self.send_once(request)).await
    }

    /// Presigns a GET request. Sends nothing, but for what it takes to get credentials.
    ///
    /// # Errors
    /// `Credentials`, and `Transport` where the URL or a header cannot be signed.
    pub async fn presign(&self, presign: &Presign<'_>) -> Result<String, CallError> {
        let signer = presign.role.map_or(Signer::Own, Signer::Role);
        let credentials = self.credentials(signer, presign.is_aws, presign.service).await?;
        // Only `Signer::Nobody` has none.
        let credentials = credentials.unwrap_or_else(made_up);
        presigned(presign, &credentials, SystemTime::now()).map_err(|error| Broken::lasting(error).into())
    }

    pub(crate) async fn call_as(&self, call: &Call<'_>, signer: Signer<'_>) -> Result<ServiceAnswer, CallError> {
        let service = models::load(call.service).map_err(|error| CallError::Transport(error.to_string()))?;
        let service = service.ok_or_else(|| CallError::UnknownService(call.service.to_owned()))?;
        let Some(operation) = service.operation(call.operation) else {
            let (service, operation) = (call.service.to_owned(), call.operation.to_owned());
            return Err(CallError::UnknownOperation { service, operation });
        };
        let given = Given { input: call.input, token: call.idempotency_token, missing: call.missing };
        let mut request = protocol::encode(&service, operation, given).map_err(CallError::Parameters)?;
        let endpoint = self.resolve(&service)?;
        let url = endpoint.url.clone().with_host_prefix(request.host_prefix.take().as_deref());
        let uri = uri(&url, &request).ok_or_else(|| Broken::lasting("the request's URL cannot be written"))?;
        let signer = if operation.unsigned { Signer::Nobody } else { signer };
        let prepared = Prepared { service: &service, operation, request, uri, endpoint, signer };
        let deadline = Instant::now().checked_add(call.timeout);
        within(call.timeout, self.attempts(&prepared, deadline)).await
    }

    fn resolve(&self, service: &Service) -> Result<Endpoint, CallError> {
        let endpoint = self.inner.endpoints.resolve(&service.metadata, &self.inner.region);
        endpoint.map_err(|error| CallError::Transport(error.to_string()))
    }

    async fn attempts(&self, prepared: &Prepared<'_>, deadline: Option<Instant>) -> Result<ServiceAnswer, CallError> {
        let mut attempts = 1;
        loop {
            let (error, asked) = match self.attempt(prepared).await? {
                Attempt::Answered(answer) => return Ok(*answer),
                Attempt::Refused { mut error, asked } => {
                    error.attempts = attempts;
                    let is_transient = retry::is_transient(&error);
                    let error = CallError::Service(error);
                    if !is_transient {
                        return Err(error);
                    }
                    (error, asked)
                }
                Attempt::Broke(broken) if broken.is_transient => (CallError::from(broken), None),
                Attempt::Broke(broken) => return Err(broken.into()),
            };
            let Some(delay) = self.inner.retry.delay(attempts, asked) else { return Err(error) };
            // What went wrong says more than that the time is over.
            if deadline.is_some_and(|deadline| Instant::now() + delay >= deadline) {
                return Err(error);
            }
            tracing::debug!(%error, attempts, ?delay, service = prepared.service.metadata.name, "request is sent again");
            tokio::time::sleep(delay).await;
            attempts += 1;
        }
    }

    async fn attempt(&self, prepared: &Prepared<'_>) -> Result<Attempt, CallError> {
        let Prepared { service, operation, endpoint, .. } = prepared;
        let mut request = prepared.http_request()?;
        if let Some(credentials) = self.credentials(prepared.signer, endpoint.is_aws, &service.metadata.name).await? {
            let scope = Scope { service: &service.metadata.signing_name, region: &endpoint.region };
            self.sign(&mut request, &credentials, scope)?;
        }
        let answer = match self.inner.transport.exchange(request, None, Reach::Anywhere).await {
            Ok(answer) => answer,
            Err(broken) => return Ok(Attempt::Broke(broken)),
        };
        if protocol::is_error(service, operation, &answer) {
            let error = Box::new(protocol::decode_error(service, operation, &answer));
            return Ok(Attempt::Refused { error, asked: retry::asked(&answer.headers) });
        }
        let unreadable = |error| {
            CallError::Transport(format!("Unable to unmarshall response ({error}). Response Code: {}", answer.status))
        };
        let output = protocol::decode(service, operation, &answer).map_err(unreadable)?;
        let request_id = protocol::request_id(service, &answer);
        Ok(Attempt::Answered(Box::new(ServiceAnswer {
            output,
            status: answer.status,
            headers: answer.headers,
            request_id,
        })))
    }

    async fn send_once(&self, raw: RawRequest) -> Result<HttpAnswer, CallError> {
        let wrong = |problem| Broken::lasting(format!("{:?} is not a URL: {problem}", raw.url));
        let url = absolute(&raw.url).map_err(wrong)?;
        let mut request = http_request(&raw.method, url, &raw.headers, raw.body)?;
        if let Some(signing) = &raw.signing {
            let signer = signing.role.as_deref().map_or(Signer::Own, Signer::Role);
            let scope = Scope { service: &signing.service, region: &signing.region };
            // An endpoint named outright may be a local counterpart, but only AWS can tell: it gets no made-up signature.
            if let Some(credentials) = self.credentials(signer, true, &signing.service).await? {
                self.sign(&mut request, &credentials, scope)?;
            }
        }
        Ok(self.inner.transport.exchange(request, raw.root_ca.as_deref(), raw.reach).await?)
    }

    fn sign(&self, request: &mut Request<Bytes>, credentials: &Credentials, scope: Scope<'_>) -> Result<(), CallError> {
        let signed = sign(request, credentials, scope, SystemTime::now());
        signed.map_err(|error| Broken::lasting(error.to_string()).into())
    }

    /// The credentials to sign with. `is_aws` says whether they go to AWS's own endpoint: any other wants a signature
    /// but rarely checks it, so where there are no credentials it gets made-up ones.
    async fn credentials(
        &self,
        signer: Signer<'_>,
        is_aws: bool,
        service: &str,
    ) -> Result<Option<Credentials>, CallError> {
        match signer {
            Signer::Nobody => Ok(None),
            Signer::Given(credentials) => Ok(Some(credentials.clone())),
            Signer::Own => or_made_up(self.inner.chain.own(self).await?, is_aws, service).map(Some),
            Signer::Role(role) => self.credentials_of_role(role, is_aws, service).await.map(Some),
        }
    }

    async fn credentials_of_role(&self, role: &str, is_aws: bool, service: &str) -> Result<Credentials, CallError> {
        let own = self.inner.chain.own(self).await?;
        let sts = models::load("sts").map_err(|error| CallError::Transport(error.to_string()))?;
        let sts = sts.ok_or_else(|| CallError::UnknownService("sts".to_owned()))?;
        let sts_is_aws = self.resolve(&sts)?.is_aws;
        // Nobody can assume the role, and nobody will ask whether somebody did.
        if matches!(own, Looked::Nothing(_)) && sts_is_aws && !is_aws {
            return Ok(made_up());
        }
        let with = or_made_up(own, sts_is_aws, "sts")?;
        or_made_up(self.inner.chain.of_role(self, role, &with).await?, is_aws, service)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").field("region", &self.inner.region).finish_non_exhaustive()
    }
}

impl Prepared<'_> {
    fn http_request(&self) -> Result<Request<Bytes>, CallError> {
        let HttpRequest { method, headers, body, .. } = &self.request;
        http_request(method, self.uri.clone(), headers, body.clone())
    }
}

fn or_made_up(looked: Looked, is_aws: bool, service: &str) -> Result<Credentials, CallError> {
    match looked {
        Looked::Found(credentials) => Ok(credentials),
        Looked::Nothing(_) if !is_aws => Ok(made_up()),
        Looked::Nothing(places) => Err(CallError::Credentials(format!(
            "there are no AWS credentials to call {service} with. Looked at: {places}"
        ))),
    }
}

fn made_up() -> Credentials {
    Credentials::new("test", "test", None, None, "made up")
}

async fn within<T>(timeout: Duration, work: impl Future<Output = Result<T, CallError>>) -> Result<T, CallError> {
    tokio::time::timeout(timeout, work).await.unwrap_or(Err(CallError::Timeout(timeout)))
}

fn uri(url: &BaseUrl, request: &HttpRequest) -> Option<Uri> {
    let mut path = String::with_capacity(url.path.len() + request.path.len());
    path.push_str(&url.path);
    path.push_str(&request.path);
    for (index, (name, value)) in request.query.iter().enumerate() {
        path.push(if index == 0 { '?' } else { '&' });
        push_encoded(&mut path, name);
        // A parameter without a value is signed as one with an empty value.
        path.push('=');
        push_encoded(&mut path, value.as_deref().unwrap_or_default());
    }
    let scheme = if url.is_https { "https" } else { "http" };
    Uri::builder().scheme(scheme).authority(url.authority.as_str()).path_and_query(path).build().ok()
}

/// Percent-encodes all but RFC 3986's unreserved characters, as signatures demand.
fn push_encoded(path: &mut String, text: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            path.push(char::from(byte));
        } else {
            path.push('%');
            path.push(char::from(HEX[usize::from(byte >> 4)]));
            path.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

fn http_request(
    method: &str,
    uri: Uri,
    headers: &[(String, String)],
    body: Bytes,
) -> Result<Request<Bytes>, CallError> {
    let host = uri.authority().and_then(|authority| host(authority, uri.scheme_str() == Some("https")));
    let wrong = |what: &str| Broken::lasting(format!("the request's {what} cannot be written"));
    let mut request = Request::new(body);
    *request.method_mut() = method.parse().map_err(|_| wrong("method"))?;
    *request.uri_mut() = uri;
    for (name, value) in headers {
        let header = || Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?));
        let (name, value) = header().ok_or_else(|| wrong(&format!("header {name}")))?;
        request.headers_mut().append(name, value);
    }
    if let Some(host) = host {
        request.headers_mut().entry(HOST).or_insert(host);
    }
    request.headers_mut().entry(USER_AGENT).or_insert(HeaderValue::from_static(AGENT));
    Ok(request)
}

/// The host as the header of that name has it: without the scheme's own port.
fn host(authority: &Authority, is_https: bool) -> Option<HeaderValue> {
    let own_port = if is_https { 443 } else { 80 };
    let text = match authority.port_u16() {
        Some(port) if port != own_port => format!("{}:{port}", authority.host()),
        _ => authority.host().to_owned(),
    };
    HeaderValue::try_from(text).ok()
}

#[cfg(test)]
mod tests;
