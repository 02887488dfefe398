//! How many STANDARD executions run, and whether one more may (AWS's quota "Maximum open executions").
//!
//! Shards count what they begin and end. What a failed commit throws away is uncounted, and counted again where it is
//! read back and runs.

use std::sync::atomic::{AtomicI64, Ordering};

/// The count, and its bound.
#[derive(Debug)]
pub(crate) struct OpenExecutions {
    count: AtomicI64,
    most: i64,
}

impl OpenExecutions {
    /// None, and at most so many.
    pub(crate) fn at_most(most: u64) -> Self {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        Self { count: AtomicI64::new(0), most }
    }

    /// How many run, nearly.
    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed).max(0).unsigned_abs()
    }

    /// Whether no more may begin.
    pub(crate) fn is_full(&self) -> bool {
        self.count.load(Ordering::Relaxed) >= self.most
    }

    pub(crate) fn begun(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn ended(&self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }

    /// So many are stored, when nothing has begun yet.
    pub(crate) fn counted(&self, stored: u64) {
        self.count.store(i64::try_from(stored).unwrap_or(i64::MAX), Ordering::Relaxed);
    }
}
