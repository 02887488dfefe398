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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_when_it_has_passed() {
        assert_eq!(Deadline::within(Some(Duration::ZERO)).remaining(), Duration::ZERO);
        assert!(Deadline::within(Some(Duration::from_secs(3600))).remaining() > Duration::from_secs(3000));
    }

    #[test]
    fn no_deadline_leaves_all_time() {
        for none in [None, Some(Duration::MAX)] {
            assert_eq!(Deadline::within(none).remaining(), Duration::MAX);
        }
    }
}
