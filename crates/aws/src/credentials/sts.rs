//! Asks the Security Token Service for a role's credentials.

use std::pin::Pin;
use std::time::Duration;

use aws_credential_types::Credentials;
use serde_json::{Value, json};

use super::document::{TokenName, read};
use crate::client::{Client, Signer};
use crate::{Call, CallError, MissingParameters};

/// How long STS has for an answer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Session<'a> {
    /// The role's ARN.
    pub(super) role: &'a str,
    /// The session's name.
    pub(super) name: &'a str,
    /// What the role's owner agreed upon with the caller.
    pub(super) external_id: Option<&'a str>,
    /// How long the credentials are good; STS's own default where absent.
    pub(super) duration_seconds: Option<u32>,
}

/// A request for credentials. Boxed, as sending it may take credentials, and so on.
type Asked<'a> = Pin<Box<dyn Future<Output = Result<Credentials, CallError>> + Send + 'a>>;

/// Assumes a role with other credentials.
///
/// # Errors
/// `Credentials`, with what STS says.
pub(super) fn assume_role<'a>(client: &'a Client, with: &'a Credentials, session: &'a Session<'a>) -> Asked<'a> {
    let mut input = parameters(session);
    if let Some(external_id) = session.external_id {
        input["ExternalId"] = json!(external_id);
    }
    Box::pin(ask(client, "AssumeRole", input, Signer::Given(with), session.role))
}

/// Assumes a role with a token of an identity provider.
///
/// # Errors
/// `Credentials`, with what STS says.
pub(super) fn assume_role_with_web_identity<'a>(
    client: &'a Client,
    token: &str,
    session: &'a Session<'a>,
) -> Asked<'a> {
    let mut input = parameters(session);
    input["WebIdentityToken"] = json!(token);
    Box::pin(ask(client, "AssumeRoleWithWebIdentity", input, Signer::Nobody, session.role))
}

fn parameters(session: &Session<'_>) -> Value {
    let mut input = json!({"RoleArn": session.role, "RoleSessionName": session.name});
    if let Some(seconds) = session.duration_seconds {
        input["DurationSeconds"] = json!(seconds);
    }
    input
}

async fn ask(
    client: &Client,
    operation: &str,
    input: Value,
    signer: Signer<'_>,
    role: &str,
) -> Result<Credentials, CallError> {
    let call = Call {
        service: "sts",
        operation,
        input: &input,
        idempotency_token: "",
        missing: MissingParameters::Refused,
        role: None,
        timeout: TIMEOUT,
    };
    let refused = |why: String| CallError::Credentials(format!("cannot assume the role {role}: {why}"));
    let answer = client.call_as(&call, signer).await.map_err(|error| refused(error.to_string()))?;
    let document = answer.output.get("Credentials").unwrap_or(&Value::Null);
    read(document, TokenName::SessionToken, "sts").map_err(refused)
}
