//! One door to all integrations: it only dispatches.

use std::sync::Arc;
use std::time::Duration;

use asl::resource::{Integration, Service};
use asl::{Text, Value};
use aws::client::Client;
use aws::{Call, CallError, MissingParameters};
use functions::Functions;
use serde_json::Value as Json;

use crate::failure::unusable;
use crate::http::{PlainHttp, Traced};
use crate::optimized::{self, Optimized};
use crate::{Failure, PollError, Progress, Target, TaskAnswer, TaskCall};
use crate::{fields, http, lambda, sdk};

/// How long a function may take where its task has no timeout: as long as Lambda lets any run.
pub(crate) const FUNCTION_TIMEOUT: Duration = Duration::from_secs(15 * 60);

/// How long any other request may take where its task has no timeout.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// How long beyond its task's timeout a request is waited for: that the task timed out is the engine's to say, before
/// the client gives up with an error of its own.
const GRACE: Duration = Duration::from_secs(1);

/// Whose the functions are that do not run here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherFunctions {
    /// Lambda's, at its endpoint.
    Lambda,
    /// Nobody's: nobody said where Lambda is, and a misspelt name must not call a function of AWS.
    Missing,
}

/// What the integrations work with.
#[derive(Clone)]
pub struct Options {
    /// The client that all requests to AWS go through.
    pub client: Client,
    /// The functions that run here, preferred to Lambda's of the same name.
    pub functions: Option<Functions>,
    /// Whose the other functions are.
    pub other_functions: OtherFunctions,
    /// The region tasks run in.
    pub region: String,
    /// Whether requests are made in the state machine's role. Otherwise they are made with the client's own
    /// credentials, but for tasks that name a role themselves.
    pub assume_execution_role: bool,
    /// Where HTTP tasks may go without TLS.
    pub plain_http: PlainHttp,
    /// How long an HTTP task may take (AWS: 60 seconds); its `TimeoutSeconds` cannot raise that.
    pub http_task: Duration,
}

/// What is asked of a service of AWS.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    /// As the client names it.
    pub(crate) service: &'a str,
    pub(crate) operation: &'a str,
    pub(crate) input: &'a Json,
    /// Who says that a required parameter is missing.
    pub(crate) missing: MissingParameters,
}

/// All integrations. Cloning is a pointer.
#[derive(Clone)]
pub struct Integrations(Arc<Inner>);

struct Inner {
    options: Options,
    connections: http::Connections,
}

impl Integrations {
    /// Integrations over a client and, if there are, local functions. Opens nothing.
    pub fn new(options: Options) -> Self {
        Self(Arc::new(Inner { options, connections: http::Connections::default() }))
    }

    /// What AWS makes of a task's parameters before it schedules it: it refuses some and adds to others. Pure and
    /// quick, but for unpacking a service's model when the service is first used. The error is what AWS says behind
    /// `An error occurred while executing the state ...`.
    pub fn prepare(&self, target: &Target, parameters: Value) -> Result<Value, String> {
        let Target::Integration(integration) = target else { return Ok(parameters) };
        let problems = problems(integration, &parameters);
        if !problems.is_empty() {
            return Err(unusable(&parameters, &problems));
        }
        Ok(match Optimized::of(integration) {
            Some(optimized) => optimized.prepare(integration.pattern(), parameters),
            None => parameters,
        })
    }

    /// Sends a task's request. [`TaskAnswer::Done`] is the task's result; [`TaskAnswer::Submitted`] means that the task
    /// waits for its job or its callback. Fails as the task fails.
    pub async fn call(&self, call: &TaskCall) -> Result<TaskAnswer, Failure> {
        self.call_unbounded(call).await.map_err(Failure::bounded)
    }

    async fn call_unbounded(&self, call: &TaskCall) -> Result<TaskAnswer, Failure> {
        let Target::Integration(integration) = &call.target else { return lambda::call(self, call).await };
        match integration.service() {
            Service::Optimized(_) => optimized::call(self, call, integration).await,
            Service::AwsSdk(service) => sdk::call(self, call, service, integration.action()).await,
        }
    }

    /// As [`Integrations::call`], and tells what went over the wire for an HTTP task.
    pub async fn call_traced(&self, call: &TaskCall) -> Traced {
        match &call.target {
            Target::Integration(integration) if Optimized::of(integration).is_some_and(Optimized::is_http_task) => {
                let Traced { outcome, trace } = http::traced(self, call).await;
                Traced { outcome: outcome.map_err(Failure::bounded), trace }
            }
            _ => Traced { outcome: self.call(call).await, trace: None },
        }
    }

