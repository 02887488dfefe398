//! Results and refusals from CBOR.

use minicbor::Decoder;
use minicbor::data::Type;
use minicbor::decode::Error;
use models::{Service, Shape, ShapeId, Structure};
use serde_json::{Number, Value};

use crate::protocol::timestamp::Timestamp;
use crate::protocol::{DEPTH_MAX, DecodeError, base64, result};

/// A value by its shape; `None` for null.
pub(super) fn value(service: &Service, shape: ShapeId, body: &[u8]) -> Result<Option<Value>, DecodeError> {
    Reading { service, decoder: Decoder::new(body) }.value(shape, 0)
}

/// The texts of the map that the body is.
pub(super) fn texts(body: &[u8]) -> Result<Vec<(String, String)>, DecodeError> {
    let mut decoder = Decoder::new(body);
    let mut texts = Vec::new();
    let mut entries = Parts(decoder.map().map_err(malformed)?);
    while entries.next(&mut decoder)? {
        let key = text(&mut decoder)?;
        match decoder.datatype().map_err(malformed)? {
            Type::String | Type::StringIndef => texts.push((key, text(&mut decoder)?)),
            _ => decoder.skip().map_err(malformed)?,
        }
    }
    Ok(texts)
}

struct Reading<'a> {
    service: &'a Service,
    decoder: Decoder<'a>,
}

/// How many parts of a list or a map are left; `None` where a break ends them.
struct Parts(Option<u64>);

impl Parts {
    /// Whether there is another one.
    fn next(&mut self, decoder: &mut Decoder<'_>) -> Result<bool, DecodeError> {
        match &mut self.0 {
            Some(0) => Ok(false),
            Some(left) => {
                *left -= 1;
                Ok(true)
            }
            None if decoder.datatype().map_err(malformed)? == Type::Break => {
                decoder.skip().map_err(malformed)?;
                Ok(false)
            }
            None => Ok(true),
        }
    }
}

impl<'a> Reading<'a> {
    fn value(&mut self, shape: ShapeId, depth: usize) -> Result<Option<Value>, DecodeError> {
        if depth > DEPTH_MAX {
            return Err(DecodeError::new(format!("nested more than {DEPTH_MAX} levels deep")));
        }
        let service = self.service;
        let found = self.decoder.datatype().map_err(malformed)?;
        let value = match (service.shape(shape), found) {
            (_, Type::Null | Type::Undefined) => {
                self.decoder.skip().map_err(malformed)?;
                return Ok(None);
            }
            (Shape::Document, _) => self.any(depth)?,
            (Shape::Structure(structure), Type::Map | Type::MapIndef) => self.structure(structure, depth)?,
            (Shape::List(list), Type::Array | Type::ArrayIndef) => self.list(list.member, depth)?,
            (Shape::Map(map), Type::Map | Type::MapIndef) => self.map(map.value, depth)?,
            (Shape::String, Type::String | Type::StringIndef) => Value::String(text(&mut self.decoder)?),
            (Shape::Blob, Type::Bytes | Type::BytesIndef) => result::blob(bytes(&mut self.decoder)?),
            (Shape::Boolean, Type::Bool) => Value::Bool(self.decoder.bool().map_err(malformed)?),
            (Shape::Integer, found) if is_number(found) => self.number(true)?,
            (Shape::Float, found) if is_number(found) => self.number(false)?,
            (Shape::Timestamp(_), Type::Tag) => self.time()?,
            (shape, found) => {
                return Err(DecodeError::new(format!("expected {}, found {found}", result::shape_kind(shape))));
            }
        };
        Ok(Some(value))
    }

    /// The members as they come, then in the model's order.
    fn structure(&mut self, structure: &Structure, depth: usize) -> Result<Value, DecodeError> {
        let mut found: Vec<(usize, Value)> = Vec::new();
        let mut entries = Parts(self.decoder.map().map_err(malformed)?);
        while entries.next(&mut self.decoder)? {
            let key = text(&mut self.decoder)?;
            let Some(place) = structure.members.iter().position(|member| member.name == key) else {
                self.decoder.skip().map_err(malformed)?;
                continue;
            };
            let value = self.value(structure.members[place].shape, depth + 1);
            let value = value.map_err(|error| error.within(&result::capitalized(&key)))?;
            found.extend(value.map(|value| (place, value)));
        }
        found.sort_by_key(|(place, _)| *place);
        let name = |place: usize| result::capitalized(&structure.members[place].name).into_owned();
        Ok(Value::Object(found.into_iter().map(|(place, value)| (name(place), value)).collect()))
    }

    fn list(&mut self, item: ShapeId, depth: usize) -> Result<Value, DecodeError> {
        let mut items = Vec::new();
        let mut parts = Parts(self.decoder.array().map_err(malformed)?);
        while parts.next(&mut self.decoder)? {
            let value = self.value(item, depth + 1).map_err(|error| error.within(&format!("[{}]", items.len())))?;
            items.push(value.unwrap_or(Value::Null));
        }
        Ok(Value::Array(items))
    }

    fn map(&mut self, shape: ShapeId, depth: usize) -> Result<Value, DecodeError> {
        let mut out = serde_json::Map::new();
        let mut entries = Parts(self.decoder.map().map_err(malformed)?);
        while entries.next(&mut self.decoder)? {
            let key = text(&mut self.decoder)?;
            let value = self.value(shape, depth + 1).map_err(|error| error.within(&key))?;
            out.insert(key, value.unwrap_or(Value::Null));
        }
        Ok(Value::Object(out))
    }

