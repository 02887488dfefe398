//! Puts an HTTP task's request together: what the state's definition says, what the connection adds.
//!
//! Where both name the same header, query parameter or member of the body, the connection wins.

use asl::{Object, Text, Value};
use bytes::Bytes;

use super::address::{AddressError, PlainHttp};
use super::connection::Parameters;
use super::encode::{self, ArrayFormat};
use super::fields::{FieldError, Fields, Pairs, plain_text};
use super::headers;

const METHODS: [(&str, &str); 7] = [
    ("GET", "GET"),
    ("POST", "POST"),
    ("PUT", "PUT"),
    ("DELETE", "DELETE"),
    ("PATCH", "PATCH"),
    ("OPTIONS", "OPTIONS"),
    ("HEAD", "HEAD"),
];

/// Headers that a definition must not name. The Step Functions developer guide, "Call HTTPS APIs".
const FORBIDDEN: [&str; 32] = [
    "a-im",
    "accept-charset",
    "accept-datetime",
    "accept-encoding",
    "authorization",
    "cache-control",
    "connection",
    "content-encoding",
    "content-md5",
    "date",
    "expect",
    "forwarded",
    "from",
    "host",
    "http2-settings",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "max-forwards",
    "origin",
    "pragma",
    "proxy-authorization",
    "referer",
    "server",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "warning",
];

/// Beginnings of header names that a definition must not use.
const FORBIDDEN_PREFIXES: [&str; 3] = ["x-forwarded-", "x-amz-", "x-amzn-"];

/// How the body is written (`Transform`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Json,
    Form(ArrayFormat),
}

/// What a state's definition says of its request.
#[derive(Debug)]
pub(crate) struct Definition<'a> {
    endpoint: &'a str,
    method: &'static str,
    /// The connection's ARN.
    pub(crate) connection: &'a str,
    headers: Pairs,
    query: Query<'a>,
    body: Option<&'a Value>,
    encoding: Encoding,
}

#[derive(Debug)]
enum Query<'a> {
    Pairs(Pairs),
    /// A query string, as it is.
    Text(&'a str),
}

/// A request, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// The method.
    pub(crate) method: &'static str,
    /// The absolute URL with its query.
    pub(crate) url: String,
    /// The headers in order. `Content-Type` is among them only where definition or connection name it.
    pub(crate) headers: Pairs,
    /// The body, where there is one.
    pub(crate) body: Option<Bytes>,
}

impl<'a> Definition<'a> {
    /// Reads the parameters of the task.
    pub(crate) fn read(parameters: &'a Value, plain: PlainHttp) -> Result<Self, FieldError> {
        let fields = Fields(parameters);
        let endpoint = fields.text("ApiEndpoint")?;
        plain.check(endpoint).map_err(|error: AddressError| FieldError::value("ApiEndpoint", error.to_string()))?;
        let method = fields.word("Method", &METHODS)?.ok_or(FieldError::Missing("Method"))?;
        let headers = fields.loose("Headers")?;
        headers.iter().try_for_each(|(name, value)| check_header(name, value))?;
        let query = match fields.get("QueryParameters") {
            Some(Value::String(text)) => Query::Text(text),
            _ => Query::Pairs(fields.loose("QueryParameters")?),
        };
        let connection = connection_arn(fields)?;
        Ok(Self {
            endpoint,
            method,
            connection,
            headers,
            query,
            body: fields.get("RequestBody"),
            encoding: encoding(fields)?,
        })
    }

    /// The request with what a connection adds; `authorization` is the header that authorizes.
    pub(crate) fn compose(
        &self,
        region: &str,
        authorization: Option<(&str, &str)>,
        added: &Parameters,
    ) -> Result<Request, FieldError> {
        let mut headers = self.headers.clone();
        authorization.into_iter().for_each(|(name, value)| set_header(&mut headers, name, value));
        added.headers.iter().for_each(|(name, value)| set_header(&mut headers, name, value));
        set_header(&mut headers, "User-Agent", &format!("Amazon|StepFunctions|HttpInvoke|{region}"));
        set_header(&mut headers, "Range", "bytes=0-262144");
        Ok(Request { method: self.method, url: self.url(&added.query), headers, body: self.body(&added.body)? })
    }

    fn url(&self, added: &[(String, String)]) -> String {
        let mut url = self.endpoint.to_owned();
        match &self.query {
            Query::Text(text) => {
                let text = text.trim_start_matches('?');
                if !text.is_empty() {
                    url.push(if url.contains('?') { '&' } else { '?' });
                    url.push_str(text);
                }
                encode::add_query(&mut url, added);
            }
            Query::Pairs(pairs) => {
                let mut merged = pairs.clone();
                added.iter().for_each(|(name, value)| set(&mut merged, name, value, |a, b| a == b));
                encode::add_query(&mut url, &merged);
            }
        }
        url
    }

