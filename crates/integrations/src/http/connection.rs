//! EventBridge connections: how an HTTP task authorizes itself, and what the connection adds to the request.
//!
//! DescribeConnection tells everything but the secrets; these lie in a secret of Secrets Manager that EventBridge
//! keeps for the connection. Names inside that secret are read whatever their case and underscores
//! (`api_key_value`, `ApiKeyValue`), and nested as DescribeConnection nests them or flat.

use serde_json::Value as Json;

use super::fields::Pairs;
use crate::Failure;

/// Deeper nesting than this is not looked into.
const MAX_DEPTH: usize = 6;

/// A connection, its secrets included: never shown, so it has no `Debug`.
pub(crate) struct Connection {
    /// How to authorize.
    pub(crate) auth: Auth,
    /// What the connection adds to each request.
    pub(crate) parameters: Parameters,
}

/// How a connection authorizes.
pub(crate) enum Auth {
    /// `BASIC`
    Basic {
        /// The user.
        username: String,
        /// The password.
        password: String,
    },
    /// `API_KEY`: a header.
    ApiKey {
        /// The header's name.
        name: String,
        /// The key.
        value: String,
    },
    /// `OAUTH_CLIENT_CREDENTIALS`
    ClientCredentials(Box<OAuth>),
}

/// How to get a token.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct OAuth {
    /// Where to ask for it.
    pub(crate) endpoint: String,
    /// How: `GET`, `POST` or `PUT`.
    pub(crate) method: String,
    /// The client.
    pub(crate) client_id: String,
    /// Its secret.
    pub(crate) client_secret: String,
    /// What the request carries besides.
    pub(crate) parameters: Parameters,
}

/// Headers, query parameters and members of the body.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Parameters {
    /// Headers.
    pub(crate) headers: Pairs,
    /// Query parameters.
    pub(crate) query: Pairs,
    /// Members of the body.
    pub(crate) body: Pairs,
}

/// Why a connection cannot be used; the error's name as AWS has it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConnectionError {
    /// The connection is not authorized.
    #[error("The connection {name} is in the state {state}")]
    State {
        /// The connection.
        name: String,
        /// Its state.
        state: String,
    },
    /// The secret lacks what the connection needs, or is no JSON.
    #[error("The secret of the connection {name} is not valid: {problem}")]
    Secret {
        /// The connection.
        name: String,
        /// What is wrong; never a part of the secret.
        problem: String,
    },
    /// EventBridge or Secrets Manager refused or could not be reached.
    #[error("{message}")]
    Service {
        /// The service's code, where it answered: `ResourceNotFoundException`.
        code: Option<String>,
        /// What it said.
        message: String,
    },
}

impl ConnectionError {
    /// The error's name.
    ///
    /// The Step Functions developer guide, "Call HTTPS APIs", "Connection errors".
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::State { state, .. } => match state.as_str() {
                "AUTHORIZING" => "Events.ConnectionResource.AuthInProgress",
                "FAILED_CONNECTIVITY" => "Events.ConnectionResource.InvalidPrivateConnectionState",
                _ => "Events.ConnectionResource.InvalidConnectionState",
            },
            Self::Secret { .. } => "Events.ConnectionResource.InvalidSecretValue",
            Self::Service { code, .. } => match code.as_deref() {
                Some("ResourceNotFoundException") => "Events.ConnectionResource.ResourceNotFound",
                Some("AccessDeniedException" | "AccessDenied") => "Events.ConnectionResource.AccessDenied",
                Some("ConcurrentModificationException") => "Events.ConnectionResource.ConcurrentModification",
                _ => "Events.ConnectionResource.InternalError",
            },
        }
    }

    /// The task's failure.
    pub(crate) fn failure(&self) -> Failure {
        Failure { error: self.name().to_owned(), cause: self.to_string() }
    }
}

