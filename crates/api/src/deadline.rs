//! When something must be over.

use std::time::Duration;

use tokio::time::Instant;

/// The moment by which something must be over, if there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    /// So long from now; none where no time is given.
    pub(crate) fn within(time: Option<Duration>) -> Self {
        // A time beyond what the clock can tell is none.
        Self(time.and_then(|time| Instant::now().checked_add(time)))
    }

    /// What is left until then: nothing where it has passed, all time where there is none.
    pub(crate) fn remaining(self) -> Duration {
        self.0.map_or(Duration::MAX, |at| at.saturating_duration_since(Instant::now()))
    }

    /// What comes of the work; `None` where it is not over in time. It is dropped then.
    pub(crate) async fn bound<T>(self, work: impl Future<Output = T>) -> Option<T> {
        match self.0 {
            Some(at) => tokio::time::timeout_at(at, work).await.ok(),
            None => Some(work.await),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test]
    async fn what_is_over_in_time_is_answered_and_the_rest_is_dropped() {
        let past = Deadline::within(Some(Duration::ZERO));
        assert_eq!(past.bound(pending::<()>()).await, None);
        assert_eq!(past.remaining(), Duration::ZERO);
        assert_eq!(Deadline::within(Some(Duration::from_secs(3600))).bound(ready(1)).await, Some(1));
        assert_eq!(Deadline::within(None).bound(ready(2)).await, Some(2));
    }

    #[test]
    fn no_deadline_leaves_all_time() {
        for none in [None, Some(Duration::MAX)] {
            assert_eq!(Deadline::within(none).remaining(), Duration::MAX);
        }
    }
}
