//! What workers say about their tasks.

use asl::Text;
use engine::{Command, EventId};
use store::record::ExecutionId;

use crate::Runtime;
use crate::calls::{CallError, SendTaskFailure, SendTaskSuccess};
use crate::shard::Input;

impl Runtime {
    /// SendTaskSuccess.
    pub async fn send_task_success(&self, request: SendTaskSuccess) -> Result<(), CallError> {
        let (execution, scheduled) = self.task_of(&request.token)?;
        self.send_task(execution, Command::TaskSucceeded { scheduled, output: request.output }).await
    }

    /// Refuses a text that is no task's token: no other fault of a request is told before that one.
    pub fn check_task_token(&self, token: &str) -> Result<(), CallError> {
        self.task_of(token).map(|_| ())
    }

    /// SendTaskFailure.
    pub async fn send_task_failure(&self, request: SendTaskFailure) -> Result<(), CallError> {
        let (execution, scheduled) = self.task_of(&request.token)?;
        let SendTaskFailure { error, cause, .. } = request;
        self.send_task(execution, Command::TaskFailed { scheduled, error, cause }).await
    }

    /// SendTaskHeartbeat, by task token.
    pub async fn send_task_heartbeat(&self, token: Text) -> Result<(), CallError> {
        let (execution, scheduled) = self.task_of(&token)?;
        self.send_task(execution, Command::TaskHeartbeat { scheduled }).await
    }

    /// The token of a task, as its worker or its service gets it; `scheduled` is the number of its scheduling event.
    pub fn task_token(&self, execution: ExecutionId, scheduled: EventId) -> Text {
        self.inner.context.tokens.sign(execution, scheduled)
    }

    fn task_of(&self, token: &str) -> Result<(ExecutionId, EventId), CallError> {
        self.inner.context.tokens.verify(token).ok_or(CallError::InvalidToken)
    }

    async fn send_task(&self, execution: ExecutionId, command: Command) -> Result<(), CallError> {
        let shard = self.inner.shards.of(execution);
        self.ask(shard, |reply| Input::Task { execution, command, reply }).await
    }
}
