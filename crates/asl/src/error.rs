//! What goes wrong while a program runs, as a state's error: a name a catcher may match, and a cause.

use crate::budget::Exhausted;
use crate::value::Text;

/// The error names the service itself gives (`States.*`).
pub struct ErrorName;

#[allow(missing_docs, reason = "the constants are their own text")]
impl ErrorName {
    pub const ALL: &str = "States.ALL";
    pub const TASK_FAILED: &str = "States.TaskFailed";
    pub const TIMEOUT: &str = "States.Timeout";
    pub const HEARTBEAT_TIMEOUT: &str = "States.HeartbeatTimeout";
    pub const PERMISSIONS: &str = "States.Permissions";
    pub const RUNTIME: &str = "States.Runtime";
    pub const RESULT_PATH_MATCH_FAILURE: &str = "States.ResultPathMatchFailure";
    pub const PARAMETER_PATH_FAILURE: &str = "States.ParameterPathFailure";
    pub const BRANCH_FAILED: &str = "States.BranchFailed";
    pub const NO_CHOICE_MATCHED: &str = "States.NoChoiceMatched";
    pub const INTRINSIC_FAILURE: &str = "States.IntrinsicFailure";
    pub const EXCEED_TOLERATED_FAILURE_THRESHOLD: &str = "States.ExceedToleratedFailureThreshold";
    pub const DATA_LIMIT_EXCEEDED: &str = "States.DataLimitExceeded";
    pub const QUERY_EVALUATION_ERROR: &str = "States.QueryEvaluationError";
}

/// A path, template, function or rule that could not be evaluated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {cause}")]
pub struct EvaluationError {
    /// The error's name, one of [`ErrorName`].
    pub name: &'static str,
    /// AWS's text, without the prefix that names the state.
    pub cause: String,
    /// JSONata only: the field, relative to the state, such as `Output/v` or `Choices[0]/Condition`.
    pub location: Option<Text>,
}

impl EvaluationError {
    /// A `States.Runtime` error.
    pub fn runtime(cause: impl Into<String>) -> Self {
        Self { name: ErrorName::RUNTIME, cause: cause.into(), location: None }
    }

    /// A `States.IntrinsicFailure` error.
    pub fn intrinsic(cause: impl Into<String>) -> Self {
        Self { name: ErrorName::INTRINSIC_FAILURE, cause: cause.into(), location: None }
    }

    /// The `States.Runtime` error of an evaluation that used up its budget.
    pub fn exhausted(exhausted: Exhausted) -> Self {
        Self::runtime(format!("The evaluation of the state's fields was stopped: {exhausted}."))
    }

    /// A `States.QueryEvaluationError` at a field of the state.
    pub fn query(cause: impl Into<String>, location: impl Into<Text>) -> Self {
        Self { name: ErrorName::QUERY_EVALUATION_ERROR, cause: cause.into(), location: Some(location.into()) }
    }
}
