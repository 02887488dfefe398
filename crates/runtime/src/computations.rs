//! Work that computes for long: reading definitions, tests of states. It has few threads, so that however much of it there
//! is, the processors are also there for others; what waits for them is bounded.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread::available_parallelism;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The least that run at once: one alone could be held up by another.
const RUNNING_MIN: usize = 2;

/// Who may compute.
#[derive(Debug)]
pub(crate) struct Computations {
    running: Arc<Semaphore>,
    waiting: AtomicUsize,
}

/// More wait than may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMany;

impl Computations {
    /// As many at once as half of the processors are.
    pub(crate) fn new() -> Self {
        let running = available_parallelism().map_or(1, |cores| cores.get() / 2).max(RUNNING_MIN);
        Self { running: Arc::new(Semaphore::new(running)), waiting: AtomicUsize::new(0) }
    }

    /// Waits for a turn, where no more than so many wait already. The work holds it to its end, also where nobody waits for
    /// the work any more.
    pub(crate) async fn turn(&self, waiting_max: usize) -> Result<OwnedSemaphorePermit, TooMany> {
        if let Ok(turn) = Arc::clone(&self.running).try_acquire_owned() {
            return Ok(turn);
        }
        let _waiting = Waiting::begin(&self.waiting, waiting_max)?;
        // It is never closed.
        Arc::clone(&self.running).acquire_owned().await.map_err(|_| TooMany)
    }
}

/// One that waits; it does no more when it is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn begin(count: &'a AtomicUsize, most: usize) -> Result<Self, TooMany> {
        let waiting = Self(count);
        if count.fetch_add(1, Relaxed) < most { Ok(waiting) } else { Err(TooMany) }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn so_many_run_so_many_wait_and_others_are_refused() {
        let computations = Computations::new();
        let running = computations.running.available_permits();
        let mut turns = Vec::new();
        for _ in 0..running {
            turns.push(computations.turn(0).await.unwrap());
        }
        assert_eq!(computations.turn(0).await.err(), Some(TooMany));
        let waits = async {
            let _turn = computations.turn(1).await.unwrap();
        };
        let refused = async {
            assert_eq!(computations.turn(1).await.err(), Some(TooMany));
            drop(turns.pop());
        };
        tokio::join!(waits, refused);
        // Who went away waits no longer.
        assert_eq!(computations.waiting.load(Relaxed), 0);
    }
}
