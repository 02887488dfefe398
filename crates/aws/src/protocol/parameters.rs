//! Parameters made to fit the model, before any protocol writes them.
//!
//! Here a call is refused: an unknown member, a missing one, a value of the wrong kind. What comes out borrows from the
//! input wherever it can.

use std::borrow::Cow;

use models::{List, Location, Map, Member, Operation, Service, Shape, ShapeId, Structure, TimestampFormat};
use serde_json::{Number, Value};

use super::timestamp::Timestamp;
use super::{DEPTH_MAX, Given, base64, result};
use crate::{MissingParameters, ParameterError};

/// A member and its value.
pub(super) type Field<'a> = (&'a Member, Parameter<'a>);

/// A value that fits its shape.
#[derive(Debug)]
pub(super) enum Parameter<'a> {
    /// In the model's order.
    Structure(Vec<Field<'a>>),
    List(&'a List, Vec<Parameter<'a>>),
    Map(&'a Map, Vec<(&'a str, Parameter<'a>)>),
    Text(Cow<'a, str>),
    Blob(Cow<'a, [u8]>),
    Boolean(bool),
    Integer(i64),
    Float(&'a Number),
    /// `NaN`, `Infinity`, `-Infinity`
    NotFinite(&'static str),
    /// The format where it is not the protocol's own.
    Timestamp(Timestamp, Option<TimestampFormat>),
    Document(&'a Value),
    /// An item of a list or a value of a map that is null.
    Null,
}

/// What every step needs to know.
#[derive(Clone, Copy)]
struct Fitting<'a> {
    service: &'a Service,
    token: &'a str,
    missing: MissingParameters,
}

/// The operation's parameters in the model's order.
pub(super) fn fit<'a>(
    service: &'a Service,
    operation: &'a Operation,
    given: Given<'a>,
) -> Result<Vec<Field<'a>>, ParameterError> {
    static NOTHING: Structure =
        Structure { name: String::new(), members: Vec::new(), payload: None, error: None, is_event_stream: false };
    let structure = match operation.input.map(|id| service.shape(id)) {
        Some(Shape::Structure(structure)) => structure,
        _ => &NOTHING,
    };
    let fitting = Fitting { service, token: given.token, missing: given.missing };
    match given.input {
        Value::Null => fitting.structure(structure, [], 0),
        Value::Object(input) => fitting.structure(structure, input, 0),
        other => Err(expected("an object", other)),
    }
}

impl<'a> Fitting<'a> {
    fn structure(
        self,
        structure: &'a Structure,
        input: impl IntoIterator<Item = (&'a String, &'a Value)>,
        depth: usize,
    ) -> Result<Vec<Field<'a>>, ParameterError> {
        if structure.is_event_stream {
            return Err(ParameterError::new("a stream of events is not supported"));
        }
        let mut found: Vec<(usize, Parameter<'a>)> = Vec::new();
        let mut nulls: Vec<usize> = Vec::new();
        for (name, value) in input {
            let place = place(structure, name).ok_or_else(|| unsupported(name))?;
            if found.iter().any(|(other, _)| *other == place) {
                return Err(ParameterError::new(format!("The field {name:?} is given twice")).within(name));
            }
            if value.is_null() {
                nulls.push(place);
                continue;
            }
            let member = &structure.members[place];
            found.push((place, self.member(member, value, depth).map_err(|error| error.within(name))?));
        }
        self.complete(structure, &mut found, &nulls)?;
        found.sort_unstable_by_key(|(place, _)| *place);
        Ok(found.into_iter().map(|(place, value)| (&structure.members[place], value)).collect())
    }

    /// Fills in the idempotency token and, where nobody else is to say so, refuses a structure that lacks what it must
    /// have. What is given as null is named, so that is left to the service.
    fn complete(
        self,
        structure: &'a Structure,
        found: &mut Vec<(usize, Parameter<'a>)>,
        nulls: &[usize],
    ) -> Result<(), ParameterError> {
        for (place, member) in structure.members.iter().enumerate() {
            if !(member.required || member.idempotency_token) || found.iter().any(|(other, _)| *other == place) {
                continue;
            }
            if member.idempotency_token {
                found.push((place, Parameter::Text(Cow::Borrowed(self.token))));
            } else if is_address(member) || (self.missing == MissingParameters::Refused && !nulls.contains(&place)) {
                return Err(missing(&member.name));
            }
        }
        Ok(())
    }

    fn member(self, member: &'a Member, value: &'a Value, depth: usize) -> Result<Parameter<'a>, ParameterError> {
        let fitted = self.value(member.shape, value, depth + 1)?;
        Ok(match fitted {
            Parameter::Timestamp(time, format) => Parameter::Timestamp(time, member.timestamp_format.or(format)),
            other => other,
        })
    }

    fn value(self, shape: ShapeId, value: &'a Value, depth: usize) -> Result<Parameter<'a>, ParameterError> {
        if depth > DEPTH_MAX {
            return Err(ParameterError::new(format!("nested more than {DEPTH_MAX} levels deep")));
        }
        match (self.service.shape(shape), value) {
            (Shape::Document, value) => Ok(Parameter::Document(value)),
            (_, Value::Null) => Ok(Parameter::Null),
            (Shape::Structure(structure), Value::Object(input)) => {
                self.structure(structure, input, depth).map(Parameter::Structure)
            }
            (Shape::List(list), Value::Array(items)) => self.list(list, items, depth),
            (Shape::Map(map), Value::Object(entries)) => self.map(map, entries, depth),
            (Shape::String, Value::String(text)) => Ok(Parameter::Text(Cow::Borrowed(text))),
            (Shape::String, other) => Ok(Parameter::Text(Cow::Owned(other.to_string()))),
            (Shape::Blob, Value::String(text)) => Ok(Parameter::Blob(Cow::Borrowed(text.as_bytes()))),
            (Shape::Blob, other) => Ok(Parameter::Blob(Cow::Owned(other.to_string().into_bytes()))),
            (Shape::Boolean, Value::Bool(value)) => Ok(Parameter::Boolean(*value)),
            (Shape::Integer, Value::Number(number)) => {
                result::whole(number).map(Parameter::Integer).ok_or_else(|| expected("a whole number", value))
            }
            (Shape::Float, Value::Number(number)) => Ok(Parameter::Float(number)),
            (Shape::Float, Value::String(text)) => {
                result::not_finite(text).map(Parameter::NotFinite).ok_or_else(|| expected("a number", value))
            }
            (Shape::Timestamp(format), value) => timestamp(value).map(|time| Parameter::Timestamp(time, *format)),
            (Shape::Structure(_) | Shape::Map(_), other) => Err(expected("an object", other)),
            (Shape::List(_), other) => Err(expected("an array", other)),
            (Shape::Boolean, other) => Err(expected("a boolean", other)),
            (Shape::Integer, other) => Err(expected("a whole number", other)),
            (Shape::Float, other) => Err(expected("a number", other)),
        }
    }

    fn list(self, list: &'a List, items: &'a [Value], depth: usize) -> Result<Parameter<'a>, ParameterError> {
        let items = items.iter().enumerate().map(|(index, item)| {
            self.value(list.member, item, depth + 1).map_err(|error| error.within(&format!("[{index}]")))
        });
        Ok(Parameter::List(list, items.collect::<Result<_, _>>()?))
    }

    fn map(
        self,
        map: &'a Map,
        entries: &'a serde_json::Map<String, Value>,
        depth: usize,
    ) -> Result<Parameter<'a>, ParameterError> {
        let entries = entries.iter().map(|(key, value)| {
            let value = self.value(map.value, value, depth + 1).map_err(|error| error.within(key))?;
            Ok((key.as_str(), value))
        });
        Ok(Parameter::Map(map, entries.collect::<Result<_, _>>()?))
    }
}

impl Parameter<'_> {
    /// The value as text: as it stands in a form, an XML element, a path. `None` for what has parts.
    pub(super) fn text(&self, timestamps: TimestampFormat) -> Option<Cow<'_, str>> {
        Some(match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Blob(bytes) => Cow::Owned(base64::encode(bytes)),
            Self::Boolean(true) => Cow::Borrowed("true"),
            Self::Boolean(false) => Cow::Borrowed("false"),
            Self::Integer(number) => Cow::Owned(number.to_string()),
            Self::Float(number) => Cow::Owned(number.to_string()),
            Self::NotFinite(name) => Cow::Borrowed(name),
            Self::Timestamp(time, format) => Cow::Owned(time.format(format.unwrap_or(timestamps))),
            Self::Document(value) => Cow::Owned(value.to_string()),
            Self::Null => Cow::Borrowed(""),
            Self::Structure(_) | Self::List(..) | Self::Map(..) => return None,
        })
    }
}