    fn body(&self, added: &[(String, String)]) -> Result<Option<Bytes>, FieldError> {
        let members = |object: Option<&Object>| {
            let mut merged = object.cloned().unwrap_or_default();
            added
                .iter()
                .for_each(|(name, value)| merged.insert(Text::from(name.as_str()), Value::from(value.as_str())));
            Value::Object(merged.into())
        };
        let body = match self.body {
            None if added.is_empty() => return Ok(None),
            None => members(None),
            Some(body) if added.is_empty() => body.clone(),
            Some(Value::Object(object)) => members(Some(object)),
            Some(_) => {
                let problem = "a body that is no object cannot be merged with the connection's body parameters";
                return Err(FieldError::value("RequestBody", problem));
            }
        };
        let text = match self.encoding {
            Encoding::Form(format) if body.as_str().is_none() => {
                encode::form(&body, format).map_err(|error| FieldError::value("RequestBody", error.to_string()))?
            }
            _ => plain_text(&body),
        };
        Ok(Some(Bytes::from(text)))
    }
}

/// The connection's ARN in `InvocationConfig`, or in `Authentication`, its older name.
fn connection_arn(fields: Fields<'_>) -> Result<&str, FieldError> {
    let (name, config) = match fields.object("InvocationConfig")? {
        Some(config) => ("InvocationConfig", Some(config)),
        None => ("Authentication", fields.object("Authentication")?),
    };
    let Some(config) = config else { return Err(FieldError::Missing("InvocationConfig")) };
    match config.get("ConnectionArn") {
        None => Err(FieldError::Missing("ConnectionArn")),
        Some(Value::String(arn)) if super::connection::name_in(arn).is_some() => Ok(arn),
        Some(_) => Err(FieldError::value(name, "ConnectionArn is not the ARN of a connection")),
    }
}

