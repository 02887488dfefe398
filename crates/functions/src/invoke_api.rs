//! Lambda's own HTTP API over the same functions, so that other tools may call them: Invoke, and what tools ask for
//! before they do (ListFunctions, GetFunction, GetFunctionConfiguration).
//!
//! Signatures are not looked at: who may reach the listener may invoke.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::{Description, Functions, Invocation, InvokeError, date, identity};

/// The largest payload of an asynchronous invocation, in bytes. Lambda's quota.
pub const MAX_EVENT_BYTES: usize = 1_048_576;

/// Why no answer tells a function's variables.
const VARIABLES_CONCEALED: &str = "Environment variables are not shown: they may hold secrets.";

/// The parameter of [`ROUTES`] that stands for a function's name.
pub const FUNCTION_PARAMETER: &str = "function";

/// The paths of this API with their methods. `{function}` is one segment: a function's name, percent-encoded.
pub static ROUTES: [(&str, Method, InvokeApiOperation); 5] = [
    ("/2015-03-31/functions", Method::GET, InvokeApiOperation::ListFunctions),
    ("/2015-03-31/functions/", Method::GET, InvokeApiOperation::ListFunctions),
    ("/2015-03-31/functions/{function}", Method::GET, InvokeApiOperation::GetFunction),
    ("/2015-03-31/functions/{function}/configuration", Method::GET, InvokeApiOperation::GetFunctionConfiguration),
    ("/2015-03-31/functions/{function}/invocations", Method::POST, InvokeApiOperation::Invoke),
];

/// An operation of Lambda's API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvokeApiOperation {
    /// ListFunctions
    ListFunctions,
    /// GetFunction
    GetFunction,
    /// GetFunctionConfiguration
    GetFunctionConfiguration,
    /// Invoke
    Invoke,
}

/// A function as callers name it: by name, by partial or full ARN, with or without a qualifier.
///
/// Region and account are not compared: a definition that names a function of production finds it here by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FunctionName<'a> {
    /// The bare name.
    pub name: &'a str,
    /// The version or alias.
    pub qualifier: Option<&'a str>,
}

impl<'a> FunctionName<'a> {
    /// Takes a name apart. Nothing where the text has none of Lambda's forms.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = [""; 8];
        let mut count = 0;
        for part in text.split(':') {
            *parts.get_mut(count)? = part;
            count += 1;
        }
        let (name, qualifier) = match parts[..count] {
            [name] => (name, None),
            [name, qualifier] => (name, Some(qualifier)),
            [_, "function", name] | ["arn", _, "lambda", _, _, "function", name] => (name, None),
            [_, "function", name, qualifier] | ["arn", _, "lambda", _, _, "function", name, qualifier] => {
                (name, Some(qualifier))
            }
            _ => return None,
        };
        Some(Self { name, qualifier: qualifier.filter(|qualifier| !qualifier.is_empty()) })
    }
}

/// How an invocation is to run.
enum Kind {
    RequestResponse,
    Event,
    DryRun,
}

/// An answer in the making that is a failure.
struct Refusal {
    status: StatusCode,
    error_type: &'static str,
    message: String,
}

/// Media types of what programs send. A page may send none of them without asking first.
const MEDIA_TYPES: [&str; 5] = [
    "application/json",
    "application/octet-stream",
    "binary/octet-stream",
    "application/x-amz-json-1.0",
    "application/x-amz-json-1.1",
];

