//! Tells a shard what came of a task, until that is durable.

use std::sync::Arc;
use std::time::Duration;

use asl::{Text, Value};
use engine::{Command, EventId};
use tokio::sync::oneshot;

use crate::calls::CallError;
use crate::driver::Shards;
use crate::shard::Input;
use crate::tasks::Work;

/// The pause after the shard could not make it durable; it doubles each time.
const PAUSE: Duration = Duration::from_millis(50);
/// No quota: how we try again.
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// The way back to the shards, for whoever does tasks. Cloning is a pointer.
#[derive(Clone)]
pub struct TaskReports {
    shards: Arc<Shards>,
}

/// What came of a task.
#[derive(Clone, Debug, PartialEq)]
pub enum TaskReport {
    /// The service took the request and answered this; the task then waits for a job or a callback.
    Submitted(Value),
    /// It succeeded with this output.
    Succeeded(Value),
    /// It failed.
    Failed {
        /// The error's name.
        error: Option<Text>,
        /// What went wrong.
        cause: Option<Text>,
    },
    /// It was given up, and its job is cancelled, or there is none, or trying was given up.
    CancelSettled,
}

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reported {
    /// It is in the history.
    Durable,
    /// The task was over before.
    TaskOver,
    /// The server stops: after a restart the task is handed out again.
    Stopping,
}

impl TaskReports {
    pub(crate) fn new(shards: Arc<Shards>) -> Self {
        Self { shards }
    }

    /// Tells what came of a task, again and again until it is durable: a full disk delays it, it does not lose it.
    pub async fn report(&self, work: &Work, report: TaskReport) -> Reported {
        let command = report.into_command(work.task.scheduled);
        let mut pause = PAUSE;
        loop {
            let (reply, answer) = oneshot::channel();
            let input = Input::Task { execution: work.execution, command: command.clone(), reply };
            self.shards.send(self.shards.of(work.execution), input);
            match answer.await {
                Ok(Ok(())) => return Reported::Durable,
                Ok(Err(CallError::TaskTimedOut | CallError::TaskDoesNotExist)) => return Reported::TaskOver,
                // The disk is full, or a commit failed: what came of the task must not be lost.
                Ok(Err(CallError::Unavailable(_))) => {}
                Ok(Err(error)) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(execution = %work.info.arn, error, "what came of a task cannot be recorded");
                    return Reported::TaskOver;
                }
                Err(_) => return Reported::Stopping,
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }
}

impl TaskReport {
    fn into_command(self, scheduled: EventId) -> Command {
        match self {
            Self::Submitted(output) => Command::TaskSubmitted { scheduled, output },
            Self::Succeeded(output) => Command::TaskSucceeded { scheduled, output },
            Self::Failed { error, cause } => Command::TaskFailed { scheduled, error, cause },
            Self::CancelSettled => Command::CancelSettled { scheduled },
        }
    }
}

impl From<integrations::Failure> for TaskReport {
    fn from(failure: integrations::Failure) -> Self {
        let integrations::Failure { error, cause } = failure;
        Self::Failed { error: Some(error.into()), cause: Some(cause.into()) }
    }
}
