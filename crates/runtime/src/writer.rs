//! The one thread that commits. Whatever gathers while a commit is being synced goes into the next one.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use store::lane::{Lane, LastCommit};
use store::record::Write;
use store::{Store, StoreError};
use tokio::sync::oneshot;

use crate::commit_health::CommitHealth;
use crate::driver::Shards;
use crate::metrics::Metrics;
use crate::observer::Observers;
use crate::shard::{Batch, CommitFailure, Context, Input, Outlets};
use crate::sync::Inbox;
use crate::vitals::Pulse;

/// Submissions that wait while a commit is being synced, before the shards wait too. What they are sent gathers in
/// their inboxes then, which have a bound.
/// No quota: the size of a step, nothing is refused.
const WAITING_MAX: usize = 256;

/// The way to the writing thread.
pub struct CommitQueue {
    inbox: Inbox<Submission>,
    senders: AtomicUsize,
}

/// Something to commit.
#[derive(Debug)]
pub enum Submission {
    /// What a shard did.
    Shard {
        /// Which.
        shard: usize,
        /// What it wrote, and what that releases.
        batch: Batch,
    },
    /// Changed records.
    Records {
        /// The changes: all or none.
        writes: Vec<Write>,
        /// Answered when they are durable.
        reply: oneshot::Sender<Result<(), StoreError>>,
    },
}

impl CommitQueue {
    /// For that many shards: when all have left, the writer ends.
    pub fn new(shards: usize) -> Self {
        Self { inbox: Inbox::new(), senders: AtomicUsize::new(shards) }
    }

    /// Commits a shard's batch, then lets out what it releases.
    pub fn submit(&self, shard: usize, batch: Batch) {
        self.inbox.push(Submission::Shard { shard, batch });
    }

    /// The same for a shard with a thread, which is held up where it is too far ahead of the commits.
    pub(crate) fn submit_when_room(&self, shard: usize, batch: Batch) {
        self.inbox.push_when_room(Submission::Shard { shard, batch }, WAITING_MAX);
    }

    /// Commits records. The answer comes when they are durable; none comes where the writer has ended.
    pub fn submit_records(&self, writes: Vec<Write>) -> oneshot::Receiver<Result<(), StoreError>> {
        let (reply, answer) = oneshot::channel();
        self.inbox.push(Submission::Records { writes, reply });
        answer
    }

    /// What was submitted, for who commits step by step.
    pub fn take_all(&self, into: &mut Vec<Submission>) {
        self.inbox.take(into, Some(Duration::ZERO));
    }

    /// A shard sends no more.
    pub(crate) fn leave(&self) {
        if self.senders.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.inbox.close();
        }
    }
}

/// Commits what is submitted, and lets out what that releases.
pub struct Committer {
    store: Arc<dyn Store>,
    lane: Lane,
    shards: Arc<Shards>,
    outlets: Outlets,
    metrics: Arc<Metrics>,
    health: Arc<CommitHealth>,
    observers: Observers,
    /// Per shard, the oldest generation whose batches may still be committed.
    generations: Vec<u64>,
}

impl Committer {
    /// Commits to that store, in that lane of it, what those shards do.
    pub fn new(store: Arc<dyn Store>, lane: Lane, shards: Arc<Shards>, outlets: Outlets, context: &Context) -> Self {
        let generations = vec![0; shards.count()];
        let (metrics, health) = (Arc::clone(&context.metrics), Arc::clone(&context.commit_health));
        Self { store, lane, shards, outlets, metrics, health, observers: Observers::none(), generations }
    }

    /// Tells these of what it commits.
    #[must_use]
    pub fn with_observers(self, observers: Observers) -> Self {
        Self { observers, ..self }
    }