    /// Any JSON. Bytes are base64.
    fn any(&mut self, depth: usize) -> Result<Value, DecodeError> {
        if depth > DEPTH_MAX {
            return Err(DecodeError::new(format!("nested more than {DEPTH_MAX} levels deep")));
        }
        match self.decoder.datatype().map_err(malformed)? {
            Type::Null | Type::Undefined => self.decoder.skip().map_err(malformed).map(|()| Value::Null),
            Type::Bool => self.decoder.bool().map_err(malformed).map(Value::Bool),
            Type::String | Type::StringIndef => text(&mut self.decoder).map(Value::String),
            Type::Bytes | Type::BytesIndef => {
                bytes(&mut self.decoder).map(|bytes| Value::String(base64::encode(&bytes)))
            }
            Type::Tag => self.time(),
            Type::Array | Type::ArrayIndef => {
                let mut items = Vec::new();
                let mut parts = Parts(self.decoder.array().map_err(malformed)?);
                while parts.next(&mut self.decoder)? {
                    items.push(self.any(depth + 1)?);
                }
                Ok(Value::Array(items))
            }
            Type::Map | Type::MapIndef => {
                let mut out = serde_json::Map::new();
                let mut entries = Parts(self.decoder.map().map_err(malformed)?);
                while entries.next(&mut self.decoder)? {
                    let key = text(&mut self.decoder)?;
                    out.insert(key, self.any(depth + 1)?);
                }
                Ok(Value::Object(out))
            }
            found if is_number(found) => self.number(false),
            found => Err(DecodeError::new(format!("expected JSON, found {found}"))),
        }
    }

    /// A number; a float that is whole becomes an integer where the shape wants one.
    fn number(&mut self, whole: bool) -> Result<Value, DecodeError> {
        if !is_float(self.decoder.datatype().map_err(malformed)?) {
            let number = i128::from(self.decoder.int().map_err(malformed)?);
            let number = i64::try_from(number).map(Number::from).or_else(|_| u64::try_from(number).map(Number::from));
            return number.map(Value::Number).map_err(|_| DecodeError::new("a number beyond 64 bits"));
        }
        let float = self.float()?;
        let Some(number) = Number::from_f64(float) else { return Ok(Value::String(name_of(float).to_owned())) };
        let integer = result::whole(&number).filter(|_| whole);
        Ok(Value::Number(integer.map_or(number, Number::from)))
    }

    fn float(&mut self) -> Result<f64, DecodeError> {
        match self.decoder.datatype().map_err(malformed)? {
            Type::F16 => self.half(),
            Type::F32 => self.decoder.f32().map(f64::from).map_err(malformed),
            _ => self.decoder.f64().map_err(malformed),
        }
    }

    /// A float of 16 bits: one of sign, five of exponent, ten of fraction (RFC 8949, appendix D).
    fn half(&mut self) -> Result<f64, DecodeError> {
        let at = self.decoder.position() + 1;
        let Some([high, low]) = self.decoder.input().get(at..at + 2) else {
            return Err(DecodeError::new("not CBOR: it ends early"));
        };
        self.decoder.set_position(at + 2);
        let bits = u16::from_be_bytes([*high, *low]);
        let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
        let magnitude = match exponent {
            0 => fraction * 2f64.powi(-24),
            31 if fraction == 0.0 => f64::INFINITY,
            31 => f64::NAN,
            _ => (1024.0 + fraction) * 2f64.powi(exponent - 25),
        };
        Ok(if bits >> 15 == 1 { -magnitude } else { magnitude })
    }

    /// A tag, which must be that of seconds since the epoch, and the seconds.
    fn time(&mut self) -> Result<Value, DecodeError> {
        let tag = self.decoder.tag().map_err(malformed)?;
        if tag.as_u64() != 1 {
            return Err(DecodeError::new(format!("expected a time (tag 1), found tag {}", tag.as_u64())));
        }
        let found = self.decoder.datatype().map_err(malformed)?;
        let seconds = match found {
            found if is_float(found) => self.float()?,
            found if is_number(found) => i128::from(self.decoder.int().map_err(malformed)?) as f64,
            found => return Err(DecodeError::new(format!("expected seconds since the epoch, found {found}"))),
        };
        let time = Timestamp::from_seconds(seconds).map(result::timestamp);
        time.ok_or_else(|| DecodeError::new("a time outside of the years 1 to 9999"))
    }
}

fn is_float(found: Type) -> bool {
    matches!(found, Type::F16 | Type::F32 | Type::F64)
}

fn is_number(found: Type) -> bool {
    let unsigned = matches!(found, Type::U8 | Type::U16 | Type::U32 | Type::U64);
    unsigned || is_float(found) || matches!(found, Type::I8 | Type::I16 | Type::I32 | Type::I64 | Type::Int)
}

fn name_of(float: f64) -> &'static str {
    match float {
        f64::INFINITY => "Infinity",
        f64::NEG_INFINITY => "-Infinity",
        _ => "NaN",
    }
}

fn text(decoder: &mut Decoder<'_>) -> Result<String, DecodeError> {
    decoder.str_iter().map_err(malformed)?.collect::<Result<String, _>>().map_err(malformed)
}

fn bytes(decoder: &mut Decoder<'_>) -> Result<Vec<u8>, DecodeError> {
    let mut out = Vec::new();
    for chunk in decoder.bytes_iter().map_err(malformed)? {
        out.extend_from_slice(chunk.map_err(malformed)?);
    }
    Ok(out)
}

#[expect(clippy::needless_pass_by_value, reason = "goes into map_err")]
fn malformed(error: Error) -> DecodeError {
    DecodeError::new(format!("not CBOR: {error}"))
}
