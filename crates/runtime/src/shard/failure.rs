//! How batches end, and what becomes of a shard when a commit fails.

use std::collections::btree_map::Entry;

use engine::Timestamp;
use store::record::ExecutionId;

use super::Shard;
use super::batch::{BatchOutcome, CommitFailure, Release, Undelivered};
use super::live::{Kind, Live};
use super::request::{Absence, Absent, Fate};

/// The longest pause of background work after a failed commit.
/// No quota: how we try again.
const PAUSE_MILLISECONDS_MAX: i64 = 10_000;

impl Shard {
    pub(super) fn outcome(&mut self, outcome: BatchOutcome, now: Timestamp) {
        let BatchOutcome { generation, touched, named, bytes, failed } = outcome;
        self.unwritten_bytes = self.unwritten_bytes.saturating_sub(bytes);
        self.ready.append(&mut self.held_up);
        if let Some((failure, releases)) = failed {
            if generation == self.generation {
                self.roll_back(&failure, now);
            }
            return self.fail_releases(&failure, releases);
        }
        self.failures = 0;
        self.paused_until = Timestamp(i64::MIN);
        named.iter().for_each(|arn| drop(self.starting.remove(arn)));
        for id in touched {
            self.became_durable(id);
        }
    }

    fn became_durable(&mut self, id: ExecutionId) {
        if let Some(Absent { absence: Absence::Away { pending, .. }, .. }) = self.absent.get_mut(&id) {
            *pending = pending.saturating_sub(1);
        }
        let Some(live) = self.live.get_mut(&id) else { return };
        live.settle_write();
        if live.is_done() {
            self.live.remove(&id);
        }
    }

    /// Throws away whatever is not known to be durable. It is read back when it is next addressed, or soon.
    fn roll_back(&mut self, failure: &CommitFailure, now: Timestamp) {
        tracing::warn!(%failure, "a commit failed; what ran ahead is read back");
        self.generation += 1;
        let is_ahead = |live: &Live| live.kind == Kind::Standard && !live.is_clean();
        let ahead: Vec<_> = self.live.iter().filter(|(_, live)| is_ahead(live)).map(|(id, _)| *id).collect();
        for id in ahead {
            self.uncount(id, self.live.get(&id).is_some_and(Live::is_running));
            self.forget(id);
            self.read_back(id);
        }
        for absent in self.absent.values_mut() {
            if let Absence::Away { kind: Kind::Standard, pending: 1.., fate, .. } = &mut absent.absence {
                *fate = Fate::IsReadBack;
            }
        }
        self.starting.clear();
        self.broken.roll_back();
        let gathering = std::mem::take(&mut self.gathering);
        self.unwritten_bytes = self.unwritten_bytes.saturating_sub(gathering.bytes);
        self.pause(now);
        self.fail_releases(failure, gathering.releases);
    }

    fn fail_releases(&mut self, failure: &CommitFailure, releases: Vec<Release>) {
        for release in releases {
            let release = if failure.is_conflict { self.explain_conflict(release, failure) } else { Some(release) };
            let Some((execution, lost)) = release.and_then(|release| release.fail(failure)) else { continue };
            if let (Undelivered::Cancel { scheduled }, Some(live)) = (&lost, self.live.get_mut(&execution)) {
                live.cancel_again(*scheduled);
            }
            self.read_back(execution).push(lost);
        }
    }

    /// The execution is read back soon. What is held back until then is for the caller to add.
    /// Nobody knows whether it runs until it is read back.
    pub(super) fn uncount(&mut self, id: ExecutionId, was_running: bool) {
        if was_running {
            self.context.open_executions.ended();
        }
        self.uncounted.insert(id);
    }

    /// What was uncounted is read back: it runs, or it does not.
    pub(super) fn count_again(&mut self, id: ExecutionId, is_running: bool) {
        if self.uncounted.remove(&id) && is_running {
            self.context.open_executions.begun();
        }
    }

    fn read_back(&mut self, id: ExecutionId) -> &mut Vec<Undelivered> {
        match self.reload.entry(id) {
            Entry::Occupied(held_back) => held_back.into_mut(),
            Entry::Vacant(place) => {
                self.to_read_back.push_back(id);
                place.insert(Vec::new())
            }
        }
    }

    /// No background work for a while, longer after each failure in a row.
    pub(super) fn pause(&mut self, now: Timestamp) {
        let milliseconds = (100_i64 << self.failures.min(10)).min(PAUSE_MILLISECONDS_MAX);
        self.failures = self.failures.saturating_add(1);
        self.paused_until = Timestamp(now.0.saturating_add(milliseconds));
    }
}
