//! A task's request: sent, and its answer told.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use asl::Value;
use engine::Timestamp;
use integrations::{Failure, TaskAnswer, TaskCall};
use sha2::{Digest, Sha256};
use store::execution_name;

use super::job::Job;
use super::nested_starts::Start;
use super::{AfterCrash, GivenUp, Shared};
use crate::task_reports::{Reported, TaskReport};
use crate::tasks::Work;

/// What came of a task's request.
enum Requested {
    /// The task waits for more: the service's answer.
    Waits(Value),
    /// The task was given up while its request was on its way, and a job runs for it: the service's answer.
    GivenUp(Value),
    /// The task is over, or was never begun.
    Over,
}

impl Shared {
    /// Does the task to its end, as far as that is ours to do. Where it is given up while a job runs for it: the
    /// service's answer that began the job.
    pub(super) async fn run(&self, work: &Work, given_up: &GivenUp) -> Option<Value> {
        if let Some(invocation) = &work.invocation {
            self.reports.report(work, TaskReport::from(unknown_profile(&invocation.profile))).await;
            return None;
        }
        let call = self.call(work);
        let submitted = match &work.task.submitted {
            Some(submitted) => submitted.clone(),
            None => match self.request(work, &call, given_up).await {
                Requested::Waits(submitted) => submitted,
                Requested::GivenUp(submitted) => return Some(submitted),
                Requested::Over => return None,
            },
        };
        if !is_job(&call) {
            return None;
        }
        match self.wait_for_job(work, &call, &submitted, given_up).await {
            Job::Over => None,
            Job::GivenUp => Some(submitted),
        }
    }

    /// Sends the request and tells what came of it.
    async fn request(&self, work: &Work, call: &TaskCall, given_up: &GivenUp) -> Requested {
        if work.is_interrupted && self.after_crash == AfterCrash::Fail {
            self.reports.report(work, TaskReport::from(interrupted())).await;
            return Requested::Over;
        }
        let start = Start::by(&call.target);
        if start.is_some() {
            self.wait_to_start(work).await;
        }
        let answer = {
            let _start = match start {
                Some(Start::Begins) => self.starts.acquire().await.ok(),
                Some(Start::Ends) | None => None,
            };
            // Whoever waits for an execution to end holds no place that a task of that execution may need.
            let _turn = match start {
                Some(Start::Ends) => None,
                Some(Start::Begins) | None => self.requests.acquire().await.ok(),
            };
            if given_up.is_given_up.load(Ordering::Acquire) {
                return Requested::Over;
            }
            self.integrations.call(call).await
        };
        let report = match answer {
            Ok(TaskAnswer::Submitted(output)) => {
                return match self.reports.report(work, TaskReport::Submitted(output.clone())).await {
                    Reported::Durable => Requested::Waits(output),
                    Reported::TaskOver if is_job(call) => Requested::GivenUp(output),
                    Reported::TaskOver | Reported::Stopping => Requested::Over,
                };
            }
            Ok(TaskAnswer::Done(output)) => TaskReport::Succeeded(output),
            Err(failure) => TaskReport::from(failure),
        };
        self.reports.report(work, report).await;
        Requested::Over
    }

    /// Whoever starts executions faster than its state machine may waits.
    async fn wait_to_start(&self, work: &Work) {
        let wait = self.nested_starts.wait(&work.info.state_machine_arn, Instant::now());
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }

    /// The task as an integration sees it.
    pub(super) fn call(&self, work: &Work) -> TaskCall {
        let left = |due: Timestamp| due.0.saturating_sub(self.clock.now().0).max(1).unsigned_abs();
        TaskCall {
            resource: work.task.resource.clone(),
            target: work.target(),
            parameters: work.task.parameters.clone(),
            execution_arn: work.info.arn.clone(),
            state_machine_arn: work.info.state_machine_arn.clone(),
            role_arn: work.info.role_arn.clone(),
            credentials: work.task.credentials.clone(),
            idempotency_token: idempotency_token(work),
            timeout: work.task.timeout_due.map(|due| Duration::from_millis(left(due))),
        }
    }
}

/// Whether the task waits for a job that somebody must look at.
fn is_job(call: &TaskCall) -> bool {
    call.target.pattern().is_job()
}

fn interrupted() -> Failure {
    Failure {
        error: asl::ErrorName::TASK_FAILED.into(),
        cause: "The server ended while the task was being done. Nobody knows whether its request was sent.".into(),
    }
}

/// What the profile meant when the execution was started, nobody knows here: its tasks must not reach a service that
/// something was to stand in for.
fn unknown_profile(profile: &str) -> Failure {
    Failure {
        error: asl::ErrorName::RUNTIME.into(),
        cause: format!(
            "The execution was started for '{profile}', as it stands behind the '#' of its state machine's ARN, and \
             this server does not know that."
        ),
    }
}

/// The same for every repetition of a task, and no other's. A child execution has it for its name, so that it stays with
/// the owner of its parent.
fn idempotency_token(work: &Work) -> String {
    let digest =
        Sha256::new().chain_update(&*work.info.arn).chain_update(work.task.scheduled.0.to_be_bytes()).finalize();
    let bits = digest.iter().take(16).fold(0, |bits, byte| bits << 8 | u128::from(*byte));
    execution_name::derived(bits, work.execution.widest_partition()).to_string()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use engine::{EventId, ExecutionInfo, OpenTask, TaskFamily};
    use store::record::ExecutionId;

    use super::*;

    fn work(execution_arn: &str, scheduled: u64) -> Work {
        let info = ExecutionInfo {
            arn: execution_arn.into(),
            name: "n".into(),
            state_machine_arn: "m".into(),
            state_machine_name: "m".into(),
            role_arn: "r".into(),
        };
        let function = "arn:aws:lambda:us-east-1:123456789012:function:f".into();
        let task = OpenTask::new(EventId(scheduled), Timestamp(0), TaskFamily::LambdaFunction, function);
        Work { execution: ExecutionId(1), task, info: Arc::new(info), is_interrupted: false, invocation: None }
    }

    #[test]
    fn a_task_has_a_token_of_its_own_that_stays() {
        let token = idempotency_token(&work("a", 1));
        assert_eq!(token, idempotency_token(&work("a", 1)));
        assert_ne!(token, idempotency_token(&work("a", 2)));
        assert_ne!(token, idempotency_token(&work("b", 1)));
        assert_eq!((token.len(), token.chars().filter(|c| *c == '-').count()), (36, 4));
    }
}
