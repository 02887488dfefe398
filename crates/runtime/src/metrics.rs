//! Counters: what the runtime did, readable at any time.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

use engine::Ignored;

/// Why commands were ignored, in the order of [`MetricsSnapshot::ignored`].
const IGNORED: [Ignored; 7] = [
    Ignored::AlreadyStarted,
    Ignored::ExecutionOver,
    Ignored::TaskOver,
    Ignored::TaskAlreadyStarted,
    Ignored::TaskAlreadySubmitted,
    Ignored::CancelAlreadySettled,
    Ignored::NothingDue,
];

/// What is turned away where a bound is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Throttled {
    /// A call that would have to wait for a shard.
    Call,
    /// A worker's poll for a task.
    ActivityPoll,
    /// A connection on which calls are refused.
    Connection,
    /// A connection that is closed without an answer.
    UnansweredConnection,
    /// A request whose body has no room.
    Body,
    /// An answer that has no room.
    Answer,
    /// An execution or a definition, where memory is scarce.
    Memory,
    /// An execution, where as many run as may.
    OpenExecution,
    /// A call that would have to wait for others that compute.
    Computation,
}

/// All there are, in the order of [`MetricsSnapshot::throttled`].
const THROTTLED: [Throttled; 9] = [
    Throttled::Call,
    Throttled::ActivityPoll,
    Throttled::Connection,
    Throttled::UnansweredConnection,
    Throttled::Body,
    Throttled::Answer,
    Throttled::Memory,
    Throttled::OpenExecution,
    Throttled::Computation,
];

impl Throttled {
    /// Its name among the counters.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::ActivityPoll => "activity poll",
            Self::Connection => "connection",
            Self::UnansweredConnection => "unanswered connection",
            Self::Body => "body",
            Self::Answer => "answer",
            Self::Memory => "memory",
            Self::OpenExecution => "open execution",
            Self::Computation => "computation",
        }
    }
}

/// The counters of one runtime.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    pub(crate) commits: AtomicU64,
    pub(crate) commit_failures: AtomicU64,
    pub(crate) writes: AtomicU64,
    pub(crate) events: AtomicU64,
    pub(crate) executions_started: AtomicU64,
    pub(crate) executions_ended: AtomicU64,
    pub(crate) executions_broken: AtomicU64,
    pub(crate) loads: AtomicU64,
    pub(crate) long_turns: AtomicU64,
    pub(crate) evictions: AtomicU64,
    pub(crate) live: AtomicI64,
    ignored: [AtomicU64; IGNORED.len()],
    throttled: [AtomicU64; THROTTLED.len()],
}

/// What the counters said at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetricsSnapshot {
    /// Commits that succeeded. `writes / commits` is the mean size of a batch.
    pub commits: u64,
    /// Commits that failed.
    pub commit_failures: u64,
    /// Writes committed.
    pub writes: u64,
    /// Events decided.
    pub events: u64,
    /// Executions begun.
    pub executions_started: u64,
    /// Executions that ended.
    pub executions_ended: u64,
    /// Executions that could not be read back or advanced: damaged data, or our own mistake.
    pub executions_broken: u64,
    /// Executions read back into memory.
    pub loads: u64,
    /// Turns that took longer than a shard may hold up its other executions, and were taken elsewhere.
    pub long_turns: u64,
    /// Executions that left memory because they were idle.
    pub evictions: u64,
    /// Executions in memory now.
    pub live: u64,
    /// STANDARD executions that run, nearly.
    pub open_executions: u64,
    /// Bytes of the process in memory, when it last looked.
    pub resident_bytes: u64,
    /// Commands that changed nothing, by why.
    pub ignored: Vec<(&'static str, u64)>,
    /// What was turned away because a bound was reached, by [`Throttled::as_str`].
    pub throttled: Vec<(&'static str, u64)>,
}

impl Metrics {
    pub(crate) fn add(counter: &AtomicU64, count: u64) {
        counter.fetch_add(count, Relaxed);
    }

    pub(crate) fn ignored(&self, why: Ignored) {
        if let Some(at) = IGNORED.iter().position(|known| *known == why) {
            self.ignored[at].fetch_add(1, Relaxed);
        }
    }

    /// Counts it. The first one, and whenever their number has doubled, is a line in the log.
    pub(crate) fn throttled(&self, what: Throttled) {
        let Some(at) = THROTTLED.iter().position(|known| *known == what) else { return };
        let count = self.throttled[at].fetch_add(1, Relaxed).saturating_add(1);
        if count.is_power_of_two() {
            tracing::warn!(what = what.as_str(), count, "turned away: a limit is reached");
        }
    }

    pub(crate) fn snapshot(&self, open_executions: u64, resident_bytes: u64) -> MetricsSnapshot {
        let read = |counter: &AtomicU64| counter.load(Relaxed);
        MetricsSnapshot {
            commits: read(&self.commits),
            commit_failures: read(&self.commit_failures),
            writes: read(&self.writes),
            events: read(&self.events),
            executions_started: read(&self.executions_started),
            executions_ended: read(&self.executions_ended),
            executions_broken: read(&self.executions_broken),
            loads: read(&self.loads),
            long_turns: read(&self.long_turns),
            evictions: read(&self.evictions),
            live: u64::try_from(self.live.load(Relaxed)).unwrap_or(0),
            open_executions,
            resident_bytes,
            ignored: IGNORED.iter().zip(&self.ignored).map(|(why, count)| (why.as_str(), read(count))).collect(),
            throttled: THROTTLED.iter().zip(&self.throttled).map(|(what, n)| (what.as_str(), read(n))).collect(),
        }
    }
}
