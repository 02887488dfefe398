//! What an error of a service is called in a state machine, and what its cause says.
//!
//! Two ways of speaking, after the two SDKs that Step Functions is made with. Optimized integrations speak as the SDK
//! for Java 1 (`SQS.AmazonSQSException`, `... (Service: AmazonSQS; Status Code: 400; ...; Proxy: null)`), `aws-sdk`
//! integrations as version 2 (`DynamoDb.ResourceNotFoundException`, `... (Service: DynamoDb, Status Code: 400, ...)`).

use asl::Value;
use aws::{CallError, ParameterError, ServiceError};
use models::optimized::Service;

use crate::Failure;

/// How the errors of a service are worded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Words<'a> {
    /// As the SDK for Java 1 does, for optimized integrations.
    Optimized {
        /// What begins the error's name: `SQS`.
        prefix: &'a str,
        /// The service in the cause: `AmazonDynamoDBv2`. Without a version and with `Exception` behind, it is the
        /// error's name where the model does not know the code.
        service: &'a str,
    },
    /// As the SDK for Java 2 does, for `aws-sdk` integrations.
    Sdk {
        /// What begins the error's name, and the service in the cause: `DynamoDb`.
        prefix: &'a str,
    },
}

impl Words<'static> {
    /// Those of a service with optimized integrations.
    pub(crate) const fn optimized(service: &Service) -> Self {
        Self::Optimized { prefix: service.error_prefix, service: service.error_service }
    }
}

impl Words<'_> {
    fn prefix(&self) -> &str {
        match self {
            Self::Optimized { prefix, .. } | Self::Sdk { prefix } => prefix,
        }
    }

    /// The failure of a task whose request brought this error; `parameters` are those of the task.
    pub(crate) fn failure(&self, error: CallError, parameters: &Value) -> Failure {
        match error {
            CallError::Service(error) => self.refusal(&error),
            CallError::Parameters(error) => Failure::parameters(parameters, &[problem(&error)]),
            CallError::UnknownService(_) | CallError::UnknownOperation { .. } => Failure::runtime(error.to_string()),
            CallError::Transport(cause) => self.client_failure("SdkClientException", cause),
            CallError::Timeout(limit) => {
                let cause = "Client execution did not complete before the specified timeout configuration";
                match self {
                    Self::Optimized { .. } => self.client_failure("ClientExecutionTimeoutException", cause.to_owned()),
                    Self::Sdk { .. } => {
                        self.client_failure("SdkClientException", format!("{cause}: {} millis", limit.as_millis()))
                    }
                }
            }
            CallError::Credentials(cause) => Failure { error: "States.Permissions".to_owned(), cause },
        }
    }

    /// A service's refusal as a failure.
    pub(crate) fn refusal(&self, error: &ServiceError) -> Failure {
        let request_id = error.request_id.as_deref();
        match self {
            Self::Optimized { prefix, service } => {
                let name = error.shape.as_deref().map_or_else(|| base_exception(service), exception);
                let cause = format!(
                    "{} (Service: {service}; Status Code: {}; Error Code: {}; Request ID: {}; Proxy: null)",
                    error.message,
                    error.status,
                    error.code,
                    request_id.unwrap_or("null"),
                );
                Failure { error: format!("{prefix}.{name}"), cause }
            }
            Self::Sdk { prefix } => {
                let name = match &error.shape {
                    Some(shape) => pascal_case(&exception(shape)),
                    None => format!("{}Exception", prefix.replace(' ', "")),
                };
                let request_id = request_id.map(|id| format!(", Request ID: {id}")).unwrap_or_default();
                let extended = error.extended_request_id.as_deref().map(|id| format!(", Extended Request ID: {id}"));
                let cause = format!(
                    "{} (Service: {prefix}, Status Code: {}{request_id}{}) (SDK Attempt Count: {})",
                    error.message,
                    error.status,
                    extended.unwrap_or_default(),
                    error.attempts.max(1),
                );
                Failure { error: format!("{prefix}.{name}"), cause }
            }
        }
    }

    fn client_failure(&self, name: &str, cause: String) -> Failure {
        Failure { error: format!("{}.{name}", self.prefix()), cause }
    }
}

impl Failure {
    /// A failure that neither a retrier nor a catcher takes.
    pub(crate) fn runtime(cause: impl Into<String>) -> Self {
        Self { error: "States.Runtime".to_owned(), cause: cause.into() }
    }

