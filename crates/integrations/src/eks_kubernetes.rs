//! The Kubernetes API of an EKS cluster: `eks:call`, and `eks:runJob` with and without `.sync`.
//!
//! A cluster knows the caller by a bearer token that holds a presigned request for STS GetCallerIdentity, as the AWS
//! CLI makes it. An `http://` endpoint is for a counterpart on this machine; see [`crate::http::PlainHttp`].
//!
//! A job that is created twice, because the first answer was lost, is one job: it carries the task's idempotency token,
//! and where it exists already with the same token it is taken for the one we wanted.

use std::time::Duration;

use asl::{Object, Text, Value};
use aws::Presign;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD};
use bytes::Bytes;
use models::optimized;

use crate::failure::Words;
use crate::http::encode;
use crate::http::fields::{FieldError, Fields, Pairs, plain_text};
use crate::http::request::Request;
use crate::http::response::Response;
use crate::http::wire::{self, Wire};
use crate::{Failure, Integrations, PollError, Progress, TaskAnswer, TaskCall};

/// How long one request to a cluster may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// How long a cluster may use the token. EKS takes no more than 15 minutes.
const TOKEN_LIFE: Duration = Duration::from_secs(60);

/// The annotation that says which task created a job.
const TASK_ANNOTATION: &str = "states.amazonaws.com/task";

/// The most containers whose logs are fetched.
const MAX_LOGS: usize = 100;

const WORDS: Words<'_> = Words::optimized(&optimized::EKS);

const METHODS: [(&str, &str); 6] =
    [("GET", "GET"), ("POST", "POST"), ("PUT", "PUT"), ("DELETE", "DELETE"), ("HEAD", "HEAD"), ("PATCH", "PATCH")];

/// Calls the Kubernetes API.
pub(crate) async fn call_api(integrations: &Integrations, call: &TaskCall) -> Result<TaskAnswer, Failure> {
    let result = Cluster::of(integrations, call)?.call_api().await?;
    Ok(TaskAnswer::to(call.target.pattern(), result))
}

/// Creates a job.
pub(crate) async fn run_job(integrations: &Integrations, call: &TaskCall) -> Result<TaskAnswer, Failure> {
    let result = Cluster::of(integrations, call)?.run_job().await?;
    Ok(TaskAnswer::to(call.target.pattern(), result))
}

/// Looks at a job. `submitted` is what [`run_job`] answered.
pub(crate) async fn poll(
    integrations: &Integrations,
    call: &TaskCall,
    submitted: &Value,
) -> Result<Progress, PollError> {
    let cluster = Cluster::of(integrations, call).map_err(PollError::Job)?;
    let job = JobName::submitted(submitted).ok_or_else(|| PollError::Job(no_job()))?;
    let response = match cluster.send("GET", &job.path(), Pairs::new(), None).await {
        Ok(response) => response,
        Err(failure) => return Err(PollError::Unavailable(failure)),
    };
    if response.status == 429 || response.status >= 500 {
        return Err(PollError::Unavailable(refusal(&response)));
    }
    if !response.is_success() {
        return Err(PollError::Job(refusal(&response)));
    }
    let state = response.body_value();
    let Some(end) = JobEnd::of(&state) else { return Ok(Progress::Running) };
    let state = cluster.with_logs(&job, state).await;
    match end {
        JobEnd::Complete => Ok(Progress::Done(state)),
        JobEnd::Failed => Err(PollError::Job(Failure::task_failed(state.to_json()))),
    }
}

/// Deletes a job and its pods. One that is gone already is no failure.
pub(crate) async fn cancel(integrations: &Integrations, call: &TaskCall, submitted: &Value) -> Result<(), Failure> {
    let cluster = Cluster::of(integrations, call)?;
    let job = JobName::submitted(submitted).ok_or_else(no_job)?;
    let query = vec![("propagationPolicy".to_owned(), "Background".to_owned())];
    let response = cluster.send("DELETE", &job.path(), query, None).await?;
    if response.is_success() || response.status == 404 { Ok(()) } else { Err(refusal(&response)) }
}

