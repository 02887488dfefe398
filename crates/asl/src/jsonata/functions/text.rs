//! Functions about strings.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::datum::Datum;
use super::super::failure::{Evaluated, Failure};
use super::super::function::Host;
use super::super::json_text;
use crate::intrinsic::text::base64_bytes;
use crate::value::Text;

/// The string at a place of the arguments, which are checked: nothing where there is none.
pub(super) fn text(args: &[Datum], place: usize) -> Option<&Text> {
    args.get(place).and_then(Datum::as_text)
}

/// The number at a place of the arguments.
pub(super) fn number(args: &[Datum], place: usize) -> Option<f64> {
    args.get(place).and_then(Datum::as_number)
}

/// Applies to the first argument, where there is one, what makes a string of no more bytes than it has by a factor.
fn mapped(host: &dyn Host, args: &[Datum], factor: usize, map: impl Fn(&str) -> String) -> Evaluated {
    let Some(text) = text(args, 0) else { return Ok(Datum::Undefined) };
    host.charge_text(text.len().saturating_mul(factor).min(text.len() + super::super::datum::TEXT_MAX))?;
    Ok(Datum::text(map(text)))
}

pub(super) fn length(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    let Some(text) = text(args, 0) else { return Ok(Datum::Undefined) };
    host.budget().charge_reading(text.len())?;
    Ok(Datum::Number(text.chars().count() as f64))
}

pub(super) fn lowercase(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    mapped(host, args, 1, str::to_lowercase)
}

pub(super) fn uppercase(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    mapped(host, args, 1, str::to_uppercase)
}

pub(super) fn trim(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    const SPACE: [char; 4] = [' ', '\t', '\n', '\r'];
    mapped(host, args, 1, |text| text.split(SPACE).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "))
}

pub(super) fn substring(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    let Some(text) = text(args, 0) else { return Ok(Datum::Undefined) };
    let Some(start) = number(args, 1) else { return Ok(Datum::text(text.clone())) };
    host.budget().charge_reading(text.len())?;
    let count = text.chars().count() as f64;
    let start = if count + start < 0.0 { 0.0 } else { start };
    let end = match number(args, 2) {
        Some(length) if length <= 0.0 => return Ok(Datum::text("")),
        Some(length) if start >= 0.0 => start + length,
        Some(length) => count + start + length,
        None => count,
    };
    let place = |place: f64| if place < 0.0 { (count + place.trunc()).max(0.0) } else { place.min(count) } as usize;
    let (start, end) = (place(start), place(end));
    let part: String = text.chars().skip(start).take(end.saturating_sub(start)).collect();
    host.charge_text(part.len())?;
    Ok(Datum::text(part))
}

pub(super) fn substring_before(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    beside(host, args, |text, at, _| &text[..at])
}

pub(super) fn substring_after(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    beside(host, args, |text, at, length| &text[at + length..])
}

/// What stands beside a part of the string; all of it where the part is not there.
fn beside(host: &dyn Host, args: &[Datum], part: impl Fn(&str, usize, usize) -> &str) -> Evaluated {
    let Some(text) = text(args, 0) else { return Ok(Datum::Undefined) };
    let Some(mark) = self::text(args, 1) else { return Ok(Datum::text(text.clone())) };
    host.charge_text(text.len())?;
    Ok(match text.find(&**mark) {
        Some(at) => Datum::text(part(text, at, mark.len())),
        None => Datum::text(text.clone()),
    })
}

pub(super) fn pad(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    let Some(text) = text(args, 0) else { return Ok(Datum::Undefined) };
    let width = number(args, 1).unwrap_or_default();
    let filling = self::text(args, 2).map(|filling| &**filling).filter(|filling| !filling.is_empty()).unwrap_or(" ");
    host.budget().charge_reading(text.len() + filling.len())?;
    let missing = (width.abs() - text.chars().count() as f64).max(0.0);
    if missing.fract() != 0.0 {
        return Err(Failure::Internal);
    }
    let missing = missing as usize;
    let characters = filling.chars().count();
    let bytes = (missing / characters).saturating_mul(filling.len()).saturating_add(filling.len());
    host.charge_text(bytes.saturating_add(text.len()))?;
    let padding: String = filling.chars().cycle().take(missing).collect();
    Ok(Datum::text(if width > 0.0 { [&**text, &padding].concat() } else { [&*padding, text].concat() }))
}

pub(super) fn join(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    let Some(items) = args.first().and_then(Datum::items) else { return Ok(Datum::Undefined) };
    let separator = text(args, 1).map_or("", |separator| separator);
    host.budget().charge_steps(items.len() as u64)?;
    let lengths = items.iter().map(|item| item.as_text().map_or(0, |text| text.len()));
    let length = lengths.fold(0usize, usize::saturating_add);
    let separators = separator.len().saturating_mul(items.len().saturating_sub(1));
    host.charge_text(length.saturating_add(separators))?;
    let mut joined = String::with_capacity(length + separators);
    for (place, item) in items.iter().enumerate() {
        joined.push_str(if place > 0 { separator } else { "" });
        joined.push_str(item.as_text().map_or("", |text| text));
    }
    Ok(Datum::text(joined))
}

pub(super) fn string(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    let pretty = matches!(args.get(1), Some(Datum::Bool(true)));
    let value = match args.first() {
        Some(Datum::Array(list)) if list.is_outer => list.items.first(),
        other => other,
    };
    match value {
        None | Some(Datum::Undefined) => Ok(Datum::Undefined),
        Some(value) if pretty && (value.items().is_some() || value.member_count().is_some()) => {
            json_text::write(value, true, host.budget()).map(Datum::text)
        }
        Some(value) => text_of(value, host).map(Datum::Text),
    }
}

/// The text of a value.
pub(in super::super) fn text_of(value: &Datum, host: &dyn Host) -> Evaluated<Text> {
    Ok(match value {
        Datum::Text(text) => text.clone(),
        Datum::Bool(true) => Text::from("true"),
        Datum::Bool(false) => Text::from("false"),
        Datum::Function(_) => Text::default(),
        Datum::Number(number) if !number.is_finite() => {
            return Err(Failure::coded("D3001", "Attempting to invoke string function on Infinity or NaN"));
        }
        Datum::Number(number) => Text::from(json_text::number(*number)),
        other => Text::from(json_text::write(other, false, host.budget())?),
    })
}

/// Each character is one byte, as in JavaScript.
pub(super) fn base64encode(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    mapped(host, args, 2, |text| STANDARD.encode(text.encode_utf16().map(|unit| unit as u8).collect::<Vec<_>>()))
}

/// The bytes are characters. AWS refuses what is not Base64.
pub(super) fn base64decode(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    let Some(text) = text(args, 0) else { return Ok(Datum::Undefined) };
    host.charge_text(text.len() * 2)?;
    let bytes = base64_bytes(text).map_err(|_| Failure::Internal)?;
    Ok(Datum::text(bytes.into_iter().map(char::from).collect::<String>()))
}
