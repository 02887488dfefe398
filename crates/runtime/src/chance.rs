//! Chance: random bits that come in with a command, and the names made of them.

use asl::uuid;
use engine::Timestamp;
use sha2::{Digest, Sha256};

/// Gives random bits. Production draws them from a generator seeded by the operating system; tests bring
/// their own.
pub trait Chance {
    /// 128 random bits.
    fn draw(&mut self) -> u128;
}

/// A generator that hashes a seed and a counter: fast, never blocking, and unforeseeable without the seed.
pub struct SeededChance {
    seed: [u8; 32],
    counter: u64,
    spare: Option<u128>,
}

impl SeededChance {
    /// Seeded by the operating system.
    pub fn from_system() -> Result<Self, getrandom::Error> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)?;
        Ok(Self::new(seed))
    }

    /// With a seed of the caller's.
    pub fn new(seed: [u8; 32]) -> Self {
        Self { seed, counter: 0, spare: None }
    }
}

impl Chance for SeededChance {
    fn draw(&mut self) -> u128 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let hash: [u8; 32] =
            Sha256::new().chain_update(self.seed).chain_update(self.counter.to_le_bytes()).finalize().into();
        self.counter += 1;
        let (first, second) = hash.split_at(16);
        self.spare = Some(bits(second));
        bits(first)
    }
}

fn bits(bytes: &[u8]) -> u128 {
    bytes.iter().fold(0, |all, byte| all << 8 | u128::from(*byte))
}

/// A UUID whose text sorts by time (version 7).
pub(crate) fn time_ordered_uuid(now: Timestamp, random: u128) -> String {
    let milliseconds = (now.0.max(0) as u128) & 0xFFFF_FFFF_FFFF;
    uuid::versioned(milliseconds << 80 | (random >> 48), 7)
}

/// A UUID of random bits (version 4).
pub(crate) fn random_uuid(random: u128) -> String {
    uuid::versioned(random, 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_differ_and_repeat_with_the_seed() {
        let draws = |seed| {
            let mut chance = SeededChance::new([seed; 32]);
            (0..100).map(|_| chance.draw()).collect::<Vec<_>>()
        };
        let mut first = draws(1);
        assert_eq!(first, draws(1));
        assert_ne!(first, draws(2));
        first.sort_unstable();
        first.dedup();
        assert_eq!(first.len(), 100);
    }

    #[test]
    fn uuids_carry_their_version_and_time() {
        let early = time_ordered_uuid(Timestamp(1_700_000_000_000), u128::MAX);
        assert_eq!(early, "018bcfe5-6800-7fff-bfff-ffffffffffff");
        assert!(early < time_ordered_uuid(Timestamp(1_700_000_000_001), 0));
        assert_eq!(random_uuid(0), "00000000-0000-4000-8000-000000000000");
    }
}
