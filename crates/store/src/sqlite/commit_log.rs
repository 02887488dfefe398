//! The rows of the commit log: what a commit did to executions, in few bytes.
//!
//! An execution is: how far its number is from the one before, its last event, a byte of flags, and the summary where
//! there is one. Numbers have seven bits a byte, the lowest first, the eighth bit where more follow; signed ones
//! are folded first, so that small ones of both signs are short. A time is how far it is from the one before.

use engine::{EventId, Timestamp};

use super::schema::{recovery, recovery_code, status, status_code};
use crate::commit_log::Committed;
use crate::record::{ExecutionId, Summary};

const BEGINS: u8 = 1;
const ENDS: u8 = 1 << 1;
const HAS_SUMMARY: u8 = 1 << 2;
const HAS_STOPPED_AT: u8 = 1 << 3;
const HAS_WAKE_AT: u8 = 1 << 4;

/// Bytes that are no row of the commit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a row of the commit log is damaged")]
pub(super) struct DamagedRow;

/// What a commit did, as the row holds it.
pub(super) fn pack(committed: impl Iterator<Item = Committed>) -> Vec<u8> {
    let mut row = RowWriter::default();
    committed.for_each(|committed| row.committed(&committed));
    row.bytes
}

/// What a row says.
pub(super) fn unpack(bytes: &[u8]) -> Result<Vec<Committed>, DamagedRow> {
    let mut row = RowReader { bytes, execution: 0, at: 0 };
    let mut all = Vec::new();
    while !row.bytes.is_empty() {
        all.push(row.committed().ok_or(DamagedRow)?);
    }
    Ok(all)
}

#[derive(Default)]
struct RowWriter {
    bytes: Vec<u8>,
    /// The last number and the last time.
    execution: i64,
    at: i64,
}

impl RowWriter {
    fn committed(&mut self, committed: &Committed) {
        let Committed { execution, last_event, summary, begins, ends } = *committed;
        self.signed(execution.0.wrapping_sub(self.execution));
        self.execution = execution.0;
        self.number(last_event.0);
        let has = |flag, is_so: bool| if is_so { flag } else { 0 };
        let of_summary = summary.map_or(0, |summary| {
            HAS_SUMMARY
                | has(HAS_STOPPED_AT, summary.stopped_at.is_some())
                | has(HAS_WAKE_AT, summary.wake_at.is_some())
        });
        self.bytes.push(has(BEGINS, begins) | has(ENDS, ends) | of_summary);
        let Some(summary) = summary else { return };
        self.number(status_code(summary.status).cast_unsigned());
        self.number(recovery_code(&summary).cast_unsigned());
        for at in [summary.stopped_at, summary.wake_at].into_iter().flatten() {
            self.signed(at.0.wrapping_sub(self.at));
            self.at = at.0;
        }
    }

    fn signed(&mut self, number: i64) {
        self.number(((number << 1) ^ (number >> 63)).cast_unsigned());
    }

    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }
}

struct RowReader<'a> {
    /// What is left.
    bytes: &'a [u8],
    execution: i64,
    at: i64,
}

impl RowReader<'_> {
    fn committed(&mut self) -> Option<Committed> {
        self.execution = self.execution.wrapping_add(self.signed()?);
        let execution = ExecutionId(self.execution);
        let last_event = EventId(self.number()?);
        let flags = self.byte()?;
        let summary = if flags & HAS_SUMMARY != 0 { Some(self.summary(flags)?) } else { None };
        Some(Committed { execution, last_event, summary, begins: flags & BEGINS != 0, ends: flags & ENDS != 0 })
    }

    fn summary(&mut self, flags: u8) -> Option<Summary> {
        let status = status(self.number()?.cast_signed())?;
        let (open_tasks, ready) = recovery(self.number()?.cast_signed())?;
        let stopped_at = if flags & HAS_STOPPED_AT != 0 { Some(self.time()?) } else { None };
        let wake_at = if flags & HAS_WAKE_AT != 0 { Some(self.time()?) } else { None };
        Some(Summary { status, stopped_at, wake_at, open_tasks, ready })
    }

    fn time(&mut self) -> Option<Timestamp> {
        self.at = self.at.wrapping_add(self.signed()?);
        Some(Timestamp(self.at))
    }

    fn signed(&mut self) -> Option<i64> {
        let folded = self.number()?;
        Some((folded >> 1).cast_signed() ^ -(folded & 1).cast_signed())
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Random;
    use engine::Status;

    fn time(random: &mut Random) -> Option<Timestamp> {
        match random.below(4) {
            0 => None,
            1 => Some(Timestamp(i64::MIN)),
            2 => Some(Timestamp(i64::MAX)),
            _ => Some(Timestamp(random.below(1 << 45).cast_signed())),
        }
    }

    fn committed(random: &mut Random) -> Committed {
        let statuses = [Status::Running, Status::Succeeded, Status::Failed, Status::TimedOut, Status::Aborted];
        let summary = Summary {
            status: statuses[random.below(5) as usize],
            stopped_at: time(random),
            wake_at: time(random),
            open_tasks: random.below(2) == 1,
            ready: random.below(2) == 1,
        };
        let ids = [0, 1, i64::MAX, i64::MIN, random.below(u64::MAX).cast_signed()];
        Committed {
            execution: ExecutionId(ids[random.below(5) as usize]),
            last_event: EventId([0, 127, 128, u64::MAX][random.below(4) as usize]),
            summary: (random.below(3) > 0).then_some(summary),
            begins: random.below(2) == 1,
            ends: random.below(2) == 1,
        }
    }

    #[test]
    fn a_row_reads_back() {
        let mut random = Random::new(1);
        for count in 0..200 {
            let all: Vec<_> = (0..count % 7).map(|_| committed(&mut random)).collect();
            assert_eq!(unpack(&pack(all.iter().copied())), Ok(all));
        }
    }

    #[test]
    fn whatever_bytes_there_are_are_read_or_refused() {
        let mut random = Random::new(2);
        let row = pack((0..3).map(|_| committed(&mut random)));
        for end in 0..row.len() {
            assert!(unpack(&row[..end]).is_ok_and(|all| all.len() < 3) || unpack(&row[..end]) == Err(DamagedRow));
        }
        for _ in 0..2_000 {
            let bytes: Vec<u8> = (0..random.below(40)).map(|_| random.below(256) as u8).collect();
            if let Ok(all) = unpack(&bytes) {
                assert_eq!(unpack(&pack(all.iter().copied())), Ok(all));
            }
        }
        assert_eq!(unpack(&[0xff; 20]), Err(DamagedRow));
    }

    #[test]
    fn executions_of_one_moment_take_few_bytes() {
        let one = |id: i64| Committed {
            execution: ExecutionId(200_000_000_000_000_000 + id),
            last_event: EventId(4),
            summary: Some(Summary {
                status: Status::Succeeded,
                stopped_at: Some(Timestamp(1_790_000_000_000)),
                wake_at: None,
                open_tasks: false,
                ready: false,
            }),
            begins: true,
            ends: true,
        };
        let (first, hundred) = (pack((0..1).map(one)).len(), pack((0..100).map(one)).len());
        assert!(first <= 20 && hundred <= first + 99 * 6, "{first}, {hundred}");
    }
}
