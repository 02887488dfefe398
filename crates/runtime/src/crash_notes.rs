//! Notes of what each thread has in hand, in a file that outlives the process: so the next start knows which execution
//! was being advanced when the process was killed, ran out of memory or was ended because it hung.
//!
//! An execution in whose same turn the process ended twice within ten minutes is *set aside*: it is not advanced any
//! more, so that it cannot end the process a third time. It can be described, and stopped. That the turn is the same
//! follows from the execution's last event: whoever gets on is not to blame for a process that somebody kills.
//!
//! A note is a write of 16 bytes into a file, without a sync: what a process wrote is there when the process is not. First
//! turns are not noted: an execution that ends the process there leaves nothing.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use engine::{EventId, Timestamp};
use store::record::ExecutionId;

use crate::vitals::Pulse;

/// Ends of the process in one turn, after which its execution is set aside.
/// No quota: what is set aside can be let go on.
const DEATHS: u32 = 2;

/// Milliseconds after which an end of the process is forgotten.
const REMEMBERED: i64 = 10 * 60 * 1_000;

const SLOT_BYTES: usize = 16;

/// More than notes ever take.
const NOTES_BYTES: u64 = 1 << 20;

/// The notes of one process, and what those of earlier ones say.
#[derive(Debug, Default)]
pub struct CrashNotes {
    file: Option<Arc<File>>,
    slots: AtomicU64,
    set_aside: BTreeSet<ExecutionId>,
}

/// The turn in which a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Suspect {
    /// The execution's last event before that turn.
    last_event: EventId,
    deaths: u32,
    /// When this was last found out.
    at: Timestamp,
}

impl CrashNotes {
    /// Notes nothing: for what does not outlive the process.
    pub fn none() -> Self {
        Self::default()
    }

    /// Notes in that directory, where those of the process before are read first. With `forgives`, nothing that it or
    /// earlier ones were ended by is held against executions any more. Where the files cannot be read or written, the log
    /// says so, and the server does without: what it can do is not refused for notes about it.
    pub fn open(directory: &Path, now: Timestamp, forgives: bool) -> Self {
        let (notes, verdicts) = (directory.join("in-hand"), directory.join("suspects"));
        let mut suspects = if forgives { BTreeMap::new() } else { read_suspects(&read_if_there(&verdicts)) };
        suspects.retain(|_, suspect| suspect.is_set_aside() || now.0.saturating_sub(suspect.at.0) <= REMEMBERED);
        if !forgives {
            in_hand_of(&read_if_there(&notes)).into_iter().for_each(|(id, last_event)| {
                accuse(&mut suspects, id, last_event, now);
            });
        }
        let written = write_suspects(&verdicts, &suspects);
        let is_fit =
            regular(&notes).or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) });
        let file =
            is_fit.and_then(|()| OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&notes));
        if let Some(error) = written.as_ref().err().or(file.as_ref().err()) {
            tracing::warn!(%error, directory = %directory.display(), "what is in hand is not noted");
        }
        let set_aside = suspects.into_iter().filter(|(_, suspect)| suspect.is_set_aside()).map(|(id, _)| id).collect();
        Self { file: file.ok().map(Arc::new), slots: AtomicU64::new(0), set_aside }
    }

    /// The process ends in good order: whatever is in hand is not to blame.
    pub(crate) fn finish(&self) {
        if let Some(file) = &self.file
            && let Err(error) = file.set_len(0)
        {
            tracing::warn!(%error, "the notes of what was in hand stay");
        }
    }

    /// Executions that must not be advanced.
    pub fn set_aside(&self) -> &BTreeSet<ExecutionId> {
        &self.set_aside
    }

    /// The place for the notes of one thread.
    pub(crate) fn in_hand(&self) -> InHand {
        let slot = self.slots.fetch_add(1, Ordering::Relaxed);
        InHand { file: self.file.clone(), offset: slot * SLOT_BYTES as u64, is_noted: Cell::new(false) }
    }
}

/// What a thread that everything depends on shows of itself.
pub(crate) struct Watched<'a> {
    pub(crate) pulse: &'a Pulse,
    pub(crate) in_hand: InHand,
}

