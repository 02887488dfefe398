//! Lambda: a function's ARN as the resource, and `lambda:invoke` with and without a task token.
//!
//! A function of the folder of functions is preferred to one of the Lambda API, whatever region, account, version or
//! alias the name carries: a folder has no versions. Payloads are handed on as text, never parsed and printed again on
//! the way to the function. What comes back is read by our own parser, which keeps every number as it was written.

use std::borrow::Cow;
use std::time::SystemTime;

use asl::Value;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use functions::{Functions, Invocation, InvokeError};
use models::optimized;
use serde_json::{Value as Json, json};

use crate::failure::Words;
use crate::http::fields::{FieldError, Fields, Pairs, plain_text};
use crate::integrations::{FUNCTION_TIMEOUT, OtherFunctions};
use crate::{Failure, Integrations, Target, TaskAnswer, TaskCall};

/// How Lambda's errors are worded.
const WORDS: Words<'_> = Words::optimized(&optimized::LAMBDA);

/// Invokes the function.
pub(crate) async fn call(integrations: &Integrations, call: &TaskCall) -> Result<TaskAnswer, Failure> {
    let request = Request::of(call).map_err(|error| error.failure(&call.parameters))?;
    let function = request.function;
    let reply = request.send(integrations, call).await?;
    if let Some(error) = &reply.function_error {
        tracing::debug!(%function, %error, "function failed");
        return Err(match call.target {
            Target::Function => function_failure(&reply.payload),
            Target::Integration(_) => action_failure(&reply.payload),
        });
    }
    let result = match call.target {
        Target::Function => reply.payload_value()?,
        Target::Integration(_) => reply.result()?,
    };
    Ok(TaskAnswer::to(call.target.pattern(), result))
}

/// How a function is invoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    RequestResponse,
    Event,
    DryRun,
}

impl Kind {
    const ALL: [(&str, Self); 3] =
        [("RequestResponse", Self::RequestResponse), ("Event", Self::Event), ("DryRun", Self::DryRun)];

    fn name(self) -> &'static str {
        match self {
            Self::RequestResponse => "RequestResponse",
            Self::Event => "Event",
            Self::DryRun => "DryRun",
        }
    }
}

/// An invocation, as the task asks for it.
#[derive(Debug, PartialEq, Eq)]
struct Request<'a> {
    function: &'a str,
    qualifier: Option<&'a str>,
    kind: Kind,
    tail: bool,
    /// As JSON text.
    client_context: Option<Cow<'a, str>>,
    payload: String,
}

impl<'a> Request<'a> {
    fn of(call: &'a TaskCall) -> Result<Self, FieldError> {
        match call.target {
            Target::Function => Ok(Self::of_function(call)),
            Target::Integration(_) => Self::of_action(&call.parameters),
        }
    }

    fn of_function(call: &'a TaskCall) -> Self {
        Self {
            function: &call.resource,
            qualifier: None,
            kind: Kind::RequestResponse,
            tail: false,
            client_context: None,
            payload: call.parameters.to_json(),
        }
    }

    fn of_action(parameters: &'a Value) -> Result<Self, FieldError> {
        let fields = Fields(parameters);
        Ok(Self {
            function: fields.text("FunctionName")?,
            qualifier: fields.optional_text("Qualifier")?,
            kind: fields.word("InvocationType", &Kind::ALL)?.unwrap_or(Kind::RequestResponse),
            tail: fields.word("LogType", &[("None", false), ("Tail", true)])?.unwrap_or(false),
            client_context: fields.get("ClientContext").map(client_context).transpose()?,
            payload: payload(fields.get("Payload")),
        })
    }

    async fn send(self, integrations: &Integrations, call: &TaskCall) -> Result<Reply, Failure> {
        if let Some(functions) = integrations.functions()
            && let Some(name) = local_name(functions, self.function)
        {
            return self.send_to_process(functions, name, &call.idempotency_token).await;
        }
        match integrations.other_functions() {
            OtherFunctions::Lambda => self.send_to_api(integrations, call).await,
            OtherFunctions::Missing => {
                let message = missing(self.function, integrations.functions());
                Err(refusal("ResourceNotFoundException", 404, message, &call.idempotency_token))
            }
        }
    }

