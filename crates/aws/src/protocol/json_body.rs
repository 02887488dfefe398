//! Parameters as JSON text, and results and refusals from it.

use bytes::Bytes;
use models::{Service, Shape, ShapeId, Structure, TimestampFormat};
use serde_json::Value;

use super::error::{Refusal, bare};
use super::parameters::{Field, Parameter};
use super::timestamp::Timestamp;
use super::{DecodeError, HttpAnswer, base64, result};

/// Appends a structure's members.
pub(super) fn write_members<'p, 'a: 'p>(out: &mut String, fields: impl IntoIterator<Item = &'p Field<'a>>) {
    out.push('{');
    for (index, (member, value)) in fields.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_string(out, member.wire_name());
        out.push(':');
        write(out, value);
    }
    out.push('}');
}

/// Appends a value. It is as deep as parameters may be.
pub(super) fn write(out: &mut String, value: &Parameter<'_>) {
    match value {
        Parameter::Structure(fields) => write_members(out, fields),
        Parameter::List(_, items) => write_list(out, items),
        Parameter::Map(_, entries) => write_map(out, entries),
        Parameter::Text(text) => write_string(out, text),
        Parameter::Blob(bytes) => write_string(out, &base64::encode(bytes)),
        Parameter::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
        Parameter::Integer(number) => out.push_str(&number.to_string()),
        Parameter::Float(number) => out.push_str(&number.to_string()),
        Parameter::NotFinite(name) => write_string(out, name),
        Parameter::Timestamp(time, format) => write_timestamp(out, *time, format.unwrap_or(TimestampFormat::Unix)),
        Parameter::Document(value) => out.push_str(&value.to_string()),
        Parameter::Null => out.push_str("null"),
    }
}

fn write_list(out: &mut String, items: &[Parameter<'_>]) {
    out.push('[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(out, item);
    }
    out.push(']');
}

fn write_map(out: &mut String, entries: &[(&str, Parameter<'_>)]) {
    out.push('{');
    for (index, (key, value)) in entries.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_string(out, key);
        out.push(':');
        write(out, value);
    }
    out.push('}');
}

fn write_timestamp(out: &mut String, time: Timestamp, format: TimestampFormat) {
    match format {
        TimestampFormat::Unix => out.push_str(&time.format(format)),
        TimestampFormat::Iso8601 | TimestampFormat::Rfc822 => write_string(out, &time.format(format)),
    }
}

/// Appends a string in quotes. Runs of plain characters are copied whole.
fn write_string(out: &mut String, text: &str) {
    out.push('"');
    let mut plain_from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..0x20 => "",
            _ => continue,
        };
        out.push_str(&text[plain_from..at]);
        match escape {
            "" => out.push_str(&format!("\\u{byte:04x}")),
            escape => out.push_str(escape),
        }
        plain_from = at + 1;
    }
    out.push_str(&text[plain_from..]);
    out.push('"');
}

/// The body as JSON.
pub(super) fn parse(body: &Bytes) -> Result<Value, DecodeError> {
    serde_json::from_slice(body).map_err(|error| DecodeError::new(format!("not JSON: {error}")))
}

/// A value by its shape; `None` for null. The text of strings is moved, not copied. The depth is what the JSON parser
/// lets through.
pub(super) fn read(service: &Service, shape: ShapeId, value: Value) -> Result<Option<Value>, DecodeError> {
    let shape = service.shape(shape);
    let value = match (shape, value) {
        (Shape::Document, value) => value,
        (_, Value::Null) => return Ok(None),
        (Shape::Structure(structure), Value::Object(members)) => read_structure(service, structure, members)?,
        (Shape::List(list), Value::Array(items)) => {
            let items = items.into_iter().enumerate().map(|(index, item)| {
                let item = read(service, list.member, item).map_err(|error| error.within(&format!("[{index}]")))?;
                Ok(item.unwrap_or(Value::Null))
            });
            Value::Array(items.collect::<Result<_, _>>()?)
        }
        (Shape::Map(map), Value::Object(entries)) => {
            let entries = entries.into_iter().map(|(key, value)| {
                let value = read(service, map.value, value).map_err(|error| error.within(&key))?;
                Ok((key, value.unwrap_or(Value::Null)))
            });
            Value::Object(entries.collect::<Result<_, _>>()?)
        }
        (shape, value) => read_scalar(shape, value)?,
    };
    Ok(Some(value))
}

/// A structure: its members in the model's order.
pub(super) fn read_structure(
    service: &Service,
    structure: &Structure,
    mut members: serde_json::Map<String, Value>,
) -> Result<Value, DecodeError> {
    let mut out = serde_json::Map::new();
    for member in &structure.members {
        // The order of what is left over does not matter, so it need not be kept.
        let Some(value) = members.swap_remove(member.wire_name()) else { continue };
        let name = result::capitalized(&member.name);
        if let Some(value) = read(service, member.shape, value).map_err(|error| error.within(&name))? {
            out.insert(name.into_owned(), value);
        }
    }
    Ok(Value::Object(out))
}

/// A value without parts. Numbers and booleans may come as strings, strings as numbers and booleans: services are not
/// strict, and nothing is lost.
fn read_scalar(shape: &Shape, value: Value) -> Result<Value, DecodeError> {
    let expected = |value: &Value| {
        DecodeError::new(format!("expected {}, found {}", result::shape_kind(shape), result::kind(value)))
    };
    match (shape, value) {
        (Shape::String, value @ Value::String(_)) => Ok(value),
        (Shape::String, value @ (Value::Number(_) | Value::Bool(_))) => Ok(Value::String(value.to_string())),
        (Shape::Blob, Value::String(text)) => result::base64_blob(&text),
        (Shape::Boolean, value @ Value::Bool(_)) | (Shape::Float, value @ Value::Number(_)) => Ok(value),
        (Shape::Integer, Value::Number(number)) => {
            Ok(Value::Number(result::whole(&number).map_or(number, serde_json::Number::from)))
        }
        (Shape::Timestamp(_), Value::Number(number)) => {
            let time = number.as_f64().and_then(Timestamp::from_seconds);
            time.map(result::timestamp).ok_or_else(|| expected(&Value::Number(number)))
        }
        (Shape::Boolean | Shape::Integer | Shape::Float | Shape::Timestamp(_), Value::String(text)) => {
            Ok(result::from_text(shape, &text)?.unwrap_or(Value::Null))
        }
        (_, value) => Err(expected(&value)),
    }
}

/// A refusal: the code in `__type` or `code`, the message in `message`, whatever the case of its first letter.
pub(super) fn refusal(answer: &HttpAnswer) -> Refusal {
    let Ok(Value::Object(body)) = serde_json::from_slice(&answer.body) else { return Refusal::default() };
    let text = |names: &[&str]| names.iter().find_map(|name| body.get(*name)?.as_str());
    Refusal {
        code: text(&["__type", "code", "Code"]).map(bare).filter(|code| !code.is_empty()).map(str::to_owned),
        message: text(&["message", "Message", "errorMessage"]).map(str::to_owned),
        readable: true,
        ..Refusal::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_written_as_json() {
        let texts = ["", "plain", "\"quoted\"", "back\\slash", "\n\r\t\u{8}\u{1f}\u{7f}", "snow ☃ and 🂡", "a\u{0}b"];
        for text in texts {
            let mut out = String::new();
            write_string(&mut out, text);
            assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
        }
    }
}
