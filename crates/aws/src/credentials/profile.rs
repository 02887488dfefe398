//! Credentials of a profile in the shared configuration and credentials files.

use aws_credential_types::Credentials;

use super::{
    Looked, SESSION_NAME, Search, container, environment, failed, instance, nothing, process, sts, web_identity,
};
use crate::CallError;
use crate::profile::{self, Profiles, Section};

/// How many roles may stand between a profile and the credentials that it begins with.
const MAX_ROLES: usize = 8;

/// Where a profile's credentials begin.
enum Origin {
    Keys(Credentials),
    Process(String),
    WebIdentity { file: String, role: Role },
    Environment,
    Instance,
    Container,
}

/// A role on the way from the origin to the profile.
struct Role {
    arn: String,
    session_name: String,
    external_id: Option<String>,
    duration_seconds: Option<u32>,
}

/// Looks at the profile in use.
pub(super) async fn look(search: &Search<'_>) -> Result<Looked, CallError> {
    let name = profile::name(search.environment, search.profile);
    let source = format!("profile {name}");
    let environment = search.environment.clone();
    let read = tokio::task::spawn_blocking(move || Profiles::read(&environment)).await;
    let profiles = read.map_err(|error| failed(&source, error))?.map_err(|error| failed(&source, error))?;
    if profiles.profile(&name).is_none() {
        let problem = format!("profile {name} ({} {})", profiles.places(), "has no such profile");
        let is_asked_for = search.profile.is_some() || search.environment.get("AWS_PROFILE").is_some();
        return if is_asked_for { Err(failed(&source, problem)) } else { Ok(nothing(problem)) };
    }
    let Some((origin, roles)) = path(&profiles, &name).map_err(|problem| failed(&source, problem))? else {
        return Ok(nothing(format!("profile {name} in {} (it has no credentials)", profiles.places())));
    };
    let mut looked = begin(search, &source, origin).await?;
    for role in roles.iter().rev() {
        let Looked::Found(credentials) = &looked else { break };
        looked = Looked::Found(sts::assume_role(search.client, credentials, &role.session()).await?);
    }
    match looked {
        Looked::Found(credentials) => Ok(Looked::Found(credentials)),
        Looked::Nothing(place) => Err(failed(&source, format_args!("its credential_source has none: {place}"))),
    }
}

async fn begin(search: &Search<'_>, source: &str, origin: Origin) -> Result<Looked, CallError> {
    match origin {
        Origin::Keys(credentials) => Ok(Looked::Found(credentials)),
        Origin::Process(command) => process::run(source, &command).await.map(Looked::Found),
        Origin::WebIdentity { file, role } => web_identity::assume(search, &file, &role.session()).await,
        Origin::Environment => environment::look(search.environment),
        Origin::Instance => instance::look(search).await,
        Origin::Container => container::look(search).await,
    }
}

/// Where the profile's credentials begin, and the roles from the profile down to there. `None` where it has none.
fn path(profiles: &Profiles, name: &str) -> Result<Option<(Origin, Vec<Role>)>, String> {
    let mut roles = Vec::new();
    let mut name = name.to_owned();
    loop {
        let Some(profile) = profiles.profile(&name) else { return Err(format!("there is no profile {name}")) };
        let Some(role) = role(profile, &name)? else {
            return match keys_or_process(profile, &name)? {
                Some(origin) => Ok(Some((origin, roles))),
                None if roles.is_empty() => Ok(None),
                None => Err(format!("its source profile {name} has no credentials")),
            };
        };
        let get = |key: &str| profile.get(key).cloned();
        if let Some(file) = get("web_identity_token_file") {
            return Ok(Some((Origin::WebIdentity { file, role }, roles)));
        }
        roles.push(role);
        if roles.len() > MAX_ROLES {
            return Err(format!("its source profiles are more than {MAX_ROLES}, or lead back to itself"));
        }
        match (get("source_profile"), get("credential_source")) {
            (Some(_), Some(_)) => return Err(format!("{name} has both source_profile and credential_source")),
            // A profile that is its own source begins with its own keys.
            (Some(source), None) if source == name => {
                let origin =
                    keys_or_process(profile, &name)?.ok_or_else(|| format!("{name} has no keys of its own"))?;
                return Ok(Some((origin, roles)));
            }
            (Some(source), None) => name = source,
            (None, Some(source)) => return Ok(Some((credential_source(&source)?, roles))),
            (None, None) => return Err(format!("{name} has role_arn, but no source_profile or credential_source")),
        }
    }
}

fn role(profile: &Section, name: &str) -> Result<Option<Role>, String> {
    let Some(arn) = profile.get("role_arn").cloned() else { return Ok(None) };
    if profile.contains_key("mfa_serial") {
        return Err(format!("{name} wants a code of an MFA device, which nobody can enter here"));
    }
    let duration_seconds = match profile.get("duration_seconds") {
        Some(seconds) => Some(seconds.parse().map_err(|_| format!("duration_seconds of {name} is not a number"))?),
        None => None,
    };
    let session_name = profile.get("role_session_name").cloned().unwrap_or_else(|| SESSION_NAME.to_owned());
    Ok(Some(Role { arn, session_name, external_id: profile.get("external_id").cloned(), duration_seconds }))
}

fn keys_or_process(profile: &Section, name: &str) -> Result<Option<Origin>, String> {
    let get = |key: &str| profile.get(key).filter(|value| !value.is_empty());
    match (get("aws_access_key_id"), get("aws_secret_access_key")) {
        (Some(key), Some(secret)) => {
            let token = get("aws_session_token").cloned();
            return Ok(Some(Origin::Keys(Credentials::new(key, secret, token, None, "profile"))));
        }
        (None, None) => {}
        _ => return Err(format!("{name} has one of aws_access_key_id and aws_secret_access_key")),
    }
    if let Some(command) = get("credential_process") {
        return Ok(Some(Origin::Process(command.clone())));
    }
    if profile.keys().any(|key| key.starts_with("sso_")) {
        let command = format!("aws configure export-credentials --profile {name} --format process");
        return Err(format!(
            "{name} signs in with IAM Identity Center, which is not supported; use another profile with credential_process = {command}"
        ));
    }
    Ok(None)
}

fn credential_source(source: &str) -> Result<Origin, String> {
    match source {
        "Environment" => Ok(Origin::Environment),
        "Ec2InstanceMetadata" => Ok(Origin::Instance),
        "EcsContainer" => Ok(Origin::Container),
        _ => Err(format!("its credential_source {source:?} is none of Environment, Ec2InstanceMetadata, EcsContainer")),
    }
}

impl Role {
    fn session(&self) -> sts::Session<'_> {
        sts::Session {
            role: &self.arn,
            name: &self.session_name,
            external_id: self.external_id.as_deref(),
            duration_seconds: self.duration_seconds,
        }
    }
}