/// The answer to an invocation that a web page may have sent, by its head alone.
///
/// What a page may send unasked has a content type of text or of a form, or none, and no headers of its own. Some SDKs
/// (boto3, the AWS CLI) send no content type with Invoke either, but headers that no page can add: a signature, or those
/// of AWS's protocols.
pub fn refusal(operation: InvokeApiOperation, headers: &HeaderMap) -> Option<Response<Bytes>> {
    if operation != InvokeApiOperation::Invoke || is_program(headers) {
        return None;
    }
    let given = text(headers, "content-type").unwrap_or_default();
    let message =
        format!("The content type '{given}' of an unsigned request is not supported, use 'application/json'.");
    let (status, error_type) = (StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaTypeException");
    Some(refuse(&Refusal { status, error_type, message }))
}

fn is_program(headers: &HeaderMap) -> bool {
    let media_type = text(headers, "content-type").and_then(|given| given.split(';').next()).unwrap_or_default().trim();
    let is_aws = |name: &HeaderName| name.as_str().starts_with("x-amz-") || name.as_str().starts_with("amz-sdk-");
    MEDIA_TYPES.iter().any(|known| known.eq_ignore_ascii_case(media_type))
        || text(headers, "authorization").is_some_and(|authorization| authorization.starts_with("AWS4-"))
        || headers.keys().any(is_aws)
}

/// Answers a request of Lambda's API. `function` is the name in its path, percent-encoded; empty where it has none.
///
/// An asynchronous invocation (`Event`) runs once; it is not repeated when it fails, which the log tells.
pub async fn answer(
    functions: &Functions,
    operation: InvokeApiOperation,
    function: &str,
    request: Request<Bytes>,
) -> Response<Bytes> {
    match perform(functions, operation, &percent_decoded(function), request).await {
        Ok(response) => response,
        Err(refusal) => refuse(&refusal),
    }
}

async fn perform(
    functions: &Functions,
    operation: InvokeApiOperation,
    name: &str,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, Refusal> {
    match operation {
        InvokeApiOperation::ListFunctions => Ok(list(functions)),
        InvokeApiOperation::GetFunction => {
            let description = described(functions, name, request.uri().query())?;
            let code =
                json!({"RepositoryType": "local", "Location": format!("file://{}", description.folder.display())});
            Ok(ok(&json!({"Configuration": configuration(&description), "Code": code})))
        }
        InvokeApiOperation::GetFunctionConfiguration => {
            Ok(ok(&configuration(&described(functions, name, request.uri().query())?)))
        }
        InvokeApiOperation::Invoke => invoke(functions, name, request).await,
    }
}

async fn invoke(functions: &Functions, name: &str, request: Request<Bytes>) -> Result<Response<Bytes>, Refusal> {
    let (head, payload) = request.into_parts();
    let function = resolve(functions, name, head.uri.query())?;
    let kind = kind(&head.headers)?;
    if !payload.is_empty() {
        serde_json::from_slice::<IgnoredAny>(&payload).map_err(|error| {
            bad_content(format!("Could not parse request body into json: Could not parse payload into json: {error}"))
        })?;
    }
    let invocation = Invocation {
        function,
        payload,
        client_context: client_context(&head.headers)?,
        trace_header: text(&head.headers, "x-amzn-trace-id").map(str::to_owned),
    };
    match kind {
        Kind::DryRun => {
            functions.describe(&invocation.function)?;
            Ok(empty(StatusCode::NO_CONTENT))
        }
        Kind::Event => {
            if invocation.payload.len() > MAX_EVENT_BYTES {
                return Err(InvokeError::PayloadTooLarge { limit: MAX_EVENT_BYTES }.into());
            }
            functions.describe(&invocation.function)?;
            tokio::spawn(run_alone(functions.clone(), invocation));
            Ok(empty(StatusCode::ACCEPTED))
        }
        Kind::RequestResponse => {
            let with_tail = text(&head.headers, "x-amz-log-type") == Some("Tail");
            run(functions, invocation, with_tail).await
        }
    }
}

async fn run(functions: &Functions, invocation: Invocation, with_tail: bool) -> Result<Response<Bytes>, Refusal> {
    let invoked = functions.invoke(invocation).await?;
    let mut response = Response::new(invoked.payload);
    set(&mut response, http::header::CONTENT_TYPE, "application/json");
    set(&mut response, HeaderName::from_static("x-amzn-requestid"), &invoked.request_id);
    set(&mut response, HeaderName::from_static("x-amz-executed-version"), invoked.executed_version);
    if let Some(error) = invoked.error {
        set(&mut response, HeaderName::from_static("x-amz-function-error"), error.as_str());
    }
    if with_tail {
        set(&mut response, HeaderName::from_static("x-amz-log-result"), &BASE64.encode(invoked.log_tail));
    }
    Ok(response)
}

/// Runs an invocation whose caller does not wait.
async fn run_alone(functions: Functions, invocation: Invocation) {
    let function = invocation.function.clone();
    match functions.invoke(invocation).await {
        Ok(invoked) if invoked.error.is_some() => {
            let (request_id, error) = (invoked.request_id, String::from_utf8_lossy(&invoked.payload));
            tracing::warn!(target: "functions", function, request_id, %error, "an asynchronous invocation failed");
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(target: "functions", function, %error, "an asynchronous invocation was not run"),
    }
}

/// The function's bare name, after a look at both places where a qualifier may stand.
fn resolve(functions: &Functions, name: &str, query: Option<&str>) -> Result<String, Refusal> {
    let parsed = FunctionName::parse(name).ok_or_else(|| Refusal {
        status: StatusCode::BAD_REQUEST,
        error_type: "ValidationException",
        message: format!("{name} is no name and no ARN of a function"),
    })?;
    let asked = query
        .into_iter()
        .flat_map(|query| query.split('&'))
        .find_map(|pair| pair.strip_prefix("Qualifier="))
        .map(percent_decoded);
    let qualifier = asked.as_deref().or(parsed.qualifier).filter(|qualifier| !qualifier.is_empty());
    match qualifier {
        None | Some("$LATEST") => Ok(parsed.name.to_owned()),
        Some(other) => Err(InvokeError::NotFound { arn: format!("{}:{other}", functions.arn(parsed.name)) }.into()),
    }
}

fn described(functions: &Functions, name: &str, query: Option<&str>) -> Result<Description, Refusal> {
    Ok(functions.describe(&resolve(functions, name, query)?)?)
}

fn kind(headers: &HeaderMap) -> Result<Kind, Refusal> {
    match text(headers, "x-amz-invocation-type") {
        None | Some("RequestResponse") => Ok(Kind::RequestResponse),
        Some("Event") => Ok(Kind::Event),
        Some("DryRun") => Ok(Kind::DryRun),
        Some(other) => Err(Refusal {
            status: StatusCode::BAD_REQUEST,
            error_type: "InvalidParameterValueException",
            message: format!("the invocation type {other} is none of RequestResponse, Event, DryRun"),
        }),
    }
}

fn client_context(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let Some(encoded) = text(headers, "x-amz-client-context") else { return Ok(None) };
    let decoded = BASE64.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    match decoded.filter(|context| serde_json::from_str::<serde_json::Map<String, Value>>(context).is_ok()) {
        Some(context) => Ok(Some(context)),
        None => Err(bad_content("Client context must be a valid Base64-encoded JSON object.".to_owned())),
    }
}

fn list(functions: &Functions) -> Response<Bytes> {
    let names = functions.names();
    let found: Vec<Value> =
        names.iter().filter_map(|name| functions.get(name)).map(|found| configuration(&found)).collect();
    ok(&json!({ "Functions": found }))
}

fn configuration(description: &Description) -> Value {
    // Lambda's answer to a caller who may not decrypt the variables: nobody is known here who may.
    let environment = if description.environment.is_empty() {
        json!({"Variables": {}})
    } else {
        json!({"Error": {"ErrorCode": "AccessDeniedException", "Message": VARIABLES_CONCEALED}})
    };
    json!({
        "FunctionName": description.name,
        "FunctionArn": description.arn,
        "Runtime": description.runtime,
        "Handler": description.handler,
        "CodeSize": description.code_size,
        "Timeout": description.timeout.as_secs(),
        "MemorySize": description.memory_mib,
        "LastModified": date::last_modified(description.last_modified),
        "Version": "$LATEST",
        "Environment": environment,
        "PackageType": "Zip",
        "State": "Active",
        "LastUpdateStatus": "Successful",
    })
}

fn bad_content(message: String) -> Refusal {
    Refusal { status: StatusCode::BAD_REQUEST, error_type: "InvalidRequestContentException", message }
}

impl From<InvokeError> for Refusal {
    fn from(error: InvokeError) -> Self {
        let (status, error_type) = match &error {
            InvokeError::NotFound { .. } => (StatusCode::NOT_FOUND, "ResourceNotFoundException"),
            InvokeError::PayloadTooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException"),
            InvokeError::TooManyRequests => (StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException"),
            InvokeError::Definition(_) => (StatusCode::BAD_REQUEST, "InvalidParameterValueException"),
            InvokeError::RuntimeMissing { .. } => (StatusCode::BAD_GATEWAY, "InvalidRuntimeException"),
            InvokeError::Start { .. } | InvokeError::ProcessesEnd { .. } | InvokeError::ShuttingDown => {
                (StatusCode::INTERNAL_SERVER_ERROR, "ServiceException")
            }
        };
        Self { status, error_type, message: error.to_string() }
    }
}

fn refuse(refusal: &Refusal) -> Response<Bytes> {
    let side = if refusal.status.is_server_error() { "Service" } else { "User" };
    let mut response = ok(&json!({"Type": side, "Message": refusal.message}));
    *response.status_mut() = refusal.status;
    set(&mut response, HeaderName::from_static("x-amzn-errortype"), refusal.error_type);
    response
}

fn ok(body: &Value) -> Response<Bytes> {
    let mut response = empty(StatusCode::OK);
    set(&mut response, http::header::CONTENT_TYPE, "application/json");
    *response.body_mut() = body.to_string().into();
    response
}

fn empty(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    set(&mut response, HeaderName::from_static("x-amzn-requestid"), &identity::request_id());
    response
}

fn set(response: &mut Response<Bytes>, name: HeaderName, value: &str) {
    // Always: what is set here is ASCII without control characters.
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// The text with `%XX` replaced. What is no UTF-8 then, fits no name.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let code = if *first == b'%' { after.get(..2).and_then(hexadecimal) } else { None };
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hexadecimal(digits: &[u8]) -> Option<u8> {
    let value = |digit: u8| char::from(digit).to_digit(16);
    u8::try_from(value(digits[0])? * 16 + value(digits[1])?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_named_in_all_of_lambdas_forms() {
        let cases = [
            ("f", Some(("f", None))),
            ("f:1", Some(("f", Some("1")))),
            ("f:", Some(("f", None))),
            ("123456789012:function:f", Some(("f", None))),
            ("123456789012:function:f:live", Some(("f", Some("live")))),
            ("arn:aws:lambda:eu-west-1:123456789012:function:f", Some(("f", None))),
            ("arn:aws:lambda:eu-west-1:123456789012:function:f:$LATEST", Some(("f", Some("$LATEST")))),
            ("arn:aws:states:eu-west-1:123456789012:function:f", None),
            ("arn:aws:lambda:eu-west-1:123456789012:function:f:1:2", None),
            ("a:b:c:d:e", None),
        ];
        for (text, expected) in cases {
            let parsed = FunctionName::parse(text).map(|parsed| (parsed.name, parsed.qualifier));
            assert_eq!(parsed, expected, "{text}");
        }
    }

    #[test]
    fn percent_signs_are_decoded_or_kept() {
        for (text, expected) in [("a%3Ab", "a:b"), ("%24LATEST", "$LATEST"), ("100%", "100%"), ("%zz%4", "%zz%4")] {
            assert_eq!(percent_decoded(text), expected);
        }
    }
}
