//! The literals of a filter: strings, numbers, lists, objects and patterns.

use regex_lite::{Regex, RegexBuilder};

use super::PathSyntaxError;
use super::parse::Parser;
use crate::value::Value;

/// Bytes of a compiled pattern. Counted repetitions multiply, so a short pattern can be large.
const PATTERN_SIZE_MAX: usize = 1 << 18;

impl Parser<'_> {
    /// A string, number, list, object, `true`, `false` or `null`.
    pub(super) fn literal(&mut self) -> Result<Value, PathSyntaxError> {
        self.skip_space();
        match self.peek() {
            Some(quote @ ('\'' | '"')) => self.string(quote),
            Some('[') => self.list(),
            Some('{') => self.object(),
            Some('-' | '0'..='9') => self.number(),
            _ => self.word(),
        }
    }

    /// `/re/flags`. Flags that Java knows and we do not (`d`, `u`, `U`) change nothing here; others are
    /// tolerated, as the service does.
    pub(super) fn pattern(&mut self) -> Result<Regex, PathSyntaxError> {
        let begin = self.at;
        self.at += 1;
        let mut pattern = String::new();
        loop {
            match self.next() {
                None => return Err(self.error("The pattern does not end")),
                Some('/') => break,
                Some('\\') if self.peek() == Some('/') => pattern.extend(self.next()),
                // Both characters at once, so that the second cannot be taken for an escape of its own.
                Some('\\') => {
                    pattern.push('\\');
                    pattern.extend(self.next());
                }
                Some(c) => pattern.push(c),
            }
        }
        let flags = &self.text[self.at..];
        let end = flags.find(|c: char| c.is_whitespace() || ")=&|,]".contains(c)).unwrap_or(flags.len());
        self.at += end;
        let flags: String = "imsx".chars().filter(|flag| flags[..end].contains(*flag)).collect();
        let flags = if flags.is_empty() { String::new() } else { format!("(?{flags})") };
        // The line feed ends a comment, which `x` allows.
        let whole = format!("{flags}\\A(?:{pattern}{})\\z", if flags.contains('x') { "\n" } else { "" });
        RegexBuilder::new(&whole)
            .size_limit(PATTERN_SIZE_MAX)
            .build()
            .map_err(|error| PathSyntaxError { message: format!("Not a pattern: {error}"), offset: begin })
    }

    fn string(&mut self, quote: char) -> Result<Value, PathSyntaxError> {
        self.at += 1;
        let mut text = String::new();
        loop {
            match self.next() {
                None => return Err(self.error("The string does not end")),
                Some(c) if c == quote => return Ok(Value::from(text)),
                Some('\\') => text.push(self.escaped()?),
                Some(c) => text.push(c),
            }
        }
    }

    /// What stands behind a backslash, as in Java.
    fn escaped(&mut self) -> Result<char, PathSyntaxError> {
        match self.next() {
            Some('n') => Ok('\n'),
            Some('t') => Ok('\t'),
            Some('r') => Ok('\r'),
            Some('b') => Ok('\u{8}'),
            Some('f') => Ok('\u{c}'),
            Some('u') => {
                let digits =
                    self.text[self.at..].get(..4).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
                let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
                let Some(character) = code.and_then(char::from_u32) else {
                    return Err(self.error("Expected four hexadecimal digits of a character"));
                };
                self.at += 4;
                Ok(character)
            }
            Some(c) => Ok(c),
            None => Err(self.error("The string does not end")),
        }
    }

    fn list(&mut self) -> Result<Value, PathSyntaxError> {
        self.enter()?;
        self.at += 1;
        let mut items = Vec::new();
        self.skip_space();
        if self.peek() != Some(']') {
            loop {
                items.push(self.literal()?);
                if !self.take_separator() {
                    break;
                }
            }
        }
        self.expect("]")?;
        self.leave();
        Ok(Value::array(items))
    }

    fn object(&mut self) -> Result<Value, PathSyntaxError> {
        let rest = &self.text[self.at..];
        let Some(end) = end_of_object(rest) else { return Err(self.error("The object does not end")) };
        let value = crate::json::parse(&rest.as_bytes()[..end]).map_err(|error| self.error(error.message))?;
        self.at += end;
        Ok(value)
    }

    fn number(&mut self) -> Result<Value, PathSyntaxError> {
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !c.is_ascii_digit() && !"+-.eE".contains(c)).unwrap_or(rest.len());
        let value = crate::json::parse(&rest.as_bytes()[..end]).map_err(|error| self.error(error.message))?;
        self.at += end;
        Ok(value)
    }

    fn word(&mut self) -> Result<Value, PathSyntaxError> {
        for (word, value) in [("true", Value::Bool(true)), ("false", Value::Bool(false)), ("null", Value::Null)] {
            let rest = &self.text[self.at..];
            if rest.strip_prefix(word).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
            {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.error("Expected a path, a string, a number, a list, true, false or null"))
    }
}

/// Offset behind the brace that closes the first.
fn end_of_object(text: &str) -> Option<usize> {
    let (mut depth, mut quoted, mut escaped) = (0usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' if !quoted => depth += 1,
            b'}' if !quoted => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}
