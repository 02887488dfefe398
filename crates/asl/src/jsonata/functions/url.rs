//! Functions about addresses.

use super::super::datum::Datum;
use super::super::failure::{Evaluated, Failure, quoted};
use super::super::function::Host;
use super::text::text;

/// Besides letters and digits, what a part of an address may hold.
const MARKS: &str = "-_.!~*'()";

/// What divides the parts of an address.
const RESERVED: &str = ";/?:@&=+$,#";

pub(super) fn encode_url(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    encoded(host, args, RESERVED)
}

pub(super) fn encode_url_component(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    encoded(host, args, "")
}

pub(super) fn decode_url(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    decoded(host, args, RESERVED, "decodeUrl")
}

pub(super) fn decode_url_component(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    decoded(host, args, "", "decodeUrlComponent")
}

fn encoded(host: &dyn Host, args: &[Datum], kept: &str) -> Evaluated {
    let Some(text) = text(args, 0) else { return Ok(Datum::Undefined) };
    let is_kept = |byte: &u8| {
        byte.is_ascii_alphanumeric() || MARKS.contains(char::from(*byte)) || kept.contains(char::from(*byte))
    };
    host.budget().charge_reading(text.len())?;
    let length = text.bytes().map(|byte| if is_kept(&byte) && byte.is_ascii() { 1 } else { 3 }).sum();
    host.charge_text(length)?;
    let mut out = String::with_capacity(length);
    for byte in text.bytes() {
        if byte.is_ascii() && is_kept(&byte) {
            out.push(char::from(byte));
        } else {
            const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
            out.push('%');
            out.push(char::from(DIGITS[usize::from(byte >> 4)]));
            out.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
    Ok(Datum::text(out))
}

fn decoded(host: &dyn Host, args: &[Datum], kept: &str, function: &str) -> Evaluated {
    let Some(text) = text(args, 0) else { return Ok(Datum::Undefined) };
    host.charge_text(text.len())?;
    match unescaped(text, kept) {
        Some(decoded) => Ok(Datum::text(decoded)),
        None => {
            let text = quoted(&Datum::Text(text.clone()));
            Err(Failure::coded("D3140", format!("Malformed URL passed to ${function}(): {text}")))
        }
    }
}

/// `None` where an escape is not one, or is no character.
fn unescaped(text: &str, kept: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first != b'%' {
            out.push(*first);
            rest = after;
            continue;
        }
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok())?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let byte = u8::from_str_radix(digits, 16).ok()?;
        if kept.contains(char::from(byte)) && byte.is_ascii() {
            out.extend_from_slice(&rest[..3]);
        } else {
            out.push(byte);
        }
        rest = &after[2..];
    }
    String::from_utf8(out).ok()
}
