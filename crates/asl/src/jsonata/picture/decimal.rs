//! `$formatNumber`: pictures such as `#,##0.00`.

use super::super::failure::{Evaluated, Failure};
use super::super::function::Host;
use super::super::round::rounded;
use crate::value::Text;

/// Digits behind the point, as in JavaScript.
const FRACTION_MAX: usize = 100;

/// The characters that mean something.
struct Symbols {
    decimal: char,
    grouping: char,
    exponent: char,
    minus: String,
    percent: char,
    per_mille: char,
    zero: char,
    digit: char,
    pattern: char,
}

/// One of the two halves of a picture.
struct SubPicture {
    prefix: String,
    suffix: String,
    integer: Vec<char>,
    fraction: Vec<char>,
    exponent: Option<Vec<char>>,
    active: Vec<char>,
    whole: Vec<char>,
}

/// A number as the picture has it. `option` is what replaces a symbol.
pub(in super::super) fn format(
    number: f64,
    picture: &str,
    option: &dyn Fn(&str) -> Option<Text>,
    host: &dyn Host,
) -> Evaluated<String> {
    host.charge_text(picture.len().saturating_mul(4).saturating_add(512))?;
    host.budget().charge_steps(picture.len() as u64)?;
    let symbols = Symbols::of(option);
    let halves: Vec<&str> = picture.split(symbols.pattern).collect();
    if halves.len() > 2 {
        return Err(Failure::coded("D3080", "The picture string must only contain a maximum of two sub-pictures"));
    }
    let mut parsed = Vec::with_capacity(2);
    for half in &halves {
        let half = SubPicture::parse(half, &symbols);
        half.check(&symbols)?;
        parsed.push(half);
    }
    let is_negative = number < 0.0;
    let half = if is_negative && parsed.len() == 2 { &parsed[1] } else { &parsed[0] };
    let sign = if is_negative && parsed.len() == 1 { &*symbols.minus } else { "" };
    let value = half.number(number, &symbols)?;
    Ok(format!("{sign}{}{value}{}", half.prefix, half.suffix))
}

impl Symbols {
    fn of(option: &dyn Fn(&str) -> Option<Text>) -> Self {
        let symbol = |name: &str, default: char| option(name).and_then(|text| text.chars().next()).unwrap_or(default);
        Self {
            decimal: symbol("decimal-separator", '.'),
            grouping: symbol("grouping-separator", ','),
            exponent: symbol("exponent-separator", 'e'),
            minus: option("minus-sign").map_or_else(|| "-".to_owned(), |minus| minus.to_string()),
            percent: symbol("percent", '%'),
            per_mille: symbol("per-mille", '‰'),
            zero: symbol("zero-digit", '0'),
            digit: symbol("digit", '#'),
            pattern: symbol("pattern-separator", ';'),
        }
    }

    fn is_digit(&self, character: char) -> bool {
        (0..10).contains(&(i64::from(u32::from(character)) - i64::from(u32::from(self.zero))))
    }

    fn is_place(&self, character: char) -> bool {
        character == self.digit || self.is_digit(character)
    }

    fn is_active(&self, character: char) -> bool {
        self.is_place(character) || [self.decimal, self.exponent, self.grouping, self.pattern].contains(&character)
    }

    fn written(&self, digits: &str) -> String {
        let shift = |digit: char| match digit.to_digit(10) {
            Some(value) => char::from_u32(u32::from(self.zero) + value).unwrap_or(digit),
            None => digit,
        };
        digits.chars().map(shift).collect()
    }
}

impl SubPicture {
    fn parse(half: &str, symbols: &Symbols) -> Self {
        let whole: Vec<char> = half.chars().collect();
        let begins = |character: &char| symbols.is_active(*character) && *character != symbols.exponent;
        let start = whole.iter().position(begins).unwrap_or(whole.len());
        let end = whole.iter().rposition(begins).map_or(start, |last| last + 1);
        let active = whole[start..end].to_vec();
        let exponent_at = whole[start..].iter().position(|character| *character == symbols.exponent);
        let (mantissa, exponent) = match exponent_at.filter(|at| *at <= active.len()) {
            Some(at) => (active[..at].to_vec(), Some(active.get(at + 1..).unwrap_or_default().to_vec())),
            None => (active.clone(), None),
        };
        let (integer, fraction) = match mantissa.iter().position(|character| *character == symbols.decimal) {
            Some(at) => (mantissa[..at].to_vec(), mantissa[at + 1..].to_vec()),
            None => (mantissa, Vec::new()),
        };
        let prefix = whole[..start].iter().collect();
        let suffix = whole[end..].iter().collect();
        Self { prefix, suffix, integer, fraction, exponent, active, whole }
    }

