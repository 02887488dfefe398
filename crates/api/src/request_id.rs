//! The id every answer carries (`x-amzn-RequestId`).

use std::cell::Cell;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

/// A UUID's text. Unique enough to find a call in a log; no secret hangs on it.
#[derive(Clone, Copy)]
pub(crate) struct RequestId([u8; 36]);

thread_local! {
    static STATE: Cell<u64> = Cell::new(RandomState::new().build_hasher().finish());
}

impl RequestId {
    /// A new one.
    pub(crate) fn new() -> Self {
        let (high, low) = (next(), next());
        // Version 4 and variant 1 of RFC 9562.
        let high = (high & 0xffff_ffff_ffff_0fff) | 0x4000;
        let low = (low & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000;
        let bits = (u128::from(high) << 64) | u128::from(low);
        let mut text = [b'-'; 36];
        let mut digit = 0;
        for (i, place) in text.iter_mut().enumerate() {
            if matches!(i, 8 | 13 | 18 | 23) {
                continue;
            }
            *place = b"0123456789abcdef"[(bits >> (124 - 4 * digit)) as usize & 15];
            digit += 1;
        }
        Self(text)
    }

    /// Its text.
    pub(crate) fn as_bytes(&self) -> &[u8; 36] {
        &self.0
    }

    /// Its text.
    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// The next number of a SplitMix64 sequence that began at a random point.
fn next() -> u64 {
    let state = STATE.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
    STATE.set(state);
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_uuids_and_differ() {
        let (a, b) = (RequestId::new(), RequestId::new());
        assert_ne!(a.as_str(), b.as_str());
        let form: String = a.as_str().chars().map(|c| if c.is_ascii_hexdigit() { 'x' } else { c }).collect();
        assert_eq!(form, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
        assert_eq!(&a.as_str()[14..15], "4");
    }
}