/// Whether a request has no address without this member.
fn is_address(member: &Member) -> bool {
    member.location == Some(Location::Uri) || member.host_label
}

/// A required parameter is absent.
pub(super) fn missing(name: &str) -> ParameterError {
    let name = result::capitalized(name);
    ParameterError::new(format!("The field {name:?} is required but was missing")).within(&name)
}

fn unsupported(name: &str) -> ParameterError {
    ParameterError::new(format!("The field {name:?} is not supported by Step Functions")).within(name)
}

/// A few models have two members that differ in the first letter's case only: the exact name goes first.
fn place(structure: &Structure, name: &str) -> Option<usize> {
    let exact = structure.members.iter().position(|member| member.name == name);
    exact.or_else(|| structure.members.iter().position(|member| member.is_called(name)))
}

fn timestamp(value: &Value) -> Result<Timestamp, ParameterError> {
    let time = match value {
        Value::String(text) => Timestamp::parse_iso8601(text),
        Value::Number(number) => number.as_f64().and_then(Timestamp::from_seconds),
        _ => None,
    };
    time.ok_or_else(|| expected("a time like 2015-01-01T00:00:00Z or seconds since the epoch", value))
}

fn expected(what: &str, found: &Value) -> ParameterError {
    ParameterError::new(format!("expected {what}, found {}", result::kind(found)))
}
