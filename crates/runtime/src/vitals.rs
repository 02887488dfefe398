//! Whether what everything depends on is there: the threads, alive and getting on, and what is stored.
//!
//! A thread that panics, or is at one step for too long, cannot be put right from within: the process is to be ended, and
//! whoever supervises it starts it again. Nothing that was acknowledged is lost by that. Whoever owns the process asks for
//! [`Vitals::failure`] and ends it.

use std::any::Any;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::setpriority_process;
use rustix::thread::gettid;
use rustix::time::{ClockId, clock_gettime};
use store::StoreError;
use tokio::sync::watch;

use crate::sync::lock;

/// How long a step may take before the server calls itself unwell.
const UNWELL_AFTER: Duration = Duration::from_secs(10);

/// How often the threads are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What is wrong with a thread that everything depends on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VitalFailure {
    /// It died: a mistake of ours.
    #[error("the thread '{thread}' panicked: {message}")]
    Panicked {
        /// Its name.
        thread: String,
        /// What it said.
        message: String,
    },
    /// It does not get on: a mistake of ours, or a disk that does not answer.
    #[error("the thread '{thread}' has been at one step for {} s", .time.as_secs())]
    Stalled {
        /// Its name.
        thread: String,
        /// How long it has been at it.
        time: Duration,
    },
    /// What is committed is not there any more after the next start.
    #[error("the stored data is out of reach: {0}")]
    Store(String),
}

/// The threads and how they do.
pub(crate) struct Vitals {
    began: Instant,
    pulses: Mutex<Vec<Arc<Pulse>>>,
    failure: watch::Sender<Option<VitalFailure>>,
    is_closed: Mutex<bool>,
    closed: Condvar,
}

/// What a thread's steps are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Steps {
    /// None takes long.
    Short,
    /// Whatever an execution computes, as long as it may: long ones are no illness. It takes what processor time the
    /// others leave, and its steps are measured in the processor time they took.
    Computing,
}

/// How much less of the processor a computing thread gets than others where there is not enough of it: some quarter of
/// what one of them gets.
const COMPUTING_NICE: i32 = 6;

/// What one thread shows of itself.
pub(crate) struct Pulse {
    thread: String,
    steps: Steps,
    began: Instant,
    /// Milliseconds after `began` at which its step began, and 1; 0 between steps.
    step: AtomicU64,
    /// What it computes with, where its steps are measured so.
    processor: ProcessorTime,
}

/// The processor time that a thread took, as far as the system tells.
#[derive(Default)]
struct ProcessorTime {
    /// The system's number of the thread; 0 before it began.
    thread: AtomicI32,
    /// Milliseconds when its step began.
    at_beat: AtomicU64,
}

impl Vitals {
    pub(crate) fn new() -> Self {
        Self {
            began: Instant::now(),
            pulses: Mutex::default(),
            failure: watch::Sender::new(None),
            is_closed: Mutex::new(false),
            closed: Condvar::new(),
        }
    }

