//! Credentials: where they are looked for, and how long they are kept.
//!
//! Source: "Credential provider chain" in the AWS SDKs and Tools Reference Guide. The first of these that has
//! credentials, or fails to give those it should have, ends the search: environment variables, web identity, the
//! profile, the container's endpoint, the instance's metadata.

mod cache;
mod container;
mod document;
mod environment;
mod instance;
mod process;
mod profile;
mod sts;
mod web_identity;

use std::collections::HashMap;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use aws_credential_types::Credentials;

use self::cache::Cache;
use crate::CallError;
use crate::client::Client;
use crate::environment::Environment;

/// How many roles' credentials are kept.
const REMEMBERED_ROLES: usize = 4096;
/// The session's name where a configuration names none.
const SESSION_NAME: &str = "stepwright";

/// What a search for credentials gave.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Looked {
    /// These.
    Found(Credentials),
    /// None; where was looked, and what is missing there.
    Nothing(Arc<str>),
}

/// The search and what it found: the client's own credentials, and those of roles that it assumes.
pub(crate) struct Chain {
    environment: Environment,
    profile: Option<String>,
    own: Cache,
    roles: Mutex<HashMap<String, Arc<Cache>>>,
}

type Searched<'a> = Pin<Box<dyn Future<Output = Result<Looked, CallError>> + Send + 'a>>;

/// What a source needs to look.
struct Search<'a> {
    environment: &'a Environment,
    profile: Option<&'a str>,
    client: &'a Client,
}

impl Chain {
    /// Looks at nothing yet. `profile` is the caller's choice, before `AWS_PROFILE`.
    pub(crate) fn new(environment: Environment, profile: Option<String>) -> Self {
        Self { environment, profile, own: Cache::default(), roles: Mutex::default() }
    }

    /// The client's own credentials. `client` sends the requests that finding them takes.
    ///
    /// # Errors
    /// A source that should have credentials and fails to give them.
    pub(crate) async fn own(&self, client: &Client) -> Result<Looked, CallError> {
        let search = Search { environment: &self.environment, profile: self.profile.as_deref(), client };
        self.own.get(|| search.begin()).await
    }

    /// The credentials of a role, assumed with these.
    ///
    /// # Errors
    /// The role cannot be assumed.
    pub(crate) async fn of_role(&self, client: &Client, role: &str, with: &Credentials) -> Result<Looked, CallError> {
        let assume = || async {
            let session = sts::Session { role, name: SESSION_NAME, external_id: None, duration_seconds: None };
            sts::assume_role(client, with, &session).await.map(Looked::Found)
        };
        self.cache_of(role).get(assume).await
    }

    fn cache_of(&self, role: &str) -> Arc<Cache> {
        let mut roles = self.roles.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = roles.get(role) {
            return Arc::clone(known);
        }
        // Whoever uses so many roles assumes some of them anew.
        if roles.len() >= REMEMBERED_ROLES {
            roles.clear();
        }
        let cache = Arc::<Cache>::default();
        roles.insert(role.to_owned(), Arc::clone(&cache));
        cache
    }
}

/// The places to look at, in order.
#[derive(Clone, Copy)]
enum Source {
    Environment,
    WebIdentity,
    Profile,
    Container,
    Instance,
}

impl Search<'_> {
    /// Boxed, as a search may send requests, and those are signed with what a search finds.
    fn begin(&self) -> Searched<'_> {
        Box::pin(self.look())
    }

    async fn look(&self) -> Result<Looked, CallError> {
        use Source::{Container, Environment, Instance, Profile, WebIdentity};
        let mut places = Vec::new();
        for source in [Environment, WebIdentity, Profile, Container, Instance] {
            match self.look_at(source).await? {
                Looked::Found(credentials) => return Ok(Looked::Found(credentials)),
                Looked::Nothing(place) => places.push(place),
            }
        }
        Ok(Looked::Nothing(places.join("; ").into()))
    }

    async fn look_at(&self, source: Source) -> Result<Looked, CallError> {
        match source {
            Source::Environment => environment::look(self.environment),
            Source::WebIdentity => web_identity::look(self).await,
            Source::Profile => profile::look(self).await,
            Source::Container => container::look(self).await,
            Source::Instance => instance::look(self).await,
        }
    }
}

fn nothing(place: impl Into<Arc<str>>) -> Looked {
    Looked::Nothing(place.into())
}

fn failed(source: &str, why: impl std::fmt::Display) -> CallError {
    CallError::Credentials(format!("{source} gives no credentials: {why}"))
}

/// A small file's text, without blanks around it.
async fn text_of(source: &str, path: &str) -> Result<String, CallError> {
    let file = PathBuf::from(path);
    let read = tokio::task::spawn_blocking(move || std::fs::read_to_string(file)).await;
    match read {
        Ok(Ok(text)) => Ok(text.trim().to_owned()),
        Ok(Err(error)) => Err(failed(source, format_args!("cannot read {path}: {error}"))),
        Err(error) => Err(failed(source, error)),
    }
}

#[cfg(test)]
mod tests;
