//! Bounds of the functions that read and write by a picture: `$fromMillis`, `$toMillis`, `$formatInteger`,
//! `$parseInteger`.
//!
//! The evaluator takes widths, digits and numbers as they come, and calculates with them until they overflow, or
//! repeats something that often. What it could not calculate with is refused here, before the call; what is refused is
//! far from any date and any number that has a use.

use jsonata_core::evaluator::EvaluatorError;
use jsonata_core::value::JValue;

use super::functions::error;
use super::meter::{Meter, exceeded};

/// Characters and widths of all markers of a picture together, and characters of a picture for a whole number.
const EXTENT_MAX: usize = 1_024;

/// Markers of a picture.
const MARKERS_MAX: usize = 64;

/// Bytes of a picture that is matched with a text, and of that text.
const MATCHED_MAX: usize = 4_096;

/// Digits of a year: it is divided by a power of ten.
const YEAR_DIGITS_MAX: usize = 18;

/// Milliseconds from the epoch, before and after: 260,000 years. The evaluator's calendar ends soon after.
const MILLIS_MAX: f64 = 8.2e15;

/// A timezone is `+HHMM`.
const TIMEZONE_MAX: i64 = 9_999;

/// Letters of a number that is written in letters (`A`, `B`, ... `Z`, `AA`).
const LETTERS_MAX: usize = 10;

/// The same of the day in a year, which is added to a date.
const DAY_LETTERS_MAX: usize = 6;

/// Digits of a day in a year, of an hour, of a part of a timezone.
const DAY_DIGITS_MAX: usize = 10;
const HOUR_DIGITS_MAX: usize = 18;
const TIMEZONE_DIGITS_MAX: usize = 12;

/// Zeros of the decimal digits that a picture may have, but for ASCII's (XPath and XQuery Functions, 4.6.1).
const ZEROS: [char; 36] = [
    '\u{660}', '\u{6f0}', '\u{7c0}', '\u{966}', '\u{9e6}', '\u{a66}', '\u{ae6}', '\u{b66}', '\u{be6}', '\u{c66}',
    '\u{ce6}', '\u{d66}', '\u{de6}', '\u{e50}', '\u{ed0}', '\u{f20}', '\u{1040}', '\u{1090}', '\u{17e0}', '\u{1810}',
    '\u{1946}', '\u{19d0}', '\u{1a80}', '\u{1a90}', '\u{1b50}', '\u{1bb0}', '\u{1c40}', '\u{1c50}', '\u{a620}',
    '\u{a8d0}', '\u{a900}', '\u{a9d0}', '\u{a9f0}', '\u{aa50}', '\u{abf0}', '\u{ff10}',
];

type Checked = Result<(), EvaluatorError>;

/// `$fromMillis(number?, picture?, timezone?)`. `args` begins with the context item, as in all of these.
pub(super) fn from_millis(meter: &Meter, args: &[JValue]) -> Checked {
    let given = given(args, |first| first.as_f64().is_some());
    if let Some(millis) = given.first().and_then(JValue::as_f64)
        && (MILLIS_MAX..f64::INFINITY).contains(&millis.abs())
    {
        return Err(error(format!("Invalid timestamp: {millis}")));
    }
    if let Some(picture) = given.get(1).and_then(JValue::as_str) {
        meter.charge_text(picture.len() as u64)?;
        let markers = markers(picture)?;
        if let Some(marker) = markers.iter().find(|marker| marker.component == 'f' && marker.kind == Kind::Names) {
            return Err(error(format!("D3133: {}", marker.component)));
        }
    }
    match given.get(2).and_then(JValue::as_str) {
        Some(timezone) if is_far(timezone) => Err(error("D3134: timezone".to_owned())),
        _ => Ok(()),
    }
}