    /// A failure with the wildcard of task failures as its name.
    pub(crate) fn task_failed(cause: impl Into<String>) -> Self {
        Self { error: "States.TaskFailed".to_owned(), cause: cause.into() }
    }

    /// The task cannot begin with these parameters.
    pub(crate) fn parameters(parameters: &Value, problems: &[String]) -> Self {
        Self::runtime(unusable(parameters, problems))
    }
}

/// What AWS says of parameters that a task cannot begin with.
pub(crate) fn unusable(parameters: &Value, problems: &[String]) -> String {
    format!("The Parameters '{parameters}' could not be used to start the Task: [{}]", problems.join(", "))
}

/// What AWS says of a parameter that an action does not have.
pub(crate) fn unsupported_field(name: &str) -> String {
    format!("The field \"{name}\" is not supported by Step Functions")
}

/// What AWS says of a parameter of the wrong type.
pub(crate) fn invalid_field(name: &str) -> String {
    format!("The value of the field '{name}' has an invalid format")
}

fn problem(error: &ParameterError) -> String {
    if error.problem.starts_with("The field") {
        return error.problem.clone();
    }
    format!("{}: {}", invalid_field(&error.path), error.problem)
}

/// Whether a request may succeed if it is sent again later: the service is busy or broken, or out of reach.
pub(crate) fn is_passing(error: &CallError) -> bool {
    match error {
        CallError::Service(error) => error.status >= 500 || error.is_throttling(),
        // Credentials are fetched over the network, too.
        CallError::Transport(_) | CallError::Timeout(_) | CallError::Credentials(_) => true,
        CallError::UnknownService(_) | CallError::UnknownOperation { .. } | CallError::Parameters(_) => false,
    }
}

/// Whether the service says that it has no such thing.
pub(crate) fn is_missing(error: &CallError) -> bool {
    match error {
        CallError::Service(error) => {
            error.status == 404 || error.code.contains("NotFound") || error.code.contains("DoesNotExist")
        }
        _ => false,
    }
}

/// The class of an error's shape: `NoSuchKey` is a `NoSuchKeyException`, a fault is an exception.
fn exception(shape: &str) -> String {
    let stem = shape.strip_suffix("Exception").or_else(|| shape.strip_suffix("Fault")).unwrap_or(shape);
    format!("{stem}Exception")
}

/// The class of all exceptions of a service: `AmazonDynamoDBException` for both versions of DynamoDB.
fn base_exception(service: &str) -> String {
    format!("{}Exception", service.strip_suffix("v2").unwrap_or(service))
}

