//! YAML to JSON text, with the origin of everything.
//!
//! The parser gives events and keeps its own stack, so deep nesting costs no stack here. An alias copies the JSON its
//! anchor made; the size of the whole is bounded, so a few lines of aliases cannot fill the memory.

mod scalar;

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use asl::json::{DEPTH_MAX, write_string};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span, Tag};

use crate::document::SyntaxError;
use scalar::Scalar;

/// Bytes of JSON one YAML text may become, all aliases expanded.
pub(crate) const JSON_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What a YAML text became.
pub(crate) struct Converted {
    pub(crate) json: String,
    /// Where each key and value comes from: the offset in `json` at which it begins, in order, and the byte range of
    /// the source.
    pub(crate) origins: Vec<(usize, Range<usize>)>,
}

/// What becomes of tags such as `!Sub`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tags {
    /// JSON cannot say them.
    #[default]
    Refused,
    /// They are CloudFormation's short forms of its functions.
    ShortForms,
}

impl Tags {
    /// The name of the function that a tag is short for.
    fn function(self, tag: Option<&Tag>) -> Option<String> {
        let tag = tag.filter(|tag| self == Self::ShortForms && tag.handle == "!" && !tag.suffix.is_empty())?;
        Some(match tag.suffix.as_str() {
            name @ ("Ref" | "Condition") => name.to_owned(),
            name => format!("Fn::{name}"),
        })
    }
}

/// Converts a text of one document.
pub(crate) fn to_json(text: &str, tags: Tags) -> Result<Converted, SyntaxError> {
    to_json_within(text, tags, JSON_BYTES_MAX)
}

fn to_json_within(text: &str, tags: Tags, bytes_max: usize) -> Result<Converted, SyntaxError> {
    let offsets = Offsets::of(text);
    let mut writer = JsonWriter { tags, bytes_max, ..JsonWriter::default() };
    for event in Parser::new_from_str(text) {
        let (event, span) =
            event.map_err(|error| Misfit::new(error.marker(), error.info())).map_err(|e| e.at(&offsets))?;
        writer.event(event, span).map_err(|misfit| misfit.at(&offsets))?;
    }
    if writer.json.is_empty() {
        writer.json.push_str("null");
    }
    let origins = writer.origins.iter().map(|(at, span)| (*at, offsets.range(span))).collect();
    Ok(Converted { json: writer.json, origins })
}

/// Byte offsets of characters: the parser counts characters.
struct Offsets {
    /// Absent where every character is a byte.
    of_character: Option<Vec<usize>>,
    end: usize,
}

impl Offsets {
    fn of(text: &str) -> Self {
        let of_character = (!text.is_ascii()).then(|| text.char_indices().map(|(at, _)| at).collect());
        Self { of_character, end: text.len() }
    }

    fn byte(&self, marker: &Marker) -> usize {
        match &self.of_character {
            Some(offsets) => offsets.get(marker.index()).copied().unwrap_or(self.end),
            None => marker.index().min(self.end),
        }
    }

    fn range(&self, span: &Span) -> Range<usize> {
        let start = self.byte(&span.start);
        start..self.byte(&span.end).max(start)
    }
}

/// What cannot be converted, and where.
struct Misfit {
    marker: Marker,
    message: String,
}

impl Misfit {
    fn new(marker: &Marker, message: impl Into<String>) -> Self {
        Self { marker: *marker, message: message.into() }
    }

    fn at(self, offsets: &Offsets) -> SyntaxError {
        SyntaxError { message: self.message, offset: offsets.byte(&self.marker) }
    }
}

/// A sequence or mapping that is not over.
struct Open {
    anchor: usize,
    /// Where its bracket stands.
    start: usize,
    /// Where its JSON begins: with the function around it, if there is one.
    begin: usize,
    kind: Kind,
}

enum Kind {
    Sequence,
    /// The keys so far, and whether the next node is a key.
    Mapping {
        keys: HashSet<String>,
        at_key: bool,
    },
}

#[derive(Default)]
struct JsonWriter {
    tags: Tags,
    bytes_max: usize,
    json: String,
    origins: Vec<(usize, Span)>,
    open: Vec<Open>,
    /// The JSON of the nodes with anchors that are over.
    anchors: HashMap<usize, Range<usize>>,
    documents: usize,
}

