//! Answers tasks in the place of their services, in executions of a mocked test case.

use asl::resource::Pattern;
use engine::Command;
use rehearsal::Outcome;

use super::report::Reported;
use super::{Shared, target};
use crate::mocks::outcome;
use crate::tasks::Work;

impl Shared {
    /// How the task ends, where the execution's test case says so.
    pub(super) fn mocked(&self, work: &Work) -> Option<Outcome> {
        let invocation = work.invocation.as_ref()?;
        let config = self.mocks.as_ref().map(|mocks| mocks.config());
        outcome(config.as_deref(), &work.info.state_machine_name, &work.task.state, invocation)
    }

    /// Tells that the task ended so. Nobody waits for a job or a token; the history looks as if somebody had.
    pub(super) async fn answer(&self, work: &Work, outcome: Outcome) {
        let scheduled = work.task.scheduled;
        let command = match outcome {
            Outcome::Result(output) => {
                if waits_for_more(work) {
                    let submitted = Command::TaskSubmitted { scheduled, output: output.clone() };
                    if self.report(work, submitted).await != Reported::Durable {
                        return;
                    }
                }
                Command::TaskSucceeded { scheduled, output }
            }
            // As a request that the service refuses: there is no answer to submit.
            Outcome::Error { error, cause } => Command::TaskFailed { scheduled, error, cause },
            // The state's timeout ends it.
            Outcome::Never => return,
        };
        self.report(work, command).await;
    }
}

/// Whether the service's answer to the request is not the task's end, and not in the history yet.
fn waits_for_more(work: &Work) -> bool {
    let pattern = target(&work.task.family).pattern();
    pattern != Pattern::RequestResponse && work.task.submitted.is_none()
}
