//! Whether what is committed gets through to the store: what the server's health depends on beside its threads.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use store::StoreError;

use crate::sync::lock;

/// How the last commit went.
#[derive(Debug, Default)]
pub(crate) struct CommitHealth {
    is_failing: AtomicBool,
    failure: Mutex<String>,
}

impl CommitHealth {
    /// A commit got through.
    pub(crate) fn committed(&self) {
        // Read first: a write by each commit would take the line from who reads it.
        if self.is_failing.load(Ordering::Relaxed) {
            self.is_failing.store(false, Ordering::Relaxed);
            tracing::info!("commits get through to the store again");
        }
    }

    /// One did not. What it contradicts is no illness of the store's.
    pub(crate) fn failed(&self, error: &StoreError) {
        if matches!(error, StoreError::Conflict(_) | StoreError::Fenced | StoreError::Stale(_)) {
            return;
        }
        let reason = std::error::Error::source(error).map(|source| format!(": {source}")).unwrap_or_default();
        *lock(&self.failure) = format!("{error}{reason}");
        self.is_failing.store(true, Ordering::Relaxed);
    }

    /// Why the last one failed, where it did.
    pub(crate) fn failure(&self) -> Option<String> {
        self.is_failing.load(Ordering::Relaxed).then(|| lock(&self.failure).clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_as_the_last_commit_was_and_a_conflict_is_none() {
        let health = CommitHealth::default();
        health.failed(&StoreError::Fenced);
        assert_eq!(health.failure(), None);
        health.failed(&StoreError::Full);
        assert_eq!(health.failure().as_deref(), Some("the disk that holds the data is full"));
        health.failed(&StoreError::Failed { action: "commit", source: "no answer".into() });
        assert_eq!(health.failure().as_deref(), Some("cannot commit: no answer"));
        health.committed();
        assert_eq!(health.failure(), None);
    }
}
