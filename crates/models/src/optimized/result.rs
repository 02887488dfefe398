//! What an integration's result looks like: which part of which operation's output it is.

use super::{JobResult, Pattern, Row, Run};

/// The part of an operation's output that is a task's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskResult<'a> {
    /// The service of the operation, as [`crate::load`] names it.
    pub client: &'a str,
    /// The operation.
    pub operation: &'a str,
    /// The way to the part in the output, numbers being places in lists; empty where it is the whole output.
    pub path: &'static [&'static str],
    /// The member of the result that holds the part, where the result is not the part itself.
    pub wrapped: Option<&'static str>,
    /// Members that the model has as text or bytes and the result as any JSON.
    pub parsed: &'static [&'static str],
}

impl<'a> TaskResult<'a> {
    /// The whole output of an operation, as `aws-sdk` integrations give it.
    pub fn whole(client: &'a str, operation: &'a str) -> Self {
        Self { client, operation, path: &[], wrapped: None, parsed: &[] }
    }
}

impl Row {
    /// What the result of a task with that pattern is; `None` where no model says it: whoever calls back sends what he
    /// likes, and so do Kubernetes, APIs and models.
    pub fn result(self, pattern: Pattern) -> Option<TaskResult<'static>> {
        match pattern {
            Pattern::RequestResponse => self.answer(),
            Pattern::Sync => self.job_result(),
            Pattern::Sync2 => self.job_result().map(|result| TaskResult { parsed: &["Input", "Output"], ..result }),
            Pattern::WaitForTaskToken => None,
        }
    }

    fn answer(self) -> Option<TaskResult<'static>> {
        let whole = TaskResult::whole(self.client(), self.operation()?);
        match self.action.run {
            Run::InvokeModel => None,
            Run::InvokeFunction => Some(TaskResult { parsed: &["Payload"], ..whole }),
            _ => Some(whole),
        }
    }

    fn job_result(self) -> Option<TaskResult<'static>> {
        let job = self.action.job.as_ref()?;
        let whole = TaskResult::whole(self.client(), job.describe);
        Some(match job.result {
            JobResult::Answer | JobResult::AnswerWith(_) => whole,
            JobResult::Subject => TaskResult { path: job.subject, ..whole },
            JobResult::Wrapped(name) => TaskResult { path: job.subject, wrapped: Some(name), ..whole },
        })
    }
}
