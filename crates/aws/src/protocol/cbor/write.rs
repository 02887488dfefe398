//! Parameters as CBOR (RFC 8949): definite lengths, the shortest heads.

use serde_json::{Number, Value};

use crate::protocol::parameters::{Field, Parameter};
use crate::protocol::result;

/// The kinds of items.
#[derive(Clone, Copy)]
enum Major {
    Unsigned = 0,
    Negative = 1,
    Bytes = 2,
    Text = 3,
    Array = 4,
    Map = 5,
    Tag = 6,
}

const FALSE: u8 = 0xf4;
const TRUE: u8 = 0xf5;
const NULL: u8 = 0xf6;
const DOUBLE: u8 = 0xfb;
/// Seconds since the epoch.
const TAG_TIME: u64 = 1;

/// Appends a structure. Members go by their names in the model.
pub(super) fn structure(out: &mut Vec<u8>, fields: &[Field<'_>]) {
    head(out, Major::Map, fields.len() as u64);
    for (member, value) in fields {
        text(out, &member.name);
        parameter(out, value);
    }
}

/// As deep as parameters may be.
fn parameter(out: &mut Vec<u8>, value: &Parameter<'_>) {
    match value {
        Parameter::Structure(fields) => structure(out, fields),
        Parameter::List(_, items) => {
            head(out, Major::Array, items.len() as u64);
            items.iter().for_each(|item| parameter(out, item));
        }
        Parameter::Map(_, entries) => {
            head(out, Major::Map, entries.len() as u64);
            for (key, value) in entries {
                text(out, key);
                parameter(out, value);
            }
        }
        Parameter::Text(value) => text(out, value),
        Parameter::Blob(bytes) => {
            head(out, Major::Bytes, bytes.len() as u64);
            out.extend_from_slice(bytes);
        }
        Parameter::Boolean(value) => out.push(if *value { TRUE } else { FALSE }),
        Parameter::Integer(value) => integer(out, *value),
        Parameter::Float(number) => double(out, number.as_f64().unwrap_or(f64::NAN)),
        Parameter::NotFinite(name) => double(out, not_finite(name)),
        Parameter::Timestamp(time, _) => {
            head(out, Major::Tag, TAG_TIME);
            match time.whole_seconds() {
                Some(seconds) => integer(out, seconds),
                None => double(out, time.seconds()),
            }
        }
        Parameter::Document(value) => json(out, value),
        Parameter::Null => out.push(NULL),
    }
}

/// Any JSON, which is as deep as the input.
fn json(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.push(NULL),
        Value::Bool(value) => out.push(if *value { TRUE } else { FALSE }),
        Value::Number(value) => number(out, value),
        Value::String(value) => text(out, value),
        Value::Array(items) => {
            head(out, Major::Array, items.len() as u64);
            items.iter().for_each(|item| json(out, item));
        }
        Value::Object(entries) => {
            head(out, Major::Map, entries.len() as u64);
            for (key, value) in entries {
                text(out, key);
                json(out, value);
            }
        }
    }
}

fn number(out: &mut Vec<u8>, number: &Number) {
    match result::whole(number) {
        Some(whole) if !number.is_f64() => integer(out, whole),
        _ => double(out, number.as_f64().unwrap_or(f64::NAN)),
    }
}

fn integer(out: &mut Vec<u8>, value: i64) {
    match u64::try_from(value) {
        Ok(value) => head(out, Major::Unsigned, value),
        Err(_) => head(out, Major::Negative, !(value as u64)),
    }
}

fn double(out: &mut Vec<u8>, value: f64) {
    out.push(DOUBLE);
    out.extend_from_slice(&value.to_be_bytes());
}

fn not_finite(name: &str) -> f64 {
    match name {
        "Infinity" => f64::INFINITY,
        "-Infinity" => f64::NEG_INFINITY,
        _ => f64::NAN,
    }
}

fn text(out: &mut Vec<u8>, value: &str) {
    head(out, Major::Text, value.len() as u64);
    out.extend_from_slice(value.as_bytes());
}

/// The first byte of an item, and its argument in as few bytes as hold it.
fn head(out: &mut Vec<u8>, major: Major, argument: u64) {
    let major = (major as u8) << 5;
    let bytes = argument.to_be_bytes();
    match argument {
        0..24 => out.push(major | bytes[7]),
        24..0x100 => out.extend_from_slice(&[major | 24, bytes[7]]),
        0x100..0x1_0000 => {
            out.push(major | 25);
            out.extend_from_slice(&bytes[6..]);
        }
        0x1_0000..0x1_0000_0000 => {
            out.push(major | 26);
            out.extend_from_slice(&bytes[4..]);
        }
        _ => {
            out.push(major | 27);
            out.extend_from_slice(&bytes);
        }
    }
}
