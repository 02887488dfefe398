//! What an HTTP task sent and received, as TestState's inspection level TRACE shows it.

use super::request::Request;
use super::response::Response;

/// The exchange of an HTTP task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpTrace {
    /// What was sent, with everything the connection put in (`revealSecrets`).
    pub request: TracedRequest,
    /// The same without what the connection put in.
    pub concealed_request: TracedRequest,
    /// What came back; absent where nothing did.
    pub response: Option<TracedResponse>,
}

/// A request as InspectionDataRequest has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracedRequest {
    /// `https`
    pub protocol: String,
    /// `GET`
    pub method: String,
    /// The URL with its query.
    pub url: String,
    /// `[name: value, name: value]`
    pub headers: String,
    /// The body, where there was one.
    pub body: Option<String>,
}

/// A response as InspectionDataResponse has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracedResponse {
    /// `https`
    pub protocol: String,
    /// `200`
    pub status_code: String,
    /// `OK`
    pub status_message: String,
    /// `[name: value, name: value]`
    pub headers: String,
    /// The body; bytes that are no text are replaced.
    pub body: String,
}

impl TracedRequest {
    pub(crate) fn new(request: &Request) -> Self {
        Self {
            protocol: protocol(&request.url),
            method: request.method.to_owned(),
            url: request.url.clone(),
            headers: listed(&request.headers),
            body: request.body.as_ref().map(|body| String::from_utf8_lossy(body).into_owned()),
        }
    }
}

impl TracedResponse {
    pub(crate) fn new(url: &str, response: &Response) -> Self {
        Self {
            protocol: protocol(url),
            status_code: response.status.to_string(),
            status_message: response.status_text().to_owned(),
            headers: listed(&response.headers),
            body: response.text(),
        }
    }
}

fn protocol(url: &str) -> String {
    url.split(':').next().unwrap_or_default().to_owned()
}

fn listed(headers: &[(String, String)]) -> String {
    let headers: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    format!("[{}]", headers.join(", "))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn a_trace_reads_as_aws_writes_it() {
        let headers = vec![("a".to_owned(), "1".to_owned()), ("Range".to_owned(), "bytes=0-262144".to_owned())];
        let url = "https://h/p?q=1".to_owned();
        let request =
            Request { method: "GET", url: url.clone(), headers: headers.clone(), body: Some(Bytes::from("{}")) };
        let traced = TracedRequest::new(&request);
        assert_eq!((traced.protocol.as_str(), traced.method.as_str(), traced.url.as_str()), ("https", "GET", &*url));
        assert_eq!(traced.headers, "[a: 1, Range: bytes=0-262144]");
        assert_eq!(traced.body.as_deref(), Some("{}"));
        let response = Response { status: 404, headers, body: Bytes::from("x") };
        let traced = TracedResponse::new(&url, &response);
        assert_eq!((traced.status_code.as_str(), traced.status_message.as_str()), ("404", "Not Found"));
        assert_eq!(traced.body, "x");
    }
}
