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
        let mut node = &self.root;
        for step in steps {
            let next = match (step, &node.children) {
                (OwnedStep::Member(name), Children::Members(members)) => members.get(name),
                (OwnedStep::Item(index), Children::Items(items)) => items.get(*index),
                _ => None,
            };
            let Some(next) = next else { break };
            node = next;
        }
        match (&node.children, &node.name) {
            (Children::None, _) => node.value.clone(),
            (_, Some(name)) => name.clone(),
            (_, None) => node.value.start..node.value.start + 1,
        }
    }
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
    }
}
