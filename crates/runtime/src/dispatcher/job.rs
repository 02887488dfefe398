//! Jobs: looked at less often the longer they run, woken for where the job is an execution of our own, and given up.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use asl::{Text, Value};
use integrations::{Integrations, PollError, Progress, TaskCall};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::{GivenUp, Shared};
use crate::sync::lock;
use crate::task_reports::TaskReport;
use crate::tasks::Work;

/// A job is first looked at after that long.
const PAUSE_MIN: Duration = Duration::from_millis(100);
/// And at least that often, unless there are very many.
/// No quota: how we ask others.
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// Looks at all jobs together, as a rate: the more jobs there are, the less often each is looked at, so that they do
/// not slow whatever else goes on. 500 looks a second take a tenth of a core.
const LOOKS_PER_SECOND: usize = 500;
/// A pause is that part of the time the job has run: its end is noticed a quarter late at most.
const PART: u32 = 4;
/// How often a cancellation is tried.
const CANCEL_ATTEMPTS: u32 = 5;
/// How long after its timeout a task is surely over.
const GRACE_MILLISECONDS: i64 = 5_000;

/// How waiting for a job ended.
pub(super) enum Job {
    /// It is over, or somebody else cancels it.
    Over,
    /// The task was given up while it ran.
    GivenUp,
}

impl Shared {
    /// Looks at a job until it is over or given up.
    pub(super) async fn wait_for_job(
        &self,
        work: &Work,
        call: &TaskCall,
        submitted: &Value,
        given_up: &GivenUp,
    ) -> Job {
        let child = Integrations::child_execution(call, submitted).map(|arn| self.children.watch(arn));
        let begun = Instant::now();
        self.jobs.fetch_add(1, Ordering::Relaxed);
        let _counted = Counted(&self.jobs);
        loop {
            if let Some(report) = self.look(call, submitted).await {
                self.reports.report(work, report).await;
                return Job::Over;
            }
            let timed_out = |due: engine::Timestamp| due.0.saturating_add(GRACE_MILLISECONDS) < self.clock.now().0;
            if work.task.timeout_due.is_some_and(timed_out) {
                // Whoever cancels the job has all that is needed.
                return Job::Over;
            }
            tokio::select! {
                () = tokio::time::sleep(pause(work, begun.elapsed(), self.jobs.load(Ordering::Relaxed))) => {}
                () = ended(child.as_ref()) => {}
                () = given_up.notify.notified() => return Job::GivenUp,
            }
        }
    }

    /// The task's end, where its job is over.
    async fn look(&self, call: &TaskCall, submitted: &Value) -> Option<TaskReport> {
        // Never closed.
        let _turn = self.looks.acquire().await.ok()?;
        match self.integrations.poll(call, submitted).await {
            Ok(Progress::Running) => None,
            Ok(Progress::Done(output)) => Some(TaskReport::Succeeded(output)),
            Err(PollError::Job(failure)) => Some(TaskReport::from(failure)),
            Err(PollError::Unavailable(failure)) => {
                tracing::warn!(resource = %call.resource, %failure, "a job cannot be looked at now");
                None
            }
        }
    }

    /// Cancels the job of a task that was given up, where it has one, and says so.
    pub(super) async fn cancel(&self, work: &Work, job: Option<&Value>) {
        if let Some(submitted) = job {
            self.cancel_job(&self.call(work), submitted).await;
        }
        self.reports.report(work, TaskReport::CancelSettled).await;
    }

    /// Cancels a job, as well as the service lets us.
    async fn cancel_job(&self, call: &TaskCall, submitted: &Value) {
        let mut pause = PAUSE_MIN;
        for attempt in 1..=CANCEL_ATTEMPTS {
            let cancelled = {
                // Never closed.
                let Ok(_turn) = self.cancels.acquire().await else { return };
                self.integrations.cancel(call, submitted).await
            };
            match cancelled {
                Ok(()) => return,
                Err(failure) if attempt == CANCEL_ATTEMPTS => {
                    tracing::warn!(
                        resource = %call.resource,
                        execution = %call.execution_arn,
                        %failure,
                        "a job could not be cancelled; it may run on"
                    );
                }
                Err(_) => tokio::time::sleep(pause).await,
            }
            pause *= 4;
        }
    }
}

/// A job's part in the count of jobs.
struct Counted<'a>(&'a AtomicUsize);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How long to wait before the next look at a job that has run that long, where there are that many. Jobs that began
/// together are not looked at together.
fn pause(work: &Work, ran: Duration, jobs: usize) -> Duration {
    let crowd = Duration::from_millis((jobs * 1_000 / LOOKS_PER_SECOND) as u64);
    let spread = (work.execution.0 as u64 ^ work.task.scheduled.0).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 59;
    (ran / PART).clamp(PAUSE_MIN, PAUSE_MAX).max(crowd) * (32 + spread as u32) / 32
}

async fn ended(child: Option<&Watch<'_>>) {
    match child {
        Some(watch) => watch.ended.notified().await,
        None => std::future::pending().await,
    }
}

/// Those who wait for the end of an execution, by its ARN.
#[derive(Default)]
pub(super) struct Children {
    waiting: Mutex<HashMap<Text, Vec<Arc<Notify>>>>,
    count: AtomicUsize,
}

/// One who waits for the end of an execution.
struct Watch<'a> {
    children: &'a Children,
    arn: Text,
    ended: Arc<Notify>,
}

impl Children {
    fn watch(&self, arn: Text) -> Watch<'_> {
        let ended = Arc::new(Notify::new());
        lock(&self.waiting).entry(arn.clone()).or_default().push(Arc::clone(&ended));
        self.count.fetch_add(1, Ordering::AcqRel);
        Watch { children: self, arn, ended }
    }

    /// Whether anybody waits.
    pub(super) fn is_any(&self) -> bool {
        self.count.load(Ordering::Acquire) > 0
    }

    /// The execution ended. Kept for those who are not looking just now.
    pub(super) fn ended(&self, arn: &Text) {
        lock(&self.waiting).get(arn).into_iter().flatten().for_each(|ended| ended.notify_one());
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.children.count.fetch_sub(1, Ordering::AcqRel);
        if let Entry::Occupied(mut waiting) = lock(&self.children.waiting).entry(self.arn.clone()) {
            waiting.get_mut().retain(|ended| !Arc::ptr_eq(ended, &self.ended));
            if waiting.get().is_empty() {
                waiting.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_waits_for_an_execution_learns_of_its_end_also_when_not_looking() {
        let children = Children::default();
        assert!(!children.is_any());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (first, second) = (children.watch("a".into()), children.watch("a".into()));
        let other = children.watch("b".into());
        children.ended(&"a".into());
        runtime.block_on(async {
            ended(Some(&first)).await;
            ended(Some(&second)).await;
            let mut still = std::pin::pin!(ended(Some(&other)));
            assert!(
                std::future::poll_fn(|context| std::task::Poll::Ready(still.as_mut().poll(context).is_pending())).await
            );
        });
        drop((first, second));
        assert!(children.is_any());
        drop(other);
        assert!(!children.is_any());
        assert!(lock(&children.waiting).is_empty());
    }
}