    async fn send_to_process(self, functions: &Functions, name: &str, token: &str) -> Result<Reply, Failure> {
        let invocation = Invocation {
            function: name.to_owned(),
            payload: Bytes::from(self.payload),
            client_context: self.client_context.map(Cow::into_owned),
            trace_header: None,
        };
        match self.kind {
            Kind::DryRun => Ok(Reply::unanswered(204, token)),
            Kind::Event => {
                let functions = functions.clone();
                tokio::spawn(async move {
                    let function = invocation.function.clone();
                    if let Err(error) = functions.invoke(invocation).await {
                        tracing::warn!(%function, %error, "an event could not be delivered");
                    }
                });
                Ok(Reply::unanswered(202, token))
            }
            Kind::RequestResponse => {
                let invoked = functions.invoke(invocation).await.map_err(|error| process_failure(&error, token))?;
                Ok(Reply {
                    status: 200,
                    headers: local_headers(
                        &invoked.request_id,
                        Some((invoked.executed_version, invoked.payload.len())),
                    ),
                    request_id: Some(invoked.request_id),
                    executed_version: Some(invoked.executed_version.to_owned()),
                    function_error: invoked.error.map(|error| error.as_str().to_owned()),
                    log_result: self.tail.then(|| BASE64.encode(&invoked.log_tail)),
                    payload: invoked.payload,
                })
            }
        }
    }

    async fn send_to_api(self, integrations: &Integrations, call: &TaskCall) -> Result<Reply, Failure> {
        let mut input = json!({
            "FunctionName": self.function,
            "InvocationType": self.kind.name(),
            "Payload": self.payload,
        });
        let optional = [
            ("Qualifier", self.qualifier.map(str::to_owned)),
            ("LogType", self.tail.then(|| "Tail".to_owned())),
            ("ClientContext", self.client_context.as_deref().map(|text| BASE64.encode(text))),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                input[name] = Json::from(value);
            }
        }
        let request = aws::Call {
            service: "lambda",
            operation: "Invoke",
            input: &input,
            idempotency_token: &call.idempotency_token,
            missing: aws::MissingParameters::Refused,
            role: integrations.role(call),
            timeout: call.request_timeout(FUNCTION_TIMEOUT),
        };
        let answer = integrations.client().call(&request).await;
        answer.map(Reply::of_answer).map_err(|error| WORDS.failure(error, &call.parameters))
    }
}

/// What Lambda answered.
#[derive(Debug)]
struct Reply {
    status: u16,
    headers: Pairs,
    request_id: Option<String>,
    executed_version: Option<String>,
    function_error: Option<String>,
    /// Base64, as Lambda sends it.
    log_result: Option<String>,
    payload: Bytes,
}

impl Reply {
    /// An answer without a payload.
    fn unanswered(status: u16, request_id: &str) -> Self {
        Self {
            status,
            headers: local_headers(request_id, None),
            request_id: Some(request_id.to_owned()),
            executed_version: None,
            function_error: None,
            log_result: None,
            payload: Bytes::new(),
        }
    }

    fn of_answer(answer: aws::ServiceAnswer) -> Self {
        let text = |name: &str| answer.output.get(name).and_then(Json::as_str).map(str::to_owned);
        Self {
            status: answer.status,
            request_id: answer.request_id.clone(),
            executed_version: text("ExecutedVersion"),
            function_error: text("FunctionError"),
            log_result: text("LogResult"),
            payload: text("Payload").unwrap_or_default().into(),
            headers: answer.headers,
        }
    }

    /// The payload as JSON. Lambda answers with nothing else: a text that is no JSON is not a function's.
    fn payload_value(&self) -> Result<Value, Failure> {
        if self.payload.is_empty() {
            return Ok(Value::Null);
        }
        asl::json::parse(&self.payload).map_err(|_| function_failure(&self.payload))
    }

    fn result(&self) -> Result<Value, Failure> {
        let mut members: Vec<(&str, Value)> = Vec::with_capacity(6);
        let text = |text: &Option<String>| text.as_deref().map(Value::from);
        members.extend(text(&self.executed_version).map(|version| ("ExecutedVersion", version)));
        members.extend(text(&self.log_result).map(|log| ("LogResult", log)));
        if !self.payload.is_empty() {
            members.push(("Payload", self.payload_value()?));
        }
        members.push(("SdkHttpMetadata", http_metadata(self.status, &self.headers)));
        let request_id = text(&self.request_id).map(|id| ("RequestId", id));
        members.push(("SdkResponseMetadata", Value::object(request_id)));
        members.push(("StatusCode", Value::int(i64::from(self.status))));
        Ok(Value::object(members))
    }
}

fn http_metadata(status: u16, headers: &[(String, String)]) -> Value {
    let single = headers.iter().map(|(name, value)| (name.as_str(), Value::from(value.as_str())));
    Value::object([
        ("AllHttpHeaders", crate::http::response::header_lists(headers)),
        ("HttpHeaders", Value::object(single)),
        ("HttpStatusCode", Value::int(i64::from(status))),
    ])
}

