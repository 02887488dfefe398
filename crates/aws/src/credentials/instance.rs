//! Credentials of the EC2 instance, from version 2 of its metadata service.

use std::time::Duration;

use serde_json::Value;

use super::document::{TokenName, read};
use super::{Looked, Search, failed, nothing};
use crate::CallError;
use crate::http::RawRequest;
use crate::protocol::HttpAnswer;

const SOURCE: &str = "instance metadata";
const ENDPOINT: &str = "http://169.254.169.254";
const ENDPOINT_IPV6: &str = "http://[fd00:ec2::254]";
const ROLES: &str = "/latest/meta-data/iam/security-credentials/";
/// Short, as outside of EC2 nobody answers.
const TIMEOUT: Duration = Duration::from_secs(1);

/// Looks at the metadata service, unless `AWS_EC2_METADATA_DISABLED` is true.
pub(super) async fn look(search: &Search<'_>) -> Result<Looked, CallError> {
    if search.environment.is_true("AWS_EC2_METADATA_DISABLED") {
        return Ok(nothing("instance metadata (AWS_EC2_METADATA_DISABLED is true)"));
    }
    let endpoint = endpoint(search);
    let ask = RawRequest {
        method: "PUT".to_owned(),
        headers: vec![("x-aws-ec2-metadata-token-ttl-seconds".to_owned(), "21600".to_owned())],
        ..RawRequest::get(format!("{endpoint}/latest/api/token"), TIMEOUT)
    };
    // Whatever does not answer this one as it should is no metadata service.
    let token = match search.client.send(ask).await {
        Ok(answer) if answer.status == 200 => text(&answer),
        Ok(answer) => return Ok(nothing(format!("instance metadata ({endpoint}: status {})", answer.status))),
        Err(error) => return Ok(nothing(format!("instance metadata ({endpoint}: {error})"))),
    };
    let roles = get(search, &token, format!("{endpoint}{ROLES}")).await?;
    let role = text(&roles).lines().next().unwrap_or_default().trim().to_owned();
    if roles.status == 404 || role.is_empty() {
        return Ok(nothing("instance metadata (the instance has no role)"));
    }
    expect_ok(&roles)?;
    let answer = get(search, &token, format!("{endpoint}{ROLES}{role}")).await?;
    expect_ok(&answer)?;
    let document: Value = serde_json::from_slice(&answer.body).map_err(|_| failed(SOURCE, "its answer is not JSON"))?;
    match document.get("Code").and_then(Value::as_str) {
        None | Some("Success") => {}
        Some(code) => return Err(failed(SOURCE, format_args!("it says {code}"))),
    }
    read(&document, TokenName::Token, "instance").map(Looked::Found).map_err(|problem| failed(SOURCE, problem))
}

fn endpoint(search: &Search<'_>) -> String {
    let is_ipv6 = |mode: &String| mode.eq_ignore_ascii_case("IPv6");
    let by_mode = match search.environment.get("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE").filter(is_ipv6) {
        Some(_) => ENDPOINT_IPV6,
        None => ENDPOINT,
    };
    let given = search.environment.get("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    given.map_or_else(|| by_mode.to_owned(), |url| url.trim_end_matches('/').to_owned())
}

async fn get(search: &Search<'_>, token: &str, url: String) -> Result<HttpAnswer, CallError> {
    let headers = vec![("x-aws-ec2-metadata-token".to_owned(), token.to_owned())];
    let answer = search.client.send(RawRequest { headers, ..RawRequest::get(url, TIMEOUT) }).await;
    answer.map_err(|error| failed(SOURCE, error))
}

fn expect_ok(answer: &HttpAnswer) -> Result<(), CallError> {
    match answer.status {
        200 => Ok(()),
        status => Err(failed(SOURCE, format_args!("it answers with status {status}"))),
    }
}

fn text(answer: &HttpAnswer) -> String {
    String::from_utf8_lossy(&answer.body).trim().to_owned()
}