impl Watched<'_> {
    /// What it did is done, and it waits for whatever comes.
    pub(crate) fn rest(&self) {
        self.in_hand.clear();
        self.pulse.rest();
    }
}

/// What one thread has in hand.
#[derive(Debug)]
pub(crate) struct InHand {
    file: Option<Arc<File>>,
    offset: u64,
    is_noted: Cell<bool>,
}

impl InHand {
    /// A turn of an execution begins.
    pub(crate) fn note(&self, id: ExecutionId, last_event: EventId) {
        // 0 is no execution and says that there is none, so an event is never 0 here.
        self.write((id.0, last_event.0 + 1));
        self.is_noted.set(true);
    }

    /// What was noted is done.
    pub(crate) fn clear(&self) {
        if self.is_noted.replace(false) {
            self.write((0, 0));
        }
    }

    fn write(&self, (id, event): (i64, u64)) {
        let Some(file) = &self.file else { return };
        let mut slot = [0; SLOT_BYTES];
        slot[..8].copy_from_slice(&id.to_le_bytes());
        slot[8..].copy_from_slice(&event.to_le_bytes());
        // A full disk takes no notes; work that can be done is not refused for that.
        if let Err(error) = file.write_all_at(&slot, self.offset) {
            tracing::debug!(%error, "cannot note what is in hand");
        }
    }
}

impl Suspect {
    fn is_set_aside(&self) -> bool {
        self.deaths >= DEATHS
    }
}

fn accuse(suspects: &mut BTreeMap<ExecutionId, Suspect>, id: ExecutionId, last_event: EventId, now: Timestamp) {
    let suspect = suspects.entry(id).or_insert(Suspect { last_event, deaths: 0, at: now });
    if suspect.is_set_aside() {
        return;
    }
    let deaths = if suspect.last_event == last_event { suspect.deaths + 1 } else { 1 };
    *suspect = Suspect { last_event, deaths, at: now };
}

/// What a process had in hand: of each execution the last event that any thread noted. A thread that handed its turn to
/// another may not have noted that yet.
fn in_hand_of(notes: &[u8]) -> BTreeMap<ExecutionId, EventId> {
    let mut in_hand = BTreeMap::new();
    for (id, last_event) in notes.chunks_exact(SLOT_BYTES).filter_map(slot_of) {
        let known = in_hand.entry(id).or_insert(last_event);
        *known = last_event.max(*known);
    }
    in_hand
}

fn slot_of(slot: &[u8]) -> Option<(ExecutionId, EventId)> {
    let (id, event) = slot.split_at(8);
    let (id, event) = (i64::from_le_bytes(id.try_into().ok()?), u64::from_le_bytes(event.try_into().ok()?));
    (event != 0).then(|| (ExecutionId(id), EventId(event - 1)))
}

/// What is not there says nothing, nor does what cannot be read; the log says that.
fn read_if_there(path: &Path) -> Vec<u8> {
    let mut notes = Vec::new();
    let read = regular(path).and_then(|()| File::open(path)?.take(NOTES_BYTES).read_to_end(&mut notes));
    if let Err(error) = read
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(%error, path = %path.display(), "the notes of what was in hand cannot be read");
    }
    notes
}

/// Refuses what is no file: opening it could wait for ever, and reading it never end.
fn regular(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_file() {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"))
}

/// A line for each: number, last event, deaths, time. What cannot be read accuses nobody.
fn read_suspects(text: &[u8]) -> BTreeMap<ExecutionId, Suspect> {
    let text = String::from_utf8_lossy(text);
    let suspect = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        let id = ExecutionId(words.next()?.parse().ok()?);
        let last_event = EventId(words.next()?.parse().ok()?);
        let deaths = words.next()?.parse().ok()?;
        Some((id, Suspect { last_event, deaths, at: Timestamp(words.next()?.parse().ok()?) }))
    };
    text.lines().filter_map(suspect).collect()
}

