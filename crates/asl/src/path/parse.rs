//! Text to path.

use super::filter::{Filter, Operand, Operator, SelectedPlace};
use super::function::{Argument, Function};
use super::select::{Selector, Slice, Step};
use super::{PathSyntaxError, Root};
use crate::value::Text;

/// Steps of one path.
const STEPS_MAX: usize = 1_000;

/// Filters within filters, with their parentheses, negations, nested paths and list literals.
const DEPTH_MAX: usize = 32;

/// Parses a whole text as a path.
pub(super) fn path(text: &str) -> Result<(Root, Selector), PathSyntaxError> {
    let mut parser = Parser { text, at: 0, depth: 0 };
    if !parser.take("$") {
        return Err(parser.error("A path begins with $"));
    }
    let root = if parser.take("$") {
        Root::Context
    } else {
        match parser.variable() {
            Some(name) => Root::Variable(name),
            None => Root::Input,
        }
    };
    let selector = parser.selector(Surroundings::None)?;
    if parser.at < text.len() {
        return Err(parser.error("Unexpected character in path"));
    }
    Ok((root, selector))
}

/// Where a path stands, which decides what ends a name in it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Surroundings {
    /// The path is the whole text.
    None,
    /// It stands in a filter or among arguments.
    Filter,
}

pub(super) struct Parser<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn selector(&mut self, surroundings: Surroundings) -> Result<Selector, PathSyntaxError> {
        let mut steps = Vec::new();
        loop {
            if steps.len() > STEPS_MAX {
                return Err(self.error("The path has too many steps"));
            }
            if self.take("[") {
                let after_descend = matches!(steps.last(), Some(Step::Descend));
                steps.push(self.bracket(after_descend)?);
                continue;
            }
            if !self.take(".") {
                return Ok(Selector { steps, function: None });
            }
            if self.take(".") {
                steps.push(Step::Descend);
                if self.peek() == Some('[') {
                    continue;
                }
            }
            let name = self.name(surroundings)?;
            if self.take("(") {
                let function = self.function(name)?;
                return Ok(Selector { steps, function: Some(function) });
            }
            steps.push(if name == "*" { Step::Wildcard } else { Step::Member(Text::from(name)) });
        }
    }

    fn variable(&mut self) -> Option<Text> {
        let rest = &self.text[self.at..];
        let begins = rest.starts_with(|c: char| c.is_alphabetic() || c == '_');
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        if !begins {
            return None;
        }
        self.at += end;
        Some(Text::from(&rest[..end]))
    }

    /// An unquoted name, which is tolerant: what does not end it belongs to it.
    fn name(&mut self, surroundings: Surroundings) -> Result<&'t str, PathSyntaxError> {
        let rest = &self.text[self.at..];
        let ends = |c: char| match surroundings {
            Surroundings::None => c.is_whitespace() || ".[]()".contains(c),
            Surroundings::Filter => c.is_whitespace() || ".[](),=<>!~&|".contains(c),
        };
        let end = rest.find(ends).unwrap_or(rest.len());
        if end == 0 {
            return Err(self.error("A name, * or a function is missing after '.'"));
        }
        self.at += end;
        Ok(&rest[..end])
    }

    /// What stands behind `[`, with the `]`.
    fn bracket(&mut self, after_descend: bool) -> Result<Step, PathSyntaxError> {
        self.skip_space();
        let step = match self.peek() {
            Some('\'' | '"') => self.names()?,
            Some('*') => {
                self.take("*");
                Step::Wildcard
            }
            Some('?') => {
                self.take("?");
                self.skip_space();
                let filter = self.parenthesized()?;
                if after_descend { Step::Retain(filter) } else { Step::Filter(filter) }
            }
            Some('-' | ':' | '0'..='9') => self.indexes()?,
            _ => return Err(self.error("Expected a quoted name, an index, *, or ?(…) in brackets")),
        };
        self.expect("]")?;
        Ok(step)
    }

    fn names(&mut self) -> Result<Step, PathSyntaxError> {
        let first = self.quoted_name()?;
        let mut names = vec![first];
        while self.take_separator() {
            names.push(self.quoted_name()?);
        }
        Ok(match <[Text; 1]>::try_from(names) {
            Ok([name]) => Step::Member(name),
            Err(names) => Step::Members(names),
        })
    }

    /// A quoted name. A backslash escapes the quote and itself, and stands for itself before anything else.
    fn quoted_name(&mut self) -> Result<Text, PathSyntaxError> {
        let Some(quote) = self.peek().filter(|c| matches!(c, '\'' | '"')) else {
            return Err(self.error("Expected a quoted name"));
        };
        self.at += 1;
        let mut name = String::new();
        loop {
            match self.next() {
                None => return Err(self.error("The quoted name does not end")),
                Some(c) if c == quote => return Ok(name.into()),
                Some('\\') if self.peek() == Some(quote) || self.peek() == Some('\\') => name.extend(self.next()),
                Some(c) => name.push(c),
            }
        }
    }

    /// `0`, `-1`, `0,1` or `1:5:2`.
    fn indexes(&mut self) -> Result<Step, PathSyntaxError> {
        let first = self.integer()?;
        self.skip_space();
        if self.take(":") {
            return self.slice(first);
        }
        let Some(first) = first else { return Err(self.error("Expected an index")) };
        let mut indexes = vec![first];
        while self.take_separator() {
            let Some(index) = self.integer()? else { return Err(self.error("Expected an index")) };
            indexes.push(index);
        }
        Ok(match indexes[..] {
            [index] => Step::Index(index),
            _ => Step::Indexes(indexes),
        })
    }

    fn slice(&mut self, start: Option<i64>) -> Result<Step, PathSyntaxError> {
        self.skip_space();
        let end = self.integer()?;
        self.skip_space();
        let step = if self.take(":") { self.integer()? } else { None };
        let step = match step.map(usize::try_from) {
            Some(Ok(0) | Err(_)) => return Err(self.error("The step of a slice is at least 1")),
            Some(Ok(step)) => Some(step),
            None => None,
        };
        Ok(Step::Slice(Slice { start, end, step }))
    }

    /// An integer, where one stands here.
    fn integer(&mut self) -> Result<Option<i64>, PathSyntaxError> {
        let rest = &self.text[self.at..];
        let digits = rest.strip_prefix('-').unwrap_or(rest);
        let end = rest.len() - digits.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if end == 0 {
            return Ok(None);
        }
        let number = rest[..end].parse().map_err(|_| self.error("Not an index"))?;
        self.at += end;
        Ok(Some(number))
    }

    /// What stands behind `name(`, with the `)`.
    fn function(&mut self, name: &str) -> Result<Function, PathSyntaxError> {
        self.enter()?;
        let mut arguments = Vec::new();
        self.skip_space();
        if self.peek() != Some(')') {
            loop {
                self.skip_space();
                arguments.push(self.argument()?);
                if !self.take_separator() {
                    break;
                }
            }
        }
        self.expect(")")?;
        self.leave();
        Function::new(name, arguments).ok_or_else(|| self.error(format!("Function with name: {name} does not exist.")))
    }

    fn argument(&mut self) -> Result<Argument, PathSyntaxError> {
        if self.take("$") {
            return Ok(Argument::Place(self.selector(Surroundings::Filter)?));
        }
        Ok(Argument::Literal(self.literal()?))
    }

    fn parenthesized(&mut self) -> Result<Filter, PathSyntaxError> {
        self.enter()?;
        self.expect("(")?;
        let filter = self.disjunction()?;
        self.expect(")")?;
        self.leave();
        Ok(filter)
    }

    fn disjunction(&mut self) -> Result<Filter, PathSyntaxError> {
        let mut filters = vec![self.conjunction()?];
        while self.take_operator("||") {
            filters.push(self.conjunction()?);
        }
        Ok(one_or(filters, Filter::Or))
    }

    fn conjunction(&mut self) -> Result<Filter, PathSyntaxError> {
        let mut filters = vec![self.factor()?];
        while self.take_operator("&&") {
            filters.push(self.factor()?);
        }
        Ok(one_or(filters, Filter::And))
    }

    fn factor(&mut self) -> Result<Filter, PathSyntaxError> {
        self.skip_space();
        if self.take("!") {
            self.enter()?;
            let filter = self.factor()?;
            self.leave();
            return Ok(Filter::Not(Box::new(filter)));
        }
        if self.peek() == Some('(') {
            return self.parenthesized();
        }
        let left = self.operand()?;
        match (self.operator(), left) {
            (Some(operator), left) => {
                let right = self.operand()?;
                Ok(Filter::Test(left, operator, right))
            }
            (None, Operand::Place(place)) => Ok(Filter::Exists(place)),
            (None, _) => Err(self.error("Expected an operator")),
        }
    }

    fn operand(&mut self) -> Result<Operand, PathSyntaxError> {
        self.skip_space();
        match self.peek() {
            Some(root @ ('@' | '$')) => {
                self.at += 1;
                self.enter()?;
                let selector = self.selector(Surroundings::Filter)?;
                self.leave();
                Ok(Operand::Place(SelectedPlace { from_root: root == '$', selector }))
            }
            Some('/') => Ok(Operand::Pattern(self.pattern()?)),
            _ => Ok(Operand::Literal(self.literal()?)),
        }
    }

    fn operator(&mut self) -> Option<Operator> {
        self.skip_space();
        let symbol = Operator::SYMBOLS.iter().find(|(symbol, _)| self.take(symbol));
        if let Some((_, operator)) = symbol {
            return Some(*operator);
        }
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let (_, operator) = Operator::WORDS.iter().find(|(word, _)| rest[..end].eq_ignore_ascii_case(word))?;
        self.at += end;
        Some(*operator)
    }

    fn take_operator(&mut self, operator: &str) -> bool {
        self.skip_space();
        self.take(operator)
    }

    /// Takes a comma and the space around it.
    pub(super) fn take_separator(&mut self) -> bool {
        self.skip_space();
        let taken = self.take(",");
        self.skip_space();
        taken
    }

    pub(super) fn expect(&mut self, text: &str) -> Result<(), PathSyntaxError> {
        self.skip_space();
        if self.take(text) { Ok(()) } else { Err(self.error(format!("Expected {text}"))) }
    }

    pub(super) fn take(&mut self, text: &str) -> bool {
        let found = self.text[self.at..].starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    pub(super) fn skip_space(&mut self) {
        self.at = self.text.len() - self.text[self.at..].trim_start().len();
    }

    /// Goes one level deeper; the caller leaves it again.
    pub(super) fn enter(&mut self) -> Result<(), PathSyntaxError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.error("The path is nested too deeply"));
        }
        Ok(())
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    pub(super) fn error(&self, message: impl Into<String>) -> PathSyntaxError {
        PathSyntaxError { message: message.into(), offset: self.at }
    }
}

fn one_or(mut filters: Vec<Filter>, many: impl Fn(Vec<Filter>) -> Filter) -> Filter {
    match filters.pop() {
        Some(only) if filters.is_empty() => only,
        last => {
            filters.extend(last);
            many(filters)
        }
    }
}
