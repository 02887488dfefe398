//! JSON text to [`Value`] and back.
//!
//! Errors are worded as AWS's reader (Jackson) words them, since CreateStateMachine and StartExecution
//! show them to the user.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;

use crate::number::Number;
use crate::value::{Object, Text, Value};

/// Deeper nesting than this is refused. AWS's reader stops at 1,000; payloads of 256 KiB rarely pass 20.
pub const DEPTH_MAX: usize = 1_000;

/// Why a text is not JSON.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct JsonError {
    /// What was wrong, in the words of AWS's reader.
    pub message: String,
    /// Offset of the offending byte.
    pub offset: usize,
}

impl JsonError {
    /// Line and column of the error in the text it came from, both from 1; the column counts characters.
    pub fn position(&self, text: &[u8]) -> (usize, usize) {
        let before = &text[..self.offset.min(text.len())];
        let line_start = before.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let line = 1 + before.iter().filter(|b| **b == b'\n').count();
        (line, 1 + String::from_utf8_lossy(&before[line_start..]).chars().count())
    }
}

/// Parses exactly one JSON value.
pub fn parse(text: &[u8]) -> Result<Value, JsonError> {
    JsonReader { text, at: 0, depth: 0, is_exact: false }.whole()
}

/// Parses exactly one JSON value that is kept for long: it takes no more memory than it needs.
pub fn parse_to_keep(text: &[u8]) -> Result<Value, JsonError> {
    JsonReader { text, at: 0, depth: 0, is_exact: true }.whole()
}

/// Appends compact JSON text.
pub fn write(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => number.write(out),
        Value::String(text) => write_string(text, out),
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(object) => {
            out.push('{');
            for (i, (name, member)) in object.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_string(name, out);
                out.push(':');
                write(member, out);
            }
            out.push('}');
        }
    }
}

impl Value {
    /// Compact JSON text.
    pub fn to_json(&self) -> String {
        let mut text = String::new();
        write(self, &mut text);
        text
    }
}

/// Compact JSON text.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_json())
    }
}

/// Appends a string as a JSON literal, with its quotes.
pub fn write_string(text: &str, out: &mut String) {
    out.reserve(text.len() + 2);
    out.push('"');
    let mut plain_from = 0;
    loop {
        let at = plain_from + plain_run(&text.as_bytes()[plain_from..]);
        out.push_str(&text[plain_from..at]);
        let Some(byte) = text.as_bytes().get(at) else { break };
        plain_from = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            0x08 => out.push_str("\\b"),
            0x0c => out.push_str("\\f"),
            control => {
                const HEX: &[u8; 16] = b"0123456789ABCDEF";
                out.push_str("\\u00");
                out.push(char::from(HEX[usize::from(control >> 4)]));
                out.push(char::from(HEX[usize::from(control & 15)]));
            }
        }
    }
    out.push('"');
}

/// How many bytes there are before the first that is not itself in a string of JSON text: a quote, a backslash or a
/// control character. Eight at a time: strings are most of what there is to read and write.
fn plain_run(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    // The highest bit of each byte that is zero, and of none before the first such.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word;
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let controls = word.wrapping_sub(ONES * 0x20) & !word;
        let special = (zeros(word ^ (ONES * 0x22)) | zeros(word ^ (ONES * 0x5C)) | controls) & HIGHS;
        if special != 0 {
            return index * 8 + special.trailing_zeros() as usize / 8;
        }
    }
    let is_plain = |byte: &u8| *byte >= 0x20 && *byte != b'"' && *byte != b'\\';
    bytes.len() - rest.len() + rest.iter().take_while(|byte| is_plain(byte)).count()
}

/// How many bytes more than one a byte of a string takes in JSON text.
pub fn escape_len(byte: u8) -> usize {
    match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 1,
        0..0x20 => 5,
        _ => 0,
    }
}

struct JsonReader<'a> {
    text: &'a [u8],
    at: usize,
    depth: usize,
    /// Whether room that arrays and objects had to grow is given back.
    is_exact: bool,
}

