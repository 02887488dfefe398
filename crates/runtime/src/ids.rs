//! Gives executions their numbers: each in a partition, growing with time.

use engine::Timestamp;
use store::partition::{Partition, Partitions};
use store::record::ExecutionId;

/// The numbers that one owner of partitions gives: each greater than the one before.
#[derive(Debug)]
pub(crate) struct IdSource {
    partitions: Partitions,
    /// Those it owns, in order.
    own: Vec<Partition>,
    /// Which of them the next nameless execution falls into.
    next: usize,
    last: ExecutionId,
}

impl IdSource {
    /// Numbers of every `step`-th partition from `first` on, all greater than `last`. There is at least one partition:
    /// an owner beyond their count gives numbers of the first.
    pub(crate) fn new(partitions: Partitions, first: usize, step: usize, last: ExecutionId) -> Self {
        let mut own: Vec<_> = partitions.all().skip(first).step_by(step.max(1)).collect();
        if own.is_empty() {
            own.push(Partition::default());
        }
        Self { partitions, own, next: 0, last }
    }

    /// The number of an execution whose name nobody chose: of one partition after the other.
    pub(crate) fn any(&mut self, now: Timestamp) -> ExecutionId {
        self.next = (self.next + 1) % self.own.len();
        self.of(self.own[self.next], now)
    }

    /// The number of an execution of that name: of the name's own partition, so that the same name always meets the
    /// same owner.
    pub(crate) fn named(&mut self, state_machine_arn: &str, name: &str, now: Timestamp) -> ExecutionId {
        let partition = self.partitions.of_name(state_machine_arn, name);
        match self.own.binary_search(&partition) {
            Ok(_) => self.of(partition, now),
            Err(_) => self.any(now),
        }
    }

    fn of(&mut self, partition: Partition, now: Timestamp) -> ExecutionId {
        self.last = ExecutionId::after(self.last, now, partition);
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    #[test]
    fn numbers_grow_and_fall_into_the_owner_s_partitions() {
        let partitions = Partitions::new(10).unwrap();
        let last = ExecutionId::new(NOW, Partition(9), 7);
        for first in 0..3 {
            let mut ids = IdSource::new(partitions, first, 3, last);
            let mut given = Vec::new();
            for _ in 0..50 {
                given.push(ids.any(NOW));
            }
            assert!(given.iter().all(|id| *id > last && id.partition(partitions).0 as usize % 3 == first));
            given.push(ids.named("m", "n", NOW));
            assert!(given.is_sorted_by(|one, next| one < next), "{given:?}");
            // A thousand rounds of an owner's partitions fit a millisecond.
            assert!(given.last().unwrap().millisecond().0 <= NOW.0 + 1);
        }
    }

    #[test]
    fn a_name_has_its_own_partition() {
        let partitions = Partitions::default();
        let mut ids = IdSource::new(partitions, 0, 1, ExecutionId(5));
        for name in ["a", "b", "order-1"] {
            let of_name = partitions.of_name("m", name);
            assert_eq!(ids.named("m", name, NOW).partition(partitions), of_name);
        }
    }

    #[test]
    fn an_owner_of_nothing_gives_numbers_all_the_same() {
        let mut ids = IdSource::new(Partitions::new(1).unwrap(), 5, 8, ExecutionId(0));
        assert!(ids.any(NOW) < ids.named("m", "n", NOW));
    }
}
