//! The text functions: format, split, encode, hash.

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, general_purpose::STANDARD};
use sha2::Digest;

use super::{CODED_CHARACTERS_MAX, Failure, string};
use crate::budget::Budget;
use crate::value::Value;
use crate::walk;

/// The template with each `{}` replaced by a value. `\{`, `\}`, `\'` and `\\` stand for what they escape.
pub(super) fn format(template: &str, values: &[Value], budget: &Budget) -> Result<Value, Failure> {
    budget.charge_bytes(template.len() as u64)?;
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
                walk::java_text(value, &mut out, budget)?;
            }
            (other, _) => out.push(other),
        }
    }
    if left.next().is_some() {
        return Err(wrong_count(template, values).into());
    }
    charged_text(out, budget)
}

/// A text that was made, as the value it becomes.
fn charged_text(text: String, budget: &Budget) -> Result<Value, Failure> {
    budget.charge_bytes(text.len() as u64)?;
    Ok(Value::from(text))
}

fn wrong_count(template: &str, values: &[Value]) -> String {
    format!("The number of {{}} in '{template}' does not match the number of arguments, {}", values.len())
}

/// The parts between delimiters, without empty ones. Each character of `delimiters` is one.
pub(super) fn split(text: &str, delimiters: &str, budget: &Budget) -> Result<Value, Failure> {
    budget.charge_reading(text.len().saturating_mul(1 + delimiters.len()))?;
    let mut parts = Vec::new();
    for part in text.split(|character| delimiters.contains(character)).filter(|part| !part.is_empty()) {
        budget.charge_step()?;
        walk::charge_items(2, budget)?;
        budget.charge_bytes(part.len() as u64)?;
        parts.push(Value::from(part));
    }
    Ok(Value::array(parts))
}

pub(super) fn base64_encode(data: &str, budget: &Budget) -> Result<Value, Failure> {
    check_length(data)?;
    budget.charge_bytes(2 * data.len() as u64)?;
    Ok(Value::from(STANDARD.encode(data)))
}

/// The text behind a Base64 text; bytes that are not UTF-8 become U+FFFD, as in Java.
pub(super) fn base64_decode(data: &str, budget: &Budget) -> Result<Value, Failure> {
    check_length(data)?;
    budget.charge_bytes(2 * data.len() as u64)?;
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

/// The hash of a text, or of the JSON of another value.
pub(super) fn charged_hash(data: &Value, algorithm: &str, budget: &Budget) -> Result<Value, Failure> {
    let json;
    let data = match data {
        Value::String(text) => {
            budget.charge_reading(text.len())?;
            data
        }
        other => {
            json = Value::from(walk::json(other, budget)?);
            &json
        }
    };
    Ok(hash(data, algorithm)?)
}

/// Lower-case hexadecimal digits of the hash of a text.
pub(crate) fn hash(data: &Value, algorithm: &str) -> Result<Value, String> {
    let data = string(data, "data")?;
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