/// A cluster and the task that calls it.
struct Cluster<'a> {
    integrations: &'a Integrations,
    call: &'a TaskCall,
    name: &'a str,
    endpoint: &'a str,
    /// PEM.
    root_ca: String,
}

impl<'a> Cluster<'a> {
    fn of(integrations: &'a Integrations, call: &'a TaskCall) -> Result<Self, Failure> {
        Self::read(integrations, call).map_err(|error| error.failure(&call.parameters))
    }

    fn read(integrations: &'a Integrations, call: &'a TaskCall) -> Result<Self, FieldError> {
        let fields = Fields(&call.parameters);
        let name = fields.text("ClusterName")?;
        if !crate::http::request::is_sendable("x-k8s-aws-id", name) {
            return Err(FieldError::Format("ClusterName"));
        }
        let root_ca = root_ca(fields.text("CertificateAuthority")?)?;
        let endpoint = fields.text("Endpoint")?.trim_end_matches('/');
        integrations.plain_http().check(endpoint).map_err(|error| FieldError::value("Endpoint", error.to_string()))?;
        Ok(Self { integrations, call, name, endpoint, root_ca })
    }

    async fn call_api(&self) -> Result<Value, Failure> {
        let fields = Fields(&self.call.parameters);
        let refused = |error: FieldError| error.failure(&self.call.parameters);
        let method = fields.word("Method", &METHODS).and_then(|method| method.ok_or(FieldError::Missing("Method")));
        let path = encode::path(fields.text("Path").map_err(refused)?);
        let query = fields.lists("QueryParameters").map_err(refused)?;
        let body = fields.get("RequestBody").map(|body| Bytes::from(plain_text(body)));
        let response = self.send(method.map_err(refused)?, &path, query, body).await?;
        if response.is_success() { Ok(response.result()) } else { Err(refusal(&response)) }
    }

    async fn run_job(&self) -> Result<Value, Failure> {
        let fields = Fields(&self.call.parameters);
        let refused = |error: FieldError| error.failure(&self.call.parameters);
        let namespace = fields.optional_text("Namespace").map_err(refused)?.unwrap_or("default");
        let job = job(fields, &self.call.idempotency_token).map_err(refused)?;
        let path = jobs_path(namespace);
        let response = self.send("POST", &path, Pairs::new(), Some(Bytes::from(job.to_json()))).await?;
        if response.is_success() {
            return Ok(response.result());
        }
        if response.status == 409
            && let Some(name) = job.get("metadata").and_then(|metadata| metadata.get("name")).and_then(Value::as_str)
        {
            let name = JobName { namespace: namespace.to_owned(), name: name.to_owned() };
            let existing = self.send("GET", &name.path(), Pairs::new(), None).await?;
            if existing.is_success() && is_ours(&existing.body_value(), &self.call.idempotency_token) {
                return Ok(existing.result());
            }
        }
        Err(refusal(&response))
    }

    /// Sends a request; any status is an answer.
    async fn send(
        &self,
        method: &'static str,
        path: &str,
        query: Pairs,
        body: Option<Bytes>,
    ) -> Result<Response, Failure> {
        let token = self.token().await?;
        let mut url = format!("{}/{}", self.endpoint, path.trim_start_matches('/'));
        encode::add_query(&mut url, &query);
        let mut headers = vec![
            ("Authorization".to_owned(), format!("Bearer {token}")),
            ("Accept".to_owned(), "application/json".to_owned()),
        ];
        if body.is_some() {
            // What kubectl sends for a patch of a built-in resource.
            let kind = if method == "PATCH" { "application/strategic-merge-patch+json" } else { "application/json" };
            headers.push(("Content-Type".to_owned(), kind.to_owned()));
        }
        let request = Request { method, url, headers, body };
        let wire = Wire { root_ca: Some(&self.root_ca), ..Wire::new(self.integrations.plain_http(), TIMEOUT) };
        wire::send(self.integrations.client(), &request, &wire)
            .await
            .map_err(|error| WORDS.failure(error, &self.call.parameters))
    }