fn encoding(fields: Fields<'_>) -> Result<Encoding, FieldError> {
    let Some(transform) = fields.get("Transform") else { return Ok(Encoding::Json) };
    let transform = Fields(transform);
    if transform.0.as_object().is_none() {
        return Err(FieldError::Format("Transform"));
    }
    let form = transform.word("RequestBodyEncoding", &[("NONE", false), ("URL_ENCODED", true)])?.unwrap_or(false);
    let formats = [
        ("INDICES", ArrayFormat::Indices),
        ("REPEAT", ArrayFormat::Repeat),
        ("COMMAS", ArrayFormat::Commas),
        ("BRACKETS", ArrayFormat::Brackets),
        ("NONE", ArrayFormat::None),
    ];
    let format = match transform.get("RequestEncodingOptions") {
        Some(options) if options.as_object().is_none() => return Err(FieldError::Format("RequestEncodingOptions")),
        Some(options) => Fields(options).word("ArrayFormat", &formats)?.unwrap_or_default(),
        None => ArrayFormat::default(),
    };
    Ok(if form { Encoding::Form(format) } else { Encoding::Json })
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

/// Whether a header can stand in a request.
pub(crate) fn is_sendable(name: &str, value: &str) -> bool {
    http::HeaderName::from_bytes(name.as_bytes()).is_ok() && http::HeaderValue::from_str(value).is_ok()
}

/// Sets a header: in the place of those of the same name, else at the end.
pub(crate) fn set_header(headers: &mut Pairs, name: &str, value: &str) {
    set(headers, name, value, str::eq_ignore_ascii_case);
}

fn set(pairs: &mut Pairs, name: &str, value: &str, same: impl Fn(&str, &str) -> bool) {
    let Some(at) = pairs.iter().position(|(known, _)| same(known, name)) else {
        pairs.push((name.to_owned(), value.to_owned()));
        return;
    };
    pairs[at] = (name.to_owned(), value.to_owned());
    let mut index = 0;
    pairs.retain(|(known, _)| {
        index += 1;
        index - 1 <= at || !same(known, name)
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONNECTION: &str =
        r#""InvocationConfig":{"ConnectionArn":"arn:aws:events:us-east-2:123456789012:connection/E/1"}"#;

    fn parameters(rest: &str) -> Value {
        let json = format!(r#"{{"ApiEndpoint":"https://example.com/path","Method":"POST",{CONNECTION}{rest}}}"#);
        asl::json::parse(json.as_bytes()).unwrap()
    }

    fn pairs(list: &[(&str, &str)]) -> Pairs {
        list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn composed(rest: &str, added: &Parameters) -> Result<Request, FieldError> {
        let parameters = parameters(rest);
        Definition::read(&parameters, PlainHttp::Loopback)?.compose("eu-west-1", Some(("ApiKey", "key_value")), added)
    }

    /// The example of the developer guide.
    #[test]
    fn the_connection_wins_over_the_definition() {
        let rest = r#","Headers":{"Request-Id":"my_request_id","Header-Param":"state_machine"},
            "RequestBody":{"Job":"Software Engineer","Company":"AnyCompany","BodyParam":"state_machine"},
            "QueryParameters":{"QueryParam":"state_machine"}"#;
        let added = Parameters {
            headers: pairs(&[("header-param", "connection")]),
            query: pairs(&[("QueryParam", "connection")]),
            body: pairs(&[("BodyParam", "connection")]),
        };
        let request = composed(rest, &added).unwrap();
        assert_eq!(request.url, "https://example.com/path?QueryParam=connection");
        assert_eq!(
            request.body.unwrap(),
            r#"{"Job":"Software Engineer","Company":"AnyCompany","BodyParam":"connection"}"#
        );
        assert_eq!(
            request.headers,
            pairs(&[
                ("Request-Id", "my_request_id"),
                ("header-param", "connection"),
                ("ApiKey", "key_value"),
                ("User-Agent", "Amazon|StepFunctions|HttpInvoke|eu-west-1"),
                ("Range", "bytes=0-262144"),
            ])
        );
    }

    #[test]
    fn bodies_are_written_as_the_transform_says() {
        let form =
            r#","Transform":{"RequestBodyEncoding":"URL_ENCODED","RequestEncodingOptions":{"ArrayFormat":"COMMAS"}}"#;
        let cases = [
            (r#","RequestBody":{"a":1.10}"#.to_owned(), Some(r#"{"a":1.10}"#)),
            (r#","RequestBody":"<a/>""#.to_owned(), Some("<a/>")),
            (format!(r#","RequestBody":{{"a":["x","y z"]}}{form}"#), Some("a=x,y%20z")),
            (format!(r#","RequestBody":"a=1"{form}"#), Some("a=1")),
            (r#","RequestBody":[1],"Transform":{"RequestBodyEncoding":"NONE"}"#.to_owned(), Some("[1]")),
            (String::new(), None),
        ];
        for (rest, expected) in cases {
            let body = composed(&rest, &Parameters::default()).unwrap().body;
            assert_eq!(body.as_deref(), expected.map(str::as_bytes), "{rest}");
        }
    }

    #[test]
    fn query_parameters_may_be_values_lists_or_a_text() {
        let added = Parameters { query: pairs(&[("k", "v")]), ..Parameters::default() };
        let cases = [
            (r#","QueryParameters":{"a":["1","2"],"b":true}"#, "https://example.com/path?a=1&a=2&b=true&k=v"),
            (r#","QueryParameters":{"k":["1","2"],"b":1}"#, "https://example.com/path?k=v&b=1"),
            (r#","QueryParameters":"a=1""#, "https://example.com/path?a=1&k=v"),
            ("", "https://example.com/path?k=v"),
        ];
        for (rest, expected) in cases {
            assert_eq!(composed(rest, &added).unwrap().url, expected);
        }
    }

    #[test]
    fn what_cannot_be_sent_is_refused() {
        let body = Parameters { body: pairs(&[("k", "v")]), ..Parameters::default() };
        let cases = [
            (r#","Headers":{"Authorization":"x"}"#, "the header 'Authorization' is not permitted"),
            (r#","Headers":{"X-Amz-Date":"x"}"#, "the header 'X-Amz-Date' is not permitted"),
            (r#","Headers":{"a b":"x"}"#, "the header 'a b' cannot be sent"),
            (r#","Headers":{"a":"x\ny"}"#, "the header 'a' cannot be sent"),
            (r#","RequestBody":"text""#, "cannot be merged"),
            (r#","RequestBody":[]"#, "cannot be merged"),
            (r#","Transform":{"RequestBodyEncoding":"XML"}"#, "'XML' is none of NONE, URL_ENCODED"),
            (r#","Transform":1"#, "'Transform' has an invalid format"),
        ];
        for (rest, expected) in cases {
            let error = composed(rest, &body).unwrap_err().to_string();
            assert!(error.contains(expected), "{rest}: {error}");
        }
    }

    #[test]
    fn the_required_fields_are_required() {
        let endpoint = r#""ApiEndpoint":"https://example.com""#;
        let cases = [
            ("{}".to_owned(), "The field 'ApiEndpoint' is required but was missing"),
            (format!("{{{endpoint}}}"), "The field 'Method' is required but was missing"),
            (format!(r#"{{{endpoint},"Method":"GET"}}"#), "The field 'InvocationConfig' is required but was missing"),
            (
                format!(r#"{{{endpoint},"Method":"GET","Authentication":{{}}}}"#),
                "The field 'ConnectionArn' is required but was missing",
            ),
            (format!(r#"{{{endpoint},"Method":"get",{CONNECTION}}}"#), "'get' is none of"),
            (
                format!(r#"{{"ApiEndpoint":"http://example.com","Method":"GET",{CONNECTION}}}"#),
                "must begin with https://",
            ),
        ];
        for (json, expected) in cases {
            let parameters = asl::json::parse(json.as_bytes()).unwrap();
            let error = Definition::read(&parameters, PlainHttp::Loopback).unwrap_err().to_string();
            assert!(error.contains(expected), "{json}: {error}");
        }
    }
}
