//! What a shard does unasked: it reads executions back, goes on, fires timers, and forgets what is idle.

use engine::{Command, Timestamp};

use super::request::Request;
use super::turn::Moment;
use super::{Idle, Metrics, Shard};

/// Executions, timers and the like looked at before the inputs get their turn again.
const ROUND: usize = 256;

impl Shard {
    pub(super) fn run_read_back(&mut self, moment: &mut Moment<'_>) {
        for _ in 0..ROUND.min(self.to_read_back.len()) {
            let Some(id) = self.to_read_back.pop_front() else { return };
            self.request(id, Request::ReadBack, moment);
        }
    }

    pub(super) fn run_ready(&mut self, moment: &mut Moment<'_>) {
        for _ in 0..ROUND.min(self.ready.len()) {
            let Some(id) = self.ready.pop_front() else { return };
            let Some(live) = self.live.get_mut(&id) else { continue };
            if live.writes_much(&self.context.options) && self.unwritten_bytes >= self.context.options.unwritten_bytes {
                self.held_up.push_back(id);
                continue;
            }
            live.is_queued = false;
            self.go_on(id, Command::Continue, moment);
            if moment.pace.is_round_over() {
                return;
            }
        }
    }

    pub(super) fn run_timers(&mut self, moment: &mut Moment<'_>) {
        let now = moment.now;
        for _ in 0..ROUND {
            let Some((due, id)) = self.timers.first().copied().filter(|(due, _)| *due <= now) else { return };
            self.timers.pop_first();
            if let Some(live) = self.live.get_mut(&id) {
                live.armed = live.armed.filter(|armed| *armed != due);
            }
            if self.end_express(id, now) {
                continue;
            }
            self.request(id, Request::Tick { due }, moment);
            if moment.pace.is_round_over() {
                return;
            }
        }
    }

    /// Where the time was taken back, nothing waits for a time that is now far away: what was to happen within a while
    /// happens within a while.
    pub(super) fn notice(&mut self, now: Timestamp) {
        if !self.last_time.goes_back(now) {
            return;
        }
        self.paused_until = self.paused_until.min(now);
        self.idle.iter_mut().for_each(|idle| idle.since = idle.since.min(now));
        let latest = self.express_end(now);
        let late: Vec<_> =
            self.live.iter().filter(|(_, live)| live.express_end() > Some(latest)).map(|(id, _)| *id).collect();
        for id in late {
            if let Some(live) = self.live.get_mut(&id) {
                live.end_express_by(latest);
            }
            self.settle(id, now);
        }
    }

    /// When an EXPRESS execution ends that begins now.
    pub(super) fn express_end(&self, now: Timestamp) -> Timestamp {
        let time = i64::try_from(self.context.quotas.express.as_millis()).unwrap_or(i64::MAX);
        Timestamp(now.0.saturating_add(time))
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
            let is_crowded = self.live.len() > self.context.options.live_max || self.context.memory.is_scarce();
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