    /// `k8s-aws-v1.` and the presigned URL in base64.
    async fn token(&self) -> Result<String, Failure> {
        let region = self.integrations.region();
        let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let url = format!("https://sts.{region}.{suffix}/?Action=GetCallerIdentity&Version=2011-06-15");
        let presign = Presign {
            service: "sts",
            region,
            url: &url,
            headers: &[("x-k8s-aws-id", self.name)],
            role: self.integrations.role(self.call),
            expires_in: TOKEN_LIFE,
            is_aws: self.endpoint.starts_with("https://"),
        };
        let url = self
            .integrations
            .client()
            .presign(&presign)
            .await
            .map_err(|error| WORDS.failure(error, &self.call.parameters))?;
        Ok(format!("k8s-aws-v1.{}", URL_SAFE_NO_PAD.encode(url)))
    }

    /// The job's state, with the logs of its pods where the task wants them.
    async fn with_logs(&self, job: &JobName, state: Value) -> Value {
        let Ok(options) = LogOptions::read(&self.call.parameters) else { return state };
        let (Some(options), Value::Object(object)) = (options, &state) else { return state };
        let mut object = Object::clone(object);
        object.insert(Text::from("logs"), self.logs(job, &options).await);
        Value::Object(object.into())
    }

    /// `{pods: {pod: {containers: {container: {log}}}}}`; where a log cannot be had, `{error, cause}` in its place.
    async fn logs(&self, job: &JobName, options: &LogOptions) -> Value {
        let path = format!("/api/v1/namespaces/{}/pods", segment(&job.namespace));
        let selector = vec![("labelSelector".to_owned(), format!("job-name={}", job.name))];
        let pods = match self.send("GET", &path, selector, None).await {
            Ok(response) if response.is_success() => response.body_value(),
            Ok(response) => return no_log(&refusal(&response)),
            Err(failure) => return no_log(&failure),
        };
        let mut fetched = 0;
        let mut by_pod = Vec::new();
        for pod in pods.get("items").and_then(Value::as_array).unwrap_or_default() {
            let Some(name) = member(pod, &["metadata", "name"]).and_then(Value::as_str) else { continue };
            let mut containers = Vec::new();
            let listed = member(pod, &["spec", "containers"]).and_then(Value::as_array).unwrap_or_default();
            for container in listed.iter().filter_map(|container| container.get("name").and_then(Value::as_str)) {
                if fetched == MAX_LOGS {
                    break;
                }
                fetched += 1;
                containers.push((container, self.log(&path, name, container, options).await));
            }
            by_pod.push((name, Value::object([("containers", Value::object(containers))])));
        }
        Value::object([("pods", Value::object(by_pod))])
    }

    async fn log(&self, pods: &str, pod: &str, container: &str, options: &LogOptions) -> Value {
        let mut query = vec![("container".to_owned(), container.to_owned())];
        query.extend(options.parameters.iter().cloned());
        let path = format!("{pods}/{}/log", segment(pod));
        match self.send("GET", &path, query, None).await {
            Ok(response) if response.is_success() => {
                let log = if options.raw { Value::from(response.text()) } else { response.body_value() };
                Value::object([("log", log)])
            }
            Ok(response) => no_log(&refusal(&response)),
            Err(failure) => no_log(&failure),
        }
    }
}

/// Where a job is.
#[derive(Debug, PartialEq, Eq)]
struct JobName {
    namespace: String,
    name: String,
}

impl JobName {
    /// The job in the answer to its creation.
    fn submitted(submitted: &Value) -> Option<Self> {
        let metadata = member(submitted, &["ResponseBody", "metadata"])?;
        let text = |name: &str| metadata.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(Self { namespace: text("namespace").unwrap_or_else(|| "default".to_owned()), name: text("name")? })
    }

