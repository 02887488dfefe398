//! Every wait goes through one clock.
//!
//! The time of a [`SteadyClock`] goes on as that of a stopwatch does, whatever happens to the machine's clock; the
//! difference between the two is corrected. A small difference is made up for little by little. A great one, because
//! somebody set the clock, changes nothing at first: waits that began keep their length, and what begins is not dated
//! into the future. Where it stands for ten minutes, it is believed: from then on the time is the machine's again.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use engine::Timestamp;
use rustix::time::{ClockId, clock_gettime};

use crate::sync::lock;

/// Tells the time. A steady clock serves production; tests bring their own.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;

    /// How often the time leapt, ahead or back. Who sleeps until some time must look again after a leap.
    fn leaps(&self) -> u64 {
        0
    }
}

/// What a [`SteadyClock`] goes by.
pub trait TimeSource: Send + Sync {
    /// The machine's clock, in milliseconds since 1970. It may be set.
    fn wall(&self) -> i64;
    /// Milliseconds since some moment. They never go back and never leap.
    fn elapsed(&self) -> i64;
}

/// The machine's clock, as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// The machine's clock, and how long it has been running; the time that it slept counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct MachineTime;

impl TimeSource for MachineTime {
    fn wall(&self) -> i64 {
        WallClock.now().0
    }

    fn elapsed(&self) -> i64 {
        let running = clock_gettime(RUNNING);
        running.tv_sec.saturating_mul(1_000).saturating_add(running.tv_nsec / 1_000_000)
    }
}

/// A clock that nobody can set.
#[cfg(target_os = "linux")]
const RUNNING: ClockId = ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const RUNNING: ClockId = ClockId::Monotonic;

/// How often the machine's clock is looked at, in milliseconds.
const LOOK_EVERY: i64 = 100;
/// A greater difference was made by somebody who set the clock.
/// No quota: how the time is told.
const DRIFT_MAX: i64 = 1_000;
/// Both clocks are read in whole milliseconds, so that a difference of one or two is none.
/// No quota: how the time is told.
const DRIFT_MIN: i64 = 2;
/// A smaller difference is made up for at this part of the time's speed.
const CORRECTION: i64 = 10;
/// A greater difference is believed when it has stood so long.
const BELIEVED_AFTER: i64 = 10 * 60 * 1_000;

/// A clock that goes on steadily, and whose difference from the machine's is corrected.
#[derive(Debug)]
pub struct SteadyClock<S = MachineTime> {
    source: S,
    /// What is added to the source's elapsed time.
    offset: AtomicI64,
    /// The elapsed time at which the machine's clock is next looked at.
    look_at: AtomicI64,
    leaps: AtomicU64,
    looking: Mutex<Looking>,
}

#[derive(Debug, Default)]
struct Looking {
    last: i64,
    doubt: Option<Doubt>,
}

/// A difference that is not believed yet.
#[derive(Clone, Copy, Debug)]
struct Doubt {
    /// The offset that the machine's clock would have.
    offset: i64,
    since: i64,
}

impl Default for SteadyClock {
    fn default() -> Self {
        Self::new(MachineTime)
    }
}

impl<S: TimeSource> SteadyClock<S> {
    /// A clock that begins with the machine's time.
    pub fn new(source: S) -> Self {
        let elapsed = source.elapsed();
        let offset = AtomicI64::new(source.wall().saturating_sub(elapsed));
        let look_at = AtomicI64::new(elapsed.saturating_add(LOOK_EVERY));
        let looking = Mutex::new(Looking { last: elapsed, doubt: None });
        Self { source, offset, look_at, leaps: AtomicU64::new(0), looking }
    }

    fn look(&self, elapsed: i64) {
        let mut looking = lock(&self.looking);
        if elapsed < self.look_at.load(Ordering::Acquire) {
            return;
        }
        self.look_at.store(elapsed.saturating_add(LOOK_EVERY), Ordering::Release);
        let passed = elapsed.saturating_sub(std::mem::replace(&mut looking.last, elapsed));
        let offset = self.offset.load(Ordering::Acquire);
        let wanted = self.source.wall().saturating_sub(elapsed);
        let difference = wanted.saturating_sub(offset);
        if difference.abs() <= DRIFT_MAX {
            looking.doubt = None;
            if difference.abs() <= DRIFT_MIN {
                return;
            }
            let most = (passed.min(LOOK_EVERY) / CORRECTION).max(0);
            self.offset.store(offset + difference.clamp(-most, most), Ordering::Release);
            return;
        }
        looking.doubt = match looking.doubt {
            Some(doubt) if (wanted - doubt.offset).abs() > DRIFT_MAX => Some(doubted(wanted, elapsed, difference)),
            None => Some(doubted(wanted, elapsed, difference)),
            Some(doubt) if elapsed - doubt.since < BELIEVED_AFTER => Some(Doubt { offset: wanted, ..doubt }),
            Some(_) => {
                tracing::warn!(milliseconds = difference, "the machine's clock is believed: the time leaps to it");
                self.offset.store(wanted, Ordering::Release);
                self.leaps.fetch_add(1, Ordering::AcqRel);
                None
            }
        };
    }
}

