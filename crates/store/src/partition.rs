//! Partitions: the fixed parts that all executions fall into, each owned as a whole.
//!
//! Which partition an execution is in follows from its number alone, and that of a named one from its name alone. How
//! many there are is a fact of the data: given when it is created, the same on every machine, never changed.

use xxhash_rust::xxh64::Xxh64;

use crate::execution_name;
use crate::record::ExecutionId;

/// A part of all executions, counted from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition(pub u16);

/// How many partitions the data has: 1 to 4,096.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partitions {
    count: u16,
}

impl Partitions {
    /// The most there may be: 12 bits of an execution's number say which it is in.
    /// No quota: a fact of the data.
    pub const MAX: u16 = 1 << 12;

    /// That many; none where that is not 1 to [`Partitions::MAX`].
    pub const fn new(count: u16) -> Option<Self> {
        if count == 0 || count > Self::MAX { None } else { Some(Self { count }) }
    }

    /// How many.
    pub fn count(self) -> u16 {
        self.count
    }

    /// All of them, in order.
    pub fn all(self) -> impl Iterator<Item = Partition> {
        (0..self.count).map(Partition)
    }

    /// The partition of a named execution. A pure function that no release changes: the same name meets the same
    /// owner for ever. That which a derived name says ([`execution_name::derived`]); of any other XXH64 with seed 0 over
    /// the state machine's ARN, a zero byte and the name; both modulo the count.
    pub fn of_name(self, state_machine_arn: &str, name: &str) -> Partition {
        if let Some(partition) = execution_name::partition_of_derived(name) {
            return Partition(partition.0 % self.count);
        }
        let mut hash = Xxh64::new(0);
        hash.update(state_machine_arn.as_bytes());
        hash.update(&[0]);
        hash.update(name.as_bytes());
        // Below the count, which has 16 bits.
        Partition((hash.digest() % u64::from(self.count)) as u16)
    }
}

impl Default for Partitions {
    /// 1,024: enough for hundreds of machines, few enough that each is worth a machine's while.
    fn default() -> Self {
        Self { count: 1_024 }
    }
}

/// Some of the partitions, or all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PartitionSet {
    /// All of them.
    #[default]
    All,
    /// Some of them.
    Some(SomePartitions),
}

/// A choice of partitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SomePartitions {
    partitions: Partitions,
    /// A bit for each partition.
    members: Box<[u64]>,
}

impl PartitionSet {
    /// These of the partitions there are. What is beyond their count is left out: no execution is in it.
    pub fn of(partitions: Partitions, members: impl IntoIterator<Item = Partition>) -> Self {
        let mut bits = vec![0; usize::from(partitions.count).div_ceil(64)];
        for Partition(member) in members {
            if member < partitions.count {
                bits[usize::from(member / 64)] |= 1 << (member % 64);
            }
        }
        Self::Some(SomePartitions { partitions, members: bits.into() })
    }

    /// Whether an execution is in one of them.
    pub fn contains(&self, execution: ExecutionId) -> bool {
        match self {
            Self::All => true,
            Self::Some(some) => {
                let Partition(partition) = execution.partition(some.partitions);
                some.members[usize::from(partition / 64)] & 1 << (partition % 64) != 0
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use engine::Timestamp;

    use super::*;

    #[test]
    fn there_are_one_to_4096() {
        let counts = [0, 1, 1_024, 4_096, 4_097, u16::MAX].map(|count| Partitions::new(count).map(Partitions::count));
        assert_eq!(counts, [None, Some(1), Some(1_024), Some(4_096), None, None]);
        assert_eq!(Partitions::default().all().last(), Some(Partition(1_023)));
    }

    // Worked out by another program from the definition of XXH64. They hold for ever: data depends on them.
    #[test]
    fn the_partition_of_a_name_never_changes() {
        let machine = "arn:aws:states:us-east-1:123456789012:stateMachine:orders";
        let of = |count, arn: &str, name: &str| Partitions::new(count).expect("a count").of_name(arn, name).0;
        let long = "a".repeat(80);
        let cases = [
            (1_024, "order-1", 446),
            (1_024, "order-2", 151),
            (1_024, "", 133),
            (1_024, "größe", 270),
            (4_096, "order-1", 2494),
            (4_096, &long, 325),
            (7, "order-1", 5),
            (1, "order-1", 0),
        ];
        for (count, name, partition) in cases {
            assert_eq!(of(count, machine, name), partition, "{name:?} of {count}");
        }
        assert_ne!(of(4_096, "a", "bc"), of(4_096, "ab", "c"));
    }

    #[test]
    fn names_spread_evenly() {
        let partitions = Partitions::new(64).expect("a count");
        let mut met = [0; 64];
        for name in 0..64_000 {
            met[usize::from(partitions.of_name("machine", &format!("order-{name}")).0)] += 1;
        }
        assert!(met.iter().all(|met| (850..1_150).contains(met)), "{met:?}");
    }

    #[test]
    fn a_set_has_what_it_was_made_of() {
        let partitions = Partitions::new(100).expect("a count");
        let set = PartitionSet::of(partitions, [0, 63, 64, 99, 100, 4_095].map(Partition));
        for partition in partitions.all() {
            let id = ExecutionId::new(Timestamp(1_800_000_000_000), partition, 5);
            assert_eq!(set.contains(id), [0, 63, 64, 99].contains(&partition.0), "{partition:?}");
            assert!(PartitionSet::All.contains(id));
        }
        assert!(!PartitionSet::of(partitions, []).contains(ExecutionId(1)));
    }
}
