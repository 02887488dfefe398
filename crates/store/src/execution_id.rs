//! The numbers of executions: they grow with time and say which partition an execution is in.

use engine::Timestamp;

use crate::partition::{Partition, Partitions};

/// An execution's number: from the greatest bit, 0, 41 bits of milliseconds since 2025 (until 2094), 10 bits of a
/// sequence, 12 bits of its partition. So the numbers that one owner gives grow, whatever partitions they fall into. Data written before numbers were made so has small ones, counted from 1: they sort
/// before all others, and their partition is the same function of their bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExecutionId(pub i64);

/// 2025-01-01T00:00:00Z, in milliseconds since 1970.
const FIRST_MILLISECOND: i64 = 1_735_689_600_000;

const SEQUENCE_BITS: u32 = 10;
const PARTITION_BITS: u32 = 12;
/// No quota: the width of a field.
const MILLISECOND_MAX: i64 = (1 << 41) - 1;

impl ExecutionId {
    /// The greatest sequence within one millisecond and partition.
    /// No quota: the width of a field.
    pub const SEQUENCE_MAX: u16 = (1 << SEQUENCE_BITS) - 1;

    /// The number of these parts. A time before 2025 or after 2094 counts as the nearest within; of the partition
    /// and the sequence, the lower 12 and 10 bits count.
    pub fn new(at: Timestamp, partition: Partition, sequence: u16) -> Self {
        let millisecond = at.0.saturating_sub(FIRST_MILLISECOND).clamp(0, MILLISECOND_MAX);
        Self::of_parts(millisecond, partition, sequence)
    }

    fn of_parts(millisecond: i64, partition: Partition, sequence: u16) -> Self {
        let partition = i64::from(partition.0 % Partitions::MAX);
        let sequence = i64::from(sequence & Self::SEQUENCE_MAX);
        Self((millisecond << SEQUENCE_BITS | sequence) << PARTITION_BITS | partition)
    }

    /// A number of the partition that is greater than `last` and, if it can be, of the time `at`. Where the
    /// millisecond is used up or the clock went back, the next one after `last` is borrowed. After 2094 there are
    /// no more, and the greatest is given again.
    pub fn after(last: Self, at: Timestamp, partition: Partition) -> Self {
        let fresh = Self::new(at, partition, 0);
        if fresh > last {
            return fresh;
        }
        let (millisecond, sequence) = (last.0 >> (PARTITION_BITS + SEQUENCE_BITS), last.sequence());
        let following = (sequence..=Self::SEQUENCE_MAX)
            .take(2)
            .map(|sequence| Self::of_parts(millisecond, partition, sequence))
            .find(|following| *following > last);
        following.unwrap_or_else(|| Self::of_parts((millisecond + 1).min(MILLISECOND_MAX), partition, 0))
    }

    /// Its partition, of as many as there may be: from it follows that of any smaller count.
    pub fn widest_partition(self) -> Partition {
        // Twelve bits.
        Partition(self.0 as u16 % Partitions::MAX)
    }

    /// Its partition, of that many.
    pub fn partition(self, partitions: Partitions) -> Partition {
        Partition(self.widest_partition().0 % partitions.count())
    }

    /// When it was given, as far as the number says: 2025-01-01 for those that older data has.
    pub fn millisecond(self) -> Timestamp {
        Timestamp((self.0.max(0) >> (PARTITION_BITS + SEQUENCE_BITS)) + FIRST_MILLISECOND)
    }

    /// Which of its millisecond and partition it is.
    pub fn sequence(self) -> u16 {
        (self.0 >> PARTITION_BITS) as u16 & Self::SEQUENCE_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    #[test]
    fn a_number_says_its_parts() {
        let partitions = Partitions::new(Partitions::MAX).expect("a count");
        for at in [FIRST_MILLISECOND, NOW.0, FIRST_MILLISECOND + MILLISECOND_MAX] {
            for partition in [0, 1, 1_023, 4_095] {
                for sequence in [0, 1, ExecutionId::SEQUENCE_MAX] {
                    let id = ExecutionId::new(Timestamp(at), Partition(partition), sequence);
                    assert!(id.0 >= 0);
                    assert_eq!((id.millisecond(), id.sequence()), (Timestamp(at), sequence));
                    assert_eq!(id.partition(partitions), Partition(partition));
                    let few = Partitions::new(100).expect("a count");
                    assert_eq!(id.partition(few), Partition(partition % 100));
                }
            }
        }
    }

    // Stored data depends on it.
    #[test]
    fn the_form_never_changes() {
        assert_eq!(ExecutionId::new(Timestamp(FIRST_MILLISECOND + 1), Partition(2), 3).0, (1 << 22) + (3 << 12) + 2);
    }

    #[test]
    fn times_beyond_the_range_count_as_the_nearest() {
        let of = |at| ExecutionId::new(Timestamp(at), Partition(0), 0);
        assert_eq!((of(i64::MIN), of(0)), (of(FIRST_MILLISECOND), of(FIRST_MILLISECOND)));
        assert_eq!(of(i64::MAX), of(FIRST_MILLISECOND + MILLISECOND_MAX));
    }

    #[test]
    fn old_numbers_come_first_and_have_a_partition() {
        let partitions = Partitions::default();
        let new = ExecutionId::new(NOW, Partition(0), 0);
        for old in [0, 1, 1_023, 1_024, 50_000_000] {
            assert!(ExecutionId(old) < new);
            assert_eq!(i64::from(ExecutionId(old).partition(partitions).0), old % 1_024);
        }
        assert_eq!(ExecutionId(-1).partition(partitions), Partition(1_023));
    }

    #[test]
    fn numbers_grow_whatever_the_clock_does() {
        let partitions = Partitions::new(Partitions::MAX).expect("a count");
        for partition in [Partition(0), Partition(7), Partition(4_095)] {
            let mut last = ExecutionId(41);
            for step in 0..5_000 {
                let at = Timestamp(NOW.0 - step % 3);
                let next = ExecutionId::after(last, at, partition);
                assert!(next > last, "{next:?} after {last:?}");
                assert_eq!(next.partition(partitions), partition);
                last = next;
            }
            // 1,024 fit a millisecond.
            assert_eq!(last.millisecond(), Timestamp(NOW.0 + 4));
        }
    }

    #[test]
    fn a_number_follows_the_greatest_of_any_partition() {
        let last = ExecutionId::new(NOW, Partition(9), 1_000);
        for partition in [0, 8, 9, 10, 4_095].map(Partition) {
            let next = ExecutionId::after(last, NOW, partition);
            assert!(next > last, "{partition:?}");
            assert!(next.millisecond().0 <= NOW.0 + 1);
        }
    }
}