    /// Commits until every shard has left.
    pub(crate) fn run(mut self, writer: &CommitQueue, pulse: &Pulse) {
        // Also when this thread dies: then nobody waits for it in vain.
        let _close = Close(writer);
        let mut submissions = Vec::new();
        let shards = Arc::clone(&self.shards);
        while writer.inbox.take(&mut submissions, None) {
            let _committing = shards.committing();
            pulse.beat();
            self.step(&mut submissions);
            pulse.rest();
        }
        let positions = std::mem::replace(&mut self.observers, Observers::none()).finish();
        if !positions.is_empty()
            && let Err(error) = self.lane.commit(&*self.store, &positions)
        {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "observers will be told again of the last commits"
            );
        }
    }

    /// Commits these together, in their order.
    pub fn step(&mut self, submissions: &mut Vec<Submission>) {
        let current = self.refuse_outdated(submissions);
        self.commit(current);
    }

    /// Fails batches that were decided on top of one that failed.
    fn refuse_outdated(&self, submissions: &mut Vec<Submission>) -> Vec<Submission> {
        let mut current = Vec::with_capacity(submissions.len());
        for submission in submissions.drain(..) {
            match submission {
                Submission::Shard { shard, batch } if batch.generation < self.generations[shard] => {
                    self.shards.send(shard, Input::BatchOver(batch.failed(CommitFailure::earlier())));
                }
                submission => current.push(submission),
            }
        }
        current
    }

    fn commit(&mut self, mut submissions: Vec<Submission>) {
        let (mut writes, parts) = join(&mut submissions);
        match self.try_commit(&mut writes) {
            Ok(()) => submissions.into_iter().for_each(|submission| self.succeed(submission)),
            // Nothing was written, and one part alone is to blame.
            Err(StoreError::Conflict(_)) if submissions.len() > 1 => {
                for (submission, part) in submissions.into_iter().zip(parts) {
                    self.commit_alone(submission, writes[part].to_vec());
                }
            }
            Err(error) => submissions.into_iter().for_each(|submission| self.fail(submission, copy(&error))),
        }
    }

    fn commit_alone(&mut self, submission: Submission, mut writes: Vec<Write>) {
        match submission {
            Submission::Shard { shard, batch } if batch.generation < self.generations[shard] => {
                self.shards.send(shard, Input::BatchOver(batch.failed(CommitFailure::earlier())));
            }
            submission => match self.try_commit(&mut writes) {
                Ok(()) => self.succeed(submission),
                Err(error) => self.fail(submission, error),
            },
        }
    }

    fn try_commit(&mut self, writes: &mut Vec<Write>) -> Result<(), StoreError> {
        if writes.is_empty() {
            return Ok(());
        }
        let count = writes.len();
        let result = self.commit_observed(writes);
        match &result {
            Ok(()) => {
                self.health.committed();
                Metrics::add(&self.metrics.commits, 1);
                Metrics::add(&self.metrics.writes, count as u64);
            }
            // Whoever wrote records on an old revision of them reads again and tries again.
            Err(StoreError::Conflict(conflict)) if conflict.is_about_records() => {
                tracing::debug!(%conflict, writes = count, "a commit was refused");
            }
            Err(error) => {
                tracing::error!(error = error as &dyn std::error::Error, writes = count, "a commit failed");
                self.health.failed(error);
                Metrics::add(&self.metrics.commit_failures, 1);
            }
        }
        result
    }

    fn commit_observed(&mut self, writes: &mut Vec<Write>) -> Result<(), StoreError> {
        self.lane.settle(&*self.store)?;
        let commit = self.observers.enter(&*self.store, writes)?;
        let mut result = self.lane.commit(&*self.store, writes);
        // Where nobody knows whether it happened, the lane may.
        if result.is_err() && matches!(self.lane.settle(&*self.store), Ok(LastCommit::Durable)) {
            result = Ok(());
        }
        match &result {
            Ok(()) => self.observers.tell(commit),
            Err(error) if error.wrote_nothing() => {}
            Err(_) => self.observers.lose_track(),
        }
        result
    }

    fn succeed(&self, submission: Submission) {
        match submission {
            Submission::Shard { shard, batch } => match batch.committed(&self.outlets) {
                Some(outcome) if outcome.is_waited_for() => self.shards.send(shard, Input::BatchOver(outcome)),
                Some(outcome) => self.shards.send_quietly(shard, Input::BatchOver(outcome)),
                None => {}
            },
            // Nobody is harmed where the caller went away.
            Submission::Records { reply, .. } => drop(reply.send(Ok(()))),
        }
    }

    fn fail(&mut self, submission: Submission, error: StoreError) {
        match submission {
            Submission::Shard { shard, batch } => {
                self.generations[shard] = self.generations[shard].max(batch.generation + 1);
                self.shards.send(shard, Input::BatchOver(batch.failed(CommitFailure::new(&error))));
            }
            Submission::Records { reply, .. } => drop(reply.send(Err(error))),
        }
    }
}

struct Close<'a>(&'a CommitQueue);

impl Drop for Close<'_> {
    fn drop(&mut self) {
        self.0.inbox.close();
    }
}

