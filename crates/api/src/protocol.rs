//! AWS JSON 1.0: which operation is called, and how an answer or an error looks.

use http::StatusCode;

use crate::Api;
use crate::actions::Operation;
use crate::call_context::{CallContext, Principal, TraceHeader};
use crate::deadline::Deadline;
use crate::error::ApiError;
use crate::request::Request;
use crate::request_id::RequestId;
use crate::response_body::ResponseBody;

/// The content type of every answer.
pub(crate) const CONTENT_TYPE: &str = "application/x-amz-json-1.0";

const TARGET_PREFIX: &str = "AWSStepFunctions.";

/// What of an HTTP request decides the answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct ApiCall<'a> {
    /// `X-Amz-Target`, such as `AWSStepFunctions.StartExecution`.
    pub target: Option<&'a str>,
    /// `Content-Type`
    pub content_type: Option<&'a str>,
    /// `X-Amzn-Trace-Id`
    pub trace: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
}

/// An answer.
pub struct ApiReply {
    /// The HTTP status.
    pub status: StatusCode,
    /// The body, JSON.
    pub body: ResponseBody,
    /// The error's code, where it is an error.
    pub error: Option<&'static str>,
    pub(crate) request_id: RequestId,
}

impl ApiReply {
    /// The answer's id, `x-amzn-RequestId`.
    pub fn request_id(&self) -> &str {
        self.request_id.as_str()
    }

    /// An answer that tells an error.
    pub(crate) fn refused(request_id: RequestId, error: &ApiError) -> Self {
        Self { status: error.status, body: error.body().into(), error: Some(error.code), request_id }
    }
}

impl Api {
    /// Answers a call. Client mistakes are answered with AWS's error codes and never with a 500.
    pub async fn handle(&self, call: ApiCall<'_>) -> ApiReply {
        let request_id = RequestId::new();
        match self.answer(request_id, call).await {
            Ok(body) => ApiReply { status: StatusCode::OK, body, error: None, request_id },
            Err(error) => {
                if let Some(source) = &error.source {
                    let (target, request) = (call.target.unwrap_or_default(), request_id.as_str());
                    tracing::error!(target, request, error = &**source as &dyn std::error::Error, "a call failed");
                }
                ApiReply::refused(request_id, &error)
            }
        }
    }

    async fn answer(&self, request_id: RequestId, call: ApiCall<'_>) -> Result<ResponseBody, ApiError> {
        let operation = operation(call)?;
        let quotas = self.runtime.quotas();
        let request = Request::parse(call.body, quotas.execution.payload_bytes)?;
        let context = CallContext {
            principal: Principal::Anonymous,
            request_id,
            trace: call.trace.and_then(TraceHeader::of),
            deadline: Deadline::within(operation.answered_within(quotas)),
            runtime: &self.runtime,
            quotas,
        };
        operation.answer(&context, &request).await
    }
}

fn operation(call: ApiCall<'_>) -> Result<Operation, ApiError> {
    let unknown = |what: String| Err(ApiError::unknown_operation(what));
    let Some(target) = call.target else {
        return unknown("The header X-Amz-Target is missing.".to_owned());
    };
    let Some(name) = target.strip_prefix(TARGET_PREFIX) else {
        return unknown(format!("The target '{target}' is not an operation of AWSStepFunctions."));
    };
    check_content_type(call.content_type)?;
    Operation::named(name)
}

/// Refuses a content type that is none of AWS JSON: it is also what tells a program's request from a page's form.
pub(crate) fn check_content_type(content_type: Option<&str>) -> Result<(), ApiError> {
    if is_amz_json(content_type) {
        return Ok(());
    }
    let given = content_type.unwrap_or_default();
    let message = format!("The content type '{given}' is not supported, use '{CONTENT_TYPE}'.");
    Err(ApiError::unknown_operation(message))
}

fn is_amz_json(content_type: Option<&str>) -> bool {
    let media_type = content_type.and_then(|text| text.split(';').next()).unwrap_or_default().trim();
    ["application/x-amz-json-1.0", "application/x-amz-json-1.1"].iter().any(|t| t.eq_ignore_ascii_case(media_type))
}
