//! Functions that look for parts of a string: by a string, a regular expression or a function that finds.

use std::rc::Rc;
use std::sync::Arc;

use super::super::datum::{Datum, Members, SEQUENCE_MAX, TEXT_MAX};
use super::super::failure::{Evaluated, Failure};
use super::super::function::{Function, Host, Kind};
use super::super::regex::Regex;
use super::text::{number, text};
use crate::value::Text;

/// What was found: bytes of the string.
struct Match {
    start: usize,
    end: usize,
    matched: Text,
    groups: Vec<Datum>,
}

/// Where the matches come from.
enum Matches {
    /// From the end of the last match on, where there was one.
    Regex(Arc<Regex>, Option<usize>),
    /// A function to call for the next, with the text the first time.
    Function(Rc<Function>, bool),
    Over,
}

impl Matches {
    fn of(pattern: &Rc<Function>) -> Self {
        match &pattern.kind {
            Kind::Regex(regex) => Self::Regex(Arc::clone(regex), None),
            _ => Self::Function(Rc::clone(pattern), true),
        }
    }

    /// The next match of `function`'s matches in a string.
    fn next(&mut self, host: &mut dyn Host, text: &Text, function: &str) -> Evaluated<Option<Match>> {
        match self {
            Self::Over => Ok(None),
            Self::Regex(regex, end) => {
                let found = match *end {
                    None => regex.find(text, 0, host.budget())?,
                    Some(end) => regex.find_next(text, end, host.budget())?,
                };
                let Some(found) = found else {
                    *self = Self::Over;
                    return Ok(None);
                };
                *end = Some(found.end);
                host.charge_items(found.groups.len() + 2)?;
                let captured = found.groups.iter().flatten().map(|(start, end)| end - start).sum::<usize>();
                host.budget().charge_bytes((captured + found.end - found.start) as u64)?;
                let groups = found.groups_in(text);
                let matched = Text::from(&text[found.start..found.end]);
                Ok(Some(Match { start: found.start, end: found.end, matched, groups }))
            }
            Self::Function(next, is_first) => {
                let args = if *is_first { vec![Datum::Text(text.clone())] } else { Vec::new() };
                let found = host.call(&Rc::clone(next), args)?;
                if found.is_undefined() {
                    *self = Self::Over;
                    return Ok(None);
                }
                let mismatch = || {
                    let said = "does not return the correct object structure";
                    Failure::coded(
                        "T1010",
                        format!("The matcher function argument passed to function \"{function}\" {said}"),
                    )
                };
                let matched = found.member("match").and_then(|matched| matched.as_text().cloned());
                let place = |name: &str| found.member(name).and_then(|place| place.as_number());
                let groups = found.member("groups");
                let is_match = place("start").is_some()
                    || place("end").is_some()
                    || groups.as_ref().is_some_and(|groups| groups.items().is_some());
                *self = match found.member("next") {
                    Some(Datum::Function(next)) => Self::Function(next, false),
                    _ if !is_match => return Err(mismatch()),
                    _ => Self::Over,
                };
                let matched = matched.ok_or_else(mismatch)?;
                host.budget().charge_reading(text.len() * 8)?;
                let start = byte_at(text, place("start").unwrap_or_default());
                let end = (start + matched.len()).min(text.len());
                let end = (end..=text.len()).find(|end| text.is_char_boundary(*end)).unwrap_or(text.len());
                let groups = groups.map(|groups| groups.items_or_single().iter().collect()).unwrap_or_default();
                Ok(Some(Match { start, end, matched, groups }))
            }
        }
    }
}

/// The byte at a place that counts UTF-16 units.
fn byte_at(text: &str, place: f64) -> usize {
    let mut units = 0.0;
    for (at, character) in text.char_indices() {
        if units >= place {
            return at;
        }
        units += character.len_utf16() as f64;
    }
    text.len()
}

