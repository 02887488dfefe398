//! What a Resource ARN means: Lambda, the optimized integrations, any AWS API, HTTP endpoints.
//!
//! A [`TaskCall`] is all that a task needs to know. [`Integrations::call`] sends the request and says whether that was
//! all ([`TaskAnswer::Done`]) or whether a job or a callback is to be waited for ([`TaskAnswer::Submitted`]). Jobs are looked
//! at with [`Integrations::poll`] and given up with [`Integrations::cancel`]. Who calls when is the runtime's matter.

mod apigateway;
mod eks_kubernetes;
mod failure;
mod fields;
pub mod http;
mod integrations;
mod lambda;
mod optimized;
mod presentation;
mod sdk;
mod target;
#[cfg(test)]
mod tests;
mod values;

pub use integrations::{Integrations, Options, OtherFunctions};

use std::time::Duration;

use asl::resource::{Integration, Pattern};
use asl::{Text, Value};

/// A task as an integration sees it.
#[derive(Clone, Debug)]
pub struct TaskCall {
    /// The ARN in the state's `Resource`.
    pub resource: Text,
    /// What the resource names.
    pub target: Target,
    /// The effective parameters, as the history shows them.
    pub parameters: Value,
    /// The execution's ARN.
    pub execution_arn: Text,
    /// The state machine's ARN.
    pub state_machine_arn: Text,
    /// The state machine's role.
    pub role_arn: Text,
    /// `Credentials.RoleArn` of the state: the role for this task alone.
    pub credentials: Option<Text>,
    /// The same for every repetition of this task, and no other's: a UUID. Requests that know an idempotency token
    /// carry it, so a request that is sent again after a crash is done once.
    pub idempotency_token: String,
    /// How long the task may still take, where it has a timeout.
    pub timeout: Option<Duration>,
}

/// What a resource names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A function's ARN as the resource itself.
    Function,
    /// A service's action.
    Integration(Integration),
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum TaskAnswer {
    /// The task's result.
    Done(Value),
    /// The service took the request; the task waits for its job or its callback. The service's answer.
    Submitted(Value),
}

impl TaskAnswer {
    /// What a service's answer is to a task that waits so.
    fn to(pattern: Pattern, answer: Value) -> Self {
        match pattern {
            Pattern::RequestResponse => Self::Done(answer),
            Pattern::Sync | Pattern::Sync2 | Pattern::WaitForTaskToken => Self::Submitted(answer),
        }
    }
}

/// How far a job is.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// Not over.
    Running,
    /// Over and well; the task's result.
    Done(Value),
}

/// A task's failure, as retriers, catchers and the history see it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error}: {cause}")]
pub struct Failure {
    /// The error's name: `Lambda.TooManyRequestsException`.
    pub error: String,
    /// What went wrong.
    pub cause: String,
}

/// Characters that an error's name may have: the constraint of SendTaskFailure's `error`.
const ERROR_CHARS_MAX: usize = 256;
/// Characters that a cause may have: the constraint of SendTaskFailure's `cause`.
const CAUSE_CHARS_MAX: usize = 32_768;

impl Failure {
    /// As long as AWS lets a failure be: what is more is cut off. Functions and services name their errors themselves.
    pub(crate) fn bounded(mut self) -> Self {
        cut(&mut self.error, ERROR_CHARS_MAX);
        cut(&mut self.cause, CAUSE_CHARS_MAX);
        self
    }
}

fn cut(text: &mut String, chars: usize) {
    if let Some((end, _)) = text.char_indices().nth(chars) {
        text.truncate(end);
        text.shrink_to_fit();
    }
}

/// Why a look at a job brought nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PollError {
    /// The job failed, and with it the task.
    #[error(transparent)]
    Job(Failure),
    /// The service did not answer, or wants to be asked less often: look again later.
    #[error("the job cannot be looked at now: {0}")]
    Unavailable(Failure),
}
