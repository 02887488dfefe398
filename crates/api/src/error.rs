//! What a call is refused with: AWS's codes and texts.

use asl::Text;
use asl::diagnostic::{Diagnostic, Severity};
use http::StatusCode;
use runtime::calls::CallError;

use crate::json_object_writer::JsonObjectWriter;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// A refusal as the caller sees it. What must not leave the house is in `source`, for the log.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {message}")]
pub(crate) struct ApiError {
    /// The HTTP status: 400 for nearly everything, as AWS does.
    pub(crate) status: StatusCode,
    /// AWS's code, `__type` on the wire.
    pub(crate) code: &'static str,
    /// AWS's text.
    pub(crate) message: String,
    /// The one further member that some errors have: `reason`, `resourceName`.
    pub(crate) detail: Option<(&'static str, Text)>,
    /// What went wrong inside, where the fault is ours.
    #[source]
    pub(crate) source: Option<Source>,
}

impl ApiError {
    /// The caller's mistake: HTTP 400.
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code, message: message.into(), detail: None, source: None }
    }

    /// `ValidationException`: a constraint or a rule about members is broken.
    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationException", message)
    }

    /// `SerializationException`: the body is not JSON, or a member is of the wrong JSON type.
    pub(crate) fn serialization(message: impl Into<String>) -> Self {
        Self::new("SerializationException", message)
    }

    /// `InvalidArn`, with the reason AWS quotes.
    pub(crate) fn invalid_arn(reason: &str) -> Self {
        Self::new("InvalidArn", format!("Invalid Arn: '{reason}'"))
    }

    /// `InvalidName`: the name is shown as it came, control characters too.
    pub(crate) fn invalid_name(name: &str) -> Self {
        Self::new("InvalidName", format!("Invalid Name: '{name}'"))
    }

    /// `InvalidToken`, for page tokens and task tokens alike.
    pub(crate) fn invalid_token() -> Self {
        Self::new("InvalidToken", "Invalid Token: 'Invalid token'")
    }

    /// `UnknownOperationException`
    pub(crate) fn unknown_operation(message: impl Into<String>) -> Self {
        Self::new("UnknownOperationException", message)
    }

    /// `StateMachineDoesNotExist`
    pub(crate) fn no_state_machine(arn: &str) -> Self {
        Self::new("StateMachineDoesNotExist", format!("State Machine Does Not Exist: '{arn}'"))
    }

    /// `TooManyTags`
    pub(crate) fn too_many_tags(arn: Text) -> Self {
        Self::new("TooManyTags", format!("Too Many Tags: '{arn}'")).with("resourceName", arn)
    }

    /// `ThrottlingException`: a bound is reached, and trying again later will help.
    pub(crate) fn throttled() -> Self {
        Self::new("ThrottlingException", "Rate exceeded")
    }

    /// The same error with a further member.
    pub(crate) fn with(mut self, name: &'static str, value: Text) -> Self {
        self.detail = Some((name, value));
        self
    }

    fn at(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    fn unavailable(message: String) -> Self {
        Self::new("ServiceUnavailable", message).at(StatusCode::SERVICE_UNAVAILABLE)
    }

    fn internal(source: Source) -> Self {
        let mut error = Self::new("InternalServerException", "An internal error occurred. Try again later.")
            .at(StatusCode::INTERNAL_SERVER_ERROR);
        error.source = Some(source);
        error
    }

    /// The body on the wire.
    pub(crate) fn body(&self) -> String {
        let mut answer = JsonObjectWriter::new(self.message.len() + 96);
        answer.text("__type", self.code).text("message", &self.message);
        if let Some((name, value)) = &self.detail {
            answer.text(name, value);
        }
        answer.finish()
    }
}