/// A limit, which must not be negative.
fn limit(args: &[Datum], place: usize, code: &'static str, said: &str) -> Evaluated<f64> {
    match number(args, place) {
        Some(limit) if limit < 0.0 => Err(Failure::coded(code, format!("{said} must evaluate to a positive number"))),
        Some(limit) => Ok(limit),
        None => Ok(f64::INFINITY),
    }
}

pub(super) fn contains(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    let Some(text) = text(args, 0) else { return Ok(Datum::Undefined) };
    match args.get(1) {
        Some(Datum::Text(part)) => {
            host.budget().charge_reading(text.len() + part.len())?;
            Ok(Datum::Bool(text.contains(&**part)))
        }
        Some(Datum::Function(pattern)) => {
            let found = Matches::of(pattern).next(host, text, "contains")?;
            Ok(Datum::Bool(found.is_some()))
        }
        _ => Ok(Datum::Undefined),
    }
}

pub(super) fn matches(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    let (Some(text), Some(Datum::Function(pattern))) = (text(args, 0), args.get(1)) else {
        return Ok(Datum::Undefined);
    };
    let limit = limit(args, 2, "D3040", "Third argument of match function")?;
    let mut matches = Matches::of(pattern);
    let (mut found, mut byte, mut units) = (Vec::new(), 0, 0);
    while (found.len() as f64) < limit
        && let Some(next) = matches.next(host, text, "match")?
    {
        // Places count UTF-16 units, as in JavaScript.
        if next.start >= byte {
            host.budget().charge_reading((next.start - byte) * 4)?;
            units += text[byte..next.start].encode_utf16().count();
            byte = next.start;
        }
        host.charge_items(12)?;
        let mut members = Members::default();
        members.insert("match".into(), Datum::Text(next.matched))?;
        members.insert("index".into(), Datum::Number(units as f64))?;
        members.insert("groups".into(), Datum::array(next.groups)?)?;
        found.push(Datum::from(members));
        if found.len() > SEQUENCE_MAX {
            return Err(Failure::Size);
        }
    }
    Datum::sequence(found)
}

pub(super) fn split(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    let Some(text) = text(args, 0) else { return Ok(Datum::Undefined) };
    let limit = limit(args, 2, "D3020", "Third argument of split function")?.floor();
    let mut parts: Vec<Datum> = Vec::new();
    let mut add = |host: &dyn Host, part: &str| {
        host.charge_items(2)?;
        host.budget().charge_bytes(part.len() as u64)?;
        parts.push(Datum::text(part));
        if parts.len() > SEQUENCE_MAX { Err(Failure::Size) } else { Ok(parts.len()) }
    };
    match args.get(1) {
        Some(Datum::Text(separator)) if separator.is_empty() => {
            for (at, character) in text.char_indices().take(limit.min(usize::MAX as f64) as usize) {
                add(host, &text[at..at + character.len_utf8()])?;
            }
        }
        Some(Datum::Text(separator)) => {
            for part in text.split(&**separator).take(limit.min(usize::MAX as f64) as usize) {
                host.budget().charge_reading(part.len())?;
                add(host, part)?;
            }
        }
        Some(Datum::Function(pattern)) => {
            let mut matches = Matches::of(pattern);
            let (mut from, mut count) = (0, 0.0);
            while count < limit {
                match matches.next(host, text, "split")? {
                    Some(found) => {
                        add(host, text.get(from..found.start).unwrap_or_default())?;
                        from = found.end;
                    }
                    None => {
                        add(host, &text[from..])?;
                        break;
                    }
                }
                count += 1.0;
            }
        }
        _ => return Ok(Datum::Undefined),
    }
    Datum::array(parts)
}

