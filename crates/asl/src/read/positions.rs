//! Where in the source text the members and items of a definition stand.
//!
//! Made in a second pass over the text, and only when there is something to say about it.

use std::collections::HashMap;
use std::ops::Range;

pub use super::place::OwnedStep;

/// The byte ranges of everything in a JSON text.
pub struct Positions {
    root: Node,
}

struct Node {
    value: Range<usize>,
    name: Option<Range<usize>>,
    children: Children,
}

enum Children {
    None,
    Members(HashMap<String, Node>),
    Items(Vec<Node>),
}

impl Positions {
    /// Scans a text that [`crate::json::parse`] has accepted, which also bounds how deep it nests.
    pub fn of(text: &str) -> Self {
        Self { root: Scanner { text: text.as_bytes(), at: 0 }.value(None) }
    }

    /// The range to show for a place: the value where it is short, the name of an object or array, and what is
    /// nearest above where the place itself does not exist.
    pub fn span(&self, steps: &[OwnedStep]) -> Range<usize> {
        let (node, _) = self.nearest(steps);
        match (&node.children, &node.name) {
            (Children::None, _) => node.value.clone(),
            (_, Some(name)) => name.clone(),
            (_, None) => node.value.start..node.value.start + 1,
        }
    }

    /// The range of a member's name; as [`Positions::span`] where there is no such member.
    pub fn name_span(&self, steps: &[OwnedStep]) -> Range<usize> {
        match self.nearest(steps) {
            (Node { name: Some(name), .. }, found) if found == steps.len() => name.clone(),
            _ => self.span(steps),
        }
    }

    /// The range of everything that stands at a place, with its braces; nothing where the place does not exist.
    pub fn value_span(&self, steps: &[OwnedStep]) -> Option<Range<usize>> {
        let (node, found) = self.nearest(steps);
        (found == steps.len()).then(|| node.value.clone())
    }

    /// The range of a string from that byte of what it says on, without its closing quote; as [`Positions::span`] where
    /// no string of that length stands there. `text` is what was scanned.
    pub fn span_from(&self, steps: &[OwnedStep], offset: usize, text: &str) -> Range<usize> {
        let whole = self.span(steps);
        let begin = text.get(whole.clone()).and_then(|literal| literal_offset(literal, offset));
        match begin.map(|begin| whole.start + begin) {
            Some(begin) if begin + 1 < whole.end => begin..whole.end - 1,
            _ => whole,
        }
    }

    /// The place as a JSON pointer, as far as it exists.
    pub fn pointer(&self, steps: &[OwnedStep]) -> String {
        let (_, found) = self.nearest(steps);
        let mut pointer = String::new();
        for step in &steps[..found] {
            pointer.push('/');
            match step {
                OwnedStep::Member(name) => pointer.push_str(&name.replace('~', "~0").replace('/', "~1")),
                OwnedStep::Item(index) => pointer.push_str(&index.to_string()),
            }
        }
        pointer
    }

    /// What stands at a place, or nearest above it, and how many of the steps lead there.
    fn nearest(&self, steps: &[OwnedStep]) -> (&Node, usize) {
        let mut node = &self.root;
        for (at, step) in steps.iter().enumerate() {
            let next = match (step, &node.children) {
                (OwnedStep::Member(name), Children::Members(members)) => members.get(name),
                (OwnedStep::Item(index), Children::Items(items)) => items.get(*index),
                _ => None,
            };
            let Some(next) = next else { return (node, at) };
            node = next;
        }
        (node, steps.len())
    }
}

/// Where in a string as it is written the byte at `offset` of what it says is written.
fn literal_offset(literal: &str, offset: usize) -> Option<usize> {
    let inside = literal.strip_prefix('"')?;
    let (mut said, mut at) = (0, 0);
    while said < offset {
        let rest = inside.get(at..)?;
        let first = rest.chars().next()?;
        let (written, meant) = match (first, rest.as_bytes().get(1)) {
            ('"', _) => return None,
            // Two halves of one character say four bytes together: half of them each.
            ('\\', Some(b'u')) => (6, escaped_length(rest.get(2..6)?)?),
            ('\\', Some(_)) => (2, 1),
            _ => (first.len_utf8(), first.len_utf8()),
        };
        at += written;
        said += meant;
    }
    Some(1 + at)
}

/// How many bytes of UTF-8 an escape of four hexadecimal digits stands for.
fn escaped_length(digits: &str) -> Option<usize> {
    let code = u32::from_str_radix(digits, 16).ok()?;
    Some(char::from_u32(code).map_or(2, char::len_utf8))
}