/// `$toMillis(text?, picture?)`
pub(super) fn to_millis(meter: &Meter, args: &[JValue]) -> Checked {
    let given = given(args, |first| first.as_str().is_some());
    let Some(text) = given.first().and_then(JValue::as_str) else { return Ok(()) };
    let Some(picture) = given.get(1).and_then(JValue::as_str) else {
        // The evaluator takes digits of any script for a date's, and then cannot read them.
        return if text.is_ascii() { Ok(()) } else { Err(error(format!("D3110: {text}"))) };
    };
    if text.len().max(picture.len()) > MATCHED_MAX {
        return Err(exceeded());
    }
    meter.charge((text.len() * 16 + picture.len() * 64) as u64)?;
    let markers = markers(picture)?;
    let readable = markers.iter().all(|marker| marker.can_read(text));
    if readable && !text.contains(is_folded) { Ok(()) } else { Err(error("D3136: text".to_owned())) }
}

/// `$formatInteger(number?, picture)`
pub(super) fn format_integer(meter: &Meter, args: &[JValue]) -> Checked {
    let [JValue::Number(number), JValue::String(picture), ..] = given_two(args) else { return Ok(()) };
    bound(picture.len(), EXTENT_MAX)?;
    if !number.is_finite() {
        return Err(out_of_range());
    }
    let roman = Kind::of(picture) == Kind::Roman;
    // An M for each thousand.
    meter.charge_text(if roman { number.abs() as u64 / 1_000 } else { 0 })
}

/// `$parseInteger(text?, picture)`
pub(super) fn parse_integer(meter: &Meter, args: &[JValue]) -> Checked {
    let [JValue::String(text), JValue::String(picture), ..] = given_two(args) else { return Ok(()) };
    bound(picture.len(), EXTENT_MAX)?;
    // Each separator of the picture is looked for in the text.
    meter.charge_text((text.len() as u64).saturating_mul(picture.len() as u64) / 8)?;
    match Kind::of(picture) {
        Kind::Letters if text.chars().nth(LETTERS_MAX).is_some() => Err(out_of_range()),
        Kind::Decimal if !are_digits(text, picture) => Err(error("D3136: text".to_owned())),
        _ => Ok(()),
    }
}

/// The arguments, with the context item before them where they do not begin with what the function is about.
fn given(args: &[JValue], begins: impl Fn(&JValue) -> bool) -> &[JValue] {
    match args {
        [_, first, ..] if begins(first) || first.is_undefined() => &args[1..],
        _ => args,
    }
}

/// The same of a function that needs two.
fn given_two(args: &[JValue]) -> &[JValue] {
    if args.len() > 2 && !args[2].is_undefined() { &args[1..] } else { args }
}

fn bound(count: usize, max: usize) -> Checked {
    if count > max { Err(exceeded()) } else { Ok(()) }
}

fn out_of_range() -> EvaluatorError {
    error("D1001: Number out of range".to_owned())
}

/// Whether a timezone's number is none of hours and minutes. The evaluator takes UTC where there is no number.
fn is_far(timezone: &str) -> bool {
    let timezone = timezone.trim();
    let unsigned = timezone.strip_prefix(['+', '-']).unwrap_or(timezone);
    let end = unsigned.find(|char: char| !char.is_ascii_digit()).unwrap_or(unsigned.len());
    end > 0 && unsigned[..end].parse().map_or(true, |number: i64| number > TIMEZONE_MAX)
}

/// Letters outside of ASCII that the evaluator takes for `s` and `k` where case does not matter.
fn is_folded(char: char) -> bool {
    matches!(char, '\u{17f}' | '\u{212a}')
}

/// Whether a text has only digits like the picture's, where these are not ASCII's; an ordinal's ending is cut off by
/// its length.
fn are_digits(text: &str, picture: &str) -> bool {
    let (digits, modifier) = picture.rsplit_once(';').unwrap_or((picture, ""));
    let ending = if modifier.starts_with('o') && text.len() >= 2 { 2 } else { 0 };
    let Some(text) = text.get(..text.len() - ending) else { return false };
    let Some(zero) = digits.chars().find_map(zero_of) else { return true };
    text.chars().all(|char| zero_of(char) == Some(zero) || (char == ',' && digits.contains(',')))
}

