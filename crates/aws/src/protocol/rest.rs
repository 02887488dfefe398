//! What the REST protocols share: parameters in the path, the query and the headers, and results from headers and
//! status.

use bytes::Bytes;
use models::{Location, Member, Operation, Service, Shape, ShapeId, Structure, TimestampFormat};
use serde_json::Value;

use super::header::{self, percent_encode};
use super::parameters::{self, Field, Parameter};
use super::{DecodeError, HttpAnswer, HttpRequest, base64, result};
use crate::ParameterError;

/// What the body is made of.
pub(super) enum Body<'p, 'a> {
    /// Nothing that the operation has goes into a body.
    None,
    /// These bytes.
    Raw(Bytes, &'static str),
    /// One member, which may be absent.
    Payload(&'a Member, Option<&'p Parameter<'a>>),
    /// All members that travel nowhere else.
    Members(Vec<&'p Field<'a>>),
}

/// The request but for its body.
pub(super) fn request(
    service: &Service,
    operation: &Operation,
    fields: &[Field<'_>],
) -> Result<HttpRequest, ParameterError> {
    let (path, query) = operation.uri.split_once('?').unwrap_or((&operation.uri, ""));
    let mut request = HttpRequest {
        method: operation.method.clone(),
        path: path_of(path, fields)?,
        query: fixed_query(query),
        headers: fixed_headers(service),
        body: Bytes::new(),
        host_prefix: None,
    };
    for (member, value) in fields {
        place(&mut request, member, value).map_err(|error| error.within(&result::capitalized(&member.name)))?;
    }
    Ok(request)
}

/// The path and the query of an operation whose parameters all travel in the body: `/` but for a few.
pub(super) fn fixed_target(operation: &Operation) -> (String, Vec<(String, Option<String>)>) {
    let (path, query) = operation.uri.split_once('?').unwrap_or((&operation.uri, ""));
    (if path.is_empty() { "/" } else { path }.to_owned(), fixed_query(query))
}

/// Which parameters the body carries.
pub(super) fn body<'p, 'a>(service: &'a Service, operation: &'a Operation, fields: &'p [Field<'a>]) -> Body<'p, 'a> {
    let Some(Shape::Structure(structure)) = operation.input.map(|id| service.shape(id)) else { return Body::None };
    let Some(payload) = structure.payload.and_then(|place| structure.members.get(place)) else {
        if structure.members.iter().all(|member| member.location.is_some()) {
            return Body::None;
        }
        return Body::Members(fields.iter().filter(|(member, _)| member.location.is_none()).collect());
    };
    let value = fields.iter().find(|(member, _)| std::ptr::eq(*member, payload)).map(|(_, value)| value);
    match value {
        Some(Parameter::Blob(bytes)) => Body::Raw(Bytes::copy_from_slice(bytes), "application/octet-stream"),
        Some(Parameter::Text(text)) => Body::Raw(Bytes::copy_from_slice(text.as_bytes()), "text/plain"),
        None if matches!(service.shape(payload.shape), Shape::Blob | Shape::String) => Body::None,
        value => Body::Payload(payload, value),
    }
}

/// Sets a body and, where the parameters have not, its type.
pub(super) fn set_body(request: &mut HttpRequest, body: impl Into<Bytes>, content_type: &str) {
    request.body = body.into();
    if !request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        request.headers.push(("Content-Type".to_owned(), content_type.to_owned()));
    }
}

/// What comes before the host's name.
pub(super) fn host_prefix(operation: &Operation, fields: &[Field<'_>]) -> Result<Option<String>, ParameterError> {
    let Some(template) = &operation.host_prefix else { return Ok(None) };
    let prefix = fill(template, |label| {
        let text = label_text(fields, label, |member| member.host_label && member.name == label)?;
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
        if !text.bytes().all(allowed) {
            let problem = "must contain only letters, digits, hyphens and dots: it is part of the host's name";
            return Err(ParameterError::new(problem).within(&result::capitalized(label)));
        }
        Ok(text)
    })?;
    Ok(Some(prefix))
}

/// S3's buckets stand in the path: a host of its own for each bucket asks for a wildcard in DNS and in certificates,
/// which only AWS has.
fn path_of(template: &str, fields: &[Field<'_>]) -> Result<String, ParameterError> {
    let mut path = String::new();
    let in_path = |(member, _): &&Field<'_>| member.location == Some(Location::Uri) && member.name == "Bucket";
    if let Some((member, _)) = fields.iter().find(in_path)
        && !template.contains(&format!("{{{}}}", member.wire_name()))
    {
        path.push('/');
        percent_encode(&mut path, &uri_label(fields, member.wire_name())?, "");
    }
    path.push_str(&fill(template, |label| {
        let (name, safe) = label.strip_suffix('+').map_or((label, ""), |name| (name, "/"));
        let mut encoded = String::new();
        percent_encode(&mut encoded, &uri_label(fields, name)?, safe);
        Ok(encoded)
    })?);
    if !path.starts_with('/') {
        path.insert(0, '/');
    }
    Ok(path)
}

fn uri_label(fields: &[Field<'_>], label: &str) -> Result<String, ParameterError> {
    label_text(fields, label, |member| member.location == Some(Location::Uri) && member.wire_name() == label)
}

/// An empty label would make the path that of another operation: DeleteObject without a key is DeleteBucket.
fn label_text(fields: &[Field<'_>], label: &str, is_it: impl Fn(&Member) -> bool) -> Result<String, ParameterError> {
    let (member, value) = fields.iter().find(|(member, _)| is_it(member)).ok_or_else(|| parameters::missing(label))?;
    let name = result::capitalized(&member.name);
    match value.text(TimestampFormat::Iso8601) {
        None => Err(ParameterError::new("a structure cannot travel in a path").within(&name)),
        Some(text) if text.is_empty() => Err(ParameterError::new("must not be empty").within(&name)),
        Some(text) => Ok(text.into_owned()),
    }
}

/// The template with `{label}`s filled in.
fn fill(
    template: &str,
    mut label: impl FnMut(&str) -> Result<String, ParameterError>,
) -> Result<String, ParameterError> {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, after)) = after.split_once('}') else { return Ok(out) };
        out.push_str(&label(name)?);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

fn fixed_query(query: &str) -> Vec<(String, Option<String>)> {
    let parts = query.split('&').filter(|part| !part.is_empty());
    parts
        .map(|part| match part.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (part.to_owned(), None),
        })
        .collect()
}

/// What two services want beside their model.
fn fixed_headers(service: &Service) -> Vec<(String, String)> {
    let header = match service.metadata.service_id.as_str() {
        // Else it answers in HAL.
        "API Gateway" => ("Accept", "application/json"),
        "Glacier" => ("x-amz-glacier-version", service.metadata.api_version.as_str()),
        _ => return Vec::new(),
    };
    vec![(header.0.to_owned(), header.1.to_owned())]
}

fn place(request: &mut HttpRequest, member: &Member, value: &Parameter<'_>) -> Result<(), ParameterError> {
    match member.location {
        Some(Location::Header) => {
            let Some(text) = header::value(value)? else { return Ok(()) };
            let text = if member.json_value { base64::encode(text.as_bytes()) } else { text };
            request.headers.push((member.wire_name().to_owned(), text));
        }
        Some(Location::Headers) => {
            let Parameter::Map(_, entries) = value else { return Ok(()) };
            for (key, value) in entries {
                let name = header::checked_name(format!("{}{key}", member.wire_name.as_deref().unwrap_or_default()));
                let (name, value) = (name.map_err(|error| error.within(key))?, header::value(value));
                let value = value.map_err(|error| error.within(key))?;
                request.headers.extend(value.map(|value| (name, value)));
            }
        }
        Some(Location::QueryString) => place_in_query(request, member.wire_name(), value)?,
        Some(Location::Uri | Location::StatusCode) | None => {}
    }
    Ok(())
}

fn place_in_query(request: &mut HttpRequest, name: &str, value: &Parameter<'_>) -> Result<(), ParameterError> {
    match value {
        Parameter::List(_, items) => items.iter().try_for_each(|item| place_one_in_query(request, name, item)),
        // A parameter that the operation has by itself goes before one of the map.
        Parameter::Map(_, entries) => entries.iter().try_for_each(|(key, value)| match value {
            Parameter::List(_, items) => items.iter().try_for_each(|item| place_one_in_query(request, key, item)),
            value => place_one_in_query(request, key, value),
        }),
        value => place_one_in_query(request, name, value),
    }
}

fn place_one_in_query(request: &mut HttpRequest, name: &str, value: &Parameter<'_>) -> Result<(), ParameterError> {
    let text = value.text(TimestampFormat::Iso8601);
    let text = text.ok_or_else(|| ParameterError::new("a structure cannot travel in a query"))?;
    request.query.push((name.to_owned(), Some(text.into_owned())));
    Ok(())
}

/// An answer's body as a REST protocol reads it.
pub(super) trait AnswerBody: Sized {
    /// Parses the body, which is not empty.
    fn open(body: &Bytes) -> Result<Self, DecodeError>;
    /// The member that is the whole body.
    fn whole(&mut self, service: &Service, member: &Member) -> Result<Option<Value>, DecodeError>;
    /// One of many members in the body.
    fn member(&mut self, service: &Service, member: &Member) -> Result<Option<Value>, DecodeError>;
}

/// The result: from headers, status and body, in the model's order.
pub(super) fn decode<B: AnswerBody>(
    service: &Service,
    output: ShapeId,
    answer: &HttpAnswer,
) -> Result<Value, DecodeError> {
    let mut out = serde_json::Map::new();
    let Shape::Structure(structure) = service.shape(output) else { return Ok(Value::Object(out)) };
    let mut body = open::<B>(service, structure, answer)?;
    for (place, member) in structure.members.iter().enumerate() {
        let name = result::capitalized(&member.name);
        let value = match (member.location, &mut body) {
            (Some(Location::Uri | Location::QueryString), _) => Ok(None),
            (Some(location), _) => located(service, member, location, answer),
            (None, _) if structure.payload.is_some_and(|payload| payload != place) => Ok(None),
            (None, Opened::Raw) => Ok(Some(result::blob(answer.body.to_vec()))),
            (None, Opened::Parsed(body)) if structure.payload.is_some() => body.whole(service, member),
            (None, Opened::Parsed(body)) => body.member(service, member),
            (None, Opened::Empty) => Ok(None),
        };
        if let Some(value) = value.map_err(|error| error.within(&name))? {
            out.insert(name.into_owned(), value);
        }
    }
    Ok(Value::Object(out))
}

/// A body, as far as the operation has one.
enum Opened<B> {
    Empty,
    Raw,
    Parsed(B),
}

fn open<B: AnswerBody>(
    service: &Service,
    structure: &Structure,
    answer: &HttpAnswer,
) -> Result<Opened<B>, DecodeError> {
    let payload = structure.payload.and_then(|place| structure.members.get(place));
    match payload.map(|member| service.shape(member.shape)) {
        Some(Shape::Blob | Shape::String) => return Ok(Opened::Raw),
        Some(Shape::Structure(payload)) if payload.is_event_stream => {
            return Err(DecodeError::new("a stream of events is not supported"));
        }
        None if structure.members.iter().all(|member| member.location.is_some()) => return Ok(Opened::Empty),
        _ if answer.body.is_empty() => return Ok(Opened::Empty),
        _ => {}
    }
    B::open(&answer.body).map(Opened::Parsed)
}

fn located(
    service: &Service,
    member: &Member,
    location: Location,
    answer: &HttpAnswer,
) -> Result<Option<Value>, DecodeError> {
    match location {
        Location::StatusCode => Ok(Some(Value::from(answer.status))),
        Location::Headers => Ok(Some(prefixed(member, answer))),
        Location::Header => match answer.header(member.wire_name()) {
            Some(text) => from_header(service, member, text),
            None => Ok(None),
        },
        Location::Uri | Location::QueryString => Ok(None),
    }
}

/// All headers that begin alike, by the rest of their names. There is always a map, as AWS SDKs have it: S3's
/// `Metadata` of an object without any is `{}`.
fn prefixed(member: &Member, answer: &HttpAnswer) -> Value {
    let prefix = member.wire_name.as_deref().unwrap_or_default();
    let rest = |name: &str| {
        let start = name.get(..prefix.len()).filter(|start| start.eq_ignore_ascii_case(prefix))?;
        Some(name[start.len()..].to_owned())
    };
    let headers = answer.headers.iter();
    Value::Object(headers.filter_map(|(name, value)| Some((rest(name)?, Value::from(value.as_str())))).collect())
}

fn from_header(service: &Service, member: &Member, text: &str) -> Result<Option<Value>, DecodeError> {
    match service.shape(member.shape) {
        Shape::List(list) => {
            let shape = service.shape(list.member);
            let items = if matches!(shape, Shape::Timestamp(_)) { header::dates(text) } else { header::items(text) };
            let items = items.iter().filter_map(|item| result::from_text(shape, item).transpose());
            Ok(Some(Value::Array(items.collect::<Result<_, _>>()?)))
        }
        Shape::String if member.json_value => result::base64_blob(text).map(Some),
        // S3 gives back what a client once set as `Expires`, and that may be anything.
        Shape::Timestamp(_) if member.name == "Expires" => {
            Ok(result::from_text(service.shape(member.shape), text).unwrap_or(None))
        }
        shape => result::from_text(shape, text),
    }
}