impl JsonReader<'_> {
    fn whole(mut self) -> Result<Value, JsonError> {
        self.skip_space();
        if self.at == self.text.len() {
            return Err(self.error("No content to map due to end-of-input"));
        }
        let value = self.value()?;
        self.skip_space();
        if self.at != self.text.len() {
            return Err(self.unexpected("expected end of input"));
        }
        Ok(value)
    }

    fn value(&mut self) -> Result<Value, JsonError> {
        match self.peek() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => Ok(Value::String(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(byte) if byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80 => self.word(),
            Some(_) => Err(self.unexpected(
                "expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
            )),
            None => Err(self.error("Unexpected end-of-input: expected a value")),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Value, JsonError>) -> Result<Value, JsonError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self
                .error(format!("Document nesting depth ({}) exceeds the maximum allowed ({DEPTH_MAX})", self.depth)));
        }
        self.at += 1;
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn object(&mut self) -> Result<Value, JsonError> {
        let mut members = Object::default();
        self.skip_space();
        if self.take(b'}') {
            return Ok(Value::Object(Arc::new(members)));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("was expecting double-quote to start field name"));
            }
            let name = self.string()?;
            self.skip_space();
            if !self.take(b':') {
                return Err(self.unexpected("was expecting a colon to separate field name and value"));
            }
            self.skip_space();
            members.insert(name, self.value()?);
            self.skip_space();
            if self.take(b'}') {
                if self.is_exact {
                    members.shrink_to_fit();
                }
                return Ok(Value::Object(Arc::new(members)));
            }
            if !self.take(b',') {
                return Err(self.unexpected("was expecting comma to separate Object entries"));
            }
        }
    }

    fn array(&mut self) -> Result<Value, JsonError> {
        let mut items = Vec::new();
        self.skip_space();
        if self.take(b']') {
            return Ok(Value::array(items));
        }
        loop {
            self.skip_space();
            items.push(self.value()?);
            self.skip_space();
            if self.take(b']') {
                if self.is_exact {
                    items.shrink_to_fit();
                }
                return Ok(Value::array(items));
            }
            if !self.take(b',') {
                return Err(self.unexpected("was expecting comma to separate Array entries"));
            }
        }
    }

    fn string(&mut self) -> Result<Text, JsonError> {
        self.at += 1;
        let start = self.at;
        self.at += plain_run(&self.text[start..]);
        if self.peek() != Some(b'"') {
            return self.string_with_escapes(start);
        }
        let text = Arc::from(self.utf8(start, self.at)?);
        self.at += 1;
        Ok(text)
    }

    fn string_with_escapes(&mut self, start: usize) -> Result<Text, JsonError> {
        let mut text = String::with_capacity(self.string_length(start));
        let mut plain_from = start;
        loop {
            self.at += plain_run(&self.text[self.at..]);
            match self.peek() {
                Some(b'"') => {
                    text.push_str(self.utf8(plain_from, self.at)?);
                    self.at += 1;
                    return Ok(Arc::from(text));
                }
                Some(b'\\') => {
                    text.push_str(self.utf8(plain_from, self.at)?);
                    self.at += 1;
                    text.push(self.escape()?);
                    plain_from = self.at;
                }
                Some(control) => return Err(self.control_character(control)),
                None => return Err(self.error("Unexpected end-of-input in VALUE_STRING")),
            }
        }
    }

    /// Bytes from there to the end of the string, as it is written.
    fn string_length(&self, start: usize) -> usize {
        let mut at = start;
        while let Some(byte) = self.text.get(at)
            && *byte != b'"'
        {
            at += match byte {
                b'\\' => 2,
                _ => plain_run(&self.text[at..]).max(1),
            };
        }
        at.min(self.text.len()) - start
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let byte = self.peek().ok_or_else(|| self.error("Unexpected end-of-input in character escape sequence"))?;
        self.at += 1;
        Ok(match byte {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode_escape(),
            other => {
                self.at -= 1;
                return Err(self.error(format!("Unrecognized character escape '{}' (code {other})", char::from(other))));
            }
        })
    }

    fn unicode_escape(&mut self) -> Result<char, JsonError> {
        let first = self.hex4()?;
        if let Some(character) = char::from_u32(first) {
            return Ok(character);
        }
        let low_follows = first < 0xDC00 && self.text[self.at..].starts_with(b"\\u");
        if !low_follows {
            return Ok(char::REPLACEMENT_CHARACTER);
        }
        let back = self.at;
        self.at += 2;
        let second = self.hex4()?;
        if !(0xDC00..0xE000).contains(&second) {
            self.at = back;
            return Ok(char::REPLACEMENT_CHARACTER);
        }
        let code = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
        Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hex4(&mut self) -> Result<u32, JsonError> {
        let digits = self.text.get(self.at..self.at + 4).and_then(|d| std::str::from_utf8(d).ok());
        let code =
            digits.filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit())).and_then(|d| u32::from_str_radix(d, 16).ok());
        let code = code.ok_or_else(|| self.unexpected("expected a hex-digit for character escape sequence"))?;
        self.at += 4;
        Ok(code)
    }

    fn number(&mut self) -> Result<Value, JsonError> {
        let start = self.at;
        self.take(b'-');
        match self.peek() {
            Some(b'0') => {
                self.at += 1;
                if matches!(self.peek(), Some(b'0'..=b'9')) {
                    return Err(self.error("Invalid numeric value: Leading zeroes not allowed"));
                }
            }
            Some(b'1'..=b'9') => self.digits(),
            _ => return Err(self.unexpected("expected digit (0-9) to follow minus sign, for valid numeric value")),
        }
        if self.take(b'.') {
            if !matches!(self.peek(), Some(b'0'..=b'9')) {
                return Err(self.unexpected("Decimal point not followed by a digit"));
            }
            self.digits();
        }
        if self.take(b'e') || self.take(b'E') {
            let _ = self.take(b'+') || self.take(b'-');
            if !matches!(self.peek(), Some(b'0'..=b'9')) {
                return Err(self.unexpected("Exponent indicator not followed by a digit"));
            }
            self.digits();
        }
        Ok(Value::Number(Number::from_json(self.utf8(start, self.at)?)))
    }

    fn digits(&mut self) {
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
    }

    fn word(&mut self) -> Result<Value, JsonError> {
        let start = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'$' || b >= 0x80) {
            self.at += 1;
        }
        match &self.text[start..self.at] {
            b"null" => Ok(Value::Null),
            b"true" => Ok(Value::Bool(true)),
            b"false" => Ok(Value::Bool(false)),
            word => Err(self.error(format!(
                "Unrecognized token '{}': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
                String::from_utf8_lossy(word)
            ))),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn utf8(&self, from: usize, to: usize) -> Result<&str, JsonError> {
        std::str::from_utf8(&self.text[from..to])
            .map_err(|e| JsonError { message: "Invalid UTF-8 middle byte".to_owned(), offset: from + e.valid_up_to() })
    }

    fn control_character(&self, control: u8) -> JsonError {
        self.error(format!(
            "Illegal unquoted character ((CTRL-CHAR, code {control})): has to be escaped using backslash to be included in string value"
        ))
    }

    fn unexpected(&self, expected: &str) -> JsonError {
        let Some(byte) = self.peek() else {
            return self.error(format!("Unexpected end-of-input: {expected}"));
        };
        let character = String::from_utf8_lossy(&self.text[self.at..]).chars().next().unwrap_or(char::from(byte));
        self.error(format!("Unexpected character ('{character}' (code {})): {expected}", u32::from(character)))
    }

    fn error(&self, message: impl Into<String>) -> JsonError {
        JsonError { message: message.into(), offset: self.at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_again() {
        for text in [
            r#"{"b":[1,2.50,{"c":null}],"a":"x\"\\\n\u0001é"}"#,
            "[]",
            "{}",
            r#""""#,
            "true",
            "-0",
            "123456789012345678901234567890",
        ] {
            assert_eq!(parse(text.as_bytes()).unwrap().to_json(), text);
        }
    }

    #[test]
    fn escapes_are_resolved() {
        assert_eq!(parse(br#""\ud83d\ude00\u00e9\/""#).unwrap().as_str(), Some("😀é/"));
        assert_eq!(parse(br#""\ud83d x""#).unwrap().as_str(), Some("\u{FFFD} x"));
    }

    #[test]
    fn errors_are_worded_as_aws_words_them() {
        let cases: &[(&str, &str)] = &[
            (
                "not json",
                "Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
            ),
            ("{'a': 1}", "Unexpected character (''' (code 39)): was expecting double-quote to start field name"),
            ("", "No content to map due to end-of-input"),
            ("01", "Invalid numeric value: Leading zeroes not allowed"),
            ("[1 2]", "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries"),
        ];
        for (text, message) in cases {
            assert_eq!(parse(text.as_bytes()).unwrap_err().message, *message, "{text}");
        }
    }

    #[test]
    fn deep_nesting_is_refused_not_survived_by_luck() {
        let text = "[".repeat(100_000);
        assert!(parse(text.as_bytes()).unwrap_err().message.contains("nesting depth"));
    }

    #[test]
    fn positions_count_lines_and_characters() {
        let text = "{\n  \"é\": nope}".as_bytes();
        assert_eq!(parse(text).unwrap_err().position(text), (2, 12));
    }
}