/// The zero of a digit's script, but for ASCII's.
fn zero_of(char: char) -> Option<char> {
    ZEROS.into_iter().find(|zero| (0..=9).contains(&(i64::from(u32::from(char)) - i64::from(u32::from(*zero)))))
}

/// How a number is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Decimal,
    Letters,
    Roman,
    Words,
    Names,
}

impl Kind {
    /// By the picture of a whole number.
    fn of(picture: &str) -> Self {
        match picture.rsplit_once(';').map_or(picture, |(primary, _)| primary) {
            "A" | "a" => Self::Letters,
            "I" | "i" => Self::Roman,
            "W" | "w" | "Ww" => Self::Words,
            _ => Self::Decimal,
        }
    }
}

/// What stands in brackets in the picture of a date: `[Y0001]`, `[MNn,*-3]`.
struct Marker {
    component: char,
    kind: Kind,
    /// Characters between the component and the width.
    length: usize,
    has_foreign_digits: bool,
    /// The least and the greatest width.
    widths: [Option<usize>; 2],
    /// Whether the number ends where the next one begins, so that it has as many digits as the picture.
    is_fixed: bool,
}

/// The markers of a date's picture, as the evaluator finds them. A bracket without end ends them.
fn markers(picture: &str) -> Result<Vec<Marker>, EvaluatorError> {
    let mut markers: Vec<Marker> = Vec::new();
    let mut extent = 0usize;
    let mut rest = picture;
    let mut is_apart = false;
    while let Some(at) = rest.find('[') {
        let inside = &rest[at + 1..];
        is_apart |= at > 0;
        if let Some(after) = inside.strip_prefix('[') {
            is_apart = true;
            rest = after;
            continue;
        }
        let Some((inside, after)) = inside.split_once(']') else { break };
        bound(inside.len(), EXTENT_MAX)?;
        bound(markers.len() + 1, MARKERS_MAX)?;
        let marker = Marker::read(inside)?;
        extent = marker.widths.iter().flatten().fold(extent + inside.len(), |sum, width| sum.saturating_add(*width));
        bound(extent, EXTENT_MAX)?;
        if let Some(last) = markers.last_mut() {
            last.is_fixed = !is_apart && marker.is_number();
        }
        is_apart = false;
        markers.push(marker);
        rest = after;
    }
    Ok(markers)
}

impl Marker {
    fn read(inside: &str) -> Result<Self, EvaluatorError> {
        let text: String = inside.split_whitespace().collect();
        let Some(component) = text.chars().next() else { return Err(error("D3135: empty".to_owned())) };
        if !component.is_ascii_alphabetic() {
            return Err(error(format!("D3132: {component}")));
        }
        let (presentation, width) = text[1..].rsplit_once(',').unwrap_or((&text[1..], ""));
        let marker = Self {
            component,
            kind: kind(component, presentation),
            length: presentation.chars().count(),
            has_foreign_digits: presentation.chars().any(|char| zero_of(char).is_some()),
            widths: widths(width),
            is_fixed: false,
        };
        if component == 'Y' {
            bound(marker.widths[1].unwrap_or(marker.digits()), YEAR_DIGITS_MAX)?;
        }
        Ok(marker)
    }

    fn is_number(&self) -> bool {
        "YMDdFWwXxHhmsf".contains(self.component) && self.kind != Kind::Names
    }

    /// At least as many digits as the picture asks for.
    fn digits(&self) -> usize {
        self.length.saturating_add(self.widths[0].unwrap_or_default())
    }

