//! Whether somebody speaks on a connection, or only holds its place.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// How long a connection is silent before it may be closed to make room.
const SILENT_MIN: Duration = Duration::from_secs(1);

/// What is known of a connection while it is open.
#[derive(Debug)]
pub(super) struct Presence {
    opened: Instant,
    /// Requests that are not answered yet.
    requests: AtomicUsize,
    /// An answer waits for the client to take it.
    is_stalled: AtomicBool,
    /// It had a request.
    has_spoken: AtomicBool,
    /// Since when there is nothing to do, in milliseconds since it was opened.
    silent_since: AtomicU64,
    is_closing: AtomicBool,
    close: Notify,
}

/// How gladly a silent connection is closed: the least is closed first. Those that never had a request come first.
pub(super) type Rank = (bool, Instant);

impl Presence {
    /// Of a connection that was just opened.
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            opened: Instant::now(),
            requests: AtomicUsize::new(0),
            is_stalled: AtomicBool::new(false),
            has_spoken: AtomicBool::new(false),
            silent_since: AtomicU64::new(0),
            is_closing: AtomicBool::new(false),
            close: Notify::new(),
        })
    }

    /// A request has come, which is answered when what is given is dropped.
    pub(super) fn request(self: &Arc<Self>) -> Speaking {
        self.requests.fetch_add(1, Relaxed);
        self.has_spoken.store(true, Relaxed);
        Speaking(Arc::clone(self))
    }

    /// The client does not take what is written, or takes it again.
    pub(super) fn set_stalled(&self, is_stalled: bool) {
        self.is_stalled.store(is_stalled, Relaxed);
        self.mark();
    }

    /// Whether it has a request or an answer under way.
    pub(super) fn is_busy(&self) -> bool {
        self.requests.load(Relaxed) > 0 || self.is_stalled.load(Relaxed)
    }

    /// Its rank among those that may be closed to make room. `None` where it may not: somebody speaks, or did just now.
    pub(super) fn rank(&self, now: Instant) -> Option<Rank> {
        if self.requests.load(Relaxed) > 0 || self.is_closing.load(Relaxed) {
            return None;
        }
        let since = self.opened + Duration::from_millis(self.silent_since.load(Relaxed));
        (now.saturating_duration_since(since) >= SILENT_MIN).then(|| (self.has_spoken.load(Relaxed), since))
    }

    /// Has it closed.
    pub(super) fn close(&self) {
        self.is_closing.store(true, Relaxed);
        self.close.notify_one();
    }

    /// Waits until it is to be closed.
    pub(super) async fn closed(&self) {
        self.close.notified().await;
    }

    fn mark(&self) {
        let millis = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.silent_since.store(millis, Relaxed);
    }
}

/// A request under way.
#[derive(Debug)]
pub(super) struct Speaking(Arc<Presence>);

impl Drop for Speaking {
    fn drop(&mut self) {
        self.0.mark();
        self.0.requests.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_never_spoke_is_closed_first_and_who_speaks_never() {
        let now = Instant::now() + SILENT_MIN * 2;
        let [silent, idle, busy, fresh] = [(); 4].map(|()| Presence::new());
        drop(idle.request());
        let _speaking = busy.request();
        assert_eq!((busy.rank(now), busy.is_busy()), (None, true));
        assert!(silent.rank(now).unwrap() < idle.rank(now).unwrap());
        assert_eq!(fresh.rank(Instant::now()), None);
        silent.close();
        assert_eq!(silent.rank(now), None);
        idle.set_stalled(true);
        assert!(idle.is_busy() && idle.rank(now).is_some());
    }
}