    fn path(&self) -> String {
        format!("{}/{}", jobs_path(&self.namespace), segment(&self.name))
    }
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum JobEnd {
    Complete,
    Failed,
}

impl JobEnd {
    /// How the job ended; `None` while it runs.
    fn of(state: &Value) -> Option<Self> {
        let conditions = member(state, &["status", "conditions"]).and_then(Value::as_array)?;
        conditions.iter().find_map(|condition| {
            if condition.get("status").and_then(Value::as_str) != Some("True") {
                return None;
            }
            match condition.get("type").and_then(Value::as_str) {
                Some("Complete") => Some(Self::Complete),
                Some("Failed") => Some(Self::Failed),
                _ => None,
            }
        })
    }
}

/// What logs the task wants (`LogOptions`).
#[derive(Debug, PartialEq, Eq)]
struct LogOptions {
    raw: bool,
    parameters: Pairs,
}

impl LogOptions {
    /// `None` where the task wants no logs.
    fn read(parameters: &Value) -> Result<Option<Self>, FieldError> {
        let Some(options) = Fields(parameters).get("LogOptions") else { return Ok(None) };
        if options.as_object().is_none() {
            return Err(FieldError::Format("LogOptions"));
        }
        let options = Fields(options);
        let read = Self { raw: options.flag("RawLogs")?, parameters: options.lists("LogParameters")? };
        Ok(options.flag("RetrieveLogs")?.then_some(read))
    }
}

/// The job to create: the definition with the task's mark, and with a name where it asks for a generated one.
fn job(fields: Fields<'_>, token: &str) -> Result<Value, FieldError> {
    LogOptions::read(fields.0)?;
    let job = fields.get("Job").ok_or(FieldError::Missing("Job"))?;
    let parsed = job.as_str().map(|text| asl::json::parse(text.as_bytes())).transpose();
    let job = parsed.map_err(|_| FieldError::Format("Job"))?.unwrap_or_else(|| job.clone());
    let Value::Object(members) = &job else { return Err(FieldError::Format("Job")) };
    let object = |value: Option<&Value>| value.and_then(Value::as_object).cloned().unwrap_or_default();

    let mut metadata = object(members.get("metadata"));
    let mut annotations = object(metadata.get("annotations"));
    annotations.insert(Text::from(TASK_ANNOTATION), Value::from(token));
    metadata.insert(Text::from("annotations"), Value::Object(annotations.into()));
    if metadata.get("name").is_none()
        && let Some(prefix) = metadata.get("generateName").and_then(Value::as_str)
    {
        let suffix: String = token.chars().filter(char::is_ascii_alphanumeric).take(10).collect();
        let name = format!("{prefix}{}", suffix.to_ascii_lowercase());
        metadata.insert(Text::from("name"), Value::from(name));
    }

    let mut members = Object::clone(members);
    for (name, value) in [("apiVersion", "batch/v1"), ("kind", "Job")] {
        if !members.contains(name) {
            members.insert(Text::from(name), Value::from(value));
        }
    }
    members.insert(Text::from("metadata"), Value::Object(metadata.into()));
    Ok(Value::Object(members.into()))
}

fn is_ours(job: &Value, token: &str) -> bool {
    member(job, &["metadata", "annotations", TASK_ANNOTATION]).and_then(Value::as_str) == Some(token)
}

/// A cluster's certificate authority as PEM.
fn root_ca(text: &str) -> Result<String, FieldError> {
    let decoded = BASE64.decode(text.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    decoded.ok_or(FieldError::Format("CertificateAuthority"))
}

fn jobs_path(namespace: &str) -> String {
    format!("/apis/batch/v1/namespaces/{}/jobs", segment(namespace))
}

fn segment(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    encode::component(name, &mut out);
    out
}

fn member<'a>(value: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, name| value.get(name))
}

/// A status that is not 2XX: `EKS.401`, and the answer as the cause.
fn refusal(response: &Response) -> Failure {
    let cause = Value::object([
        ("ResponseBody", response.body_value()),
        ("StatusCode", Value::int(i64::from(response.status))),
        ("StatusText", Value::from(response.status_text())),
    ]);
    Failure { error: format!("EKS.{}", response.status), cause: cause.to_json() }
}

fn no_log(failure: &Failure) -> Value {
    Value::object([("error", Value::from(failure.error.as_str())), ("cause", Value::from(failure.cause.as_str()))])
}

fn no_job() -> Failure {
    Failure::runtime("the answer to the job's creation does not name the job")
}

#[cfg(test)]
mod tests;