/// All writes in one, and each submission's part of them.
fn join(submissions: &mut [Submission]) -> (Vec<Write>, Vec<Range<usize>>) {
    let mut all = Vec::new();
    let mut parts = Vec::with_capacity(submissions.len());
    for submission in submissions {
        let (Submission::Shard { batch: Batch { writes, .. }, .. } | Submission::Records { writes, .. }) = submission;
        let start = all.len();
        if all.is_empty() {
            all = std::mem::take(writes);
        } else {
            all.append(writes);
        }
        parts.push(start..all.len());
    }
    (all, parts)
}

/// The same failure, for another one who waits.
fn copy(error: &StoreError) -> StoreError {
    match error {
        StoreError::Full => StoreError::Full,
        StoreError::Conflict(conflict) => StoreError::Conflict(conflict.clone()),
        StoreError::Fenced => StoreError::Fenced,
        StoreError::Stale(machines) => StoreError::Stale(machines.clone()),
        StoreError::Unusable(text) => StoreError::Unusable(text.clone()),
        StoreError::Damaged(text) => StoreError::Damaged(text.clone()),
        StoreError::Failed { action, source } => StoreError::Failed { action, source: source.to_string().into() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activities::Exchange;
    use crate::tasks::NoTasks;
    use engine::Timestamp;
    use store::lane::SessionId;
    use store::memory::MemoryStore;
    use store::partition::Partitions;
    use store::record::{Activity, ActivityId, Expected};

    fn records(id: i64, arn: &str) -> (Submission, oneshot::Receiver<Result<(), StoreError>>) {
        let (reply, answer) = oneshot::channel();
        let activity = Activity {
            id: ActivityId(id),
            arn: arn.into(),
            name: "a".into(),
            created_at: Timestamp(0),
            settings: asl::Value::Null,
            tags: asl::Value::Null,
            revision: 1,
        };
        let write = Write::Activity { record: activity, expected: Expected::Absent };
        (Submission::Records { writes: vec![write], reply }, answer)
    }

    fn batch(generation: u64) -> Submission {
        let batch = Batch {
            generation,
            writes: Vec::new(),
            releases: Vec::new(),
            touched: Vec::new(),
            named: Vec::new(),
            bytes: 0,
        };
        Submission::Shard { shard: 0, batch }
    }

    fn committer() -> Committer {
        let store = Arc::new(MemoryStore::new());
        Committer {
            lane: Lane::open(&*store, SessionId(1), 0).unwrap(),
            store,
            shards: Arc::new(Shards::new(1, Partitions::default())),
            outlets: Outlets { exchange: Arc::new(Exchange::new(1, |_| {})), tasks: Arc::new(NoTasks) },
            metrics: Arc::default(),
            health: Arc::default(),
            observers: Observers::none(),
            generations: vec![0],
        }
    }

    #[test]
    fn a_writer_that_dies_holds_nobody_up() {
        let writer = CommitQueue::new(1);
        (0..WAITING_MAX).for_each(|_| drop(writer.submit_records(Vec::new())));
        std::thread::scope(|threads| {
            let held_up = threads.spawn(|| {
                let Submission::Shard { shard, batch } = batch(0) else { unreachable!() };
                writer.submit_when_room(shard, batch);
            });
            let died = threads.spawn(|| {
                let _close = Close(&writer);
                panic!("as the test wants it");
            });
            assert!(died.join().is_err());
            held_up.join().unwrap();
        });
    }

    #[test]
    fn a_conflict_fails_only_the_one_to_blame() {
        let mut committer = committer();
        let (submissions, answers): (Vec<_>, Vec<_>) =
            [(1, "x"), (2, "x"), (3, "y")].map(|(id, arn)| records(id, arn)).into_iter().unzip();
        committer.commit(submissions);
        let results: Vec<_> = answers.into_iter().map(|mut answer| answer.try_recv().unwrap().is_ok()).collect();
        assert_eq!(results, [true, false, true]);
        assert!(committer.store.activity("y").unwrap().is_some());
    }

    #[test]
    fn what_was_decided_after_a_failure_is_refused_until_the_shard_knows() {
        let mut committer = committer();
        committer.fail(batch(0), StoreError::Full);
        let mut submissions = vec![batch(0), batch(1), records(1, "x").0];
        assert_eq!(committer.refuse_outdated(&mut submissions).len(), 2);
        let mut inputs = Vec::new();
        committer.shards.take_all(0, &mut inputs);
        assert_eq!(inputs.len(), 2);
    }
}