    fn has(&self, symbol: char) -> bool {
        self.whole.contains(&symbol)
    }

    fn count(&self, symbol: char) -> usize {
        self.whole.iter().filter(|character| **character == symbol).count()
    }

    fn check(&self, symbols: &Symbols) -> Evaluated<()> {
        match self.problem(symbols) {
            Some((code, said)) => Err(Failure::coded(code, said)),
            None => Ok(()),
        }
    }

    /// The last rule that the picture breaks.
    fn problem(&self, symbols: &Symbols) -> Option<(&'static str, &'static str)> {
        let is_grouping = |character: &char| *character == symbols.grouping;
        let is_digit = |character: &char| symbols.is_digit(*character);
        let has_percent = self.has(symbols.percent) || self.has(symbols.per_mille);
        let mut mantissa = self.integer.iter().chain(&self.fraction);
        let optional = self.integer.iter().position(|character| *character == symbols.digit);
        let last_optional = self.fraction.iter().rposition(|character| *character == symbols.digit);
        let decimal_at = self.whole.iter().position(|character| *character == symbols.decimal);
        let beside_decimal =
            |at: usize| self.whole.get(at + 1).is_some_and(is_grouping) || at > 0 && is_grouping(&self.whole[at - 1]);
        let rules = [
            (
                self.count(symbols.decimal) > 1,
                "D3081",
                "The sub-picture must not contain more than one instance of the 'decimal-separator' character",
            ),
            (
                self.count(symbols.percent) > 1,
                "D3082",
                "The sub-picture must not contain more than one instance of the 'percent' character",
            ),
            (
                self.count(symbols.per_mille) > 1,
                "D3083",
                "The sub-picture must not contain more than one instance of the 'per-mille' character",
            ),
            (
                self.has(symbols.percent) && self.has(symbols.per_mille),
                "D3084",
                "The sub-picture must not contain both a 'percent' and a 'per-mille' character",
            ),
            (
                !mantissa.any(|character| symbols.is_place(*character)),
                "D3085",
                "The mantissa part of a sub-picture must contain at least one character that is either an 'optional digit character' or a member of the 'decimal digit family'",
            ),
            (
                self.active.is_empty() && !self.whole.is_empty(),
                "D3086",
                "The sub-picture must not contain a passive character that is preceded by an active character and that is followed by another active character",
            ),
            (
                self.active.iter().any(|character| !symbols.is_active(*character)),
                "D3086",
                "The sub-picture must not contain a passive character that is preceded by an active character and that is followed by another active character",
            ),
            (
                decimal_at.is_some_and(beside_decimal),
                "D3087",
                "The sub-picture must not contain a 'grouping-separator' character that appears adjacent to a 'decimal-separator' character",
            ),
            (
                decimal_at.is_none() && self.integer.last().is_some_and(is_grouping),
                "D3088",
                "The sub-picture must not contain a 'grouping-separator' at the end of the integer part",
            ),
            (
                self.whole.windows(2).any(|pair| pair.iter().all(is_grouping)),
                "D3089",
                "The sub-picture must not contain two adjacent instances of the 'grouping-separator' character",
            ),
            (
                optional.is_some_and(|at| self.integer[..at].iter().any(is_digit)),
                "D3090",
                "The integer part of the sub-picture must not contain a member of the 'decimal digit family' that is followed by an instance of the 'optional digit character'",
            ),
            (
                last_optional.is_some_and(|at| self.fraction[at..].iter().any(is_digit)),
                "D3091",
                "The fractional part of the sub-picture must not contain an instance of the 'optional digit character' that is followed by a member of the 'decimal digit family'",
            ),
            (
                self.exponent.as_ref().is_some_and(|exponent| !exponent.is_empty()) && has_percent,
                "D3092",
                "A sub-picture that contains a 'percent' or 'per-mille' character must not contain a character treated as an 'exponent-separator'",
            ),
            (
                self.exponent.as_ref().is_some_and(|part| part.is_empty() || !part.iter().all(is_digit)),
                "D3093",
                "The exponent part of the sub-picture must comprise only of one or more characters that are members of the 'decimal digit family'",
            ),
        ];
        rules.into_iter().rev().find(|(is_broken, ..)| *is_broken).map(|(_, code, said)| (code, said))
    }