impl From<CallError> for ApiError {
    fn from(error: CallError) -> Self {
        use CallError as E;
        match error {
            E::InvalidArn(reason) => Self::invalid_arn(&reason),
            E::InvalidName(name) => Self::invalid_name(&name),
            E::InvalidDefinition(diagnostics) => invalid_definition(&diagnostics),
            E::StateMachineAlreadyExists(arn) => {
                Self::new("StateMachineAlreadyExists", format!("State Machine Already Exists: '{arn}'"))
            }
            E::StateMachineDoesNotExist(arn) => Self::no_state_machine(&arn),
            E::StateMachineDeleting(arn) => {
                Self::new("StateMachineDeleting", format!("State machine is being deleted: '{arn}'"))
            }
            E::StateMachineTypeNotSupported => Self::new(
                "StateMachineTypeNotSupported",
                "This operation is not supported by this type of state machine",
            ),
            E::ExecutionAlreadyExists(arn) => {
                Self::new("ExecutionAlreadyExists", format!("Execution Already Exists: '{arn}'"))
            }
            E::ExecutionDoesNotExist(arn) => {
                Self::new("ExecutionDoesNotExist", format!("Execution Does Not Exist: '{arn}'"))
            }
            E::ActivityDoesNotExist(arn) => {
                Self::new("ActivityDoesNotExist", format!("Activity Does Not Exist: '{arn}'"))
            }
            E::ActivityAlreadyExists => Self::new(
                "ActivityAlreadyExists",
                "Activity already exists. EncryptionConfiguration may not be updated.",
            ),
            E::ExecutionLimitExceeded => Self::new(
                "ExecutionLimitExceeded",
                "The maximum number of running executions has been reached. Running executions must end or be stopped \
                 before a new execution can be started.",
            ),
            E::ActivityWorkerLimitExceeded => Self::new(
                "ActivityWorkerLimitExceeded",
                "The maximum number of workers concurrently polling for activity tasks has been reached.",
            ),
            E::InvalidToken => Self::invalid_token(),
            E::TaskTimedOut => Self::new("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'"),
            E::TaskDoesNotExist => Self::new("TaskDoesNotExist", "Task Does Not Exist: 'Provided task does not exist'"),
            E::ResourceNotFound(arn) => {
                Self::new("ResourceNotFound", format!("Resource not found: '{arn}'")).with("resourceName", arn)
            }
            E::MissingReference => Self::new("ResourceNotFound", "Request references a resource that does not exist."),
            E::RevisionConflict { wanted, current } => Self::new(
                "ConflictException",
                format!(
                    "Failed to publish the State Machine version for revision {wanted}. The current State Machine \
                     revision is {current}."
                ),
            ),
            E::VersionInUse(aliases) => Self::new(
                "ConflictException",
                format!(
                    "Version to be deleted must not be referenced by an alias. Current list of aliases referencing \
                     this version: [{}]",
                    aliases.join(", ")
                ),
            ),
            E::AliasExists => Self::new(
                "ConflictException",
                "Failed to create alias because an alias with the same name and a different routing configuration \
                 already exists.",
            ),
            E::QuotaExceeded(what) => Self::new(
                "ServiceQuotaExceededException",
                format!("The request would cause a service quota to be exceeded: no more than {what}."),
            ),
            E::TooManyTags(arn) => Self::too_many_tags(arn),
            E::UnknownProfile(unknown) => Self::validation(unknown.to_string()),
            E::Throttled => Self::throttled(),
            E::Unavailable(why) => Self::unavailable(why),
            E::Internal(source) => Self::internal(source),
        }
    }
}

fn invalid_definition(diagnostics: &[Diagnostic]) -> ApiError {
    let errors = diagnostics.iter().filter(|d| d.severity == Severity::Error);
    let list = errors.map(Diagnostic::to_string).collect::<Vec<_>>().join(", ");
    ApiError::new("InvalidDefinition", format!("Invalid State Machine Definition: '{list}'"))
}

#[cfg(test)]
mod tests {
    use asl::diagnostic::Code;

    use super::*;

    fn diagnostic(severity: Severity, code: Code, message: &str, location: Option<&str>) -> Diagnostic {
        Diagnostic {
            severity,
            code,
            message: message.to_owned(),
            location: location.map(str::to_owned),
            pointer: None,
            span: None,
            help: None,
        }
    }

    #[test]
    fn a_refused_definition_lists_its_errors_and_no_warnings() {
        let error = ApiError::from(CallError::InvalidDefinition(vec![
            diagnostic(
                Severity::Error,
                Code::MissingTransitionTarget,
                "Missing 'Next' target: B",
                Some("/States/A/Next"),
            ),
            diagnostic(Severity::Warning, Code::NoPath, "never mind", None),
            diagnostic(Severity::Error, Code::MissingEndState, "Workflow has no terminal state", None),
        ]));
        assert_eq!(
            error.message,
            "Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: Missing 'Next' target: B at /States/A/Next, \
             MISSING_END_STATE: Workflow has no terminal state at null'"
        );
    }

    #[test]
    fn our_own_fault_does_not_leak() {
        let error = ApiError::from(CallError::Internal("/var/lib/secret is broken".into()));
        assert_eq!(error.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!error.body().contains("secret"));
    }

    #[test]
    fn further_members_are_on_the_wire() {
        let body = ApiError::from(CallError::ResourceNotFound("a\"b".into())).body();
        assert_eq!(
            body,
            r#"{"__type":"ResourceNotFound","message":"Resource not found: 'a\"b'","resourceName":"a\"b"}"#
        );
    }
}
