//! How batches end, and what becomes of a shard when a commit fails.

use engine::Timestamp;

use super::Shard;
use super::batch::{CommitFailure, Outcome, Release};
use super::live::{Kind, Live};

/// The longest pause of background work after a failed commit.
const PAUSE_MILLISECONDS_MAX: i64 = 10_000;

impl Shard {
    pub(super) fn outcome(&mut self, outcome: Outcome, now: Timestamp) {
        let Outcome { generation, touched, named, failed } = outcome;
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
            let Some(live) = self.live.get_mut(&id) else { continue };
            live.pending = live.pending.saturating_sub(1);
            if live.is_done() {
                self.live.remove(&id);
            }
        }
    }

    /// Throws away whatever is not known to be durable. It is read back when it is next addressed, or soon.
    fn roll_back(&mut self, failure: &CommitFailure, now: Timestamp) {
        tracing::warn!(%failure, "a commit failed; what ran ahead is read back");
        self.generation += 1;
        let is_ahead = |live: &Live| live.kind == Kind::Standard && !live.is_clean();
        let ahead: Vec<_> = self.live.iter().filter(|(_, live)| is_ahead(live)).map(|(id, _)| *id).collect();
        for id in ahead {
            self.forget(id);
            self.reload.entry(id).or_default();
        }
        self.starting.clear();
        let gathering = std::mem::take(&mut self.gathering);
        self.pause(now);
        self.fail_releases(failure, gathering.releases);
    }

    fn fail_releases(&mut self, failure: &CommitFailure, releases: Vec<Release>) {
        for release in releases {
            let release = if failure.is_conflict { self.explain_conflict(release) } else { Some(release) };
            if let Some((execution, task)) = release.and_then(|release| release.fail(failure)) {
                self.reload.entry(execution).or_default().push(task);
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
