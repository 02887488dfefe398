//! A text in JSON or YAML, read as JSON, that still knows where everything stood.

use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;

use asl::Value;
use asl::read::positions::{OwnedStep, Positions};

use crate::yaml::{self, Tags};

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
    source: &'t str,
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
        Self::parse_with(text, syntax, Tags::Refused)
    }

    /// As [`Document::parse`], of a template of CloudFormation, whose short forms are read as their long ones: `!Sub x` is
    /// `{"Fn::Sub": "x"}`.
    ///
    /// # Errors
    /// As [`Document::parse`].
    pub fn parse_template(text: &'t str, syntax: Syntax) -> Result<Self, SyntaxError> {
        Self::parse_with(text, syntax, Tags::ShortForms)
    }

    fn parse_with(text: &'t str, syntax: Syntax, tags: Tags) -> Result<Self, SyntaxError> {
        let (json, origins) = match syntax {
            Syntax::Json => (Cow::Borrowed(text), None),
            Syntax::Yaml => {
                let converted = yaml::to_json(text, tags)?;
                (Cow::Owned(converted.json), Some(converted.origins))
            }
        };
        let mut document = Self { json, source: text, value: Value::Null, origins };
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
        let Some(index) = origins.partition_point(|(at, _)| *at <= json.start).checked_sub(1) else { return 0..0 };
        let (at, origin) = &origins[index];
        // A place within a text: where what stands before it stands in the source as well.
        let before = self.json.get(at + 1..json.start).filter(|_| self.json[*at..].starts_with('"'));
        let begin = before.and_then(|before| behind(self.source.get(origin.clone())?, before));
        begin.map_or(origin.clone(), |begin| origin.start + begin..origin.end)
    }

    /// Where a member of the outermost object stands, as a byte range of the source text.
    pub fn member(&self, name: &str) -> Range<usize> {
        self.place(&self.positions(), &[OwnedStep::Member(name.to_owned())])
    }

    /// Where the members and items stand, as byte ranges of [`Document::json`].
    pub fn positions(&self) -> Positions {
        Positions::of(&self.json)
    }

    /// Where something stands in the source text, or what is nearest above it.
    pub fn place(&self, positions: &Positions, steps: &[OwnedStep]) -> Range<usize> {
        self.origin(positions.span(steps))
    }
}

/// Where in a scalar as it is written ends what the beginning of a JSON string says, space aside: that is where YAML's
/// ways of writing differ. `None` where it is written in escapes.
fn behind(written: &str, json: &str) -> Option<usize> {
    if json.is_empty() {
        return None;
    }
    let said = asl::json::parse(format!("\"{json}\"").as_bytes()).ok()?;
    let said = said.as_str()?;
    // Behind nothing, a quote, or the line with a block's `|`.
    let starts = [0, 1, written.find('\n').map_or(0, |end| end + 1)];
    starts.into_iter().find_map(|start| {
        let mut at = start;
        for wanted in said.chars().filter(|c| !c.is_whitespace()) {
            let rest = written.get(at..)?.trim_start();
            at = written.len() - rest.strip_prefix(wanted)?.len();
        }
        let space = said.len() - said.trim_end().len();
        let rest = written.get(at..)?;
        Some(at + space.min(rest.len() - rest.trim_start().len()))
    })
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
    fn a_place_within_a_scalar_is_found_however_it_is_written() {
        let said = "{% $states.input.a & what %}";
        for yaml in [
            "v: '{% $states.input.a & what %}'\n",
            "v: \"{% $states.input.a & what %}\"\n",
            "v: |-\n  {% $states.input.a & what %}\n",
            "v: >-\n  {% $states.input.a\n  & what %}\n",
        ] {
            let document = Document::parse(yaml, Syntax::Yaml).unwrap();
            assert_eq!(document.value().get("v").and_then(Value::as_str), Some(said), "{yaml}");
            let steps = [OwnedStep::Member("v".to_owned())];
            let within = document.positions().span_from(&steps, said.find("what").unwrap(), document.json());
            assert!(yaml[document.origin(within)].starts_with("what"), "{yaml}");
        }
    }

    #[test]
    fn short_forms_of_a_template_are_read_as_long_ones() {
        let template = "a: !Sub '${X}-y'\nb: !GetAtt F.Arn\nc: !Join ['', [x, !Ref Y]]\nd: &m !If [C, {e: 1}, *n]\n"
            .replace("*n", "2");
        let document = Document::parse_template(&template, Syntax::Yaml).unwrap();
        let expected = r#"{"a":{"Fn::Sub":"${X}-y"},"b":{"Fn::GetAtt":"F.Arn"},"c":{"Fn::Join":["",["x",{"Ref":"Y"}]]},"d":{"Fn::If":["C",{"e":1},2]}}"#;
        assert_eq!(document.json(), expected);
        assert!(Document::parse(&template, Syntax::Yaml).is_err());
    }

    #[test]
    fn a_text_that_cannot_be_read_says_where() {
        for (syntax, text, line) in [(Syntax::Json, "{\n\"a\": ?}", 1), (Syntax::Yaml, "a: 1\nb: [1, 2\n", 2)] {
            let error = Document::parse(text, syntax).unwrap_err();
            assert_eq!(text[..error.offset].matches('\n').count(), line, "{error:?}");
        }
    }
}
