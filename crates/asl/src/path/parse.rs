//! Text to path.

use std::collections::HashSet;

use super::bracket;
use super::select::{Step, Steps};
use super::{PathSyntaxError, Root};

/// Steps of one path.
const STEPS_MAX: usize = 1_000;

/// Bytes of a path from which on its steps share the names that they have in common.
const LENGTH_TO_SHARE: usize = 64;

/// Steps of one path that may select several values. Selecting recurses over them.
const SPREADING_STEPS_MAX: usize = 100;

/// Parses a whole text as a path.
pub(super) fn path(text: &str) -> Result<(Root, Steps), PathSyntaxError> {
    let begin = text.len() - trimmed_start(text).len();
    let Some(rest) = trimmed(text).strip_prefix('$') else {
        return Err(refused("A path begins with $", begin));
    };
    let (root, rest) = match rest.strip_prefix('$') {
        Some(rest) => (Root::Context, rest),
        None => variable(rest),
    };
    let offset = text.len() - text.trim_end_matches(is_blank).len();
    let mut steps = steps(rest, Place::Field).map_err(|error| PathSyntaxError {
        offset: (text.len() - offset - rest.len() + error.offset).min(text.len()),
        ..error
    })?;
    if text.len() > LENGTH_TO_SHARE {
        steps.share(&mut HashSet::new());
    }
    Ok((root, steps))
}

/// Where a path stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It is the value of a field, or an argument.
    Field,
    /// It is an operand in a filter, where only a path to one value may stand.
    Filter,
}

/// Parses what follows the root of a path.
pub(super) fn steps(text: &str, place: Place) -> Result<Steps, PathSyntaxError> {
    if !(text.is_empty() || text.starts_with(['.', '['])) {
        return Err(refused("The root of a path is followed by a dot or a bracket", 0));
    }
    let mut steps = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        at = match first {
            ' ' => return Err(refused("A path has no space between its steps", at)),
            '$' => push(Step::Root, at + 1, &mut steps),
            '*' => push(Step::Wildcard, at + 1, &mut steps),
            '[' => {
                let end = bracket::end(text, at);
                push(bracket::step(&text[at..end], place).map_err(|error| error.moved(at))?, end, &mut steps)
            }
            '.' => dotted(text, at + 1, &mut steps)?,
            _ => named(text, at, &mut steps)?,
        };
        bounded(&steps, at)?;
    }
    // Also in a bracket that does not close.
    if text.ends_with("..") {
        return Err(refused("A path cannot end with ..", at));
    }
    let steps = Steps::new(steps);
    if place == Place::Filter && !steps.is_definite() {
        return Err(refused("A path in a filter leads to one value: AWS knows no *, .., slices or filters there", 0));
    }
    Ok(steps)
}

/// What follows a dot: `.`, a name, `*`, or another step of its own.
fn dotted(text: &str, at: usize, steps: &mut Vec<Step>) -> Result<usize, PathSyntaxError> {
    match text[at..].chars().next() {
        None => Err(refused("A name is missing after the dot", at)),
        Some('.') => Ok(push(Step::Scan, at + 1, steps)),
        Some('[' | ' ') => Ok(at),
        Some(_) => named(text, at, steps),
    }
}

/// An unquoted name, which is tolerant: only a dot, a bracket and a space end it.
fn named(text: &str, at: usize, steps: &mut Vec<Step>) -> Result<usize, PathSyntaxError> {
    let rest = &text[at..];
    let name = &rest[..rest.find(['.', '[', ' ']).unwrap_or(rest.len())];
    let step = if name == "*" { Step::Wildcard } else { bracket::plain_name(name) };
    Ok(push(step, at + name.len(), steps))
}

fn push(step: Step, next: usize, steps: &mut Vec<Step>) -> usize {
    steps.push(step);
    next
}

fn bounded(steps: &[Step], at: usize) -> Result<(), PathSyntaxError> {
    let is_too_long = steps.len() > STEPS_MAX
        || steps.len() > SPREADING_STEPS_MAX
            && steps.iter().filter(|step| !step.is_definite()).count() > SPREADING_STEPS_MAX;
    if is_too_long { Err(refused("The path has too many steps", at)) } else { Ok(()) }
}

fn variable(text: &str) -> (Root, &str) {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    if !text.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        return (Root::Input, text);
    }
    (Root::Variable(Box::from(&text[..end])), &text[end..])
}

/// Java's `trim`: it takes all control characters for blanks, and no other space of Unicode.
pub(super) fn trimmed(text: &str) -> &str {
    text.trim_matches(is_blank)
}

fn trimmed_start(text: &str) -> &str {
    text.trim_start_matches(is_blank)
}

fn is_blank(character: char) -> bool {
    character <= ' '
}

pub(super) fn refused(message: impl Into<String>, offset: usize) -> PathSyntaxError {
    PathSyntaxError { message: message.into(), offset }
}

impl PathSyntaxError {
    /// The same error in a text that the first is a part of.
    pub(super) fn moved(self, by: usize) -> Self {
        Self { offset: self.offset + by, ..self }
    }
}
