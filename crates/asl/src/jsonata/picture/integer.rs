//! `$formatInteger` and `$parseInteger`: pictures such as `#,##0`, `I`, `Ww;o`.

use super::super::datum::Datum;
use super::super::failure::{Evaluated, Failure, quoted};
use super::super::function::Host;
use super::{decimal, words};
use crate::number::javascript;

/// Characters of a picture.
const PICTURE_MAX: usize = 1_024;

/// Zeros of the decimal digits that a picture may have (XPath and XQuery Functions, 4.6.1).
const ZEROS: [char; 37] = [
    '0', '\u{660}', '\u{6f0}', '\u{7c0}', '\u{966}', '\u{9e6}', '\u{a66}', '\u{ae6}', '\u{b66}', '\u{be6}', '\u{c66}',
    '\u{ce6}', '\u{d66}', '\u{de6}', '\u{e50}', '\u{ed0}', '\u{f20}', '\u{1040}', '\u{1090}', '\u{17e0}', '\u{1810}',
    '\u{1946}', '\u{19d0}', '\u{1a80}', '\u{1a90}', '\u{1b50}', '\u{1bb0}', '\u{1c40}', '\u{1c50}', '\u{a620}',
    '\u{a8d0}', '\u{a900}', '\u{a9d0}', '\u{a9f0}', '\u{aa50}', '\u{abf0}', '\u{ff10}',
];

/// How letters are cased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    Lower,
    Upper,
    Title,
}

impl Case {
    /// A lower-case text in this case.
    pub(super) fn written(self, text: String) -> String {
        match self {
            Self::Lower => text,
            Self::Upper => text.to_uppercase(),
            Self::Title => {
                let words = text.split_inclusive([' ', '-', ',']);
                let titled = words.map(|word| match word.trim_end_matches([' ', '-', ',']) {
                    "and" => word.to_owned(),
                    _ => word.chars().take(1).map(|c| c.to_ascii_uppercase()).chain(word.chars().skip(1)).collect(),
                });
                titled.collect()
            }
        }
    }
}

/// How a whole number is written.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Letters(Case),
    Roman(Case),
    Words(Case),
    Decimal {
        zero: char,
        /// The least digits.
        least: usize,
        /// Digits that may be there.
        optional: usize,
        /// Separators: how many digits stand behind each.
        separators: Vec<(usize, char)>,
        /// Their distance, where it is always the same.
        regular: Option<usize>,
    },
}

/// The picture of a whole number.
#[derive(Clone, Debug)]
pub(in super::super) struct Picture {
    pub(super) kind: Kind,
    pub(super) is_ordinal: bool,
}

impl Picture {
    pub(in super::super) fn parse(picture: &str, host: &dyn Host) -> Evaluated<Self> {
        host.budget().charge_bytes(picture.len() as u64 * 32)?;
        if picture.len() > PICTURE_MAX {
            return Err(Failure::Size);
        }
        let (primary, modifier) = picture.rsplit_once(';').unwrap_or((picture, ""));
        let kind = match primary {
            "A" => Kind::Letters(Case::Upper),
            "a" => Kind::Letters(Case::Lower),
            "I" => Kind::Roman(Case::Upper),
            "i" => Kind::Roman(Case::Lower),
            "W" => Kind::Words(Case::Upper),
            "w" => Kind::Words(Case::Lower),
            "Ww" => Kind::Words(Case::Title),
            primary => decimal_kind(primary)?,
        };
        Ok(Self { kind, is_ordinal: modifier.starts_with('o') })
    }

    /// The number as it is written.
    pub(in super::super) fn format(&self, number: f64, host: &dyn Host) -> Evaluated<String> {
        let magnitude = number.abs();
        let sign = if number < 0.0 { "-" } else { "" };
        let written = match &self.kind {
            Kind::Letters(case) => case.written(letters(magnitude)),
            Kind::Roman(case) => {
                host.charge_text(((magnitude / 1_000.0) as usize).saturating_add(16))?;
                case.written(words::in_roman(magnitude))
            }
            Kind::Words(case) => {
                host.charge_text(2_048)?;
                case.written(words::in_words(magnitude, self.is_ordinal))
            }
            Kind::Decimal { zero, least, separators, regular, .. } => {
                host.charge_text(least.saturating_mul(4).saturating_add(64))?;
                let mut digits = format!("{:0>least$}", javascript(magnitude));
                let ordinal = if self.is_ordinal { ordinal(&digits) } else { "" };
                digits = grouped(&shifted(&digits, *zero), separators, *regular);
                digits + ordinal
            }
        };
        Ok(format!("{sign}{written}"))
    }