pub(super) fn replace(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    let Some(text) = text(args, 0) else { return Ok(Datum::Undefined) };
    if matches!(args.get(1), Some(Datum::Text(pattern)) if pattern.is_empty()) {
        return Err(Failure::coded("D3010", "Second argument of replace function cannot be an empty string"));
    }
    let limit = limit(args, 3, "D3011", "Fourth argument of replace function")?;
    let Some(replacement) = args.get(2).filter(|replacement| !replacement.is_undefined()) else {
        return Ok(Datum::Undefined);
    };
    let mut out = String::new();
    let mut from = 0;
    let mut count = 0.0;
    match args.get(1) {
        Some(Datum::Text(pattern)) => {
            let replacement = replacement.as_text().map_or("", |replacement| replacement);
            while count < limit
                && let Some(at) = text[from..].find(&**pattern)
            {
                host.budget().charge_step()?;
                append(host, &mut out, &text[from..from + at])?;
                append(host, &mut out, replacement)?;
                from += at + pattern.len();
                count += 1.0;
            }
        }
        Some(Datum::Function(pattern)) => {
            let mut matches = Matches::of(pattern);
            while count < limit
                && let Some(found) = matches.next(host, text, "replace")?
            {
                append(host, &mut out, text.get(from..found.start).unwrap_or_default())?;
                from = found.end;
                match replacement {
                    Datum::Text(replacement) => substitute(host, &mut out, replacement, &found)?,
                    other => {
                        let replaced = called(host, other, found, text)?;
                        append(host, &mut out, &replaced)?;
                    }
                }
                count += 1.0;
            }
        }
        _ => return Ok(Datum::Undefined),
    }
    append(host, &mut out, &text[from..])?;
    Ok(Datum::text(out))
}

fn append(host: &dyn Host, out: &mut String, part: &str) -> Evaluated<()> {
    if out.len() + part.len() > TEXT_MAX {
        return Err(Failure::Size);
    }
    host.budget().charge_bytes(part.len() as u64)?;
    out.push_str(part);
    Ok(())
}

/// What a function makes of a match.
fn called(host: &mut dyn Host, function: &Datum, found: Match, text: &Text) -> Evaluated<Text> {
    let not_a_text = || Failure::coded("D3012", "Attempted to replace a matched string with a non-string value");
    let Datum::Function(function) = function else { return Err(not_a_text()) };
    host.charge_items(12)?;
    host.budget().charge_reading(found.end * 4)?;
    let units = |end: usize| Datum::Number(text[..end].encode_utf16().count() as f64);
    let mut members = Members::default();
    members.insert("match".into(), Datum::Text(found.matched))?;
    members.insert("start".into(), units(found.start))?;
    members.insert("end".into(), units(found.end))?;
    members.insert("groups".into(), Datum::array(found.groups)?)?;
    match host.call(function, vec![Datum::from(members)])? {
        Datum::Text(text) => Ok(text),
        _ => Err(not_a_text()),
    }
}

/// `$1` stands for a group, `$0` for the match, `$$` for a dollar.
fn substitute(host: &dyn Host, out: &mut String, replacement: &str, found: &Match) -> Evaluated<()> {
    let groups = found.groups.len();
    let most_digits = if groups == 0 { 1 } else { groups.ilog10() as usize + 1 };
    let mut rest = replacement;
    while let Some(at) = rest.find('$') {
        append(host, out, &rest[..at])?;
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            append(host, out, "$")?;
            rest = after;
        } else if let Some(after) = rest.strip_prefix('0') {
            append(host, out, &found.matched)?;
            rest = after;
        } else {
            let digits = rest.bytes().take(most_digits).take_while(u8::is_ascii_digit).count();
            let value = |digits: usize| rest[..digits].parse::<usize>().ok();
            let digits = match value(digits) {
                Some(group) if group > groups && most_digits > 1 && digits == most_digits => digits - 1,
                _ => digits,
            };
            match value(digits) {
                Some(group) => {
                    let captured = group.checked_sub(1).and_then(|group| found.groups.get(group));
                    append(host, out, captured.and_then(Datum::as_text).map_or("", |text| text))?;
                    rest = &rest[digits..];
                }
                None => append(host, out, "$")?,
            }
        }
    }
    append(host, out, rest)
}
