//! Mocked services: answers the tasks of executions that run a test case of a mock configuration.
//!
//! [`Mocked`] is a decorator over what does tasks. An execution's profile is the test case it was started with. A state
//! that the test case leaves to its real service goes on to who does tasks without it, and so does every task of an
//! execution without a profile. It knows nothing of files: a [`MockSource`] brings the configuration.

mod test_case;

use std::sync::Arc;

use asl::resource::{Pattern, Resource};
use asl::{Text, Value};
use rehearsal::{MockConfig, MockOutcome};
use runtime::task_reports::{Reported, TaskReport, TaskReports};
use runtime::tasks::{Doing, Invocation, Profiles, Tasks, UnknownProfile, Work};
use tokio::runtime::Handle;

/// Where the mock configuration comes from.
pub trait MockSource: Send + Sync {
    /// The configuration as it is now. Asked for at every start of a test case and for every task of one: at most a
    /// small file may be read.
    fn config(&self) -> Arc<MockConfig>;
}

/// Answers tasks from a mock configuration, and hands on the others.
pub struct Mocked<T> {
    desk: Arc<Desk<T>>,
    runtime: Handle,
}

/// What the answers need, on the async runtime too.
struct Desk<T> {
    source: Arc<dyn MockSource>,
    reports: TaskReports,
    others: T,
}

impl<T: Tasks + 'static> Mocked<T> {
    /// Answers from that configuration, on that async runtime; `others` does what is not mocked.
    pub fn new(source: Arc<dyn MockSource>, reports: TaskReports, others: T, runtime: Handle) -> Self {
        Self { desk: Arc::new(Desk { source, reports, others }), runtime }
    }
}

impl<T: Tasks + 'static> Tasks for Mocked<T> {
    fn refusal(&self, resource: &Resource) -> Option<String> {
        self.desk.others.refusal(resource)
    }

    fn prepare(&self, resource: &Resource, parameters: Value) -> Result<Value, String> {
        self.desk.others.prepare(resource, parameters)
    }

    fn profiles(&self) -> Option<&dyn Profiles> {
        Some(self)
    }

    fn dispatch(&self, mut work: Work) {
        // Taken off: who does what is not mocked knows no test cases.
        let Some(invocation) = work.invocation.take() else { return self.desk.others.dispatch(work) };
        let desk = Arc::clone(&self.desk);
        self.runtime.spawn(async move {
            match desk.outcome(&work, &invocation) {
                // Of two answers to one task, the shard takes the first.
                Some(outcome) => desk.answer(&work, outcome).await,
                None => desk.others.dispatch(work),
            }
        });
    }

    fn do_once(&self, work: Work) -> Doing {
        self.desk.others.do_once(work)
    }

    fn cancel(&self, mut work: Work) {
        let Some(invocation) = work.invocation.take() else { return self.desk.others.cancel(work) };
        let desk = Arc::clone(&self.desk);
        self.runtime.spawn(async move {
            match desk.outcome(&work, &invocation) {
                // A mocked task has no job.
                Some(_) => drop(desk.reports.report(&work, TaskReport::CancelSettled).await),
                None => desk.others.cancel(work),
            }
        });
    }

    fn is_watching(&self) -> bool {
        self.desk.others.is_watching()
    }

    fn ended(&self, execution_arn: &Text) {
        self.desk.others.ended(execution_arn);
    }
}

impl<T: Tasks> Profiles for Mocked<T> {
    fn check(&self, state_machine: &str, profile: &str) -> Result<(), UnknownProfile> {
        test_case::check(&self.desk.source.config(), state_machine, profile)
    }
}

impl<T> Desk<T> {
    /// How the task ends, where the execution's test case says so.
    fn outcome(&self, work: &Work, invocation: &Invocation) -> Option<MockOutcome> {
        test_case::outcome(&self.source.config(), &work.info.state_machine_name, &work.task.state, invocation)
    }

    /// Tells that the task ended so. Nobody waits for a job or a token; the history looks as if somebody had.
    async fn answer(&self, work: &Work, outcome: MockOutcome) {
        let report = match outcome {
            MockOutcome::Result(output) => {
                if waits_for_more(work) {
                    let submitted = TaskReport::Submitted(output.clone());
                    if self.reports.report(work, submitted).await != Reported::Durable {
                        return;
                    }
                }
                TaskReport::Succeeded(output)
            }
            // As a request that the service refuses: there is no answer to submit.
            MockOutcome::Error { error, cause } => TaskReport::Failed { error, cause },
            // The state's timeout ends it.
            MockOutcome::Never => return,
        };
        self.reports.report(work, report).await;
    }
}

/// Whether the service's answer to the request is not the task's end, and not in the history yet.
fn waits_for_more(work: &Work) -> bool {
    work.target().pattern() != Pattern::RequestResponse && work.task.submitted.is_none()
}
