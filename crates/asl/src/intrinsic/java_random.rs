//! The generator behind seeded functions: `java.util.Random`, whose algorithm Java's documentation fixes.

const MULTIPLIER: u64 = 0x5_DEEC_E66D;
const INCREMENT: u64 = 0xB;
const MASK: u64 = (1 << 48) - 1;

/// The same seed gives the same numbers as in Java.
#[derive(Debug)]
pub struct JavaRandom {
    state: u64,
}

impl JavaRandom {
    /// Begins with that seed.
    pub fn new(seed: i64) -> Self {
        Self { state: (seed.cast_unsigned() ^ MULTIPLIER) & MASK }
    }

    /// `nextDouble()`: a float in `[0, 1)`.
    pub fn next_f64(&mut self) -> f64 {
        let (high, low) = (self.bits(26), self.bits(27));
        ((high << 27) + low) as f64 / (1u64 << 53) as f64
    }

    /// `ints(start, end)`: an integer from `start` to below `end`; `start` where there is none.
    pub fn next_i32_in(&mut self, start: i32, end: i32) -> i32 {
        if start >= end {
            return start;
        }
        if let Some(bound) = end.checked_sub(start) {
            return start + self.next_i32_below(bound);
        }
        // More than half of all integers lie within, so a few draws are enough.
        loop {
            let number = self.next_i32();
            if (start..end).contains(&number) {
                return number;
            }
        }
    }

    /// `nextInt(bound)`, for a positive bound.
    fn next_i32_below(&mut self, bound: i32) -> i32 {
        let mut drawn = self.bits(31) as i32;
        if bound.count_ones() == 1 {
            return ((i64::from(bound) * i64::from(drawn)) >> 31) as i32;
        }
        // Draws beyond the last whole multiple of the bound would favour small numbers.
        loop {
            let number = drawn % bound;
            if drawn.wrapping_sub(number).wrapping_add(bound - 1) >= 0 {
                return number;
            }
            drawn = self.bits(31) as i32;
        }
    }

    fn next_i32(&mut self) -> i32 {
        (self.bits(32) as u32).cast_signed()
    }

    fn bits(&mut self, count: u32) -> u64 {
        self.state = self.state.wrapping_mul(MULTIPLIER).wrapping_add(INCREMENT) & MASK;
        self.state >> (48 - count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_draws_what_java_draws() {
        assert_eq!(JavaRandom::new(42).next_f64(), 0.727_563_680_032_868_1);
        assert_eq!(JavaRandom::new(42).next_i32(), -1_170_105_035);
        let mut random = JavaRandom::new(42);
        assert_eq!([random.next_i32_below(10), random.next_i32_below(10), random.next_i32_below(10)], [0, 3, 8]);
    }

    #[test]
    fn ranges_hold() {
        let mut random = JavaRandom::new(7);
        for (start, end) in [(0, 1), (-5, 5), (i32::MIN, i32::MAX), (-1, i32::MAX), (3, 3), (0, 16)] {
            for _ in 0..200 {
                let number = random.next_i32_in(start, end);
                assert!(number == start || (start..end).contains(&number), "{start}..{end}: {number}");
            }
        }
    }
}
