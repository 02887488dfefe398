//! Tokens for connections that authorize by OAuth client credentials.
//!
//! A token is asked for once and kept until shortly before it expires; callers that need the same one at the same time
//! wait for the first of them. The client's identity and secret travel in the body as a form
//! (`grant_type=client_credentials&client_id=...&client_secret=...`), or in the query where the method is GET. The
//! connection's OAuth parameters are added and win; where they set a JSON content type, the body is JSON.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws::Client;
use bytes::Bytes;
use serde_json::Value as Json;

use super::address::PlainHttp;
use super::connection::OAuth;
use super::encode;
use super::fields::Pairs;
use super::request::{Request, is_sendable, set_header};
use super::wire::{self, Wire};

/// How long a request for a token may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A token is not used in the last seconds of its life: it has to reach the endpoint, too.
const MARGIN: Duration = Duration::from_secs(30);

/// How long a token is kept that does not say when it expires. A refused one is forgotten at once.
const UNSAID_LIFE: Duration = Duration::from_secs(300);

/// The longest a token is kept, whatever it says.
const MAX_LIFE: Duration = Duration::from_secs(24 * 3600);

/// How many clients' tokens are kept.
const MAX_CLIENTS: usize = 1_000;

/// Why there is no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    /// The authorization endpoint refused, or its answer has no token.
    #[error("the authorization endpoint did not issue a token: {0}")]
    Refused(String),
    /// The authorization endpoint could not be asked.
    #[error("the authorization endpoint cannot be reached: {0}")]
    Unreachable(String),
}

type Slot = Arc<tokio::sync::Mutex<Option<Held>>>;

/// The tokens that are known. Shared by all tasks.
#[derive(Default)]
pub(crate) struct Tokens {
    slots: Mutex<HashMap<OAuth, Slot>>,
}

#[derive(Clone)]
struct Held {
    token: Arc<str>,
    until: Instant,
}

impl Tokens {
    /// The token of that client, a new one where none is kept.
    pub(crate) async fn get(&self, client: &Client, oauth: &OAuth, plain: PlainHttp) -> Result<Arc<str>, TokenError> {
        let slot = self.slot(oauth);
        let mut held = slot.lock().await;
        if let Some(held) = held.as_ref().filter(|held| held.until > Instant::now()) {
            return Ok(held.token.clone());
        }
        let (token, life) = fetch(client, oauth, plain).await?;
        let until = Instant::now() + life.unwrap_or(UNSAID_LIFE).min(MAX_LIFE).saturating_sub(MARGIN);
        *held = Some(Held { token: token.clone(), until });
        Ok(token)
    }

    /// Forgets a token that was refused. One that another task has got meanwhile stays.
    pub(crate) async fn forget(&self, oauth: &OAuth, token: &str) {
        let slot = self.slot(oauth);
        let mut held = slot.lock().await;
        if held.as_ref().is_some_and(|held| &*held.token == token) {
            *held = None;
        }
    }

    fn slot(&self, oauth: &OAuth) -> Slot {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(oauth) {
            return slot.clone();
        }
        if slots.len() >= MAX_CLIENTS {
            slots.clear();
        }
        slots.entry(oauth.clone()).or_default().clone()
    }
}

async fn fetch(client: &Client, oauth: &OAuth, plain: PlainHttp) -> Result<(Arc<str>, Option<Duration>), TokenError> {
    plain.check(&oauth.endpoint).map_err(|error| TokenError::Refused(error.to_string()))?;
    let request = request(oauth)?;
    let response = wire::send(client, &request, &Wire::new(plain, TIMEOUT))
        .await
        .map_err(|error| TokenError::Unreachable(error.to_string()))?;
    if response.status >= 500 {
        return Err(TokenError::Unreachable(format!("it answered {} {}", response.status, response.status_text())));
    }
    if !response.is_success() {
        return Err(TokenError::Refused(format!("it answered {} {}", response.status, response.status_text())));
    }
    // What the answer says may hold secrets, so it is not repeated.
    let answer: Json =
        serde_json::from_slice(&response.body).map_err(|_| TokenError::Refused("its answer is not JSON".to_owned()))?;
    let token = answer.get("access_token").and_then(Json::as_str).filter(|token| is_sendable("authorization", token));
    let token = token.ok_or_else(|| TokenError::Refused("its answer has no access_token".to_owned()))?;
    Ok((Arc::from(token), life(&answer)))
}

