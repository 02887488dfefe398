//! UUIDs in their usual text form, for whoever has the bits.

/// The text of 128 bits: 32 digits in lower case, in five groups.
pub fn text(bits: u128) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(36);
    for (at, byte) in bits.to_be_bytes().into_iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// The text of these bits, but for those that say the version and the variant of RFC 9562.
pub fn versioned(bits: u128, version: u8) -> String {
    text(bits & !(0xF << 76) & !(0x3 << 62) | u128::from(version & 0xF) << 76 | 2 << 62)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_stand_in_five_groups() {
        assert_eq!(text(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef), "01234567-89ab-cdef-0123-456789abcdef");
        assert_eq!(versioned(u128::MAX, 4), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(versioned(0, 7), "00000000-0000-7000-8000-000000000000");
    }
}
