//! Reads credentials out of the JSON documents that sources give.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use serde_json::Value;

use crate::protocol::Timestamp;

/// How a document calls the session token; it calls the rest the same everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenName {
    /// STS and programs.
    SessionToken,
    /// Containers and instances.
    Token,
}

/// Credentials from a document with `AccessKeyId`, `SecretAccessKey`, a session token and an `Expiration`.
///
/// # Errors
/// What is missing. The text holds no value of the document.
pub(super) fn read(document: &Value, token: TokenName, provider: &'static str) -> Result<Credentials, String> {
    let text = |name: &str| document.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let required = |name: &str| text(name).ok_or_else(|| format!("the document has no {name}"));
    let token = match token {
        TokenName::SessionToken => text("SessionToken"),
        TokenName::Token => text("Token"),
    };
    let expiry = match text("Expiration") {
        Some(expiration) => Some(instant(expiration).ok_or("the document's Expiration is not a time")?),
        None => None,
    };
    let (key, secret) = (required("AccessKeyId")?, required("SecretAccessKey")?);
    Ok(Credentials::new(key, secret, token.map(str::to_owned), expiry, provider))
}

/// An ISO 8601 time after 1970.
fn instant(text: &str) -> Option<SystemTime> {
    let millis = Timestamp::parse_iso8601(text)?.millis();
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(u64::try_from(millis).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn times_after_1970_are_read() {
        let table = [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2015-08-30T12:36:00Z", Some(1_440_938_160)),
            ("2026-01-02T03:04:05+01:00", Some(1_767_319_445)),
            ("1969-12-31T23:59:59Z", None),
            ("2026-13-02T03:04:05Z", None),
            ("é026-01-02T03:04:05Z", None),
            ("soon", None),
            ("", None),
        ];
        for (text, seconds) in table {
            let expected = seconds.map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
            assert_eq!(instant(text), expected, "{text}");
        }
    }

    #[test]
    fn a_document_gives_credentials_or_says_what_is_missing() {
        let document = json!({"AccessKeyId": "a", "SecretAccessKey": "s", "Token": "t", "SessionToken": "st",
            "Expiration": "2015-08-30T12:36:00Z"});
        let read_as = |token| read(&document, token, "test").unwrap();
        assert_eq!(read_as(TokenName::Token).session_token(), Some("t"));
        assert_eq!(read_as(TokenName::SessionToken).session_token(), Some("st"));
        assert!(read_as(TokenName::Token).expiry().is_some());
        let table = [
            (json!({"AccessKeyId": "a"}), "the document has no SecretAccessKey"),
            (json!({"AccessKeyId": 1, "SecretAccessKey": "s"}), "the document has no AccessKeyId"),
            (json!([]), "the document has no AccessKeyId"),
            (
                json!({"AccessKeyId": "a", "SecretAccessKey": "s", "Expiration": "soon"}),
                "the document's Expiration is not a time",
            ),
        ];
        for (document, problem) in table {
            assert_eq!(read(&document, TokenName::Token, "test"), Err(problem.to_owned()));
        }
    }
}