/// The connection's name in its ARN: `arn:aws:events:us-east-2:123456789012:connection/Stripe/8121...` has `Stripe`.
pub(crate) fn name_in(arn: &str) -> Option<&str> {
    let mut parts = arn.splitn(6, ':');
    let (prefix, service) = (parts.next()?, parts.nth(1)?);
    let resource = parts.nth(2)?;
    let name = resource.strip_prefix("connection/")?.split('/').next().filter(|name| !name.is_empty())?;
    (prefix == "arn" && service == "events").then_some(name)
}

/// Whether a connection in that state can be used; a counterpart that names no state is believed.
pub(crate) fn check_state(name: &str, description: &Json) -> Result<(), ConnectionError> {
    match description.get("ConnectionState").and_then(Json::as_str) {
        None | Some("AUTHORIZED" | "ACTIVE") => Ok(()),
        Some(state) => Err(ConnectionError::State { name: name.to_owned(), state: state.to_owned() }),
    }
}

/// Puts a connection together from DescribeConnection's answer and the text of its secret.
pub(crate) fn read(name: &str, description: &Json, secret: Option<&str>) -> Result<Connection, ConnectionError> {
    let wrong = |problem: String| ConnectionError::Secret { name: name.to_owned(), problem };
    let secret: Json = match secret {
        Some(text) => serde_json::from_str(text).map_err(|_| wrong("it is not JSON".to_owned()))?,
        None => Json::Null,
    };
    let none = Json::Null;
    let described = description.get("AuthParameters").unwrap_or(&none);
    let sources = [&secret, described];
    let text = |field: &str| {
        let found = sources.iter().find_map(|source| find(source, field, 0).and_then(Json::as_str));
        found.map(str::to_owned).ok_or_else(|| wrong(format!("it has no {field}")))
    };
    let kind = description.get("AuthorizationType").and_then(Json::as_str).unwrap_or_default();
    let auth = match kind {
        "BASIC" => Auth::Basic { username: text("username")?, password: text("password")? },
        "API_KEY" => Auth::ApiKey { name: text("apikeyname")?, value: text("apikeyvalue")? },
        "OAUTH_CLIENT_CREDENTIALS" => Auth::ClientCredentials(Box::new(OAuth {
            endpoint: text("authorizationendpoint")?,
            method: text("httpmethod").unwrap_or_else(|_| "POST".to_owned()),
            client_id: text("clientid")?,
            client_secret: text("clientsecret")?,
            parameters: parameters(&sources, "oauthhttpparameters"),
        })),
        other => return Err(wrong(format!("the authorization type '{other}' is unknown"))),
    };
    Ok(Connection { auth, parameters: parameters(&sources, "invocationhttpparameters") })
}

/// The parameters under that name. The first source wins; the second brings what the first lacks.
fn parameters(sources: &[&Json; 2], field: &str) -> Parameters {
    let list = |kind: &str| {
        let mut pairs = Pairs::new();
        for source in sources {
            let items = find(source, field, 0).and_then(|group| find(group, kind, 0)).and_then(Json::as_array);
            for item in items.into_iter().flatten() {
                let key = find(item, "key", 0).and_then(Json::as_str);
                let value = find(item, "value", 0).and_then(Json::as_str);
                if let (Some(key), Some(value)) = (key, value)
                    && !pairs.iter().any(|(known, _)| known == key)
                {
                    pairs.push((key.to_owned(), value.to_owned()));
                }
            }
        }
        pairs
    };
    Parameters { headers: list("headerparameters"), query: list("querystringparameters"), body: list("bodyparameters") }
}

/// The member of that name (lower case, without underscores), here or in a member that is an object.
fn find<'a>(json: &'a Json, name: &str, depth: usize) -> Option<&'a Json> {
    let object = json.as_object()?;
    let here = object.iter().find(|(key, value)| !value.is_null() && is_named(key, name)).map(|(_, value)| value);
    if here.is_some() || depth == MAX_DEPTH {
        return here;
    }
    object.values().find_map(|value| find(value, name, depth + 1))
}