/// A class name as the SDK for Java 2 spells it: `KMSDisabledException` is `KmsDisabledException`.
fn pascal_case(name: &str) -> String {
    let bytes = name.as_bytes();
    let mut spelled = String::with_capacity(name.len());
    for (at, letter) in name.char_indices() {
        let inside_acronym = at > 0 && bytes[at - 1].is_ascii_uppercase();
        let begins_word = bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase);
        spelled.push(if inside_acronym && !begins_word { letter.to_ascii_lowercase() } else { letter });
    }
    spelled
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SQS: Words<'_> = Words::Optimized { prefix: "SQS", service: "AmazonSQS" };
    const DYNAMODB: Words<'_> = Words::Sdk { prefix: "DynamoDb" };

    fn refused(code: &str, shape: Option<&str>) -> ServiceError {
        ServiceError {
            code: code.to_owned(),
            shape: shape.map(str::to_owned),
            message: "Refused".to_owned(),
            status: 400,
            request_id: Some("r1".to_owned()),
            extended_request_id: None,
            attempts: 1,
        }
    }

    #[test]
    fn an_optimized_integration_speaks_as_version_1_of_the_sdk() {
        for (code, shape, error) in [
            ("MissingParameter", None, "SQS.AmazonSQSException"),
            ("QueueDoesNotExist", Some("QueueDoesNotExist"), "SQS.QueueDoesNotExistException"),
            ("NotFound", Some("NotFoundException"), "SQS.NotFoundException"),
        ] {
            let failure = SQS.refusal(&refused(code, shape));
            assert_eq!(failure.error, error);
            let cause = format!(
                "Refused (Service: AmazonSQS; Status Code: 400; Error Code: {code}; Request ID: r1; Proxy: null)"
            );
            assert_eq!(failure.cause, cause);
        }
    }

    #[test]
    fn an_sdk_integration_speaks_as_version_2_of_the_sdk() {
        for (code, shape, error) in [
            ("ResourceNotFoundException", Some("ResourceNotFoundException"), "DynamoDb.ResourceNotFoundException"),
            ("ValidationException", None, "DynamoDb.DynamoDbException"),
            ("NoSuchKey", Some("NoSuchKey"), "DynamoDb.NoSuchKeyException"),
            ("KMSDisabledException", Some("KMSDisabledException"), "DynamoDb.KmsDisabledException"),
            ("DBInstanceNotFound", Some("DBInstanceNotFoundFault"), "DynamoDb.DbInstanceNotFoundException"),
        ] {
            let failure = DYNAMODB.refusal(&refused(code, shape));
            assert_eq!(failure.error, error);
            let cause = "Refused (Service: DynamoDb, Status Code: 400, Request ID: r1) (SDK Attempt Count: 1)";
            assert_eq!(failure.cause, cause);
        }
        let mut s3 = refused("NoSuchKey", Some("NoSuchKey"));
        (s3.extended_request_id, s3.attempts) = (Some("x".to_owned()), 3);
        assert_eq!(
            Words::Sdk { prefix: "S3" }.refusal(&s3).cause,
            "Refused (Service: S3, Status Code: 400, Request ID: r1, Extended Request ID: x) (SDK Attempt Count: 3)"
        );
        assert_eq!(
            Words::Sdk { prefix: "Auto Scaling" }.refusal(&refused("X", None)).error,
            "Auto Scaling.AutoScalingException"
        );
    }

    #[test]
    fn what_is_not_a_refusal_has_a_name_too() {
        let parameters = Value::object([("A", Value::int(1))]);
        let parameter = |problem: &str| {
            CallError::Parameters(ParameterError { path: "A.B".to_owned(), problem: problem.to_owned() })
        };
        for (words, error, expected) in [
            (SQS, CallError::Transport("no route".to_owned()), ("SQS.SdkClientException", "no route")),
            (
                SQS,
                CallError::Timeout(Duration::from_secs(1)),
                (
                    "SQS.ClientExecutionTimeoutException",
                    "Client execution did not complete before the specified timeout configuration",
                ),
            ),
            (
                DYNAMODB,
                CallError::Timeout(Duration::from_secs(1)),
                (
                    "DynamoDb.SdkClientException",
                    "Client execution did not complete before the specified timeout configuration: 1000 millis",
                ),
            ),
            (SQS, CallError::Credentials("none".to_owned()), ("States.Permissions", "none")),
            (SQS, CallError::UnknownService("nix".to_owned()), ("States.Runtime", "there is no service nix")),
            (
                SQS,
                parameter("The field \"B\" is not supported by Step Functions"),
                (
                    "States.Runtime",
                    "The Parameters '{\"A\":1}' could not be used to start the Task: \
                     [The field \"B\" is not supported by Step Functions]",
                ),
            ),
            (
                SQS,
                parameter("expected a list"),
                (
                    "States.Runtime",
                    "The Parameters '{\"A\":1}' could not be used to start the Task: \
                     [The value of the field 'A.B' has an invalid format: expected a list]",
                ),
            ),
        ] {
            let failure = words.failure(error, &parameters);
            assert_eq!((failure.error.as_str(), failure.cause.as_str()), expected);
        }
    }

    #[test]
    fn busy_and_broken_services_pass() {
        let service = |code: &str, status: u16| {
            let mut error = refused(code, None);
            error.status = status;
            CallError::Service(Box::new(error))
        };
        for (error, passing, missing) in [
            (service("ThrottlingException", 400), true, false),
            (service("Other", 429), true, false),
            (service("InternalError", 500), true, false),
            (service("ValidationException", 400), false, false),
            (service("EntityNotFoundException", 400), false, true),
            (service("ExecutionDoesNotExist", 400), false, true),
            (service("NoSuchThing", 404), false, true),
            (CallError::Transport(String::new()), true, false),
            (CallError::Timeout(Duration::ZERO), true, false),
            (CallError::Credentials(String::new()), true, false),
            (CallError::UnknownService(String::new()), false, false),
        ] {
            assert_eq!((is_passing(&error), is_missing(&error)), (passing, missing), "{error:?}");
        }
    }
}
