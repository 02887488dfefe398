//! Numbers in English words and in Roman numerals.

const FEW: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const ORDINALS: [&str; 20] = [
    "zeroth",
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
];
const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const THOUSANDS: [(&str, f64); 4] = [("thousand", 1e3), ("million", 1e6), ("billion", 1e9), ("trillion", 1e12)];
const ROMAN: [(f64, &str); 13] = [
    (1000.0, "m"),
    (900.0, "cm"),
    (500.0, "d"),
    (400.0, "cd"),
    (100.0, "c"),
    (90.0, "xc"),
    (50.0, "l"),
    (40.0, "xl"),
    (10.0, "x"),
    (9.0, "ix"),
    (5.0, "v"),
    (4.0, "iv"),
    (1.0, "i"),
];

/// A whole number of no sign in lower-case words.
pub(super) fn in_words(number: f64, is_ordinal: bool) -> String {
    let mut words = String::new();
    append(&mut words, number, false, is_ordinal);
    words
}

/// `follows`: whether other words stand before.
fn append(words: &mut String, number: f64, follows: bool, is_ordinal: bool) {
    let small = number as usize;
    if number < 20.0 {
        words.push_str(if follows { " and " } else { "" });
        words.push_str(if is_ordinal { ORDINALS[small] } else { FEW[small] });
    } else if number < 100.0 {
        words.push_str(if follows { " and " } else { "" });
        words.push_str(TENS[small / 10 - 2]);
        if !small.is_multiple_of(10) {
            words.push('-');
            append(words, (small % 10) as f64, false, is_ordinal);
        } else if is_ordinal {
            words.pop();
            words.push_str("ieth");
        }
    } else if number < 1_000.0 {
        words.push_str(if follows { ", " } else { "" });
        words.push_str(FEW[small / 100]);
        words.push_str(" hundred");
        rest(words, (small % 100) as f64, is_ordinal);
    } else {
        let (name, factor) = THOUSANDS.into_iter().rev().find(|(_, factor)| number >= *factor).unwrap_or(THOUSANDS[0]);
        words.push_str(if follows { ", " } else { "" });
        let count = (number / factor).floor();
        append(words, count, false, false);
        words.push(' ');
        words.push_str(name);
        rest(words, number - count * factor, is_ordinal);
    }
}

fn rest(words: &mut String, rest: f64, is_ordinal: bool) {
    if rest > 0.0 {
        append(words, rest, true, is_ordinal);
    } else if is_ordinal {
        words.push_str("th");
    }
}

/// What a word stands for.
fn value_of(word: &str) -> Option<f64> {
    let place = |words: &[&str]| words.iter().position(|known| *known == word).map(|at| at as f64);
    if let Some(value) = place(&FEW).or_else(|| place(&ORDINALS)) {
        return Some(value);
    }
    let tens = word.strip_suffix("ieth").map(|stem| format!("{stem}y"));
    let tens = tens.as_deref().unwrap_or(word);
    if let Some(at) = TENS.iter().position(|known| *known == tens) {
        return Some((at + 2) as f64 * 10.0);
    }
    let word = word.strip_suffix("th").unwrap_or(word);
    if word == "hundred" {
        return Some(100.0);
    }
    THOUSANDS.into_iter().find(|(name, _)| *name == word).map(|(_, factor)| factor)
}

/// The number in words; `NaN` where a word is none of a number.
pub(super) fn from_words(text: &str) -> f64 {
    let text = text.to_lowercase().replace(", ", " ").replace(" and ", " ").replace(',', " ");
    let mut parts = vec![0.0];
    for word in text.split([' ', '-', '\t', '\n']) {
        let Some(value) = value_of(word) else { return f64::NAN };
        let last = parts.pop().unwrap_or_default();
        if value >= 100.0 {
            parts.push(last * value);
        } else if last >= 1_000.0 {
            parts.extend([last, value]);
        } else {
            parts.push(last + value);
        }
    }
    parts.into_iter().sum()
}

/// All words that numbers are made of, as a regular expression has them.
pub(super) fn pattern() -> String {
    let tens = TENS.iter().map(|word| format!("{word}|{}ieth", word.trim_end_matches('y')));
    let thousands = THOUSANDS.iter().map(|(name, _)| format!("{name}th|{name}"));
    let mut words: Vec<String> = FEW.iter().chain(&ORDINALS).map(|word| (*word).to_owned()).chain(tens).collect();
    words.extend(thousands);
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    format!("(?:{}|hundredth|hundred|[\\-, ]|and)+", words.join("|"))
}

/// A whole number of no sign in lower-case Roman numerals, which has an `m` for each thousand.
pub(super) fn in_roman(number: f64) -> String {
    let mut rest = number;
    let mut roman = String::new();
    for (value, letters) in ROMAN {
        while rest >= value {
            roman.push_str(letters);
            rest -= value;
        }
    }
    roman
}

/// The number in Roman numerals of either case.
pub(super) fn from_roman(text: &str) -> f64 {
    let value = |letter: char| match letter.to_ascii_lowercase() {
        'm' => 1000.0,
        'd' => 500.0,
        'c' => 100.0,
        'l' => 50.0,
        'x' => 10.0,
        'v' => 5.0,
        'i' => 1.0,
        _ => f64::NAN,
    };
    let mut largest = 0.0;
    let mut number = 0.0;
    for value in text.chars().rev().map(value) {
        if value < largest {
            number -= value;
        } else {
            largest = value;
            number += value;
        }
    }
    number
}
