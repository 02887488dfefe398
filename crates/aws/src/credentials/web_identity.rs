//! Credentials for a token of an identity provider, as Kubernetes gives its pods.

use super::{Looked, SESSION_NAME, Search, failed, nothing, sts, text_of};
use crate::CallError;

const SOURCE: &str = "web identity";

/// Looks at `AWS_WEB_IDENTITY_TOKEN_FILE`, `AWS_ROLE_ARN` and `AWS_ROLE_SESSION_NAME`.
pub(super) async fn look(search: &Search<'_>) -> Result<Looked, CallError> {
    let Some(file) = search.environment.get("AWS_WEB_IDENTITY_TOKEN_FILE") else {
        return Ok(nothing("web identity (AWS_WEB_IDENTITY_TOKEN_FILE is not set)"));
    };
    let Some(role) = search.environment.get("AWS_ROLE_ARN") else {
        return Err(failed(SOURCE, "AWS_WEB_IDENTITY_TOKEN_FILE is set, AWS_ROLE_ARN is not"));
    };
    let name = search.environment.get("AWS_ROLE_SESSION_NAME").unwrap_or_else(|| SESSION_NAME.to_owned());
    assume(search, &file, &sts::Session { role: &role, name: &name, external_id: None, duration_seconds: None }).await
}

/// Assumes a role with the token in a file. The file is read each time: its owner renews it.
pub(super) async fn assume(search: &Search<'_>, file: &str, session: &sts::Session<'_>) -> Result<Looked, CallError> {
    let token = text_of(SOURCE, file).await?;
    if token.is_empty() {
        return Err(failed(SOURCE, format_args!("{file} is empty")));
    }
    sts::assume_role_with_web_identity(search.client, &token, session).await.map(Looked::Found)
}
