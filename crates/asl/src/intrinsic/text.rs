//! The text functions: format, split, encode, hash.

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, general_purpose::STANDARD};
use sha2::Digest;

use super::{CODED_CHARACTERS_MAX, TEXT_BYTES_MAX};
use crate::value::Value;

/// The template with each `{}` replaced by a value. `\{`, `\}`, `\'` and `\\` stand for what they escape.
pub(super) fn format(template: &str, values: &[Value]) -> Result<Value, String> {
    let mut out = String::with_capacity(template.len());
    let mut left = values.iter();
    let mut characters = template.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, characters.peek()) {
            ('\\', Some(escaped @ ('\'' | '{' | '}' | '\\'))) => {
                out.push(*escaped);
                characters.next();
            }
            ('{', Some('}')) => {
                characters.next();
                let value = left.next().ok_or_else(|| wrong_count(template, values))?;
                insert(value, &mut out)?;
            }
            (other, _) => out.push(other),
        }
    }
    if left.next().is_some() {
        return Err(wrong_count(template, values));
    }
    Ok(Value::from(out))
}

fn wrong_count(template: &str, values: &[Value]) -> String {
    format!("The number of {{}} in '{template}' does not match the number of arguments, {}", values.len())
}

fn insert(value: &Value, out: &mut String) -> Result<(), String> {
    check_size(value)?;
    match value {
        Value::String(text) => out.push_str(text),
        other => write_as_java(other, out),
    }
    if out.len() > TEXT_BYTES_MAX {
        return Err(too_long());
    }
    Ok(())
}

/// As Java's collections print themselves: `{a=1, b=[x, y]}`.
fn write_as_java(value: &Value, out: &mut String) {
    match value {
        Value::String(text) => out.push_str(text),
        Value::Array(items) => {
            out.push('[');
            for (place, item) in items.iter().enumerate() {
                out.push_str(if place > 0 { ", " } else { "" });
                write_as_java(item, out);
            }
            out.push(']');
        }
        Value::Object(object) => {
            out.push('{');
            for (place, (name, member)) in object.iter().enumerate() {
                out.push_str(if place > 0 { ", " } else { "" });
                out.push_str(name);
                out.push('=');
                write_as_java(member, out);
            }
            out.push('}');
        }
        scalar => crate::json::write(scalar, out),
    }
}

/// Compact JSON, where it is not absurdly long.
pub(super) fn bounded_json(value: &Value) -> Result<String, String> {
    check_size(value)?;
    Ok(value.to_json())
}

/// Refuses a value before it is written: sharing makes it possible to hold one that is larger than memory.
fn check_size(value: &Value) -> Result<(), String> {
    let mut size = 0usize;
    let mut waiting = vec![value];
    while let Some(value) = waiting.pop() {
        size += 1;
        match value {
            Value::String(text) => size += text.len(),
            Value::Array(items) => waiting.extend(items.iter()),
            Value::Object(object) => {
                size += object.iter().map(|(name, _)| name.len()).sum::<usize>();
                waiting.extend(object.values());
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
        if size > TEXT_BYTES_MAX {
            return Err(too_long());
        }
    }
    Ok(())
}

fn too_long() -> String {
    format!("The result is longer than {TEXT_BYTES_MAX} bytes")
}

/// The parts between delimiters, without empty ones. Each character of `delimiters` is one.
pub(super) fn split(text: &str, delimiters: &str) -> Value {
    let parts = text.split(|character| delimiters.contains(character)).filter(|part| !part.is_empty());
    Value::array(parts.map(Value::from).collect())
}

pub(super) fn base64_encode(data: &str) -> Result<Value, String> {
    check_length(data)?;
    Ok(Value::from(STANDARD.encode(data)))
}

/// The text behind a Base64 text; bytes that are not UTF-8 become U+FFFD, as in Java.
pub(super) fn base64_decode(data: &str) -> Result<Value, String> {
    check_length(data)?;
    Ok(Value::from(String::from_utf8_lossy(&base64_bytes(data)?).into_owned()))
}

/// The bytes behind a Base64 text, with or without padding.
pub(crate) fn base64_bytes(data: &str) -> Result<Vec<u8>, String> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    LENIENT.decode(data).map_err(|error| format!("The data is not Base64: {error}"))
}

/// Lower-case hexadecimal digits; a value that is no string is hashed as its JSON.
pub(crate) fn hash(data: &Value, algorithm: &str) -> Result<Value, String> {
    let json;
    let data = match data {
        Value::String(text) => &**text,
        other => {
            json = bounded_json(other)?;
            &json
        }
    };
    check_length(data)?;
    let digits = match algorithm {
        "MD5" => hexadecimal(&md5::Md5::digest(data)),
        "SHA-1" => hexadecimal(&sha1::Sha1::digest(data)),
        "SHA-256" => hexadecimal(&sha2::Sha256::digest(data)),
        "SHA-384" => hexadecimal(&sha2::Sha384::digest(data)),
        "SHA-512" => hexadecimal(&sha2::Sha512::digest(data)),
        _ => return Err(format!("The algorithm '{algorithm}' is not one of MD5, SHA-1, SHA-256, SHA-384, SHA-512")),
    };
    Ok(Value::from(digits))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

fn check_length(data: &str) -> Result<(), String> {
    if data.len() > CODED_CHARACTERS_MAX && data.chars().count() > CODED_CHARACTERS_MAX {
        return Err(format!("The data is longer than {CODED_CHARACTERS_MAX} characters"));
    }
    Ok(())
}
