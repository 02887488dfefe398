//! Text to call.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Argument, Call, CallSyntaxError, Function, Quoted};
use crate::path::Path;
use crate::value::Value;

/// Calls within calls.
const DEPTH_MAX: usize = 10;

/// Arguments of a call and the calls in it. Each may select the whole input.
const ARGUMENTS_MAX: usize = 1_000;

pub(super) fn call(text: &str) -> Result<Call, CallSyntaxError> {
    let mut parser = Parser { text, at: 0, depth: 0, arguments: 0, known: HashMap::new() };
    parser.skip_space();
    let call = parser.call()?;
    parser.skip_space();
    if parser.at < text.len() {
        return Err(parser.error("Unexpected character behind the function"));
    }
    Ok(call)
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    arguments: usize,
    /// The paths and strings so far, by their texts.
    known: HashMap<&'t str, Argument>,
}

impl<'t> Parser<'t> {
    fn call(&mut self) -> Result<Call, CallSyntaxError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.error("Functions are nested too deeply"));
        }
        let begin = self.at;
        let (function, least, most) = self.function()?;
        let arguments = self.arguments()?;
        if !(least..=most).contains(&arguments.len()) {
            return Err(self.error("Wrong number of arguments"));
        }
        self.depth -= 1;
        Ok(Call { text: Box::from(&self.text[begin..self.at]), function, arguments: arguments.into() })
    }

    fn function(&mut self) -> Result<(Function, usize, usize), CallSyntaxError> {
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '.').unwrap_or(rest.len());
        let Some((name, function, least, most)) = Function::ALL.iter().find(|(name, ..)| *name == &rest[..end]) else {
            return Err(self.error("There is no such function"));
        };
        self.at += name.len();
        Ok((*function, *least, *most))
    }

    /// `(a, b)`
    fn arguments(&mut self) -> Result<Vec<Argument>, CallSyntaxError> {
        if !self.take('(') {
            return Err(self.error("Expected ("));
        }
        let mut arguments = Vec::new();
        self.skip_space();
        if self.take(')') {
            return Ok(arguments);
        }
        loop {
            self.skip_space();
            self.arguments += 1;
            if self.arguments > ARGUMENTS_MAX {
                return Err(self.error("There are too many arguments"));
            }
            arguments.push(self.argument()?);
            self.skip_space();
            if self.take(')') {
                return Ok(arguments);
            }
            if !self.take(',') {
                return Err(self.error("Expected , or )"));
            }
        }
    }

    fn argument(&mut self) -> Result<Argument, CallSyntaxError> {
        match self.rest().chars().next() {
            Some('\'') => self.quoted(),
            Some('$') => self.path(),
            Some('S') => Ok(Argument::Call(Arc::new(self.call()?))),
            Some(_) => self.literal(),
            None => Err(self.error("Expected an argument")),
        }
    }

    fn quoted(&mut self) -> Result<Argument, CallSyntaxError> {
        self.at += 1;
        let rest = self.rest();
        let mut value = String::new();
        let mut characters = rest.char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '\'' => {
                    self.at += at + 1;
                    let quoted =
                        || Argument::Quoted(Arc::new(Quoted { raw: Box::from(&rest[..at]), value: value.into() }));
                    return Ok(self.known.entry(&self.text[self.at - at - 2..self.at]).or_insert_with(quoted).clone());
                }
                '\\' => match characters.next() {
                    Some((_, escaped @ ('\'' | '{' | '}' | '\\'))) => value.push(escaped),
                    _ => {
                        self.at += at;
                        return Err(self.error("A backslash stands before ', {, } or another backslash alone"));
                    }
                },
                other => value.push(other),
            }
        }
        Err(self.error("The string does not end"))
    }

    fn path(&mut self) -> Result<Argument, CallSyntaxError> {
        let text = &self.rest()[..end_of_path(self.rest())];
        if let Some(known) = self.known.get(text) {
            self.at += text.len();
            return Ok(known.clone());
        }
        let path = Path::parse(text)
            .map_err(|error| CallSyntaxError { message: error.message, offset: self.at + error.offset })?;
        self.at += text.len();
        self.known.insert(text, Argument::Path(path.clone()));
        Ok(Argument::Path(path))
    }

    /// A number, `true`, `false` or `null`.
    fn literal(&mut self) -> Result<Argument, CallSyntaxError> {
        let rest = self.rest();
        let end = rest.find(|c: char| c.is_whitespace() || c == ',' || c == ')').unwrap_or(rest.len());
        let scalar = |value: &Value| matches!(value, Value::Number(_) | Value::Bool(_) | Value::Null);
        let Some(value) = crate::json::parse(&rest.as_bytes()[..end]).ok().filter(scalar) else {
            return Err(
                self.error("Expected a path, a string in single quotes, a number, true, false, null or a function")
            );
        };
        self.at += end;
        Ok(Argument::Literal(value))
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn take(&mut self, character: char) -> bool {
        let found = self.rest().starts_with(character);
        if found {
            self.at += character.len_utf8();
        }
        found
    }

    fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn error(&self, message: &str) -> CallSyntaxError {
        CallSyntaxError { message: message.to_owned(), offset: self.at }
    }
}

/// Where a path among arguments ends: at a comma, a closing parenthesis or a space outside of its brackets.
fn end_of_path(text: &str) -> usize {
    let (mut depth, mut quote, mut escaped) = (0usize, None, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quote.is_some() => escaped = true,
            _ if quote == Some(character) => quote = None,
            _ if quote.is_some() => {}
            '\'' | '"' if depth > 0 => quote = Some(character),
            '[' | '(' => depth += 1,
            ',' | ')' if depth == 0 => return at,
            ']' | ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 && character.is_whitespace() => return at,
            _ => {}
        }
    }
    text.len()
}
