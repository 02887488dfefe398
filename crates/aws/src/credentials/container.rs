//! Credentials that a container gets from its host: ECS tasks and EKS pods.

use std::net::IpAddr;
use std::time::Duration;

use serde_json::Value;

use super::document::{TokenName, read};
use super::{Looked, Search, failed, nothing, text_of};
use crate::CallError;
use crate::http::RawRequest;

const SOURCE: &str = "the container's endpoint";
/// Where ECS answers.
const ECS_HOST: &str = "http://169.254.170.2";
/// Hosts beside the loopback that may be asked without TLS: ECS, and EKS in both families.
const TRUSTED_HOSTS: &[&str] = &["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"];
const TIMEOUT: Duration = Duration::from_secs(2);

/// Looks at `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` and `AWS_CONTAINER_CREDENTIALS_FULL_URI`.
pub(super) async fn look(search: &Search<'_>) -> Result<Looked, CallError> {
    let environment = search.environment;
    let relative = environment.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").map(|path| format!("{ECS_HOST}{path}"));
    let Some(url) = relative.or_else(|| environment.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")) else {
        return Ok(nothing("container (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and _FULL_URI are not set)"));
    };
    if !is_trusted(&url) {
        let problem = "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor a container's host";
        return Err(failed(SOURCE, problem));
    }
    let mut headers = vec![("Accept".to_owned(), "application/json".to_owned())];
    if let Some(token) = token(search).await? {
        headers.push(("Authorization".to_owned(), token));
    }
    let answer = search.client.send(RawRequest { headers, ..RawRequest::get(url, TIMEOUT) }).await;
    let answer = answer.map_err(|error| failed(SOURCE, error))?;
    if answer.status != 200 {
        return Err(failed(SOURCE, format_args!("it answers with status {}", answer.status)));
    }
    let document: Value = serde_json::from_slice(&answer.body).map_err(|_| failed(SOURCE, "its answer is not JSON"))?;
    read(&document, TokenName::Token, "container").map(Looked::Found).map_err(|problem| failed(SOURCE, problem))
}

async fn token(search: &Search<'_>) -> Result<Option<String>, CallError> {
    let token = match search.environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
        Some(file) => Some(text_of(SOURCE, &file).await?),
        None => search.environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN"),
    };
    if token.as_deref().is_some_and(|token| token.contains(['\r', '\n'])) {
        return Err(failed(SOURCE, "its authorization token has more than one line"));
    }
    Ok(token)
}

/// A token must not go over the network in the clear.
fn is_trusted(url: &str) -> bool {
    let Ok(uri) = url.parse::<http::Uri>() else { return false };
    let Some(host) = uri.host() else { return false };
    let is_loopback = host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    uri.scheme_str() == Some("https") || is_loopback || host == "localhost" || TRUSTED_HOSTS.contains(&host)
}

#[cfg(test)]
mod tests {
    use super::is_trusted;

    #[test]
    fn only_containers_hosts_are_asked_without_tls() {
        for url in
            ["https://x", "http://localhost:1/a", "http://127.0.0.9", "http://[::1]:2/", "http://169.254.170.23/v1"]
        {
            assert!(is_trusted(url), "{url}");
        }
        for url in ["http://x", "http://127.0.0.1.evil.com", "http://169.254.170.24", "x", "", "http://localhost.evil"]
        {
            assert!(!is_trusted(url), "{url}");
        }
    }
}
