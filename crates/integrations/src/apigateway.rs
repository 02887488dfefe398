//! API Gateway: `apigateway:invoke` with and without a task token.
//!
//! `ApiEndpoint` is a host name, as on AWS. It may name its scheme, and a host of this machine is called without TLS
//! where it names none, so that an API can stand in for another. Where it may go is [`crate::http`]'s to say.

use asl::Value;
use aws::Signing;
use bytes::Bytes;
use models::optimized;

use crate::failure::Words;
use crate::http::address::AddressError;
use crate::http::fields::{FieldError, Fields, Pairs};
use crate::http::request::{Request, is_sendable};
use crate::http::wire::{self, Wire};
use crate::http::{encode, headers, is_loopback};
use crate::integrations::REQUEST_TIMEOUT;
use crate::{Failure, Integrations, TaskAnswer, TaskCall};

const WORDS: Words<'_> = Words::optimized(&optimized::APIGATEWAY);

const METHODS: [(&str, &str); 7] = [
    ("GET", "GET"),
    ("POST", "POST"),
    ("PUT", "PUT"),
    ("DELETE", "DELETE"),
    ("PATCH", "PATCH"),
    ("HEAD", "HEAD"),
    ("OPTIONS", "OPTIONS"),
];

/// Methods whose request has a body.
const WITH_BODY: [&str; 3] = ["PATCH", "POST", "PUT"];

/// Headers that a definition must not name. The Step Functions developer guide, "Call API Gateway".
const FORBIDDEN: [&str; 15] = [
    "authorization",
    "connection",
    "content-md5",
    "expect",
    "host",
    "max-forwards",
    "proxy-authenticate",
    "server",
    "te",
    "transfer-encoding",
    "trailer",
    "upgrade",
    "via",
    "www-authenticate",
    "content-length",
];

/// Beginnings of header names that a definition must not use. `x-amzn` begins with the second.
const FORBIDDEN_PREFIXES: [&str; 2] = ["x-forwarded", "x-amz"];

/// How the request is authorized.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Auth {
    #[default]
    None,
    /// Signature Version 4 with the role of the state machine.
    Role,
    /// Signed as well: a resource policy knows who calls by the signature.
    ResourcePolicy,
}

/// Calls the API.
pub(crate) async fn call(integrations: &Integrations, call: &TaskCall) -> Result<TaskAnswer, Failure> {
    let (request, auth) = read(&call.parameters).map_err(|error| error.failure(&call.parameters))?;
    let plain = integrations.plain_http();
    let insecure = |error: AddressError| FieldError::value("ApiEndpoint", error.to_string());
    plain.check(&request.url).map_err(|error| insecure(error).failure(&call.parameters))?;
    let mut wire = Wire::new(plain, call.request_timeout(REQUEST_TIMEOUT));
    if auth != Auth::None {
        wire.signing = Some(Signing {
            service: "execute-api".to_owned(),
            region: region_of(&request.url).unwrap_or(integrations.region()).to_owned(),
            role: integrations.role(call).map(str::to_owned),
        });
    }
    let response = wire::send(integrations.client(), &request, &wire)
        .await
        .map_err(|error| WORDS.failure(error, &call.parameters))?;
    if !response.is_success() {
        return Err(Failure { error: format!("ApiGateway.{}", response.status), cause: response.text() });
    }
    let result = response.result();
    Ok(TaskAnswer::to(call.target.pattern(), result))
}

/// What is wrong with the parameters, as far as they show before the request: the text between the brackets of AWS's
/// message.
pub(crate) fn check(parameters: &Value) -> Result<(), String> {
    read(parameters).map(|_| ()).map_err(|error| error.to_string())
}

fn read(parameters: &Value) -> Result<(Request, Auth), FieldError> {
    let fields = Fields(parameters);
    let method = fields.word("Method", &METHODS)?.ok_or(FieldError::Missing("Method"))?;
    let url = url(fields)?;
    let mut headers = fields.lists("Headers")?;
    headers.iter().try_for_each(|(name, value)| check_header(name, value))?;
    let allows_nulls = fields.flag("AllowNullValues")?;
    let auths = [("NO_AUTH", Auth::None), ("IAM_ROLE", Auth::Role), ("RESOURCE_POLICY", Auth::ResourcePolicy)];
    let auth = fields.word("AuthType", &auths)?.unwrap_or_default();
    let body = fields.get("RequestBody").filter(|_| WITH_BODY.contains(&method));
    if body.is_some() {
        add_content_type(&mut headers);
    }
    // JSON, a string too.
    let body = body.map(|body| if allows_nulls { body.to_json() } else { without_nulls(body).to_json() });
    let body = body.map(Bytes::from);
    Ok((Request { method, url, headers, body }, auth))
}

/// The value without members that are `null`, however deep: AWS does not send them but where `AllowNullValues` says so.
/// The depth is that of parsed JSON, which is bounded.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let members = object.iter().filter(|(_, value)| !value.is_null());
            Value::object(members.map(|(name, value)| (name.clone(), without_nulls(value))))
        }
        Value::Array(items) => Value::array(items.iter().map(without_nulls).collect()),
        other => other.clone(),
    }
}

fn add_content_type(headers: &mut Pairs) {
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
    }
}

/// `https://{ApiEndpoint}/{Stage}/{Path}?{QueryParameters}`
fn url(fields: Fields<'_>) -> Result<String, FieldError> {
    let endpoint = fields.text("ApiEndpoint")?.trim_end_matches('/');
    let invalid = || FieldError::value("ApiEndpoint", format!("'{endpoint}' is not the host of an API"));
    let mut url = match endpoint.split_once("://") {
        Some(("http" | "https", _)) => endpoint.to_owned(),
        Some(_) => return Err(invalid()),
        None => {
            let authority: http::uri::Authority =
                endpoint.split('/').next().unwrap_or_default().parse().map_err(|_| invalid())?;
            format!("{}://{endpoint}", if is_loopback(authority.host()) { "http" } else { "https" })
        }
    };
    for segment in [fields.optional_text("Stage")?, fields.optional_text("Path")?].into_iter().flatten() {
        let segment = segment.trim_start_matches('/');
        if !segment.is_empty() {
            url.push('/');
            url.push_str(&encode::path(segment));
        }
    }
    if url.matches('/').count() == 2 {
        url.push('/');
    }
    encode::add_query(&mut url, &fields.lists("QueryParameters")?);
    url.parse::<http::Uri>().map_err(|_| invalid())?;
    Ok(url)
}

fn check_header(name: &str, value: &str) -> Result<(), FieldError> {
    let lower = name.to_ascii_lowercase();
    let forbidden = FORBIDDEN.contains(&lower.as_str())
        || FORBIDDEN_PREFIXES.iter().any(|prefix| lower.starts_with(prefix))
        || headers::is_refused(name);
    if forbidden {
        return Err(FieldError::value("Headers", format!("the header '{name}' is not permitted")));
    }
    if !is_sendable(name, value) {
        return Err(FieldError::value("Headers", format!("the header '{name}' cannot be sent")));
    }
    Ok(())
}

/// The region in an API's own host name: `abc.execute-api.eu-west-1.amazonaws.com`.
fn region_of(url: &str) -> Option<&str> {
    let host = url.split_once("://")?.1.split(['/', ':']).next()?;
    let mut labels = host.split('.').skip_while(|label| *label != "execute-api");
    labels.next()?;
    let region = labels.next()?;
    (labels.next()? == "amazonaws").then_some(region)
}

#[cfg(test)]
mod tests;
