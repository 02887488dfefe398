//! What a shard does unasked: it reads executions back, goes on, fires timers, and forgets what is idle.

use engine::{Command, Timestamp};
use store::StoreError;

use super::live::Live;
use super::{Idle, Metrics, Refusal, Shard};
use crate::chance::Chance;

/// Executions, timers and the like looked at before the inputs get their turn again.
const ROUND: usize = 256;

impl Shard {
    pub(super) fn run_reload(&mut self, now: Timestamp) {
        for _ in 0..ROUND {
            let Some(id) = self.reload.keys().next().copied() else { return };
            match self.ensure(id, now) {
                Err(Refusal::Store(error)) => return self.postpone(&error, now),
                // Loaded, or there is nothing to load.
                _ => drop(self.reload.remove(&id)),
            }
        }
    }

    pub(super) fn run_ready(&mut self, now: Timestamp, chance: &mut dyn Chance) {
        for _ in 0..ROUND.min(self.ready.len()) {
            let Some(id) = self.ready.pop_front() else { return };
            if let Some(live) = self.live.get_mut(&id) {
                live.is_queued = false;
            }
            if let Err(Refusal::Store(error)) = self.advance(id, Command::Continue, now, chance) {
                self.ready.push_front(id);
                return self.postpone(&error, now);
            }
        }
    }

    pub(super) fn run_timers(&mut self, now: Timestamp, chance: &mut dyn Chance) {
        for _ in 0..ROUND {
            let Some((due, id)) = self.timers.first().copied().filter(|(due, _)| *due <= now) else { return };
            self.timers.pop_first();
            if let Some(live) = self.live.get_mut(&id) {
                live.armed = live.armed.filter(|armed| *armed != due);
            }
            if self.live.get(&id).and_then(Live::express_end).is_some_and(|end| end <= now) {
                if let Some(live) = self.live.get_mut(&id) {
                    live.tell_timeout(now);
                }
                self.forget(id);
                Metrics::add(&self.context.metrics.executions_ended, 1);
                continue;
            }
            // Any other refusal: over, broken, or armed for what has changed since; what is due now is armed apart.
            if let Err(Refusal::Store(error)) = self.advance(id, Command::Tick, now, chance) {
                self.timers.insert((due, id));
                return self.postpone(&error, now);
            }
        }
    }

    fn postpone(&mut self, error: &StoreError, now: Timestamp) {
        tracing::warn!(%error, "the store does not answer; waiting");
        self.pause(now);
    }

    /// Lets idle executions leave memory, the longest unused first.
    pub(super) fn evict(&mut self, now: Timestamp) {
        let idle_milliseconds = self.context.options.idle_milliseconds;
        for _ in 0..ROUND.min(self.idle.len()) {
            let Some(front) = self.idle.front() else { return };
            let (id, stamp, since) = (front.execution, front.stamp, front.since);
            let Some(live) = self.live.get(&id).filter(|live| live.stamp == stamp) else {
                self.idle.pop_front();
                continue;
            };
            let is_crowded = self.live.len() > self.context.options.live_max;
            let soon = Timestamp(now.0.saturating_add(idle_milliseconds));
            if !is_crowded && since.0.saturating_add(idle_milliseconds) > now.0 {
                return;
            }
            let is_due_soon = live.next_due().is_some_and(|due| due <= soon);
            let may_leave = live.is_clean() && !live.is_queued && (is_crowded || !is_due_soon);
            self.idle.pop_front();
            if may_leave {
                // Its timer stays: in memory where it is near, in the store in any case.
                self.live.remove(&id);
                Metrics::add(&self.context.metrics.evictions, 1);
            } else {
                self.idle.push_back(Idle { since: now, execution: id, stamp });
            }
        }
    }
}