    /// The number in a text that is written so.
    pub(in super::super) fn read(&self, text: &str) -> Evaluated<f64> {
        Ok(match &self.kind {
            Kind::Letters(_) if text.chars().count() > 20 => {
                return Err(Failure::coded("D1001", "Number out of range"));
            }
            Kind::Letters(_) => {
                let value = |letter: char| f64::from(u32::from(letter.to_ascii_lowercase())) - 96.0;
                text.chars().fold(0.0, |number, letter| number * 26.0 + value(letter))
            }
            Kind::Roman(_) => words::from_roman(text),
            Kind::Words(_) => words::from_words(text),
            Kind::Decimal { zero, separators, .. } => {
                let end =
                    if self.is_ordinal { text.char_indices().nth_back(1).map_or(0, |(at, _)| at) } else { text.len() };
                let mut number = None;
                for character in text[..end].chars().filter(|c| !separators.iter().any(|(_, separator)| separator == c))
                {
                    let digit = i64::from(u32::from(character)) - i64::from(u32::from(*zero));
                    if !(0..10).contains(&digit) {
                        break;
                    }
                    number = Some(number.unwrap_or(0.0) * 10.0 + digit as f64);
                }
                number.unwrap_or(f64::NAN)
            }
        })
    }
}

fn decimal_kind(primary: &str) -> Evaluated<Kind> {
    let (mut zero, mut least, mut optional) = (None, 0, 0);
    let mut separators = Vec::new();
    for character in primary.chars().rev() {
        if let Some(found) = zero_of(character) {
            if zero.is_some_and(|zero| zero != found) {
                let said = "In a decimal digit pattern, all digits must be from the same decimal group";
                return Err(Failure::coded("D3131", said));
            }
            zero = Some(found);
            least += 1;
        } else if character == '#' {
            optional += 1;
        } else {
            separators.push((least + optional, character));
        }
    }
    let Some(zero) = zero else {
        let primary = quoted(&Datum::text(primary));
        let said = format!(
            "Formatting or parsing an integer as a sequence starting with {primary} is not supported by this implementation"
        );
        return Err(Failure::coded("D3130", said));
    };
    let places: Vec<usize> = separators.iter().map(|(place, _)| *place).collect();
    let is_one = separators.windows(2).all(|pair| pair[0].1 == pair[1].1);
    let regular = decimal::regular(&places).filter(|_| is_one);
    Ok(Kind::Decimal { zero, least, optional, separators, regular })
}

/// The zero of a digit's script.
fn zero_of(character: char) -> Option<char> {
    let distance = |zero: &char| i64::from(u32::from(character)) - i64::from(u32::from(*zero));
    ZEROS.into_iter().find(|zero| (0..10).contains(&distance(zero)))
}

fn shifted(digits: &str, zero: char) -> String {
    if zero == '0' {
        return digits.to_owned();
    }
    let shift = |digit: char| match digit.to_digit(10) {
        Some(value) => char::from_u32(u32::from(zero) + value).unwrap_or(digit),
        None => digit,
    };
    digits.chars().map(shift).collect()
}

fn grouped(digits: &str, separators: &[(usize, char)], regular: Option<usize>) -> String {
    let count = digits.chars().count();
    let mut grouped = String::with_capacity(digits.len() * 2);
    for (at, digit) in digits.chars().enumerate() {
        let left = count - at;
        let separator = match regular {
            Some(distance) => separators.first().filter(|_| left.is_multiple_of(distance)),
            None => separators.iter().find(|(place, _)| *place == left),
        };
        if at > 0 {
            grouped.extend(separator.map(|(_, character)| *character));
        }
        grouped.push(digit);
    }
    grouped
}

fn ordinal(digits: &str) -> &'static str {
    let is_teen = digits.len() > 1 && digits[..digits.len() - 1].ends_with('1');
    match digits.bytes().next_back() {
        Some(b'1') if !is_teen => "st",
        Some(b'2') if !is_teen => "nd",
        Some(b'3') if !is_teen => "rd",
        _ => "th",
    }
}

/// `a`, `b`, ... `z`, `aa`; nothing for zero.
fn letters(number: f64) -> String {
    let mut rest = number;
    let mut letters = Vec::new();
    while rest >= 1.0 {
        let digit = (rest - 1.0) % 26.0;
        letters.push(char::from(b'a' + digit as u8));
        rest = ((rest - 1.0) / 26.0).floor();
    }
    letters.into_iter().rev().collect()
}
