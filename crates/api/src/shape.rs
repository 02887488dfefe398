//! The kinds of members a request can have, with their constraints: text, numbers, choices, lists, structures.

use std::ops::RangeInclusive;

use asl::{Text, Value};

use crate::request::{MemberCheck, MemberPlace, Members, read_item};

/// Reads a value and checks its constraints.
pub(crate) trait Shape {
    /// What it becomes.
    type Output;
    /// Reads it; notes in `check` what is wrong. The value is not `null`.
    fn read(&self, value: &Value, place: &MemberPlace<'_>, check: &mut MemberCheck) -> Option<Self::Output>;
}

/// A string with a bounded number of characters.
#[derive(Clone, Copy)]
pub(crate) struct TextShape {
    min: usize,
    max: usize,
    sensitive: bool,
    pattern: Option<Pattern>,
}

/// A pattern: its text as AWS shows it, and the test.
type Pattern = (&'static str, fn(&str) -> bool);

/// A string of so many characters.
pub(crate) const fn text(lengths: RangeInclusive<usize>) -> TextShape {
    TextShape { min: *lengths.start(), max: *lengths.end(), sensitive: false, pattern: None }
}

impl TextShape {
    /// The value is not shown in messages.
    pub(crate) const fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    /// The value must match.
    pub(crate) const fn matching(mut self, pattern: &'static str, test: fn(&str) -> bool) -> Self {
        self.pattern = Some((pattern, test));
        self
    }

    fn shown(&self, text: &str) -> String {
        if self.sensitive { "Value".to_owned() } else { format!("Value '{text}'") }
    }
}

impl Shape for TextShape {
    type Output = Text;

    fn read(&self, value: &Value, place: &MemberPlace<'_>, check: &mut MemberCheck) -> Option<Text> {
        let Value::String(text) = value else {
            check.mismatch(value, "a String");
            return None;
        };
        let before = check.violations();
        // Counting characters is only worth it near a bound: a text has at most as many as bytes.
        if text.len() > self.max && text.chars().count() > self.max {
            let limit = format_args!("Member must have length less than or equal to {}", self.max);
            check.violation(self.shown(text), place, limit);
        }
        if text.len() < self.min {
            let limit = format_args!("Member must have length greater than or equal to {}", self.min);
            check.violation(self.shown(text), place, limit);
        }
        if let Some((pattern, test)) = self.pattern
            && !test(text)
        {
            let rule = format_args!("Member must satisfy regular expression pattern: {pattern}");
            check.violation(self.shown(text), place, rule);
        }
        (check.violations() == before).then(|| text.clone())
    }
}

/// JSON text that goes through a state machine. AWS bounds it in bytes; the bound is a setting.
pub(crate) struct Payload;

impl Shape for Payload {
    type Output = Text;

    fn read(&self, value: &Value, place: &MemberPlace<'_>, check: &mut MemberCheck) -> Option<Text> {
        let Value::String(text) = value else {
            check.mismatch(value, "a String");
            return None;
        };
        let max = check.payload_bytes;
        if text.len() > max {
            check.violation("Value", place, format_args!("Member must have length less than or equal to {max}"));
            return None;
        }
        Some(text.clone())
    }
}

/// An integer within bounds.
pub(crate) struct Int {
    min: i64,
    max: i64,
}

/// An integer within those bounds.
pub(crate) const fn int(range: RangeInclusive<i64>) -> Int {
    Int { min: *range.start(), max: *range.end() }
}

impl Shape for Int {
    type Output = i64;

    fn read(&self, value: &Value, place: &MemberPlace<'_>, check: &mut MemberCheck) -> Option<i64> {
        let Some(number) = value.as_number() else {
            check.mismatch(value, "an Integer");
            return None;
        };
        let float = number.as_f64();
        if float.fract() != 0.0 {
            check.mismatch(value, "an Integer");
            return None;
        }
        // Beyond 2^63 there is no integer to compare, but the float is out of bounds just as well.
        if float > self.max as f64 {
            let limit = format_args!("Member must have value less than or equal to {}", self.max);
            check.violation(format_args!("Value '{number}'"), place, limit);
            return None;
        }
        if float < self.min as f64 {
            let limit = format_args!("Member must have value greater than or equal to {}", self.min);
            check.violation(format_args!("Value '{number}'"), place, limit);
            return None;
        }
        number.as_i64()
    }
}

/// `true` or `false`.
pub(crate) struct Bool;

impl Shape for Bool {
    type Output = bool;

    fn read(&self, value: &Value, _place: &MemberPlace<'_>, check: &mut MemberCheck) -> Option<bool> {
        let read = value.as_bool();
        if read.is_none() {
            check.mismatch(value, "a Boolean");
        }
        read
    }
}

/// One of a few words.
pub(crate) struct OneOf<T: 'static>(&'static [(&'static str, T)]);

/// One of those words, in the order in which AWS lists them in its messages.
pub(crate) const fn one_of<T>(words: &'static [(&'static str, T)]) -> OneOf<T> {
    OneOf(words)
}

impl<T: Copy> Shape for OneOf<T> {
    type Output = T;

    fn read(&self, value: &Value, place: &MemberPlace<'_>, check: &mut MemberCheck) -> Option<T> {
        let Value::String(word) = value else {
            check.mismatch(value, "a String");
            return None;
        };
        let found = self.0.iter().find(|(name, _)| *name == &**word);
        if found.is_none() {
            let names = self.0.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
            let rule = format_args!("Member must satisfy enum value set: [{names}]");
            check.violation(format_args!("Value '{word}'"), place, rule);
        }
        found.map(|(_, meaning)| *meaning)
    }
}

/// A list.
pub(crate) struct List<S>(pub(crate) S);

impl<S: Shape> Shape for List<S> {
    type Output = Vec<S::Output>;

    fn read(&self, value: &Value, place: &MemberPlace<'_>, check: &mut MemberCheck) -> Option<Self::Output> {
        let Value::Array(items) = value else {
            check.mismatch(value, "a List");
            return None;
        };
        // An item that is refused is left out; the request is refused with it.
        let read = |(i, item)| read_item(item, &MemberPlace::Item(place, i + 1), &self.0, check);
        Some(items.iter().enumerate().filter_map(read).collect())
    }
}

/// A structure, by what reads its members.
pub(crate) struct Structure<F>(pub(crate) F);

impl<T, F: Fn(&mut Members<'_>) -> T> Shape for Structure<F> {
    type Output = T;

    fn read(&self, value: &Value, place: &MemberPlace<'_>, check: &mut MemberCheck) -> Option<T> {
        let Value::Object(object) = value else {
            check.mismatch(value, "a Structure");
            return None;
        };
        Some((self.0)(&mut Members::of(object, *place, check)))
    }
}
