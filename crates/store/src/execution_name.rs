//! Names of executions that nobody chose, and what they say.
//!
//! Both forms are UUIDs of version 8, which RFC 9562 leaves to whoever makes them. A chosen name may look like either:
//! what it then seems to say is only a hint where to look, and nothing is taken from it that is not checked.

use asl::{Text, uuid};

use crate::execution_id::ExecutionId;
use crate::partition::{Partition, Partitions};

/// Bits of a UUID that are free beside its version and variant.
const FREE_BITS: u32 = 122;

/// Bits of chance behind an execution's number.
const CHANCE_BITS: u32 = FREE_BITS - 63;

/// The last bits of a name that was derived from another execution.
const DERIVED_MARK: u128 = 0xE8D1;
const DERIVED_MARK_BITS: u32 = 16;
const PARTITION_BITS: u32 = 12;

/// The name of an execution that was started without one: its number and 59 bits of chance. So it is unforeseeable, found
/// without an index, and later ones sort behind earlier ones.
pub fn of_number(id: ExecutionId, chance: u128) -> Text {
    let number = u128::from(id.0.unsigned_abs()) << CHANCE_BITS;
    name(number | chance & ((1 << CHANCE_BITS) - 1)).into()
}

/// The number that such a name says.
pub fn number_of(name: &str) -> Option<ExecutionId> {
    free_bits(name).map(number)
}

fn number(free: u128) -> ExecutionId {
    // 63 bits are left.
    ExecutionId((free >> CHANCE_BITS) as i64)
}

/// A name that follows from what is digested: 94 bits of the digest, in that partition whatever state machine it is of.
/// So an execution can have others of which it knows the names, and that its own owner owns.
pub fn derived(digest: u128, partition: Partition) -> Text {
    let partition = u128::from(partition.0 % Partitions::MAX);
    name((digest << PARTITION_BITS | partition) << DERIVED_MARK_BITS | DERIVED_MARK).into()
}

/// The partition that such a name is in.
pub(crate) fn partition_of_derived(name: &str) -> Option<Partition> {
    let bits = free_bits(name)?;
    let is_derived = bits & ((1 << DERIVED_MARK_BITS) - 1) == DERIVED_MARK;
    // Twelve bits.
    is_derived.then_some(Partition((bits >> DERIVED_MARK_BITS) as u16 % Partitions::MAX))
}

/// The number that such a name says, and the name in 16 bytes, for who stores it.
pub(crate) fn numbered(name: &str) -> Option<(ExecutionId, [u8; 16])> {
    free_bits(name).map(|bits| (number(bits), spread(bits).to_be_bytes()))
}

/// The name with these bytes.
pub(crate) fn from_bytes(bytes: [u8; 16]) -> String {
    uuid::text(u128::from_be_bytes(bytes))
}

/// A UUID of version 8 with these free bits.
fn name(free: u128) -> String {
    uuid::text(spread(free))
}

/// The free bits at their places, and the version and the variant at theirs.
fn spread(free: u128) -> u128 {
    let free = free & ((1 << FREE_BITS) - 1);
    (free >> 74) << 80 | 8 << 76 | (free >> 62 & 0xFFF) << 64 | 2 << 62 | free & ((1 << 62) - 1)
}

/// The free bits of a UUID of version 8, as it is written here: in lower case.
fn free_bits(name: &str) -> Option<u128> {
    let digits: &[u8; 36] = name.as_bytes().try_into().ok()?;
    let mut bits = 0u128;
    for (at, byte) in digits.iter().enumerate() {
        match (at, byte) {
            (8 | 13 | 18 | 23, b'-') => {}
            (8 | 13 | 18 | 23, _) => return None,
            (_, b'0'..=b'9') => bits = bits << 4 | u128::from(byte - b'0'),
            (_, b'a'..=b'f') => bits = bits << 4 | u128::from(byte - b'a' + 10),
            _ => return None,
        }
    }
    let (version, variant) = (bits >> 76 & 0xF, bits >> 62 & 3);
    (version == 8 && variant == 2).then_some((bits >> 80) << 74 | (bits >> 64 & 0xFFF) << 62 | bits & ((1 << 62) - 1))
}

#[cfg(test)]
mod tests {
    use engine::Timestamp;
    use proptest::prelude::*;

    use super::*;

    // Stored data depends on them.
    #[test]
    fn the_forms_never_change() {
        let id = ExecutionId::new(Timestamp(1_800_000_000_000), Partition(7), 3);
        assert_eq!((&*of_number(id, 0), id.0), ("077c996a-0000-8600-b800-000000000000", 269737367961612295));
        assert_eq!(&*of_number(id, u128::MAX), "077c996a-0000-8600-bfff-ffffffffffff");
        assert_eq!(&*derived(0, Partition(7)), "00000000-0000-8000-8000-00000007e8d1");
        assert_eq!(&*derived(u128::MAX, Partition(4_095)), "ffffffff-ffff-8fff-bfff-ffffffffe8d1");
    }

    #[test]
    fn a_chosen_name_says_no_number() {
        for name in [
            "",
            "a",
            "018bcfe5-6800-7fff-bfff-ffffffffffff",
            "1DF3B9BD-8000-860E-8000-000000000000",
            "1df3b9bd-8000-860e-8000-00000000000é",
        ] {
            assert_eq!((number_of(name), partition_of_derived(name)), (None, None), "{name}");
        }
        assert_eq!(partition_of_derived("1df3b9bd-8000-860e-8000-000000000000"), None);
    }

    proptest! {
        #[test]
        fn a_made_name_says_its_number(number in 0..=i64::MAX, chance: u128) {
            let name = of_number(ExecutionId(number), chance);
            prop_assert_eq!(number_of(&name), Some(ExecutionId(number)));
            prop_assert_eq!(numbered(&name).map(|(_, bytes)| from_bytes(bytes)), Some(name.to_string()));
        }

        #[test]
        fn later_names_sort_behind_earlier_ones(one in 0..=i64::MAX, other in 0..=i64::MAX, chance: (u128, u128)) {
            prop_assume!(one < other);
            prop_assert!(of_number(ExecutionId(one), chance.0) < of_number(ExecutionId(other), chance.1));
        }

        #[test]
        fn a_derived_name_says_its_partition(digest: u128, partition in 0..4_096u16) {
            let name = derived(digest, Partition(partition));
            prop_assert_eq!(partition_of_derived(&name), Some(Partition(partition)));
            let partitions = Partitions::default();
            prop_assert_eq!(partitions.of_name("any", &name), Partition(partition % partitions.count()));
        }
    }
}
