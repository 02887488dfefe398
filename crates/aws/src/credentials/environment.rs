//! Credentials in environment variables.

use aws_credential_types::Credentials;

use super::{Looked, failed, nothing};
use crate::CallError;
use crate::environment::Environment;

/// Looks at `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`.
pub(super) fn look(environment: &Environment) -> Result<Looked, CallError> {
    let Some(key) = environment.get("AWS_ACCESS_KEY_ID") else {
        return Ok(nothing("environment variables (AWS_ACCESS_KEY_ID is not set)"));
    };
    // Half a pair is a mistake: going on to other credentials would hide it.
    let Some(secret) = environment.get("AWS_SECRET_ACCESS_KEY") else {
        return Err(failed("the environment", "AWS_ACCESS_KEY_ID is set, AWS_SECRET_ACCESS_KEY is not"));
    };
    Ok(Looked::Found(Credentials::new(key, secret, environment.get("AWS_SESSION_TOKEN"), None, "environment")))
}