/// Replaced as a whole: a crash in the middle leaves what was there.
fn write_suspects(path: &Path, suspects: &BTreeMap<ExecutionId, Suspect>) -> io::Result<()> {
    let lines = suspects.iter().map(|(id, suspect)| {
        let Suspect { last_event, deaths, at } = suspect;
        format!("{} {} {deaths} {}\n", id.0, last_event.0, at.0)
    });
    let text: String = lines.collect();
    if text.is_empty() {
        return match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
    }
    let new: PathBuf = path.with_extension("new");
    let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&new)?;
    io::Write::write_all(&mut file, text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POISON: ExecutionId = ExecutionId(7);
    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    /// A process that ends with these turns in hand; whom the next one sets aside.
    fn dies(directory: &Path, at: Timestamp, in_hand: &[(ExecutionId, u64)]) -> Vec<ExecutionId> {
        let notes = CrashNotes::open(directory, at, false);
        for (id, last_event) in in_hand {
            notes.in_hand().note(*id, EventId(*last_event));
        }
        notes.set_aside().iter().copied().collect()
    }

    #[test]
    fn whoever_ends_the_process_twice_in_one_turn_is_set_aside_for_good() {
        let directory = tempfile::tempdir().unwrap();
        assert!(dies(directory.path(), NOW, &[(POISON, 0), (ExecutionId(8), 4)]).is_empty());
        assert!(dies(directory.path(), NOW, &[(ExecutionId(8), 5), (POISON, 0)]).is_empty());
        assert_eq!(dies(directory.path(), NOW, &[(ExecutionId(8), 6)]), [POISON]);
        let much_later = Timestamp(NOW.0 + 100 * REMEMBERED);
        assert_eq!(dies(directory.path(), much_later, &[]), [POISON]);
        let forgiving = CrashNotes::open(directory.path(), much_later, true);
        assert!(forgiving.set_aside().is_empty());
        assert!(dies(directory.path(), much_later, &[]).is_empty());
    }

    #[test]
    fn whoever_gets_on_or_is_done_or_was_seen_long_ago_is_not_to_blame() {
        let directory = tempfile::tempdir().unwrap();
        for event in 0..5 {
            assert!(dies(directory.path(), NOW, &[(POISON, event)]).is_empty());
        }
        for day in 1..5 {
            assert!(dies(directory.path(), Timestamp(NOW.0 + day * 86_400_000), &[(POISON, 4)]).is_empty());
        }
        for _ in 0..3 {
            let notes = CrashNotes::open(directory.path(), NOW, false);
            let in_hand = notes.in_hand();
            in_hand.note(ExecutionId(9), EventId(1));
            in_hand.clear();
            assert!(!notes.set_aside().contains(&ExecutionId(9)));
        }
    }

    #[test]
    fn one_end_of_the_process_counts_once_whatever_its_threads_noted() {
        let directory = tempfile::tempdir().unwrap();
        assert!(dies(directory.path(), NOW, &[(POISON, 3), (POISON, 3)]).is_empty());
        assert!(dies(directory.path(), NOW, &[(POISON, 0), (POISON, 3)]).is_empty(), "once so far");
        assert_eq!(dies(directory.path(), NOW, &[]), [POISON]);
    }

    #[test]
    fn an_end_in_good_order_is_nobody_s_fault() {
        let directory = tempfile::tempdir().unwrap();
        for _ in 0..4 {
            let notes = CrashNotes::open(directory.path(), NOW, false);
            assert!(notes.set_aside().is_empty());
            notes.in_hand().note(POISON, EventId(1));
            notes.finish();
        }
    }

    #[test]
    fn damaged_notes_stop_nobody() {
        let directory = tempfile::tempdir().unwrap();
        let text = format!("7 1\nx\n\u{fffd} 1 2 3\n9 1 2 {}\n8 1 2 {}\n", i64::MIN, i64::MAX);
        fs::write(directory.path().join("suspects"), text).unwrap();
        fs::create_dir(directory.path().join("in-hand")).unwrap();
        let notes = CrashNotes::open(directory.path(), NOW, false);
        assert_eq!(notes.set_aside().iter().map(|id| id.0).collect::<Vec<_>>(), [8, 9]);
        notes.in_hand().note(POISON, EventId(1));
        notes.finish();
    }
}
