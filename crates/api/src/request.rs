//! A request's members, read and checked in AWS's way.
//!
//! A member of the wrong JSON type makes the request unreadable (`SerializationException`, the first one
//! is told). Broken constraints are gathered and told together (`ValidationException`). `null` is absence.

use std::fmt;

use asl::json::{self, JsonError};
use asl::{Object, Value};

use crate::error::ApiError;
use crate::shape::Shape;

/// A request's body.
#[derive(Debug)]
pub(crate) struct Request {
    body: Value,
    payload_bytes: usize,
}

impl Request {
    /// Parses a body. `payload_bytes` bounds `input` and `output`.
    pub(crate) fn parse(body: &[u8], payload_bytes: usize) -> Result<Self, ApiError> {
        let body = json::parse(body).map_err(|error| not_json(body, &error))?;
        match body {
            Value::Object(_) => Ok(Self { body, payload_bytes }),
            Value::Array(_) => Err(ApiError::serialization("Start of list found where not expected.")),
            scalar => Err(ApiError::serialization(format!("{} found where not expected.", kind(&scalar)))),
        }
    }

    /// Reads the members; what is wrong with them is told at the end, all of it.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&mut Members<'_>) -> T) -> Result<T, ApiError> {
        let mut check = MemberCheck { payload_bytes: self.payload_bytes, malformed: None, violations: Vec::new() };
        let no_members = Object::default();
        let object = match &self.body {
            Value::Object(object) => object,
            _ => &no_members,
        };
        let input = read(&mut Members { object, place: MemberPlace::Request, check: &mut check });
        check.verdict()?;
        Ok(input)
    }
}

fn not_json(body: &[u8], error: &JsonError) -> ApiError {
    let (line, column) = error.position(body);
    ApiError::serialization(format!("{error} at line {line}, column {column}"))
}

/// What was found wrong so far.
pub(crate) struct MemberCheck {
    /// Bytes a payload may have.
    pub(crate) payload_bytes: usize,
    malformed: Option<String>,
    violations: Vec<String>,
}

impl MemberCheck {
    /// A value whose JSON type cannot become what is expected: `a String`, `an Integer`.
    pub(crate) fn mismatch(&mut self, value: &Value, expected: &str) {
        if self.malformed.is_some() {
            return;
        }
        self.malformed = Some(match value {
            Value::Object(_) => "Start of structure or map found where not expected.".to_owned(),
            Value::Array(_) => "Start of list found where not expected.".to_owned(),
            scalar => format!("{} can not be converted to {expected}", kind(scalar)),
        });
    }

    /// A broken constraint. `value` is what AWS shows of it: `Value '1001'`; of secret ones only `Value`.
    pub(crate) fn violation(
        &mut self,
        value: impl fmt::Display,
        place: &MemberPlace<'_>,
        constraint: impl fmt::Display,
    ) {
        self.violations.push(format!("{value} at '{place}' failed to satisfy constraint: {constraint}"));
    }

    /// How many constraints are broken.
    pub(crate) fn violations(&self) -> usize {
        self.violations.len()
    }

    fn absent(&mut self, place: &MemberPlace<'_>) {
        self.violation("Value null", place, "Member must not be null");
    }

    fn verdict(self) -> Result<(), ApiError> {
        if let Some(message) = self.malformed {
            return Err(ApiError::serialization(message));
        }
        match self.violations.len() {
            0 => Ok(()),
            1 => Err(ApiError::validation(format!("1 validation error detected: {}", self.violations[0]))),
            n => Err(ApiError::validation(format!("{n} validation errors detected: {}", self.violations.join("; ")))),
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "NULL_VALUE",
        Value::Bool(true) => "TRUE_VALUE",
        Value::Bool(false) => "FALSE_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        Value::String(_) => "STRING_VALUE",
        Value::Array(_) => "START_ARRAY",
        Value::Object(_) => "START_OBJECT",
    }
}

/// Where a value stands in the request; shown as `tags.1.member.key`.
#[derive(Clone, Copy)]
pub(crate) enum MemberPlace<'a> {
    /// The request itself.
    Request,
    /// A member of a structure.
    Member(&'a MemberPlace<'a>, &'static str),
    /// An item of a list, counted from 1.
    Item(&'a MemberPlace<'a>, usize),
}

impl fmt::Display for MemberPlace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request => Ok(()),
            Self::Member(Self::Request, name) => f.write_str(name),
            Self::Member(parent, name) => write!(f, "{parent}.{name}"),
            Self::Item(parent, number) => write!(f, "{parent}.{number}.member"),
        }
    }
}

/// The members of the request or of a structure in it.
pub(crate) struct Members<'a> {
    object: &'a Object,
    place: MemberPlace<'a>,
    check: &'a mut MemberCheck,
}

impl<'a> Members<'a> {
    /// The members of a structure at that place.
    pub(crate) fn of(object: &'a Object, place: MemberPlace<'a>, check: &'a mut MemberCheck) -> Self {
        Self { object, place, check }
    }

    /// A member that may be absent. `None`, too, where something is wrong with it, which is then noted.
    pub(crate) fn optional<S: Shape>(&mut self, name: &'static str, shape: &S) -> Option<S::Output> {
        match self.object.get(name) {
            None | Some(Value::Null) => None,
            Some(value) => shape.read(value, &MemberPlace::Member(&self.place, name), self.check),
        }
    }

    /// A member that must be there. A stand-in is given where it is not, or wrong, which is then noted:
    /// the request is refused when all is read.
    pub(crate) fn required<S: Shape<Output: Default>>(&mut self, name: &'static str, shape: &S) -> S::Output {
        let place = MemberPlace::Member(&self.place, name);
        match self.object.get(name) {
            None | Some(Value::Null) => {
                self.check.absent(&place);
                S::Output::default()
            }
            Some(value) => shape.read(value, &place, self.check).unwrap_or_default(),
        }
    }
}

/// Reads an item of a list.
pub(crate) fn read_item<S: Shape>(
    value: &Value,
    place: &MemberPlace<'_>,
    shape: &S,
    check: &mut MemberCheck,
) -> Option<S::Output> {
    if matches!(value, Value::Null) {
        check.absent(place);
        return None;
    }
    shape.read(value, place, check)
}