/// The headers that Lambda's answer has, for a function that ran here.
fn local_headers(request_id: &str, answer: Option<(&str, usize)>) -> Pairs {
    let mut headers = vec![
        ("Connection".to_owned(), "keep-alive".to_owned()),
        ("Content-Length".to_owned(), answer.map_or(0, |(_, length)| length).to_string()),
        ("Content-Type".to_owned(), "application/json".to_owned()),
        ("Date".to_owned(), httpdate::fmt_http_date(SystemTime::now())),
        ("x-amzn-Remapped-Content-Length".to_owned(), "0".to_owned()),
        ("x-amzn-RequestId".to_owned(), request_id.to_owned()),
    ];
    if let Some((version, _)) = answer {
        headers.insert(0, ("X-Amz-Executed-Version".to_owned(), version.to_owned()));
    }
    headers
}

/// The name of the local function that is meant; `None` where there is no such folder.
fn local_name<'a>(functions: &Functions, function: &'a str) -> Option<&'a str> {
    let name = name_in(function)?;
    match functions.describe(name) {
        Err(InvokeError::NotFound { .. }) => None,
        // What is wrong with it is said when it is invoked.
        Ok(_) | Err(_) => Some(name),
    }
}

/// The function's name in a name, a partial ARN or an ARN, each with or without a version or an alias.
fn name_in(function: &str) -> Option<&str> {
    let parts: Vec<&str> = function.split(':').collect();
    let name = match parts.as_slice() {
        ["arn", _, "lambda", _, _, "function", name] | ["arn", _, "lambda", _, _, "function", name, _] => name,
        [_, "function", name] | [_, "function", name, _] => name,
        ["function", name] => name,
        [name] | [name, _] => name,
        _ => return None,
    };
    (!name.is_empty()).then_some(name)
}

/// The payload as text: nothing is `{}`, and so is `null`, as recorded. A string that is JSON goes as it is, any other value is written as JSON.
fn payload(value: Option<&Value>) -> String {
    match value {
        None => "{}".to_owned(),
        Some(Value::String(text)) if asl::json::parse(text.as_bytes()).is_ok() => text.to_string(),
        Some(value) => value.to_json(),
    }
}

/// The client context as JSON text. Lambda's API wants it in base64, and so does a string here.
fn client_context(value: &Value) -> Result<Cow<'_, str>, FieldError> {
    if value.as_object().is_some() {
        return Ok(Cow::Owned(value.to_json()));
    }
    let text = value.as_str().ok_or(FieldError::Format("ClientContext"))?;
    let decoded = BASE64.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    decoded.map(Cow::Owned).ok_or(FieldError::Format("ClientContext"))
}

/// The failure that `lambda:invoke` tells of: AWS has parsed the payload by then, and writes it anew, compactly.
fn action_failure(payload: &[u8]) -> Failure {
    match asl::json::parse(payload) {
        Ok(error) => function_failure(error.to_json().as_bytes()),
        Err(_) => function_failure(payload),
    }
}

/// The failure that a function reports: its error's type, and the error object as the cause, as the function gave it.
fn function_failure(payload: &[u8]) -> Failure {
    let text = String::from_utf8_lossy(payload);
    let kind = asl::json::parse(payload).ok().and_then(|error| error.get("errorType").map(plain_text));
    match kind.filter(|kind| !kind.is_empty()) {
        Some(kind) => Failure { error: kind, cause: text.into_owned() },
        None => Failure {
            error: "Lambda.Unknown".to_owned(),
            cause: format!(
                "The cause could not be determined because Lambda did not return an error type. Returned payload: {text}"
            ),
        },
    }
}

/// The failure of an invocation that did not come about here, worded as Lambda's API would have it.
fn process_failure(error: &InvokeError, request_id: &str) -> Failure {
    let (code, status) = match error {
        InvokeError::NotFound { .. } => ("ResourceNotFoundException", 404),
        InvokeError::PayloadTooLarge { .. } => ("RequestTooLargeException", 413),
        InvokeError::TooManyRequests => ("TooManyRequestsException", 429),
        _ => ("ServiceException", 500),
    };
    refusal(code, status, error.to_string(), request_id)
}

/// What to say of a function that is neither here nor anywhere else: Lambda's words, and what to do.
fn missing(function: &str, functions: Option<&Functions>) -> String {
    let lambda = "For Lambda itself name its endpoint: --lambda-endpoint with a URL, or with aws";
    let Some(functions) = functions else {
        return format!(
            "Function not found: {function}. No folder holds functions: name one with --functions. {lambda}"
        );
    };
    let folder = functions.directory().display();
    match functions.names().as_slice() {
        [] => format!("Function not found: {function}. There are no functions in {folder}. {lambda}"),
        names => {
            format!("Function not found: {function}. The functions in {folder} are: {}. {lambda}", names.join(", "))
        }
    }
}

fn refusal(code: &str, status: u16, message: String, request_id: &str) -> Failure {
    WORDS.refusal(&aws::ServiceError {
        code: code.to_owned(),
        shape: Some(code.to_owned()),
        message,
        status,
        request_id: Some(request_id.to_owned()),
        extended_request_id: None,
        attempts: 1,
    })
}

#[cfg(test)]
mod tests;