    /// The least digits before the point, and the least and the most behind it.
    fn sizes(&self, symbols: &Symbols) -> (usize, usize, usize) {
        let digits = |part: &[char]| part.iter().filter(|character| symbols.is_digit(**character)).count();
        let places = |part: &[char]| part.iter().filter(|character| symbols.is_place(**character)).count();
        let mut integer = digits(&self.integer);
        let (mut least, mut most) = (digits(&self.fraction), places(&self.fraction));
        if integer == 0 && most == 0 {
            if self.exponent.is_some() {
                (least, most) = (1, 1);
            } else {
                integer = 1;
            }
        }
        if self.exponent.is_some() && integer == 0 && self.integer.contains(&symbols.digit) {
            integer = 1;
        }
        if integer == 0 && least == 0 {
            least = 1;
        }
        (integer, least, most)
    }

    fn number(&self, number: f64, symbols: &Symbols) -> Evaluated<String> {
        let (least_integer, least, most) = self.sizes(symbols);
        if most > FRACTION_MAX {
            return Err(Failure::Internal);
        }
        let factor = match () {
            () if self.has(symbols.percent) => 100.0,
            () if self.has(symbols.per_mille) => 1_000.0,
            () => 1.0,
        };
        let scale = self.integer.iter().filter(|character| symbols.is_digit(**character)).count();
        let (mantissa, exponent) = match &self.exponent {
            Some(_) => scaled(number * factor, scale),
            None => (number * factor, 0),
        };
        if !mantissa.is_finite() {
            return Ok(if mantissa.is_nan() { "NaN" } else { "Infinity" }.to_owned());
        }
        let text = format!("{:.most$}", rounded(mantissa, most as i32).abs());
        let (integer, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let integer = led_by_zeros(integer.trim_start_matches('0'), least_integer);
        let fraction = format!("{:0<least$}", fraction.trim_end_matches('0'));
        let mut written = symbols.written(&grouped_integer(&integer, &self.integer, symbols));
        if !fraction.is_empty() {
            written.push(symbols.decimal);
            written.push_str(&symbols.written(&grouped_fraction(&fraction, &self.fraction, symbols)));
        }
        if let Some(part) = &self.exponent {
            written.push(symbols.exponent);
            if exponent < 0 {
                written.push_str(&symbols.minus);
            }
            written.push_str(&symbols.written(&led_by_zeros(&exponent.unsigned_abs().to_string(), part.len())));
        }
        Ok(written)
    }
}

/// At least so many digits: more than the width of a format can say.
fn led_by_zeros(digits: &str, least: usize) -> String {
    "0".repeat(least.saturating_sub(digits.len())) + digits
}

/// A number with so many digits before the point, and the power of ten that is missing.
fn scaled(number: f64, digits: usize) -> (f64, i32) {
    let most = 10f64.powi(digits as i32);
    let (mut mantissa, mut exponent) = (number.abs(), 0);
    if mantissa == 0.0 || !mantissa.is_finite() {
        return (number, 0);
    }
    while mantissa < most / 10.0 && exponent > -400 {
        mantissa *= 10.0;
        exponent -= 1;
    }
    while mantissa > most && exponent < 400 {
        mantissa /= 10.0;
        exponent += 1;
    }
    (mantissa, exponent)
}

/// Where separators stand, in digits from the end.
fn positions(part: &[char], symbols: &Symbols) -> Vec<usize> {
    let mut places = 0;
    let mut found = Vec::new();
    for character in part.iter().rev() {
        if *character == symbols.grouping {
            found.push(places);
        } else if symbols.is_place(*character) {
            places += 1;
        }
    }
    found
}

/// The distance of the separators, where it is always the same.
pub(super) fn regular(positions: &[usize]) -> Option<usize> {
    let divisor = positions.iter().copied().fold(0, common_divisor);
    let is_regular = divisor > 0 && (1..=positions.len()).all(|times| positions.contains(&(times * divisor)));
    is_regular.then_some(divisor)
}

fn common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

fn grouped_integer(digits: &str, part: &[char], symbols: &Symbols) -> String {
    let positions = positions(part, symbols);
    let regular = regular(&positions);
    let mut grouped = String::with_capacity(digits.len() * 2);
    for (at, digit) in digits.chars().enumerate() {
        let left = digits.len() - at;
        let separates = match regular {
            Some(distance) => left.is_multiple_of(distance),
            None => positions.contains(&left),
        };
        if at > 0 && separates {
            grouped.push(symbols.grouping);
        }
        grouped.push(digit);
    }
    grouped
}

fn grouped_fraction(digits: &str, part: &[char], symbols: &Symbols) -> String {
    let reversed: Vec<char> = part.iter().rev().copied().collect();
    let positions = positions(&reversed, symbols);
    let mut grouped = String::with_capacity(digits.len() * 2);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && positions.contains(&at) {
            grouped.push(symbols.grouping);
        }
        grouped.push(digit);
    }
    grouped
}