/// `expires_in` in seconds: a number, or a text as some servers write it.
fn life(answer: &Json) -> Option<Duration> {
    let value = answer.get("expires_in")?;
    let seconds = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
    Some(Duration::from_secs(seconds))
}

fn request(oauth: &OAuth) -> Result<Request, TokenError> {
    let mut fields: Pairs = [
        ("grant_type", "client_credentials"),
        ("client_id", oauth.client_id.as_str()),
        ("client_secret", oauth.client_secret.as_str()),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec();
    for (name, value) in &oauth.parameters.body {
        match fields.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => old.clone_from(value),
            None => fields.push((name.clone(), value.clone())),
        }
    }
    let mut headers: Pairs = vec![("Accept".to_owned(), "application/json".to_owned())];
    let mut url = oauth.endpoint.clone();
    let method = match oauth.method.as_str() {
        "GET" => "GET",
        "PUT" => "PUT",
        "POST" => "POST",
        other => return Err(TokenError::Refused(format!("the method '{other}' is not supported"))),
    };
    if method != "GET" {
        set_header(&mut headers, "Content-Type", "application/x-www-form-urlencoded");
    }
    for (name, value) in &oauth.parameters.headers {
        if !is_sendable(name, value) {
            return Err(TokenError::Refused(format!("the header '{name}' cannot be sent")));
        }
        set_header(&mut headers, name, value);
    }
    let body = if method == "GET" {
        encode::add_query(&mut url, &fields);
        None
    } else {
        let json = headers.iter().any(|(name, value)| {
            name.eq_ignore_ascii_case("content-type") && value.to_ascii_lowercase().starts_with("application/json")
        });
        Some(Bytes::from(if json { as_json(&fields) } else { encode::query(&fields) }))
    };
    encode::add_query(&mut url, &oauth.parameters.query);
    Ok(Request { method, url, headers, body })
}

fn as_json(fields: &[(String, String)]) -> String {
    let members = fields.iter().map(|(name, value)| (name.clone(), Json::from(value.as_str())));
    Json::Object(members.collect()).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::connection::Parameters;
    use super::*;

    fn oauth(method: &str, headers: &[(&str, &str)], body: &[(&str, &str)]) -> OAuth {
        let pairs = |list: &[(&str, &str)]| -> Pairs {
            list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        OAuth {
            endpoint: "https://example.com/token".to_owned(),
            method: method.to_owned(),
            client_id: "id".to_owned(),
            client_secret: "s&t".to_owned(),
            parameters: Parameters { headers: pairs(headers), query: pairs(&[("q", "1")]), body: pairs(body) },
        }
    }

    #[test]
    fn the_client_identifies_itself_where_the_method_allows() {
        let form = "grant_type=client_credentials&client_id=id&client_secret=s%26t";
        let json = r#"{"grant_type":"client_credentials","client_id":"id","client_secret":"s&t"}"#;
        let cases = [
            (oauth("POST", &[], &[]), "https://example.com/token?q=1".to_owned(), Some(form.to_owned())),
            (
                oauth("PUT", &[], &[("scope", "a b")]),
                "https://example.com/token?q=1".to_owned(),
                Some(format!("{form}&scope=a%20b")),
            ),
            (
                oauth("POST", &[], &[("client_id", "x")]),
                "https://example.com/token?q=1".to_owned(),
                Some(form.replace("=id", "=x")),
            ),
            (oauth("GET", &[], &[]), format!("https://example.com/token?{form}&q=1"), None),
            (
                oauth("POST", &[("content-type", "application/json")], &[]),
                "https://example.com/token?q=1".to_owned(),
                Some(json.to_owned()),
            ),
        ];
        for (oauth, url, body) in cases {
            let request = request(&oauth).unwrap();
            assert_eq!(request.url, url);
            assert_eq!(request.body.as_deref(), body.as_deref().map(str::as_bytes));
        }
        assert!(request(&oauth("DELETE", &[], &[])).is_err());
    }

    #[test]
    fn a_life_is_a_number_or_a_text() {
        let cases = [
            (r#"{"expires_in":60}"#, Some(60)),
            (r#"{"expires_in":"60"}"#, Some(60)),
            (r#"{"expires_in":-1}"#, None),
            (r#"{}"#, None),
        ];
        for (answer, expected) in cases {
            let answer: Json = serde_json::from_str(answer).unwrap();
            assert_eq!(life(&answer), expected.map(Duration::from_secs));
        }
    }
}