    /// Whether no number in the text is one that the evaluator could not calculate with, if it were this marker's.
    fn can_read(&self, text: &str) -> bool {
        if matches!(self.component, 'Z' | 'z') {
            let offset = text.find(['+', '-']).map_or("", |sign| &text[sign..]);
            return run(offset, is_digit) <= TIMEZONE_DIGITS_MAX;
        }
        let (letters, digits) = match self.component {
            'd' => (DAY_LETTERS_MAX, DAY_DIGITS_MAX),
            'h' => (LETTERS_MAX, HOUR_DIGITS_MAX),
            _ => (LETTERS_MAX, usize::MAX),
        };
        match self.kind {
            Kind::Letters => run(text, char::is_alphabetic) <= letters,
            Kind::Words => digits == usize::MAX || are_few_words(text),
            Kind::Decimal if self.has_foreign_digits => false,
            Kind::Decimal if self.is_fixed => self.digits() <= digits,
            Kind::Decimal => run(text, is_digit) <= digits,
            Kind::Roman | Kind::Names => true,
        }
    }
}

/// How a date's component is written. A last letter of `a`, `t`, `c`, `o` after others says something else.
fn kind(component: char, presentation: &str) -> Kind {
    match presentation.chars().next() {
        Some('n' | 'N') => return Kind::Names,
        None if "FPCE".contains(component) => return Kind::Names,
        _ => {}
    }
    let primary = presentation.strip_suffix(['a', 't', 'c', 'o']).filter(|primary| !primary.is_empty());
    Kind::of(primary.unwrap_or(presentation))
}

/// `3`, `3-5`, `*-5`
fn widths(text: &str) -> [Option<usize>; 2] {
    let (least, greatest) = text.split_once('-').unwrap_or((text, ""));
    [least.parse().ok(), greatest.parse().ok()]
}

fn is_digit(char: char) -> bool {
    char.is_ascii_digit()
}

/// The length of the longest run of such characters.
fn run(text: &str, is_such: impl Fn(char) -> bool) -> usize {
    text.split(|char| !is_such(char)).map(|run| run.chars().count()).max().unwrap_or_default()
}