    /// Looks at the job of a task of the patterns [`Pattern::Sync`](asl::resource::Pattern::Sync) and [`Pattern::Sync2`](asl::resource::Pattern::Sync2); `submitted` is what
    /// [`Integrations::call`] answered. May be repeated at will.
    pub async fn poll(&self, call: &TaskCall, submitted: &Value) -> Result<Progress, PollError> {
        match &call.target {
            Target::Integration(integration) => {
                optimized::poll(self, call, integration, submitted).await.map_err(|error| match error {
                    PollError::Job(failure) => PollError::Job(failure.bounded()),
                    PollError::Unavailable(failure) => PollError::Unavailable(failure.bounded()),
                })
            }
            Target::Function => Err(PollError::Job(Failure::runtime("A function has no job"))),
        }
    }

    /// Gives the job of a task up, where AWS does so when a task is aborted or times out: clusters and the like live
    /// on. The failure is for the log; nothing follows from it.
    pub async fn cancel(&self, call: &TaskCall, submitted: &Value) -> Result<(), Failure> {
        match &call.target {
            Target::Integration(integration) => optimized::cancel(self, call, integration, submitted).await,
            Target::Function => Ok(()),
        }
    }

    /// The child execution that a task waits for: its ARN. `None` where the task waits for something else.
    pub fn child_execution(call: &TaskCall, submitted: &Value) -> Option<Text> {
        match &call.target {
            Target::Integration(integration)
                if integration.service() == Service::Optimized("states") && integration.pattern().is_job() =>
            {
                submitted.get("ExecutionArn").and_then(Value::as_str).map(Text::from)
            }
            _ => None,
        }
    }

    /// Sends a request to a service of AWS on behalf of a task.
    pub(crate) async fn request(&self, call: &TaskCall, asked: Asked<'_>) -> Result<aws::ServiceAnswer, CallError> {
        let Asked { service, operation, input, missing } = asked;
        let request = Call {
            service,
            operation,
            input,
            idempotency_token: &call.idempotency_token,
            missing,
            role: self.role(call),
            timeout: call.request_timeout(REQUEST_TIMEOUT),
        };
        self.0.options.client.call(&request).await
    }

    /// The role that a task's requests are made in; the client's own credentials where there is none.
    pub(crate) fn role<'a>(&self, call: &'a TaskCall) -> Option<&'a str> {
        let execution_role = self.0.options.assume_execution_role.then_some(&*call.role_arn);
        call.credentials.as_deref().or(execution_role)
    }

    /// The client.
    pub(crate) fn client(&self) -> &Client {
        &self.0.options.client
    }

    /// The functions that run here.
    pub(crate) fn functions(&self) -> Option<&Functions> {
        self.0.options.functions.as_ref()
    }

    /// Whose the other functions are.
    pub(crate) fn other_functions(&self) -> OtherFunctions {
        self.0.options.other_functions
    }

    /// The region.
    pub(crate) fn region(&self) -> &str {
        &self.0.options.region
    }

    /// Where HTTP tasks may go without TLS.
    pub(crate) fn plain_http(&self) -> PlainHttp {
        self.0.options.plain_http
    }

    /// How long an HTTP task may take.
    pub(crate) fn http_task(&self) -> Duration {
        self.0.options.http_task
    }

    /// What is remembered of HTTP connections.
    pub(crate) fn connections(&self) -> &http::Connections {
        &self.0.connections
    }
}

impl TaskCall {
    /// How long a request of the task may take; `otherwise` where the task has no timeout.
    pub(crate) fn request_timeout(&self, otherwise: Duration) -> Duration {
        self.timeout.map_or(otherwise, |left| left.saturating_add(GRACE))
    }
}

/// What is wrong with parameters that can be seen without asking the service.
fn problems(integration: &Integration, parameters: &Value) -> Vec<String> {
    match (integration.service(), Optimized::of(integration)) {
        (Service::AwsSdk(service), _) => fields::unsupported(service, integration.action(), parameters),
        (Service::Optimized(_), Some(optimized)) => optimized.problems(parameters),
        (Service::Optimized(service), None) => {
            vec![format!("{service}:{} is not an integration", integration.action())]
        }
    }
}
