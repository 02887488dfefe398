//! A text made out of another, and where each part of it comes from.

use std::ops::Range;

/// A text made out of another one, its source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Derived {
    text: String,
    /// In order; the first begins at 0 unless the text is empty.
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    /// Where in the text it begins.
    at: usize,
    origin: Origin,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Origin {
    /// It is what stands in the source from that byte on.
    Verbatim(usize),
    /// It stands for that range of the source.
    InPlaceOf(Range<usize>),
}

impl Derived {
    /// Goes on with that range of the source, as it is.
    ///
    /// # Panics
    /// The range is none of the source.
    pub fn copy(&mut self, source: &str, range: Range<usize>) {
        if !range.is_empty() {
            self.parts.push(Part { at: self.text.len(), origin: Origin::Verbatim(range.start) });
            self.text.push_str(&source[range]);
        }
    }

    /// Goes on with a text that stands for that range of the source.
    pub fn insert(&mut self, text: &str, instead_of: Range<usize>) {
        if !text.is_empty() {
            self.parts.push(Part { at: self.text.len(), origin: Origin::InPlaceOf(instead_of) });
            self.text.push_str(text);
        }
    }

    /// What a text says that stands in a range of the source, perhaps quoted or indented there. Lines that stand there as
    /// they are keep their places; others are the whole range's.
    pub fn insert_lines(&mut self, text: &str, source: &str, range: Range<usize>) {
        let mut from = range.start;
        for line in text.split_inclusive('\n') {
            let said = line.trim_end_matches('\n');
            let found =
                source.get(from..range.end).and_then(|rest| rest.find(said)).filter(|_| !said.trim().is_empty());
            match found {
                Some(at) => {
                    let begin = from + at;
                    self.copy(source, begin..begin + said.len());
                    from = begin + said.len();
                    self.insert(&line[said.len()..], from..from);
                }
                None => self.insert(line, range.clone()),
            }
        }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Which range of the source a range of the text comes from.
    pub fn origin(&self, range: Range<usize>) -> Range<usize> {
        let first = self.origin_of_byte(range.start);
        match range.is_empty() {
            true => first.start..first.start,
            false => first.start..self.origin_of_byte(range.end - 1).end.max(first.start),
        }
    }

    fn origin_of_byte(&self, at: usize) -> Range<usize> {
        let Some(index) = self.parts.partition_point(|part| part.at <= at).checked_sub(1) else { return 0..0 };
        let part = &self.parts[index];
        match &part.origin {
            Origin::Verbatim(start) => start + at - part.at..start + at - part.at + 1,
            Origin::InPlaceOf(range) => range.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_know_where_they_come_from() {
        let source = "name: ${Name}!";
        let mut derived = Derived::default();
        derived.copy(source, 0..6);
        derived.insert("Ada Lovelace", 6..13);
        derived.copy(source, 13..14);
        assert_eq!(derived.text(), "name: Ada Lovelace!");
        for (part, origin) in [("name", "name"), ("Lovelace", "${Name}"), ("e!", "${Name}!"), ("", "")] {
            let at = derived.text().find(part).unwrap();
            assert_eq!(&source[derived.origin(at..at + part.len())], origin, "{part}");
        }
        assert_eq!(derived.origin(100..100), 95..95, "a place behind the end is behind the end");
    }

    #[test]
    fn lines_of_a_block_keep_their_places() {
        let source = "a: |\n    one\n      two\n\n    three\nb: \"x\\ny\"\n";
        let range = 3..source.find("b:").unwrap();
        let mut derived = Derived::default();
        derived.insert_lines("one\n  two\n\nthree\n", source, range.clone());
        for word in ["one", "two", "three"] {
            let at = derived.text().find(word).unwrap();
            assert_eq!(derived.origin(at..at + word.len()).start, source.find(word).unwrap(), "{word}");
        }
        let mut quoted = Derived::default();
        quoted.insert_lines("not there", source, range.clone());
        assert_eq!(quoted.origin(1..2), range);
    }
}
