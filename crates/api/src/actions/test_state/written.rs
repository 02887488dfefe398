//! Payloads as the caller wrote them.
//!
//! TestState shows data that a state only passes on, whole or in part, with the caller's own spacing.

use std::borrow::Cow;
use std::ops::Range;

use asl::{Text, Value, json};

/// Texts of the request with what was parsed from them.
#[derive(Default)]
pub(super) struct Sources(Vec<(Text, Value)>);

impl Sources {
    /// Remembers the text a value came from.
    pub(super) fn add(&mut self, text: Option<Text>, value: Value) -> Value {
        if let Some(text) = text {
            self.0.push((text, value.clone()));
        }
        value
    }

    /// A value's JSON text: the caller's where it is an array or object of the request, compact otherwise.
    pub(super) fn text_of(&self, value: &Value) -> Cow<'_, str> {
        let written = self.0.iter().find_map(|(text, whole)| {
            let range = Search { text: text.as_bytes(), at: 0 }.find(whole, value)?;
            text.get(range)
        });
        written.map_or_else(|| Cow::Owned(value.to_json()), Cow::Borrowed)
    }
}

/// Walks a value and its text side by side. The text is known to be JSON.
struct Search<'t> {
    text: &'t [u8],
    at: usize,
}

impl Search<'_> {
    /// Where the text of `wanted` is, if it is part of `here`. Afterwards the walk is behind `here`. It goes no deeper
    /// than the parser that read the text did.
    fn find(&mut self, here: &Value, wanted: &Value) -> Option<Range<usize>> {
        self.skip_space();
        let from = self.at;
        let is_it = here.same_allocation(wanted) && !matches!(here, Value::String(_));
        let mut found = None;
        match here {
            Value::Array(items) => {
                self.at += 1;
                for item in items.iter() {
                    found = found.or(self.find(item, wanted));
                    self.skip_past(b",]");
                }
                if items.is_empty() {
                    self.skip_past(b"]");
                }
            }
            Value::Object(object) => {
                self.at += 1;
                for (_, member) in object.iter() {
                    self.skip_space();
                    self.skip_string();
                    self.skip_past(b":");
                    found = found.or(self.find(member, wanted));
                    self.skip_past(b",}");
                }
                if object.is_empty() {
                    self.skip_past(b"}");
                }
            }
            Value::String(_) => self.skip_string(),
            Value::Null | Value::Bool(_) | Value::Number(_) => {
                let is_scalar = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
                self.at += self.text[self.at.min(self.text.len())..].iter().take_while(|byte| is_scalar(byte)).count();
            }
        }
        // A name that comes twice has one value, and the walk has lost its place: such a text is not what was parsed.
        let is_whole = || json::parse(self.text.get(from..self.at)?).ok().filter(|parsed| parsed == here);
        if is_it { is_whole().map(|_| from..self.at) } else { found }
    }

    fn skip_space(&mut self) {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }

    fn skip_past(&mut self, ends: &[u8]) {
        self.skip_space();
        if self.text.get(self.at).is_some_and(|byte| ends.contains(byte)) {
            self.at += 1;
        }
    }

    fn skip_string(&mut self) {
        self.at += 1;
        while let Some(byte) = self.text.get(self.at) {
            self.at += match byte {
                b'"' => break,
                b'\\' => 2,
                _ => 1,
            };
        }
        self.at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#" {"a, ]}\"": [1, [ ], {"x" : -1.5e3, "y": "}" }], "b": {  }, "c": [true,null ]} "#;

    fn sources(text: &str) -> (Sources, Value) {
        let mut sources = Sources::default();
        let value = sources.add(Some(text.into()), json::parse(text.as_bytes()).unwrap());
        (sources, value)
    }

    #[test]
    fn parts_are_shown_as_they_were_written() {
        let (sources, whole) = sources(TEXT);
        let list = whole.get("a, ]}\"").unwrap();
        let items = list.as_array().unwrap();
        let cases = [
            (&whole, TEXT.trim()),
            (list, r#"[1, [ ], {"x" : -1.5e3, "y": "}" }]"#),
            (&items[1], "[ ]"),
            (&items[2], r#"{"x" : -1.5e3, "y": "}" }"#),
            (whole.get("b").unwrap(), "{  }"),
            (whole.get("c").unwrap(), "[true,null ]"),
        ];
        for (value, text) in cases {
            assert_eq!(sources.text_of(value), text);
        }
    }

    #[test]
    fn what_was_made_is_shown_compact() {
        let (sources, whole) = sources(TEXT);
        assert_eq!(sources.text_of(&Value::array(vec![whole.get("b").unwrap().clone()])), "[{}]");
        assert_eq!(sources.text_of(&Value::string("a")), "\"a\"");
    }

    #[test]
    fn a_name_that_comes_twice_does_not_mislead() {
        let (sources, whole) = sources(r#"{"a": [1, 2], "b": [0 ], "a": [3, 4]}"#);
        for name in ["a", "b"] {
            let value = whole.get(name).unwrap();
            let shown = sources.text_of(value);
            assert_eq!(json::parse(shown.as_bytes()).unwrap(), *value, "{shown}");
        }
    }
}