/// Whether a number in words is below ten billions, and another number beside it: each of these words multiplies.
fn are_few_words(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let count = |word: &str| text.matches(word).count();
    count("illion") == 0 && count("thousand") <= 1 && count("hundred") <= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(check: fn(&Meter, &[JValue]) -> Checked, args: &[JValue]) -> String {
        let args: Vec<JValue> = std::iter::once(JValue::Undefined).chain(args.iter().cloned()).collect();
        match check(&Meter::new(), &args) {
            Ok(()) => "fine".to_owned(),
            Err(error) => error.message().chars().take(5).collect(),
        }
    }

    fn texts(text: &str, picture: &str) -> [JValue; 2] {
        [JValue::string(text), JValue::string(picture)]
    }

    #[test]
    fn pictures_that_write_dates_are_bounded() {
        let wide = "[D,1024]".to_owned();
        let many = "[D]".repeat(65);
        let literal = "x".repeat(5_000) + "[[" + &"y".repeat(5_000) + "]]";
        for (picture, expected) in [
            ("[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001][Z01:01t]", "fine"),
            ("[FNn], [D1o] [MNn,*-3] [Y,2-2] [Yw] [YI] [P]", "fine"),
            ("[Y,*-18]", "fine"),
            ("[Y,*-19]", "Expre"),
            ("[Y0000000000000000000]", "Expre"),
            ("[Y#,18]", "Expre"),
            (&wide, "Expre"),
            ("[D,500][D,500]", "fine"),
            ("[D,500][D,520]", "Expre"),
            (&many, "Expre"),
            (&literal, "fine"),
            ("[fN]", "D3133"),
            ("[,]", "D3132"),
            ("[é1]", "D3132"),
            ("[ ]", "D3135"),
            ("[Y", "fine"),
        ] {
            let args = [JValue::Number(0.0), JValue::string(picture)];
            assert_eq!(outcome(from_millis, &args), expected, "{picture}");
        }
    }

    #[test]
    fn times_and_timezones_stay_on_the_calendar() {
        for (millis, timezone, expected) in [
            (8.1e15, "+1400", "fine"),
            (-8.1e15, "-1200", "fine"),
            (8.3e15, "+0000", "Inval"),
            (-1e300, "+0000", "Inval"),
            (0.0, "nowhere", "fine"),
            (0.0, " -0930", "fine"),
            (0.0, "+10000", "D3134"),
            (0.0, "9223372036854775807", "D3134"),
            (0.0, "-99999999999999999999 x", "D3134"),
        ] {
            let args = [JValue::Number(millis), JValue::string("[Y]"), JValue::string(timezone)];
            assert_eq!(outcome(from_millis, &args), expected, "{millis} {timezone}");
        }
    }

    #[test]
    fn texts_that_are_read_as_dates_are_bounded() {
        let long = "1".repeat(4_097);
        for (text, picture, expected) in [
            ("20231114221320.123+0100", "[Y0001][M01][D01][H01][m01][s01].[f001][Z0001]", "fine"),
            ("2023318221320", "[Y0001][d001][H01][m01][s01]", "fine"),
            ("one hundred and ninety-fifth day of 2018", "[dwo] day of [Y]", "fine"),
            ("Wednesday, n November", "[FNn], [Da] [MNn]", "fine"),
            ("2023 99999999999", "[Y] [d]", "D3136"),
            ("99999999999[2023", "[d][[[Y]", "D3136"),
            ("999999999992023", "[d00000000000,*-1][Y]", "D3136"),
            ("995[2023", "[d][[[Y]", "fine"),
            ("2023 ninety thousand thousand", "[Y] [dw]", "D3136"),
            ("2023 aaaaaaa", "[Y] [da]", "D3136"),
            ("aaaaaaaaaaa", "[Ya]", "D3136"),
            ("9999999999999999999 pm", "[h] [P]", "D3136"),
            ("one trillion pm", "[hw] [P]", "D3136"),
            ("+9999999999999", "[Z]", "D3136"),
            ("2018", "[Y٠٠٠١]", "D3136"),
            ("1\u{17f}t", "[D1o]", "D3136"),
            (&long, "[Y]", "Expre"),
            ("1", &long, "Expre"),
            ("1", "[,]", "D3132"),
        ] {
            assert_eq!(outcome(to_millis, &texts(text, picture)), expected, "{text} {picture}");
        }
        assert_eq!(outcome(to_millis, &[JValue::string("2023")]), "fine");
        assert_eq!(outcome(to_millis, &[JValue::string("٢٠٢٣")]), "D3110");
    }

    #[test]
    fn whole_numbers_are_bounded() {
        let long = "0".repeat(1_025);
        for (number, picture, expected) in [
            (1e9, "I", "fine"),
            (1e15, "I", "Expre"),
            (1e15, "i;o", "Expre"),
            (1e300, "w", "fine"),
            (f64::INFINITY, "w", "D1001"),
            (f64::NAN, "A", "D1001"),
            (1.0, &long, "Expre"),
        ] {
            let args = [JValue::Number(number), JValue::string(picture)];
            assert_eq!(outcome(format_integer, &args), expected, "{number} {picture}");
        }
        for (text, picture, expected) in [
            ("abc", "a", "fine"),
            ("aaaaaaaaaaa", "a", "D1001"),
            ("1st", "1;o", "fine"),
            ("é1", "1;o", "D3136"),
            ("", "1;o", "fine"),
            ("١٢٬٣", "٠", "D3136"),
            ("١٢٣", "٠", "fine"),
            ("١,٢٣٤", "٠,٠٠٠", "fine"),
            ("12", "٠", "D3136"),
            ("٠", "०", "D3136"),
            ("12", &long, "Expre"),
        ] {
            assert_eq!(outcome(parse_integer, &texts(text, picture)), expected, "{text} {picture}");
        }
    }
}
