//! A text in JSON or YAML, read as JSON, that still knows where everything stood.

use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;

use asl::Value;
use asl::read::positions::{OwnedStep, Positions};

use crate::yaml;

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// JSON.
    Json,
    /// YAML 1.2, of which only what JSON can say.
    Yaml,
}

impl Syntax {
    /// By the file's name: YAML for `.yaml` and `.yml`, else JSON.
    pub fn of_path(path: &Path) -> Self {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("yaml" | "yml") => Self::Yaml,
            _ => Self::Json,
        }
    }
}

/// Why a text cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// What is wrong.
    pub message: String,
    /// Byte offset in the text. It may be the text's length.
    pub offset: usize,
}

/// A text that was read.
#[derive(Debug)]
pub struct Document<'t> {
    json: Cow<'t, str>,
    value: Value,
    /// For YAML: where in the source the JSON that begins at an offset comes from, by offset.
    origins: Option<Vec<(usize, Range<usize>)>>,
}

impl<'t> Document<'t> {
    /// Reads a text.
    ///
    /// # Errors
    /// The text is not of that syntax, or says what JSON cannot (tags, keys that are no scalars, infinity), or nests
    /// deeper than [`asl::json::DEPTH_MAX`] levels, or is more than 16 MiB of JSON with its
    /// aliases written out.
    pub fn parse(text: &'t str, syntax: Syntax) -> Result<Self, SyntaxError> {
        let (json, origins) = match syntax {
            Syntax::Json => (Cow::Borrowed(text), None),
            Syntax::Yaml => {
                let converted = yaml::to_json(text)?;
                (Cow::Owned(converted.json), Some(converted.origins))
            }
        };
        let mut document = Self { json, value: Value::Null, origins };
        match asl::json::parse(document.json.as_bytes()) {
            Ok(value) => document.value = value,
            Err(error) => {
                let offset = document.origin(error.offset..error.offset).start;
                return Err(SyntaxError { message: error.message, offset });
            }
        }
        Ok(document)
    }

    /// What it says.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// What it says as JSON text: the text itself, where that is JSON.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// [`Document::json`], given away.
    pub fn into_json(self) -> Cow<'t, str> {
        self.json
    }

    /// Where a range of [`Document::json`] comes from, as a byte range of the source text.
    pub fn origin(&self, json: Range<usize>) -> Range<usize> {
        let Some(origins) = &self.origins else { return json };
        match origins.partition_point(|(at, _)| *at <= json.start).checked_sub(1) {
            Some(index) => origins[index].1.clone(),
            None => 0..0,
        }
    }

    /// Where a member of the outermost object stands, as a byte range of the source text.
    pub fn member(&self, name: &str) -> Range<usize> {
        self.place(&self.positions(), &[OwnedStep::Member(name.to_owned())])
    }

    /// Where the members and items stand, as byte ranges of [`Document::json`].
    pub(crate) fn positions(&self) -> Positions {
        Positions::of(&self.json)
    }

    /// Where something stands in the source text, or what is nearest above it.
    pub(crate) fn place(&self, positions: &Positions, steps: &[OwnedStep]) -> Range<usize> {
        self.origin(positions.span(steps))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_says_the_syntax() {
        for (name, syntax) in [
            ("a.asl.yaml", Syntax::Yaml),
            ("a.yml", Syntax::Yaml),
            ("a.json", Syntax::Json),
            ("a", Syntax::Json),
            ("-", Syntax::Json),
        ] {
            assert_eq!(Syntax::of_path(Path::new(name)), syntax, "{name}");
        }
    }

    #[test]
    fn places_are_those_of_the_source() {
        let member = |name: &str| OwnedStep::Member(name.to_owned());
        let steps = [member("cäses"), OwnedStep::Item(1), member("name")];
        for (syntax, text) in [
            (Syntax::Yaml, "ö: 1\ncäses:\n  - a\n  - {x: 2, name: 'the one'}\n"),
            (Syntax::Json, r#"{"ö": 1, "cäses": ["a", {"x": 2, "name": "the one"}]}"#),
        ] {
            let document = Document::parse(text, syntax).unwrap();
            let span = document.place(&document.positions(), &steps);
            assert_eq!(text[span].trim_matches(['"', '\'']), "the one", "{syntax:?}");
        }
    }

    #[test]
    fn a_text_that_cannot_be_read_says_where() {
        for (syntax, text, line) in [(Syntax::Json, "{\n\"a\": ?}", 1), (Syntax::Yaml, "a: 1\nb: [1, 2\n", 2)] {
            let error = Document::parse(text, syntax).unwrap_err();
            assert_eq!(text[..error.offset].matches('\n').count(), line, "{error:?}");
        }
    }
}
