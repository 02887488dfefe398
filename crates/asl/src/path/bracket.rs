//! What stands in brackets: names, indexes, slices, a wildcard, a filter.
//!
//! The first character that can begin one of them decides which it is; what stands before it is passed over.

use std::iter::Peekable;
use std::str::Chars;

use super::PathSyntaxError;
use super::filter;
use super::parse::{Place, refused};
use super::select::{Slice, Step};
use crate::value::Text;

/// Where the bracket that opens at `at` closes. Quotes do not count; a bracket that does not close takes all the text.
pub(super) fn end(text: &str, at: usize) -> usize {
    let mut depth = 0usize;
    for (offset, byte) in text[at..].bytes().enumerate() {
        match byte {
            b'[' => depth += 1,
            b']' if depth == 1 => return at + offset + 1,
            b']' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

/// The step of a text that begins with a bracket.
pub(super) fn step(text: &str, place: Place) -> Result<Step, PathSyntaxError> {
    if text == "[*]" {
        return Ok(Step::Wildcard);
    }
    if is_placeholder(text) {
        return Ok(Step::Filter(None));
    }
    let begins = |c: char| matches!(c, '?' | '\'' | ':' | '-' | '@') || c.is_ascii_digit();
    let Some(at) = text.find(begins) else { return Err(unknown(text)) };
    match &text[at..=at] {
        "?" => filtered(text, at, place),
        "'" => names(&text[at..]),
        "@" => from_end(&text[at..]).map_err(|error| error.moved(at)),
        _ => numbers(&text[at..]).map_err(|error| error.moved(at)),
    }
}

/// The step of an unquoted name, which is read as if it stood quoted in brackets.
pub(super) fn plain_name(name: &str) -> Step {
    if !name.contains(['\'', ']']) {
        return Step::Member(Text::from(name));
    }
    let text = format!("'{name}']");
    member(quoted(text.split(']').next().unwrap_or_default()))
}

/// `[?]`, `[?, ?]`: filters that are to be given by the caller, who gives none.
fn is_placeholder(text: &str) -> bool {
    let inner = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let filler = |c: char| c.is_ascii_whitespace() || matches!(c, ',' | '*' | '?' | '\u{b}');
    inner.is_some_and(|inner| inner.trim_start().starts_with('?') && inner.chars().all(filler))
}

fn filtered(text: &str, at: usize, place: Place) -> Result<Step, PathSyntaxError> {
    // A filter within a filter makes a path of many values, which is refused there anyway.
    if place == Place::Filter {
        return Err(refused("AWS knows no filter within a filter", at));
    }
    filter::parse(text).map(|filter| Step::Filter(Some(Box::new(filter))))
}

/// Names in single quotes, up to the first closing bracket, quoted or not.
fn names(text: &str) -> Result<Step, PathSyntaxError> {
    match text.find(']') {
        Some(end) => Ok(member(quoted(&text[..end]))),
        None => Err(refused("The bracket does not close", text.len())),
    }
}

/// What stands between quotes, pair by pair. Nothing escapes a quote.
fn quoted(text: &str) -> Vec<Text> {
    let mut pieces = text.split('\'').skip(1);
    let mut names = Vec::new();
    while let Some(name) = pieces.next() {
        // Without a piece behind it the quote did not close.
        if pieces.next().is_none() {
            break;
        }
        names.push(Text::from(name));
    }
    names
}

fn member(names: Vec<Text>) -> Step {
    match <[Text; 1]>::try_from(names) {
        Ok([name]) => Step::Member(name),
        Err(names) => Step::Members(names.into()),
    }
}

/// `@.length - n)`: that many from the end. Spaces and parentheses in the name do not count.
fn from_end(text: &str) -> Result<Step, PathSyntaxError> {
    let refuse = || refused("AWS knows [(@.length-n)] and [(@.size()-n)], and no other expression in brackets", 0);
    // The character behind the @ is a dot, and is not looked at.
    let rest = text.get(2..).ok_or_else(refuse)?;
    let (name, rest) = rest.split_at(rest.find('-').ok_or_else(refuse)?);
    let name: String = name.chars().filter(|c| !matches!(c, ' ' | '(' | ')')).collect();
    if name != "length" && name != "size" {
        return Err(refuse());
    }
    let number = &rest[..rest.find(')').ok_or_else(refuse)?];
    integer(&number.replace(' ', "")).map(Step::FromEnd)
}

/// Indexes and slices. They end at the first character that belongs to none; spaces in them do not count.
fn numbers(text: &str) -> Result<Step, PathSyntaxError> {
    let unclosed = || refused("The bracket does not close", text.len());
    let (mut found, mut number, mut kinds) = (Vec::new(), String::new(), Kinds::default());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next_if(|c| is_of_number(*c) || matches!(c, ',' | ':')) {
        match character {
            ' ' => {}
            ',' => {
                kinds.is_list = true;
                found.push(integer(&number)?);
                number.clear();
            }
            ':' => {
                let to = slice_end(&mut characters);
                kinds.add_slice(&number, &to);
                for bound in [&number, &to].into_iter().filter(|bound| !bound.is_empty()) {
                    found.push(integer(bound)?);
                }
                number.clear();
                // One character behind a slice separates it from what follows, whatever it is.
                characters.next_if(|c| *c != ']');
            }
            digit => number.push(digit),
        }
    }
    characters.peek().ok_or_else(unclosed)?;
    if !number.is_empty() {
        found.push(integer(&number)?);
    }
    kinds.step(found).ok_or_else(|| refused("Expected an index or a slice such as [1:3], [1:] or [:3]", 0))
}

/// Which kinds of numbers stand in a bracket: the first that is there decides what they mean.
#[derive(Default)]
struct Kinds {
    is_list: bool,
    is_from: bool,
    is_to: bool,
    is_between: bool,
    is_broken: bool,
}

impl Kinds {
    fn add_slice(&mut self, from: &str, to: &str) {
        match (from.is_empty(), to.is_empty()) {
            (true, true) => self.is_broken = true,
            (true, false) => self.is_to = true,
            (false, true) => self.is_from = true,
            (false, false) => self.is_between = true,
        }
    }

    fn step(&self, numbers: Vec<i32>) -> Option<Step> {
        match numbers[..] {
            _ if self.is_broken => None,
            [index] if !self.is_from && !self.is_to => Some(Step::Index(index)),
            [_, ..] if self.is_list => Some(Step::Indexes(numbers.into())),
            [from, ..] if self.is_from => Some(Step::Slice(Slice::From(from))),
            [to, ..] if self.is_to => Some(Step::Slice(Slice::To(to))),
            [from, to, ..] => Some(Step::Slice(Slice::Between(from, to))),
            _ => None,
        }
    }
}

fn slice_end(characters: &mut Peekable<Chars<'_>>) -> String {
    let digits = std::iter::from_fn(|| characters.next_if(|c| is_of_number(*c)));
    digits.filter(|c| *c != ' ').collect()
}

fn is_of_number(character: char) -> bool {
    character.is_ascii_digit() || matches!(character, '-' | ' ')
}

fn integer(text: &str) -> Result<i32, PathSyntaxError> {
    text.parse().map_err(|_| refused(format!("'{text}' is no index"), 0))
}

fn unknown(text: &str) -> PathSyntaxError {
    let message = match text.contains('"') {
        true => "AWS knows no double quotes in brackets: write the name in single quotes, ['name']",
        false => "Expected a name in single quotes, an index, *, or ?(…) in the brackets",
    };
    refused(message, 0)
}