fn is_named(key: &str, name: &str) -> bool {
    key.chars().filter(|c| *c != '_').map(|c| c.to_ascii_lowercase()).eq(name.chars())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_connection_is_named_in_its_arn() {
        let cases = [
            ("arn:aws:events:us-east-2:123456789012:connection/Stripe/8121", Some("Stripe")),
            ("arn:aws-cn:events:cn-north-1:123456789012:connection/a", Some("a")),
            ("arn:aws:sqs:us-east-2:123456789012:connection/a/b", None),
            ("arn:aws:events:us-east-2:123456789012:rule/a", None),
            ("arn:aws:events:us-east-2:123456789012:connection/", None),
            ("Stripe", None),
        ];
        for (arn, expected) in cases {
            assert_eq!(name_in(arn), expected, "{arn}");
        }
    }

    #[test]
    fn states_have_their_errors() {
        let cases = [
            ("AUTHORIZED", None),
            ("ACTIVE", None),
            ("AUTHORIZING", Some("Events.ConnectionResource.AuthInProgress")),
            ("DEAUTHORIZED", Some("Events.ConnectionResource.InvalidConnectionState")),
            ("FAILED_CONNECTIVITY", Some("Events.ConnectionResource.InvalidPrivateConnectionState")),
        ];
        for (state, expected) in cases {
            let result = check_state("c", &json!({ "ConnectionState": state }));
            assert_eq!(result.err().map(|error| error.name()), expected, "{state}");
        }
    }

    #[test]
    fn a_secret_is_read_flat_and_nested() {
        let described =
            json!({"AuthorizationType": "BASIC", "AuthParameters": {"BasicAuthParameters": {"Username": "u"}}});
        let secrets = [
            r#"{"username":"u","password":"p"}"#,
            r#"{"BasicAuthParameters":{"Username":"u","Password":"p"}}"#,
            r#"{"password":"p"}"#,
        ];
        for secret in secrets {
            let connection = read("c", &described, Some(secret)).ok().unwrap();
            let Auth::Basic { username, password } = connection.auth else { panic!("not BASIC") };
            assert_eq!((username.as_str(), password.as_str()), ("u", "p"));
        }
    }

    #[test]
    fn the_secret_brings_the_values_that_are_not_described() {
        let described = json!({"AuthorizationType": "API_KEY", "AuthParameters": {
            "ApiKeyAuthParameters": {"ApiKeyName": "k"},
            "InvocationHttpParameters": {
                "HeaderParameters": [{"Key": "h", "Value": "open"}, {"Key": "s", "IsValueSecret": true}],
                "QueryStringParameters": [{"Key": "q", "Value": "1"}],
                "BodyParameters": [{"Key": "b", "Value": "2"}]}}});
        let secret = r#"{"api_key_name":"k","api_key_value":"v","invocation_http_parameters":
            {"header_parameters":[{"key":"s","value":"hidden","is_value_secret":true}]}}"#;
        let connection = read("c", &described, Some(secret)).ok().unwrap();
        let pairs = |list: &[(&str, &str)]| -> Pairs {
            list.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        assert_eq!(connection.parameters.headers, pairs(&[("s", "hidden"), ("h", "open")]));
        assert_eq!(connection.parameters.query, pairs(&[("q", "1")]));
        assert_eq!(connection.parameters.body, pairs(&[("b", "2")]));
    }

    #[test]
    fn a_secret_that_lacks_something_is_invalid() {
        let cases = [
            ("BASIC", Some("{}"), "it has no username"),
            ("API_KEY", Some(r#"{"api_key_name":"k"}"#), "it has no apikeyvalue"),
            ("OAUTH_CLIENT_CREDENTIALS", None, "it has no authorizationendpoint"),
            ("BASIC", Some("hidden-text"), "it is not JSON"),
        ];
        for (kind, secret, problem) in cases {
            let error = read("c", &json!({ "AuthorizationType": kind }), secret).err().unwrap();
            assert_eq!(error.name(), "Events.ConnectionResource.InvalidSecretValue");
            assert_eq!(error.to_string(), format!("The secret of the connection c is not valid: {problem}"));
        }
    }
}