    /// Starts a thread that everything depends on.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub(crate) fn spawn(
        self: &Arc<Self>,
        name: &str,
        steps: Steps,
        run: impl FnOnce(&Pulse) + Send + 'static,
    ) -> Result<JoinHandle<()>, StoreError> {
        let (step, processor) = (AtomicU64::new(0), ProcessorTime::default());
        let pulse = Arc::new(Pulse { thread: name.to_owned(), steps, began: self.began, step, processor });
        lock(&self.pulses).push(Arc::clone(&pulse));
        let vitals = Arc::clone(self);
        crate::spawn(name, move || {
            if pulse.steps == Steps::Computing {
                pulse.give_way();
            }
            let ended = catch_unwind(AssertUnwindSafe(|| run(&pulse)));
            pulse.rest();
            if let Err(panic) = ended {
                let message = message(&*panic);
                vitals.fail(VitalFailure::Panicked { thread: pulse.thread.clone(), message });
            }
        })
    }

    /// What is wrong, where something is.
    pub(crate) fn check(&self) -> Result<(), VitalFailure> {
        match &*self.failure.borrow() {
            Some(failure) => Err(failure.clone()),
            None => self.stalled(UNWELL_AFTER, |pulse| pulse.steps == Steps::Short).map_or(Ok(()), Err),
        }
    }

    /// Returns when a thread died or stalled: then the process is to be ended.
    pub(crate) async fn failure(&self) -> VitalFailure {
        let mut failure = self.failure.subscribe();
        loop {
            let found = failure.borrow_and_update().clone();
            if let Some(found) = found {
                return found;
            }
            // The sender lives as long as this.
            if failure.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Looks at the threads, and at what else is to be looked at, until it is closed. No step may take longer than
    /// `stall`.
    pub(crate) fn watch(&self, stall: Duration, mut look: impl FnMut() -> Result<(), VitalFailure>) {
        let mut is_closed = lock(&self.is_closed);
        while !*is_closed {
            if let Err(failure) = look() {
                self.fail(failure);
            }
            if let Some(stalled) = self.stalled(stall, |_| true) {
                self.fail(stalled);
            }
            is_closed = self.closed.wait_timeout(is_closed, LOOK_EVERY).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    pub(crate) fn close(&self) {
        *lock(&self.is_closed) = true;
        self.closed.notify_all();
    }

    fn stalled(&self, longest: Duration, looks_at: impl Fn(&Pulse) -> bool) -> Option<VitalFailure> {
        let stalled = |pulse: &Arc<Pulse>| {
            let time = pulse.step_longer_than(longest)?;
            Some(VitalFailure::Stalled { thread: pulse.thread.clone(), time })
        };
        lock(&self.pulses).iter().filter(|pulse| looks_at(pulse)).find_map(stalled)
    }

    fn fail(&self, failure: VitalFailure) {
        self.failure.send_if_modified(|known| {
            if known.is_some() {
                return false;
            }
            tracing::error!(%failure, "the server cannot go on");
            *known = Some(failure);
            true
        });
    }
}

impl Pulse {
    /// Others go first from now on. To be called on its own thread.
    fn give_way(&self) {
        self.processor.thread.store(gettid().as_raw_nonzero().get(), Ordering::Relaxed);
        if let Err(error) = setpriority_process(None, COMPUTING_NICE) {
            tracing::debug!(thread = self.thread, %error, "the thread keeps its priority");
        }
    }

    /// A step begins.
    pub(crate) fn beat(&self) {
        if self.steps == Steps::Computing {
            let time = clock_gettime(ClockId::ThreadCPUTime);
            let milliseconds = time.tv_sec.unsigned_abs() * 1_000 + time.tv_nsec.unsigned_abs() / 1_000_000;
            self.processor.at_beat.store(milliseconds, Ordering::Relaxed);
        }
        self.step.store(self.milliseconds() + 1, Ordering::Relaxed);
    }

    /// The step is over, and the thread waits for whatever comes.
    pub(crate) fn rest(&self) {
        self.step.store(0, Ordering::Relaxed);
    }

    /// How long it has been at its step, where that is longer than so long.
    fn step_longer_than(&self, longest: Duration) -> Option<Duration> {
        let step = self.step.load(Ordering::Relaxed).checked_sub(1)?;
        let time = Duration::from_millis(self.milliseconds().saturating_sub(step));
        if time <= longest || self.steps == Steps::Short {
            return Some(time).filter(|time| *time > longest);
        }
        Some(self.processor.of_step().unwrap_or(time)).filter(|time| *time > longest)
    }

    fn milliseconds(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl ProcessorTime {
    /// That of the step it is at. None where the system does not tell.
    fn of_step(&self) -> Option<Duration> {
        let times = fs::read_to_string(format!("/proc/self/task/{}/schedstat", self.thread.load(Ordering::Relaxed)));
        let nanoseconds: u64 = times.ok()?.split_ascii_whitespace().next()?.parse().ok()?;
        let before = Duration::from_millis(self.at_beat.load(Ordering::Relaxed));
        Some(Duration::from_nanos(nanoseconds).saturating_sub(before))
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("it said nothing").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_thread_that_panics_is_named_with_what_it_said() {
        let vitals = Arc::new(Vitals::new());
        assert_eq!(vitals.check(), Ok(()));
        let thread = vitals.spawn("shard-0", Steps::Short, |_| panic!("no {}", "way")).unwrap();
        let failure = vitals.failure().await;
        thread.join().unwrap();
        assert_eq!(failure.to_string(), "the thread 'shard-0' panicked: no way");
        assert_eq!(vitals.check(), Err(failure));
    }

    #[tokio::test]
    async fn a_thread_that_is_at_one_step_for_too_long_is_named() {
        let vitals = Arc::new(Vitals::new());
        let (go_on, waits) = std::sync::mpsc::channel::<()>();
        let stuck = vitals.spawn("writer", Steps::Short, move |pulse| {
            pulse.beat();
            waits.recv().unwrap_err();
        });
        let idle = vitals.spawn("loader-0", Steps::Short, |pulse| {
            pulse.beat();
            pulse.rest();
        });
        let watching = Arc::clone(&vitals);
        let watch = std::thread::spawn(move || watching.watch(Duration::from_millis(1), || Ok(())));
        assert!(matches!(vitals.failure().await, VitalFailure::Stalled { thread, .. } if thread == "writer"));
        drop(go_on);
        vitals.close();
        for thread in [stuck.unwrap(), idle.unwrap(), watch] {
            thread.join().unwrap();
        }
    }
}