struct Scanner<'t> {
    text: &'t [u8],
    at: usize,
}

impl Scanner<'_> {
    fn value(&mut self, name: Option<Range<usize>>) -> Node {
        self.skip_space();
        let start = self.at;
        let children = match self.text.get(self.at) {
            Some(b'{') => self.members(),
            Some(b'[') => self.items(),
            Some(b'"') => {
                self.string();
                Children::None
            }
            _ => {
                self.scalar();
                Children::None
            }
        };
        Node { value: start..self.at, name, children }
    }

    fn members(&mut self) -> Children {
        let mut members = HashMap::new();
        self.at += 1;
        while self.more(b'}') {
            let range = self.string();
            let name = crate::json::parse(&self.text[range.clone()]);
            self.skip_space();
            self.at += 1;
            let node = self.value(Some(range));
            if let Ok(crate::Value::String(name)) = name {
                members.insert(name.to_string(), node);
            }
        }
        Children::Members(members)
    }

    fn items(&mut self) -> Children {
        let mut items = Vec::new();
        self.at += 1;
        while self.more(b']') {
            items.push(self.value(None));
        }
        Children::Items(items)
    }

    /// Whether another member or item follows; steps over the comma or the end.
    fn more(&mut self, end: u8) -> bool {
        self.skip_space();
        match self.text.get(self.at) {
            Some(b',') => {
                self.at += 1;
                self.skip_space();
                true
            }
            Some(byte) if *byte == end => {
                self.at += 1;
                false
            }
            Some(_) => true,
            None => false,
        }
    }

    fn string(&mut self) -> Range<usize> {
        let start = self.at;
        self.at += 1;
        while let Some(byte) = self.text.get(self.at) {
            match byte {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at = (self.at + 1).min(self.text.len());
        start..self.at
    }

    fn scalar(&mut self) {
        while self.text.get(self.at).is_some_and(|b| !matches!(b, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn skip_space(&mut self) {
        while matches!(self.text.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_found_again() {
        let text = r#" {"a": [1, {"b\"": "x,]"}, true], "c" : {}, "c": 2} "#;
        let member = |name: &str| OwnedStep::Member(name.to_owned());
        let cases: &[(&[OwnedStep], &str)] = &[
            (&[], "{"),
            (&[member("a")], r#""a""#),
            (&[member("a"), OwnedStep::Item(0)], "1"),
            (&[member("a"), OwnedStep::Item(1), member("b\"")], r#""x,]""#),
            (&[member("a"), OwnedStep::Item(2)], "true"),
            (&[member("c")], "2"),
            (&[member("a"), OwnedStep::Item(9)], r#""a""#),
        ];
        let positions = Positions::of(text);
        for (steps, shown) in cases {
            assert_eq!(&text[positions.span(steps)], *shown, "{steps:?}");
        }
        assert_eq!(&text[positions.name_span(&[member("a")])], r#""a""#);
        assert_eq!(&text[positions.name_span(&[member("d")])], "{", "there is no such member");
        assert_eq!(positions.value_span(&[member("a")]).map(|span| &text[span]), Some(r#"[1, {"b\"": "x,]"}, true]"#));
        assert_eq!(positions.value_span(&[member("d")]), None);
    }

    #[test]
    fn a_place_within_a_string_is_found_behind_its_escapes() {
        let text = r#"{"a": "x\"y\u00e9\ud83d\ude00z"}"#;
        let positions = Positions::of(text);
        let steps = [OwnedStep::Member("a".to_owned())];
        let said = "x\"yé😀z";
        for (part, shown) in [("x", r#"x\"y\u00e9\ud83d\ude00z"#), ("y", r"y\u00e9\ud83d\ude00z"), ("z", "z")] {
            let offset = said.find(part).unwrap();
            assert_eq!(&text[positions.span_from(&steps, offset, text)], shown);
        }
        assert_eq!(positions.span_from(&steps, 99, text), positions.span(&steps));
        assert_eq!(positions.span_from(&[], 0, text), positions.span(&[]));
    }

    #[test]
    fn a_pointer_names_the_place_or_what_is_above_it() {
        let positions = Positions::of(r#"{"a/~[0]": [{"b": 1}]}"#);
        let member = |name: &str| OwnedStep::Member(name.to_owned());
        let path = [member("a/~[0]"), OwnedStep::Item(0), member("b"), member("c")];
        assert_eq!(positions.pointer(&path), "/a~1~0[0]/0/b");
        assert_eq!(positions.pointer(&path[..1]), "/a~1~0[0]");
        assert_eq!(positions.pointer(&[member("z")]), "");
    }
}