impl JsonWriter {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Misfit> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(Misfit::new(&span.start, "there is a second document; one file is one document"));
                }
            }
            Event::Scalar(text, style, anchor, tag) if self.is_at_key() => {
                self.key(&text, style, anchor, tag.as_deref(), span)?;
            }
            Event::Scalar(text, style, anchor, tag) => self.scalar(&text, style, anchor, tag.as_deref(), span)?,
            Event::Alias(anchor) => self.alias(anchor, span)?,
            Event::SequenceStart(anchor, tag) => {
                self.container(anchor, tag.as_deref(), span, "seq", '[', Kind::Sequence)?;
            }
            Event::MappingStart(anchor, tag) => {
                let kind = Kind::Mapping { keys: HashSet::new(), at_key: true };
                self.container(anchor, tag.as_deref(), span, "map", '{', kind)?;
            }
            Event::SequenceEnd => self.close(']'),
            Event::MappingEnd => self.close('}'),
        }
        match self.json.len() > self.bytes_max {
            true => Err(self.too_large(&span)),
            false => Ok(()),
        }
    }

    fn too_large(&self, span: &Span) -> Misfit {
        let text = format!("the text becomes more than {} bytes with its aliases written out", self.bytes_max);
        Misfit::new(&span.start, text)
    }

    fn is_at_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { kind: Kind::Mapping { at_key: true, .. }, .. }))
    }

    /// A comma, where something stands before.
    fn separate(&mut self) {
        if self.open.last().is_some_and(|open| self.json.len() > open.start + 1) {
            self.json.push(',');
        }
    }

    /// Before a value. Keys write their own separator.
    fn begin(&mut self, span: Span) -> Result<(), Misfit> {
        if self.is_at_key() {
            return Err(Misfit::new(&span.start, "a key must be a text, a number or the like"));
        }
        if matches!(self.open.last(), Some(Open { kind: Kind::Sequence, .. })) {
            self.separate();
        }
        self.origins.push((self.json.len(), span));
        Ok(())
    }

    /// After a value whose JSON began at `start`.
    fn end(&mut self, start: usize, anchor: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, start..self.json.len());
        }
        if let Some(Open { kind: Kind::Mapping { at_key, .. }, .. }) = self.open.last_mut() {
            *at_key = true;
        }
    }

    fn key(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        span: Span,
    ) -> Result<(), Misfit> {
        if text == "<<" && style == ScalarStyle::Plain {
            return Err(Misfit::new(&span.start, "merge keys (`<<`) are not YAML 1.2 and not supported"));
        }
        scalar::check_tag(tag).map_err(|message| Misfit::new(&span.start, message))?;
        self.separate();
        let start = self.json.len();
        if let Some(Open { kind: Kind::Mapping { keys, at_key }, .. }) = self.open.last_mut() {
            if !keys.insert(text.to_owned()) {
                return Err(Misfit::new(&span.start, format!("the key \"{text}\" stands here twice")));
            }
            *at_key = false;
        }
        self.origins.push((start, span));
        write_string(text, &mut self.json);
        if anchor != 0 {
            self.anchors.insert(anchor, start..self.json.len());
        }
        self.json.push(':');
        Ok(())
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        span: Span,
    ) -> Result<(), Misfit> {
        self.begin(span)?;
        let start = self.json.len();
        let function = self.tags.function(tag);
        self.open_function(function.as_deref(), span);
        let tag = tag.filter(|_| function.is_none());
        let scalar = Scalar::of(text, style == ScalarStyle::Plain, tag);
        match scalar.map_err(|message| Misfit::new(&span.start, message))? {
            Scalar::Null => self.json.push_str("null"),
            Scalar::Bool(value) => self.json.push_str(if value { "true" } else { "false" }),
            Scalar::Number(number) => self.json.push_str(&number),
            Scalar::Text => write_string(text, &mut self.json),
        }
        if function.is_some() {
            self.json.push('}');
        }
        self.end(start, anchor);
        Ok(())
    }

    /// The beginning of the object that a tag is short for.
    fn open_function(&mut self, function: Option<&str>, span: Span) {
        if let Some(function) = function {
            self.json.push('{');
            write_string(function, &mut self.json);
            self.json.push(':');
            self.origins.push((self.json.len(), span));
        }
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Misfit> {
        self.begin(span)?;
        let Some(range) = self.anchors.get(&anchor).cloned() else {
            return Err(Misfit::new(&span.start, "an alias cannot stand within what it names"));
        };
        if self.json.len() + range.len() > self.bytes_max {
            return Err(self.too_large(&span));
        }
        let start = self.json.len();
        self.json.extend_from_within(range);
        self.end(start, 0);
        Ok(())
    }

    fn container(
        &mut self,
        anchor: usize,
        tag: Option<&Tag>,
        span: Span,
        tag_name: &str,
        bracket: char,
        kind: Kind,
    ) -> Result<(), Misfit> {
        let function = self.tags.function(tag);
        if let Some(tag) =
            tag.filter(|tag| function.is_none() && !(tag.is_yaml_core_schema() && tag.suffix == tag_name))
        {
            return Err(Misfit::new(&span.start, scalar::unknown_tag(tag)));
        }
        if self.open.len() >= DEPTH_MAX {
            return Err(Misfit::new(&span.start, format!("the text nests deeper than {DEPTH_MAX} levels")));
        }
        self.begin(span)?;
        let begin = self.json.len();
        self.open_function(function.as_deref(), span);
        let start = self.json.len();
        self.json.push(bracket);
        self.open.push(Open { anchor, start, begin, kind });
        Ok(())
    }

    fn close(&mut self, bracket: char) {
        self.json.push(bracket);
        if let Some(open) = self.open.pop() {
            if open.begin != open.start {
                self.json.push('}');
            }
            self.end(open.begin, open.anchor);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn yaml_becomes_json() {
        for (yaml, json) in [
            ("", "null"),
            ("# only a comment\n", "null"),
            ("a: 1\nb:\n  - x\n  - {y: [~, true, 1.50]}\n", r#"{"a":1,"b":["x",{"y":[null,true,1.50]}]}"#),
            ("a:\nb: ''\n", r#"{"a":null,"b":""}"#),
            ("a: |\n  one\n  two\nb: >-\n  one\n  two\n", r#"{"a":"one\ntwo\n","b":"one two"}"#),
            ("\"0\": a\n1-2: b\n", r#"{"0":"a","1-2":"b"}"#),
            ("a: &x {n: 1}\nb: [*x, *x]\n", r#"{"a":{"n":1},"b":[{"n":1},{"n":1}]}"#),
            ("a: 2024-01-01T00:00:00Z\nb: yes\n", r#"{"a":"2024-01-01T00:00:00Z","b":"yes"}"#),
            ("a: !!str 1\nb: !!int 2\nc: !!seq []\n", r#"{"a":"1","b":2,"c":[]}"#),
            ("{% $x %}: 1", ""),
            ("a: '{% $x %}'", r#"{"a":"{% $x %}"}"#),
        ] {
            match to_json(yaml, Tags::Refused) {
                Ok(converted) => assert_eq!(converted.json, json, "{yaml}"),
                Err(error) => assert!(json.is_empty(), "{yaml}: {error}"),
            }
        }
    }

    #[test]
    fn what_json_cannot_say_is_refused_with_a_place() {
        for (yaml, message, offset) in [
            ("a: 1\na: 2\n", "twice", 5),
            ("a: 1\n---\nb: 2\n", "second document", 5),
            ("a: !Sub x\n", "!Sub", 3),
            ("a: !!binary x\n", "binary", 3),
            ("a: !!int x\n", "not an int", 3),
            ("a: .inf\n", "infinity", 3),
            ("[a]: 1\n", "a key must be", 0),
            ("a: &x [*x]\n", "within", 7),
            ("a: {<<: {b: 1}}\n", "merge", 4),
        ] {
            let error = to_json(yaml, Tags::Refused).err().unwrap_or_else(|| panic!("{yaml} was read"));
            assert!(error.message.contains(message), "{yaml}: {error}");
            assert_eq!(error.offset, offset, "{yaml}: {error}");
        }
    }

    #[test]
    fn aliases_cannot_blow_up() {
        let mut yaml = "a0: &a0 [lol, lol]\n".to_owned();
        for level in 1..60 {
            yaml.push_str(&format!("a{level}: &a{level} [*a{}, *a{}]\n", level - 1, level - 1));
        }
        let error = to_json_within(&yaml, Tags::Refused, 100_000).err().expect("too much");
        assert!(error.message.contains("aliases"), "{error}");
    }

    #[test]
    fn nesting_is_bounded() {
        let block = to_json(&format!("{}x", "- ".repeat(DEPTH_MAX + 1)), Tags::Refused);
        assert!(block.err().expect("too deep").message.contains("nests deeper"));
        assert!(to_json(&format!("{}x", "- ".repeat(DEPTH_MAX)), Tags::Refused).is_ok());
        assert!(to_json(&"[".repeat(1_000_000), Tags::ShortForms).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "[\\-a-c:{}\\[\\], \n\t#&*!|>'\"%0-9.~?@`\u{e9}\u{feff}]{0,60}") {
            for tags in [Tags::Refused, Tags::ShortForms] {
                let Ok(converted) = to_json(&text, tags) else { continue };
                prop_assert!(asl::json::parse(converted.json.as_bytes()).is_ok(), "{}", converted.json);
                prop_assert!(converted.origins.iter().all(|(_, range)| text.get(range.clone()).is_some()));
            }
        }
    }
}
