//! Checkpoints, off the commit path: pages move from the log to the file in a thread of their own.
//!
//! SQLite begins its log anew when a commit finds all of it moved. Under steady load a checkpoint beside
//! the commits never catches up, so the last few pages are moved while commits wait.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::hooks::Wal;

/// When checkpoints happen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// A log of that many pages is moved to the file.
    pub(super) pages: u32,
    /// After so long without a commit, the log is moved and its file emptied.
    pub(super) idle: Duration,
}

impl Pace {
    /// 64 MiB in pages of 4 KiB. A long log makes few, large moves: a page written often moves once.
    pub(super) const DEFAULT: Self = Self { pages: 16_384, idle: Duration::from_secs(30) };
}

/// A log this much longer than what is moved is moved beside the commits; a shorter one while they wait.
/// No quota: how the log is moved.
const HELD_PAGES_MAX: i64 = 1_024;

/// How often to try to catch up before commits are made to wait.
/// No quota: how the log is moved.
const CATCH_UP_MAX: u32 = 4;

thread_local! {
    static PAGES: Cell<u32> = const { Cell::new(0) };
}

/// Has SQLite count the log's pages at each commit of this connection; also switches its own checkpoints off.
pub(super) fn count_pages(writer: &Connection) {
    writer.wal_hook(Some(note_pages));
}

fn note_pages(_: &Wal, pages: std::ffi::c_int) -> rusqlite::Result<()> {
    PAGES.set(pages.unsigned_abs());
    Ok(())
}

/// What commits tell the checkpoint thread.
#[derive(Debug)]
pub(super) struct Log {
    pace: Pace,
    pages: AtomicU32,
    commits: AtomicU64,
    /// How long the log must be for the next checkpoint.
    wanted_at: AtomicU32,
    /// Whether there are commits since the log was last emptied.
    dirty: AtomicBool,
    signal: Mutex<Signal>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Signal {
    stop: bool,
    woken: bool,
}

impl Log {
    pub(super) fn new(pace: Pace) -> Self {
        Self {
            pace,
            pages: AtomicU32::new(0),
            commits: AtomicU64::new(0),
            wanted_at: AtomicU32::new(pace.pages),
            // A log that an earlier run left behind is moved when all is quiet.
            dirty: AtomicBool::new(true),
            signal: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// Called after each commit, on the thread that made it.
    pub(super) fn committed(&self) {
        let pages = PAGES.get();
        self.pages.store(pages, Ordering::Relaxed);
        self.commits.fetch_add(1, Ordering::Relaxed);
        if pages < self.pace.pages {
            self.wanted_at.store(self.pace.pages, Ordering::Relaxed);
        }
        let first = !self.dirty.swap(true, Ordering::Relaxed);
        if first || self.is_long() {
            self.wake(|signal| signal.woken = true);
        }
    }

    /// Ends the thread.
    pub(super) fn stop(&self) {
        self.wake(|signal| signal.stop = true);
    }

    fn is_long(&self) -> bool {
        self.pages.load(Ordering::Relaxed) >= self.wanted_at.load(Ordering::Relaxed)
    }

    fn wake(&self, change: impl FnOnce(&mut Signal)) {
        change(&mut self.lock());
        self.changed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Signal> {
        self.signal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a commit that wants something, or, where there is something to empty, for quiet.
    /// `false` ends the thread.
    fn wait(&self) -> bool {
        let asleep = |signal: &mut Signal| !signal.stop && !signal.woken;
        let mut signal = self.lock();
        signal = if self.dirty.load(Ordering::Relaxed) {
            let waited = self.changed.wait_timeout_while(signal, self.pace.idle, asleep);
            waited.unwrap_or_else(PoisonError::into_inner).0
        } else {
            self.changed.wait_while(signal, asleep).unwrap_or_else(PoisonError::into_inner)
        };
        signal.woken = false;
        !signal.stop
    }
}

/// The body of the checkpoint thread. `hold` keeps commits waiting as long as its value lives.
pub(super) fn run<H>(log: &Arc<Log>, connection: &Connection, hold: impl Fn() -> H) {
    let mut seen = None;
    while log.wait() {
        let commits = log.commits.load(Ordering::Relaxed);
        let outcome = if log.is_long() {
            move_log(log, connection, &hold)
        } else if seen == Some(commits) {
            empty_log(log, connection, &hold)
        } else {
            Ok(())
        };
        seen = Some(commits);
        if let Err(error) = outcome {
            // The log only grows until the next try; a disk that is full or broken fails commits too.
            tracing::warn!(%error, "cannot move the log into the database");
        }
    }
}

/// Moves the whole log; the next commit begins it anew, unless a reader still needs it.
pub(super) fn move_log<H>(log: &Log, connection: &Connection, hold: impl Fn() -> H) -> rusqlite::Result<()> {
    let outcome = try_move_log(connection, hold);
    // Where a reader held it back, or the disk is full, the next try waits for more to do.
    let wanted_at = log.pages.load(Ordering::Relaxed).saturating_add(log.pace.pages / 4 + 1);
    log.wanted_at.store(wanted_at, Ordering::Relaxed);
    outcome
}

fn try_move_log<H>(connection: &Connection, hold: impl Fn() -> H) -> rusqlite::Result<()> {
    for _ in 0..CATCH_UP_MAX {
        if checkpoint(connection, "PASSIVE")?.left() <= HELD_PAGES_MAX {
            break;
        }
    }
    let _held = hold();
    checkpoint(connection, "PASSIVE").map(drop)
}

/// Moves the whole log and empties its file.
pub(super) fn empty_log<H>(log: &Log, connection: &Connection, hold: impl Fn() -> H) -> rusqlite::Result<()> {
    let commits = log.commits.load(Ordering::Relaxed);
    checkpoint(connection, "PASSIVE")?;
    let _held = hold();
    if log.commits.load(Ordering::Relaxed) != commits {
        return Ok(());
    }
    let outcome = checkpoint(connection, "TRUNCATE")?;
    if !outcome.busy {
        log.pages.store(0, Ordering::Relaxed);
        log.dirty.store(false, Ordering::Relaxed);
    }
    Ok(())
}

/// What a checkpoint did.
struct CheckpointOutcome {
    /// A reader or another program was in the way.
    busy: bool,
    /// Pages in the log.
    log: i64,
    /// Pages of it that are in the file.
    moved: i64,
}

impl CheckpointOutcome {
    fn left(&self) -> i64 {
        self.log - self.moved
    }
}

fn checkpoint(connection: &Connection, mode: &str) -> rusqlite::Result<CheckpointOutcome> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| {
        Ok(CheckpointOutcome { busy: row.get::<_, i64>(0)? != 0, log: row.get(1)?, moved: row.get(2)? })
    })
}
