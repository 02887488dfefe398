//! Makes a task's result from an HTTP response.

use asl::Value;
use bytes::Bytes;

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Response {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The headers in order, names as received.
    pub(crate) headers: Vec<(String, String)>,
    /// The whole body.
    pub(crate) body: Bytes,
}

/// Why a response is no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    /// A content type that an HTTP task does not take.
    #[error("The response's content type '{0}' is not supported")]
    ContentType(String),
    /// Bytes that are no text.
    #[error("The response can't be read as a valid string")]
    NotText,
}

impl Response {
    /// Whether the status is 2XX.
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The status's usual text; empty where it has none.
    pub(crate) fn status_text(&self) -> &'static str {
        http::StatusCode::from_u16(self.status).ok().and_then(|status| status.canonical_reason()).unwrap_or_default()
    }

    /// The value of the first header of that name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as text, whatever it is.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body: JSON where it is JSON, else a string.
    pub(crate) fn body_value(&self) -> Value {
        asl::json::parse(&self.body).unwrap_or_else(|_| Value::from(self.text()))
    }

    /// Refuses what an HTTP task cannot take: binary content types, and bytes that are no text.
    ///
    /// The Step Functions developer guide, "Unsupported HTTP Task responses".
    pub(crate) fn check_text(&self) -> Result<(), Unreadable> {
        let content_type = self.header("content-type").unwrap_or_default();
        let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let binary = ["image/", "video/", "audio/"].iter().any(|prefix| media.starts_with(prefix));
        if binary || media == "application/octet-stream" {
            return Err(Unreadable::ContentType(media));
        }
        std::str::from_utf8(&self.body).map(|_| ()).map_err(|_| Unreadable::NotText)
    }

    /// `{Headers, ResponseBody, StatusCode, StatusText}`
    pub(crate) fn result(&self) -> Value {
        Value::object([
            ("Headers", header_lists(&self.headers)),
            ("ResponseBody", self.body_value()),
            ("StatusCode", Value::int(i64::from(self.status))),
            ("StatusText", Value::from(self.status_text())),
        ])
    }
}

/// `{name: [value, ...]}`, names in the order of their first occurrence.
pub(crate) fn header_lists(headers: &[(String, String)]) -> Value {
    let mut lists: Vec<(&str, Vec<Value>)> = Vec::with_capacity(headers.len());
    for (name, value) in headers {
        let value = Value::from(value.as_str());
        match lists.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((_, values)) => values.push(value),
            None => lists.push((name, vec![value])),
        }
    }
    Value::object(lists.into_iter().map(|(name, values)| (name, Value::array(values))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(content_type: &str, body: &[u8]) -> Response {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        Response { status: 200, headers, body: Bytes::copy_from_slice(body) }
    }

    #[test]
    fn a_json_body_is_parsed_and_keeps_its_numbers() {
        let cases: [(&[u8], &str); 4] =
            [(br#"{"n":1.10}"#, r#"{"n":1.10}"#), (b"plain", r#""plain""#), (b"", r#""""#), (b"[1", r#""[1""#)];
        for (body, expected) in cases {
            assert_eq!(response("application/json", body).body_value().to_json(), expected);
        }
    }

    #[test]
    fn repeated_headers_become_one_list() {
        let headers = [("a", "1"), ("b", "2"), ("A", "3")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let result = Response { status: 201, headers: headers.to_vec(), body: Bytes::new() }.result();
        assert_eq!(
            result.to_json(),
            r#"{"Headers":{"a":["1","3"],"b":["2"]},"ResponseBody":"","StatusCode":201,"StatusText":"Created"}"#
        );
    }

    #[test]
    fn binary_responses_are_refused() {
        let cases: [(&str, &[u8], bool); 7] = [
            ("application/json; charset=utf-8", b"{}", true),
            ("text/html", "ü".as_bytes(), true),
            ("application/octet-stream", b"a", false),
            ("image/png", b"a", false),
            ("Video/mp4", b"a", false),
            ("audio/ogg", b"a", false),
            ("text/plain", b"\xff\xfe", false),
        ];
        for (content_type, body, expected) in cases {
            assert_eq!(response(content_type, body).check_text().is_ok(), expected, "{content_type}");
        }
    }
}
