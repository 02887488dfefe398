//! Decimal numbers of any length, compared to the last digit.

use std::cmp::Ordering;

/// A decimal number by its text: 0.DIGITS times ten to the power of `point`.
#[derive(Debug)]
pub(super) struct Decimal<'t> {
    is_negative: bool,
    /// The digits from the first that is not 0, in two parts: the point may stand in between.
    digits: (&'t str, &'t str),
    point: i64,
}

impl<'t> Decimal<'t> {
    /// Reads what Java's `BigDecimal` reads: `1`, `-1.50`, `+.5`, `5.`, `1e10`.
    pub(super) fn parse(text: &'t str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let unsigned = mantissa.strip_prefix(['+', '-']).unwrap_or(mantissa);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.len() + fraction.len() == 0 || !is_number(whole) || !is_number(fraction) {
            return None;
        }
        let whole = whole.trim_start_matches('0');
        let significant = if whole.is_empty() { fraction.trim_start_matches('0') } else { fraction };
        let point = whole.len() as i64 - (fraction.len() - significant.len()) as i64 + i64::from(exponent);
        Some(Self { is_negative: mantissa.starts_with('-'), digits: (whole, significant), point })
    }

    /// -1, 0 or 1.
    fn sign(&self) -> i8 {
        match (self.is_zero(), self.is_negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }

    fn is_zero(&self) -> bool {
        self.significant().next().is_none()
    }

    fn significant(&self) -> impl Iterator<Item = u8> {
        let (whole, fraction) = self.digits;
        let fraction = fraction.trim_end_matches('0');
        let whole = if fraction.is_empty() { whole.trim_end_matches('0') } else { whole };
        whole.bytes().chain(fraction.bytes())
    }

    /// How two numbers stand to each other.
    pub(super) fn cmp(&self, other: &Self) -> Ordering {
        let sign = self.sign();
        let by_size = || self.point.cmp(&other.point).then_with(|| self.significant().cmp(other.significant()));
        sign.cmp(&other.sign()).then_with(|| match sign {
            0 => Ordering::Equal,
            1 => by_size(),
            _ => by_size().reverse(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_to_the_last_digit() {
        let ascending = [
            "-1e3",
            "-999.9",
            "-1.5",
            "-1.49999999999999999999",
            "-.5",
            "-0.05",
            "1e-400",
            "0.1",
            "0.10000000000000000001",
            ".5",
            "0.9",
            "1",
            "1.5",
            "5.",
            "10",
            "12345678901234567890",
            "12345678901234567890.1",
            "1e400",
        ];
        for (place, left) in ascending.iter().enumerate() {
            for (other, right) in ascending.iter().enumerate() {
                let order = Decimal::parse(left).unwrap().cmp(&Decimal::parse(right).unwrap());
                assert_eq!(order, place.cmp(&other), "{left} and {right}");
            }
        }
    }

    #[test]
    fn one_number_has_many_spellings() {
        for (left, right) in
            [("1", "1.000"), ("+1", "001"), ("1e2", "100"), ("0", "-0.00e9"), ("5.", "5"), (".5", "5e-1")]
        {
            let order = Decimal::parse(left).unwrap().cmp(&Decimal::parse(right).unwrap());
            assert_eq!(order, Ordering::Equal, "{left} and {right}");
        }
    }

    #[test]
    fn other_texts_are_no_numbers() {
        for text in
            ["", ".", "+", "x", " 1", "1 ", "0x1", "1e", "1e1.5", "--1", "1.2.3", "1e99999999999", "Infinity", "٣"]
        {
            assert!(Decimal::parse(text).is_none(), "{text}");
        }
    }
}
