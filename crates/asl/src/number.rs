//! A JSON number that keeps its text.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

/// A JSON number. What was read is written again to the letter (`1.10`, `1E400`, thirty digits), as
/// AWS, which reads numbers as `BigDecimal`, nearly does.
#[derive(Clone)]
pub struct Number(Repr);

#[derive(Clone)]
enum Repr {
    Int(i64),
    /// A finite float whose shortest form is its text.
    Float(f64),
    /// Any other number, as it was written.
    Raw(Arc<str>),
}

impl Number {
    /// Reads the text of a JSON number, which the caller has checked against the grammar.
    pub(crate) fn from_json(text: &str) -> Self {
        if let Ok(int) = text.parse::<i64>()
            && text != "-0"
        {
            return Self(Repr::Int(int));
        }
        match text.parse::<f64>() {
            Ok(float) if float.is_finite() && javascript(float) == text => Self(Repr::Float(float)),
            _ => Self(Repr::Raw(Arc::from(text))),
        }
    }

    /// A number from a finite float; whole numbers below 2^63 become integers, so `3.0` is written `3`.
    /// `None` for NaN and the infinities, which JSON cannot say.
    pub fn from_f64(value: f64) -> Option<Self> {
        if !value.is_finite() {
            return None;
        }
        if value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0 {
            return Some(Self(Repr::Int(value as i64)));
        }
        Some(Self(Repr::Float(value)))
    }

    /// The nearest float; infinite where the number is out of range.
    pub fn as_f64(&self) -> f64 {
        match &self.0 {
            Repr::Int(int) => *int as f64,
            Repr::Float(float) => *float,
            Repr::Raw(text) => text.parse().unwrap_or(f64::NAN),
        }
    }

    /// The integer, where the number has no fraction and fits.
    pub fn as_i64(&self) -> Option<i64> {
        match &self.0 {
            Repr::Int(int) => Some(*int),
            Repr::Float(_) | Repr::Raw(_) => {
                let float = self.as_f64();
                (float.fract() == 0.0 && float.abs() < 9.2e18).then_some(float as i64)
            }
        }
    }

    /// Whether the text is that of an integer: digits only, no fraction and no exponent.
    pub fn is_integer_text(&self) -> bool {
        match &self.0 {
            Repr::Int(_) => true,
            Repr::Float(_) => false,
            Repr::Raw(text) => !text.contains(['.', 'e', 'E']),
        }
    }

    /// Whether the text is what JavaScript, whose numbers are doubles, writes for the number.
    pub(crate) fn is_javascript(&self) -> bool {
        match &self.0 {
            Repr::Int(int) => int.unsigned_abs() <= 1 << 53,
            Repr::Float(_) => true,
            Repr::Raw(_) => false,
        }
    }

    /// Bytes of the text that it holds; none where the number says it.
    pub(crate) fn held_len(&self) -> Option<usize> {
        match &self.0 {
            Repr::Int(_) | Repr::Float(_) => None,
            Repr::Raw(text) => Some(text.len()),
        }
    }

    /// Bytes of the number's text.
    pub fn text_len(&self) -> usize {
        match &self.0 {
            Repr::Int(int) => itoa::Buffer::new().format(*int).len(),
            Repr::Float(float) => javascript(*float).len(),
            Repr::Raw(text) => text.len(),
        }
    }

    /// Appends the number's text.
    pub fn write(&self, out: &mut String) {
        match &self.0 {
            Repr::Int(int) => out.push_str(itoa::Buffer::new().format(*int)),
            Repr::Float(float) => out.push_str(&javascript(*float)),
            Repr::Raw(text) => out.push_str(text),
        }
    }
}

/// The shortest text that reads back as the same float, as JavaScript writes numbers: in plain notation up to 21
/// digits, and not `-0` (ECMA-262, Number::toString).
pub fn javascript(float: f64) -> String {
    if float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0 {
        return itoa::Buffer::new().format(float as i64).to_owned();
    }
    if !float.is_finite() {
        return if float.is_nan() {
            "NaN"
        } else if float > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        }
        .to_owned();
    }
    let mut buffer = ryu::Buffer::new();
    let text = buffer.format_finite(float.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = [whole, fraction].concat();
    let digits = all.trim_start_matches('0');
    // The place of the point, in digits from the first that is not zero.
    let point = whole.len() as i32 + exponent.parse::<i32>().unwrap_or_default() - (all.len() - digits.len()) as i32;
    let digits = digits.trim_end_matches('0');
    let count = digits.len() as i32;
    let sign = if float < 0.0 { "-" } else { "" };
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or_default());
    match point {
        _ if count <= point && point <= 21 => format!("{sign}{digits}{}", zeros(point - count)),
        1..=21 => format!("{sign}{}.{}", &digits[..point as usize], &digits[point as usize..]),
        -5..=0 => format!("{sign}0.{}{digits}", zeros(-point)),
        _ => {
            let (first, rest) = digits.split_at(1);
            let point_mark = if rest.is_empty() { "" } else { "." };
            format!("{sign}{first}{point_mark}{rest}e{:+}", point - 1)
        }
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self(Repr::Int(value))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.write(&mut text);
        f.write_str(&text)
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Repr::Int(a), Repr::Int(b)) => a == b,
            (Repr::Raw(a), Repr::Raw(b)) if a == b => true,
            _ => self.as_f64() == other.as_f64(),
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (&self.0, &other.0) {
            (Repr::Int(a), Repr::Int(b)) => Some(a.cmp(b)),
            _ => self.as_f64().partial_cmp(&other.as_f64()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_keeps_its_text() {
        for text in
            ["0", "-0", "1.0", "1.10", "1E400", "1e3", "-0.5", "123456789012345678901234567890", "0.1", "1e-7", "1e+21"]
        {
            assert_eq!(Number::from_json(text).to_string(), text);
        }
    }

    #[test]
    fn whole_floats_are_written_as_integers() {
        assert_eq!(Number::from_f64(3.0).unwrap().to_string(), "3");
        assert_eq!(Number::from_f64(3.5).unwrap().to_string(), "3.5");
        assert!(Number::from_f64(f64::INFINITY).is_none());
    }

    #[test]
    fn floats_are_written_as_javascript_writes_them() {
        for (float, text) in [
            (9_007_199_254_740_992.0, "9007199254740992"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (-1.5e300, "-1.5e+300"),
            (0.000_001, "0.000001"),
            (1e-7, "1e-7"),
            (1.25e-10, "1.25e-10"),
            (0.1 + 0.2, "0.30000000000000004"),
            (123.456, "123.456"),
            (-0.0, "0"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
        ] {
            assert_eq!(javascript(float), text);
        }
    }

    #[test]
    fn numbers_compare_by_value() {
        assert_eq!(Number::from_json("1"), Number::from_json("1.0"));
        assert!(Number::from_json("2") < Number::from_json("10.5"));
        assert_eq!(Number::from_json("9007199254740993").as_i64(), Some(9_007_199_254_740_993));
    }
}
