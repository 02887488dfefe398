//! AWS JSON 1.0: which operation is called, and how an answer or an error looks.

use http::StatusCode;

use crate::Api;
use crate::actions::Operation;
use crate::error::ApiError;
use crate::request::Request;
use crate::request_id::RequestId;

/// The content type of every answer.
pub(crate) const CONTENT_TYPE: &str = "application/x-amz-json-1.0";

const TARGET_PREFIX: &str = "AWSStepFunctions.";

/// What of an HTTP request decides the answer.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// `X-Amz-Target`, such as `AWSStepFunctions.StartExecution`.
    pub target: Option<&'a str>,
    /// `Content-Type`
    pub content_type: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
}

/// An answer.
pub struct Reply {
    /// The HTTP status.
    pub status: StatusCode,
    /// The body, JSON.
    pub body: String,
    /// The error's code, where it is an error.
    pub error: Option<&'static str>,
    pub(crate) request_id: RequestId,
}

impl Reply {
    /// The answer's id, `x-amzn-RequestId`.
    pub fn request_id(&self) -> &str {
        self.request_id.as_str()
    }

    /// An answer that tells an error.
    pub(crate) fn refused(error: &ApiError) -> Self {
        Self { status: error.status, body: error.body(), error: Some(error.code), request_id: RequestId::new() }
    }
}

impl Api {
    /// Answers a call. Client mistakes are answered with AWS's error codes and never with a 500.
    pub async fn handle(&self, call: Call<'_>) -> Reply {
        match self.answer(call).await {
            Ok(body) => Reply { status: StatusCode::OK, body, error: None, request_id: RequestId::new() },
            Err(error) => {
                let reply = Reply::refused(&error);
                if let Some(source) = &error.source {
                    let (target, request) = (call.target.unwrap_or_default(), reply.request_id());
                    tracing::error!(target, request, error = &**source as &dyn std::error::Error, "a call failed");
                }
                reply
            }
        }
    }

    async fn answer(&self, call: Call<'_>) -> Result<String, ApiError> {
        let operation = operation(call)?;
        let request = Request::parse(call.body, self.runtime.options().limits.payload_bytes)?;
        operation.perform(&self.runtime, &request).await
    }
}

fn operation(call: Call<'_>) -> Result<Operation, ApiError> {
    let unknown = |what: String| Err(ApiError::unknown_operation(what));
    let Some(target) = call.target else {
        return unknown("The header X-Amz-Target is missing.".to_owned());
    };
    let Some(name) = target.strip_prefix(TARGET_PREFIX) else {
        return unknown(format!("The target '{target}' is not an operation of AWSStepFunctions."));
    };
    if !is_amz_json(call.content_type) {
        let given = call.content_type.unwrap_or_default();
        return unknown(format!("The content type '{given}' is not supported, use '{CONTENT_TYPE}'."));
    }
    Operation::named(name)
}

fn is_amz_json(content_type: Option<&str>) -> bool {
    let media_type = content_type.and_then(|text| text.split(';').next()).unwrap_or_default().trim();
    ["application/x-amz-json-1.0", "application/x-amz-json-1.1"].iter().any(|t| t.eq_ignore_ascii_case(media_type))
}
