//! HTTP tasks: `http:invoke` with an EventBridge connection.
//!
//! The connection authorizes the request and may add headers, query parameters and members of the body; it is looked up
//! for every task, so a change counts at once. Only OAuth tokens are kept, until they expire or are refused.
//!
//! AWS calls `https://` addresses only. [`PlainHttp`] says where `http://` is allowed besides: by default on this
//! machine, so that a workflow can be tried against a server that runs beside it.
//!
//! Neither a workflow nor a connection can name a link-local address or a metadata service, by whatever name
//! ([`aws::Reach::Guarded`]). Redirects are not followed: a 3XX answer fails the task as any other that is not 2XX.

pub(crate) mod address;
mod connection;
pub(crate) mod encode;
pub(crate) mod fields;
pub(crate) mod headers;
mod oauth;
pub(crate) mod request;
pub(crate) mod response;
#[cfg(test)]
pub(crate) mod testing;
mod trace;
pub(crate) mod wire;

use std::sync::Arc;
use std::time::Duration;

use asl::Value;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value as Json, json};

pub use address::PlainHttp;
pub(crate) use address::is_loopback;
pub use trace::{HttpTrace, TracedRequest, TracedResponse};

use crate::{Failure, Integrations, TaskAnswer, TaskCall};
use connection::{Auth, Connection, ConnectionError, OAuth, Parameters};
use oauth::{TokenError, Tokens};
use request::{Definition, Request};
use response::Response;
use wire::Wire;

/// How long the connection's description and its secret may take.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(30);

/// What HTTP tasks remember of connections.
#[derive(Default)]
pub(crate) struct Connections {
    tokens: Tokens,
}

/// What came of a task, and what went over the wire.
#[derive(Debug)]
pub struct Traced {
    /// The task's result or failure.
    pub outcome: Result<TaskAnswer, Failure>,
    /// The exchange of an HTTP task; absent where nothing was sent.
    pub trace: Option<HttpTrace>,
}

/// Calls the endpoint.
pub(crate) async fn call(integrations: &Integrations, call: &TaskCall) -> Result<TaskAnswer, Failure> {
    Task { integrations, call }.run(&mut None).await
}

/// Calls the endpoint, and tells what was sent and received.
pub(crate) async fn traced(integrations: &Integrations, call: &TaskCall) -> Traced {
    let mut trace = None;
    let outcome = Task { integrations, call }.run(&mut trace).await;
    Traced { outcome, trace }
}

struct Task<'a> {
    integrations: &'a Integrations,
    call: &'a TaskCall,
}

/// The header that authorizes, and the token in it.
struct Authorization {
    name: String,
    value: String,
    token: Option<Arc<str>>,
}

