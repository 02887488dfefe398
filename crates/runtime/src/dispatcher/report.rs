//! Tells a shard what came of a task, until that is durable.

use std::time::Duration;

use engine::Command;
use tokio::sync::oneshot;

use super::Shared;
use crate::calls::CallError;
use crate::shard::Input;
use crate::tasks::Work;

/// The pause after the shard could not make it durable; it doubles each time.
const PAUSE: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reported {
    /// It is in the history.
    Durable,
    /// The task was over before.
    TaskOver,
    /// The server stops: after a restart the task is looked at again.
    Stopping,
}

impl Shared {
    pub(super) async fn report(&self, work: &Work, command: Command) -> Reported {
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