fn doubted(offset: i64, since: i64, difference: i64) -> Doubt {
    tracing::warn!(
        milliseconds = difference,
        "the machine's clock was set; the time goes on as before until that stands for ten minutes"
    );
    Doubt { offset, since }
}

impl<S: TimeSource> Clock for SteadyClock<S> {
    fn now(&self) -> Timestamp {
        let elapsed = self.source.elapsed();
        if elapsed >= self.look_at.load(Ordering::Acquire) {
            self.look(elapsed);
        }
        Timestamp(elapsed.saturating_add(self.offset.load(Ordering::Acquire)))
    }

    fn leaps(&self) -> u64 {
        self.leaps.load(Ordering::Acquire)
    }
}

/// The time at which something last happened, for whoever plans ahead and must not wait for a time that was taken back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LastTime(Timestamp);

impl LastTime {
    /// Nothing happened before.
    pub(crate) fn beginning(now: Timestamp) -> Self {
        Self(now)
    }

    /// Something happens; whether the time leapt back since. That it is corrected by some milliseconds is no leap.
    pub(crate) fn goes_back(&mut self, now: Timestamp) -> bool {
        let leaps = self.0.0.saturating_sub(now.0) > DRIFT_MAX;
        self.0 = if leaps { now } else { self.0.max(now) };
        leaps
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicI64;

    const START: i64 = 1_800_000_000_000;

    #[derive(Default)]
    struct Virtual {
        wall: AtomicI64,
        elapsed: AtomicI64,
    }

    impl TimeSource for Virtual {
        fn wall(&self) -> i64 {
            self.wall.load(Ordering::SeqCst)
        }

        fn elapsed(&self) -> i64 {
            self.elapsed.load(Ordering::SeqCst)
        }
    }

    impl SteadyClock<Virtual> {
        fn begun() -> Self {
            Self::new(Virtual { wall: AtomicI64::new(START), elapsed: AtomicI64::new(77) })
        }

        fn set(&self, difference: i64) {
            self.source.wall.fetch_add(difference, Ordering::SeqCst);
        }

        /// Time passes; the clock is asked every 100 ms, and never goes back by itself.
        fn pass(&self, milliseconds: i64) -> i64 {
            for _ in 0..milliseconds / LOOK_EVERY {
                self.source.wall.fetch_add(LOOK_EVERY, Ordering::SeqCst);
                self.source.elapsed.fetch_add(LOOK_EVERY, Ordering::SeqCst);
                self.now();
            }
            self.now().0 - START
        }
    }

    #[test]
    fn a_clock_that_is_set_and_set_back_changes_nothing() {
        for difference in [4_000_000, -4_000_000, 1_001, i64::from(i32::MAX) * 1_000] {
            let clock = SteadyClock::begun();
            assert_eq!(clock.pass(5_000), 5_000);
            clock.set(difference);
            assert_eq!(clock.pass(BELIEVED_AFTER - 10_000), BELIEVED_AFTER - 5_000, "{difference}");
            clock.set(-difference);
            assert_eq!(clock.pass(60_000), BELIEVED_AFTER + 55_000, "{difference}");
            assert_eq!(clock.leaps(), 0);
        }
    }

    #[test]
    fn a_difference_that_stands_is_believed_once() {
        for difference in [4_000_000, -4_000_000] {
            let clock = SteadyClock::begun();
            clock.set(difference);
            assert_eq!(clock.pass(BELIEVED_AFTER), BELIEVED_AFTER);
            assert_eq!(clock.pass(1_000), BELIEVED_AFTER + 1_000 + difference);
            assert_eq!(clock.leaps(), 1);
            assert_eq!(clock.pass(3 * BELIEVED_AFTER), 4 * BELIEVED_AFTER + 1_000 + difference);
            assert_eq!(clock.leaps(), 1);
        }
    }

    #[test]
    fn a_clock_that_is_set_again_and_again_is_not_believed() {
        let clock = SteadyClock::begun();
        for round in 1..=20 {
            clock.set(2_000 * round);
            clock.pass(BELIEVED_AFTER / 2);
        }
        assert_eq!((clock.pass(0), clock.leaps()), (10 * BELIEVED_AFTER, 0));
    }

    #[test]
    fn a_small_difference_is_made_up_for_and_time_goes_on_meanwhile() {
        for difference in [900, -900] {
            let clock = SteadyClock::begun();
            clock.set(difference);
            let mut last = 0;
            for _ in 0..95 {
                let now = clock.pass(100);
                assert!((90..=110).contains(&(now - last)), "{difference}: {}", now - last);
                last = now;
            }
            assert_eq!((last, clock.leaps()), (9_500 + difference, 0));
        }
    }
}