impl Task<'_> {
    async fn run(&self, trace: &mut Option<HttpTrace>) -> Result<TaskAnswer, Failure> {
        let parameters = &self.call.parameters;
        let definition =
            Definition::read(parameters, self.integrations.plain_http()).map_err(|error| error.failure(parameters))?;
        let connection = self.connection(definition.connection).await.map_err(|error| error.failure())?;
        let authorization = self.authorize(&definition, &connection).await?;
        let mut response = self.exchange(&definition, &connection, &authorization, trace).await?;
        if let (401 | 407, Auth::ClientCredentials(oauth), Some(token)) =
            (response.status, &connection.auth, &authorization.token)
        {
            self.integrations.connections().tokens.forget(oauth, token).await;
            let authorization = self.authorize(&definition, &connection).await?;
            response = self.exchange(&definition, &connection, &authorization, trace).await?;
        }
        result(&response).map(TaskAnswer::Done)
    }

    async fn connection(&self, arn: &str) -> Result<Connection, ConnectionError> {
        // An ARN without a name does not come this far.
        let name = connection::name_in(arn).unwrap_or(arn);
        let description = self.look_up("eventbridge", "DescribeConnection", json!({ "Name": name })).await?;
        connection::check_state(name, &description)?;
        let secret = match description.get("SecretArn").and_then(Json::as_str) {
            Some(secret_arn) => {
                let answer =
                    self.look_up("secretsmanager", "GetSecretValue", json!({ "SecretId": secret_arn })).await?;
                answer.get("SecretString").and_then(Json::as_str).map(str::to_owned)
            }
            None => None,
        };
        connection::read(name, &description, secret.as_deref())
    }

    async fn look_up(&self, service: &str, operation: &str, input: Json) -> Result<Json, ConnectionError> {
        let request = aws::Call {
            service,
            operation,
            input: &input,
            idempotency_token: &self.call.idempotency_token,
            missing: aws::MissingParameters::Refused,
            role: self.integrations.role(self.call),
            timeout: LOOKUP_TIMEOUT,
        };
        match self.integrations.client().call(&request).await {
            Ok(answer) => Ok(answer.output),
            Err(error) => {
                let code = match &error {
                    aws::CallError::Service(error) => Some(error.code.clone()),
                    _ => None,
                };
                Err(ConnectionError::Service { code, message: error.to_string() })
            }
        }
    }

    async fn authorize(&self, definition: &Definition<'_>, connection: &Connection) -> Result<Authorization, Failure> {
        let bearer = |value| ("Authorization".to_owned(), value);
        let mut token = None;
        let (name, value) = match &connection.auth {
            Auth::Basic { username, password } => {
                bearer(format!("Basic {}", BASE64.encode(format!("{username}:{password}"))))
            }
            Auth::ApiKey { name, value } => (name.clone(), value.clone()),
            Auth::ClientCredentials(oauth) => {
                let issued = self.token(definition, oauth).await?;
                let value = format!("Bearer {issued}");
                token = Some(issued);
                bearer(value)
            }
        };
        let added = connection.parameters.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in added.chain([(name.as_str(), value.as_str())]) {
            if headers::is_refused(name) || !request::is_sendable(name, value) {
                let error = ConnectionError::Secret {
                    name: definition.connection.to_owned(),
                    problem: format!("the header '{name}' cannot be sent"),
                };
                return Err(error.failure());
            }
        }
        Ok(Authorization { name, value, token })
    }

    async fn token(&self, definition: &Definition<'_>, oauth: &OAuth) -> Result<Arc<str>, Failure> {
        let tokens = &self.integrations.connections().tokens;
        let issued = tokens.get(self.integrations.client(), oauth, self.integrations.plain_http()).await;
        issued.map_err(|error| {
            let name = match error {
                // EventBridge takes the authorization from a connection whose token it cannot get.
                TokenError::Refused(_) => "Events.ConnectionResource.InvalidConnectionState",
                TokenError::Unreachable(_) => "Events.ConnectionResource.InternalError",
            };
            Failure { error: name.to_owned(), cause: format!("The connection {}: {error}", definition.connection) }
        })
    }

    async fn exchange(
        &self,
        definition: &Definition<'_>,
        connection: &Connection,
        authorization: &Authorization,
        trace: &mut Option<HttpTrace>,
    ) -> Result<Response, Failure> {
        let refused = |error: fields::FieldError| error.failure(&self.call.parameters);
        let region = self.integrations.region();
        let header = Some((authorization.name.as_str(), authorization.value.as_str()));
        let request = definition.compose(region, header, &connection.parameters).map_err(refused)?;
        let concealed = definition.compose(region, None, &Parameters::default()).map_err(refused)?;
        let traced = trace.insert(HttpTrace {
            request: TracedRequest::new(&request),
            concealed_request: TracedRequest::new(&concealed),
            response: None,
        });
        let request = with_content_type(request);
        let most = self.integrations.http_task();
        let plain = self.integrations.plain_http();
        let wire = Wire::new(plain, self.call.request_timeout(most).min(most));
        let mut response = wire::send(self.integrations.client(), &request, &wire)
            .await
            .map_err(|error| Failure { error: "States.Http.Socket".to_owned(), cause: error.to_string() })?;
        // HTTP tasks show the names of headers in lower case.
        response.headers.iter_mut().for_each(|(name, _)| name.make_ascii_lowercase());
        traced.response = Some(TracedResponse::new(&request.url, &response));
        Ok(response)
    }
}

/// A body is JSON where nobody said otherwise.
fn with_content_type(mut request: Request) -> Request {
    let named = request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if request.body.is_some() && !named {
        request.headers.push(("Content-Type".to_owned(), "application/json; charset=UTF-8".to_owned()));
    }
    request
}

fn result(response: &Response) -> Result<Value, Failure> {
    response.check_text().map_err(|error| Failure::runtime(error.to_string()))?;
    if !response.is_success() {
        let error = format!("States.Http.StatusCode.{}", response.status);
        return Err(Failure { error, cause: response.text() });
    }
    Ok(response.result())
}

#[cfg(test)]
mod tests;
