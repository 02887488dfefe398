//! Parameters as XML, and results and refusals from it.

use models::{List, Map, Member, Service, Shape, ShapeId, Structure, TimestampFormat};
use serde_json::Value;

use super::error::Refusal;
use super::parameters::{Field, Parameter};
use super::xml::{self, Element, escape};
use super::{DecodeError, HttpAnswer, request_id, result};

/// A namespace: its prefix and its URI.
type Namespace = (Option<String>, String);

/// A document of one value.
pub(super) fn document(name: &str, namespace: Option<&Namespace>, value: &Parameter<'_>) -> String {
    let mut out = String::new();
    element(&mut out, name, namespace, false, value);
    out
}

/// A document of some members.
pub(super) fn document_of(name: &str, namespace: Option<&Namespace>, fields: &[&Field<'_>]) -> String {
    let mut out = String::new();
    structure(&mut out, name, namespace, fields.iter().copied());
    out
}

/// Appends a value; it is as deep as parameters may be. A flattened list or map is many elements.
fn element(out: &mut String, name: &str, namespace: Option<&Namespace>, flattened: bool, value: &Parameter<'_>) {
    match value {
        Parameter::Structure(fields) => structure(out, name, namespace, fields),
        Parameter::List(list, items) if flattened || list.flattened => {
            items.iter().for_each(|item| element(out, name, namespace, false, item));
        }
        Parameter::List(list, items) => {
            start(out, name, namespace);
            let item_name = list.member_name.as_deref().unwrap_or("member");
            items.iter().for_each(|item| element(out, item_name, None, false, item));
            end(out, name);
        }
        Parameter::Map(map, entries) if flattened || map.flattened => {
            entries.iter().for_each(|(key, value)| entry(out, name, map, key, value));
        }
        Parameter::Map(map, entries) => {
            start(out, name, namespace);
            entries.iter().for_each(|(key, value)| entry(out, "entry", map, key, value));
            end(out, name);
        }
        scalar => {
            start(out, name, namespace);
            escape(out, &scalar.text(TimestampFormat::Iso8601).unwrap_or_default());
            end(out, name);
        }
    }
}

fn structure<'p, 'a: 'p>(
    out: &mut String,
    name: &str,
    namespace: Option<&Namespace>,
    fields: impl IntoIterator<Item = &'p Field<'a>> + Clone,
) {
    start(out, name, namespace);
    out.pop();
    for (member, value) in fields.clone().into_iter().filter(|(member, _)| member.xml_attribute) {
        attribute(out, member.wire_name(), &value.text(TimestampFormat::Iso8601).unwrap_or_default());
    }
    out.push('>');
    for (member, value) in fields.into_iter().filter(|(member, _)| !member.xml_attribute) {
        element(out, member.wire_name(), member.xml_namespace.as_ref(), member.flattened, value);
    }
    end(out, name);
}

fn entry(out: &mut String, name: &str, map: &Map, key: &str, value: &Parameter<'_>) {
    let (key_name, value_name) = entry_names(map);
    start(out, name, None);
    start(out, key_name, None);
    escape(out, key);
    end(out, key_name);
    element(out, value_name, None, false, value);
    end(out, name);
}

fn start(out: &mut String, name: &str, namespace: Option<&Namespace>) {
    out.push('<');
    out.push_str(name);
    match namespace {
        Some((Some(prefix), uri)) => attribute(out, &format!("xmlns:{prefix}"), uri),
        Some((None, uri)) => attribute(out, "xmlns", uri),
        None => {}
    }
    out.push('>');
}

fn end(out: &mut String, name: &str) {
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

fn attribute(out: &mut String, name: &str, value: &str) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    escape(out, value);
    out.push('"');
}

fn entry_names(map: &Map) -> (&str, &str) {
    (map.key_name.as_deref().unwrap_or("key"), map.value_name.as_deref().unwrap_or("value"))
}

/// The result in an element.
pub(super) fn read_root(service: &Service, output: ShapeId, root: &Element) -> Result<Value, DecodeError> {
    Ok(read(service, output, root)?.unwrap_or_else(|| Value::Object(serde_json::Map::new())))
}

/// A value by its shape. An element without text is the absence of a number, a time or a boolean.
pub(super) fn read(service: &Service, shape: ShapeId, element: &Element) -> Result<Option<Value>, DecodeError> {
    match service.shape(shape) {
        Shape::Structure(structure) => read_structure(service, structure, element).map(Some),
        // What an item is called does not matter: services differ from their models.
        Shape::List(list) => read_items(service, list, element.children.iter()).map(Some),
        Shape::Map(map) => read_entries(service, map, element.children.iter()).map(Some),
        scalar if element.children.is_empty() => result::from_text(scalar, &element.text),
        scalar => {
            let problem = format!("expected {}, found elements in {}", result::shape_kind(scalar), element.name);
            Err(DecodeError::new(problem))
        }
    }
}

fn read_structure(service: &Service, structure: &Structure, element: &Element) -> Result<Value, DecodeError> {
    let mut out = serde_json::Map::new();
    for member in &structure.members {
        let name = result::capitalized(&member.name);
        if let Some(value) = read_member(service, member, element).map_err(|error| error.within(&name))? {
            out.insert(name.into_owned(), value);
        }
    }
    Ok(Value::Object(out))
}

/// A member of the structure that `parent` is.
pub(super) fn read_member(service: &Service, member: &Member, parent: &Element) -> Result<Option<Value>, DecodeError> {
    let shape = service.shape(member.shape);
    if member.xml_attribute {
        return parent.attribute(member.wire_name()).map_or(Ok(None), |text| result::from_text(shape, text));
    }
    match shape {
        Shape::List(list) if member.flattened || list.flattened => {
            // By the items' name where they have one, else by the member's.
            let names = list.member_name.as_deref().into_iter().chain([member.wire_name()]);
            let name = names.into_iter().find(|name| parent.child(name).is_some());
            name.map(|name| read_items(service, list, parent.children_called(name))).transpose()
        }
        Shape::Map(map) if member.flattened || map.flattened => {
            let name = Some(member.wire_name()).filter(|name| parent.child(name).is_some());
            name.map(|name| read_entries(service, map, parent.children_called(name))).transpose()
        }
        _ => match parent.child(member.wire_name()) {
            Some(element) => read(service, member.shape, element),
            None => Ok(None),
        },
    }
}

fn read_items<'e>(
    service: &Service,
    list: &List,
    items: impl Iterator<Item = &'e Element>,
) -> Result<Value, DecodeError> {
    let items = items.enumerate().filter_map(|(index, item)| {
        read(service, list.member, item).map_err(|error| error.within(&format!("[{index}]"))).transpose()
    });
    Ok(Value::Array(items.collect::<Result<_, _>>()?))
}

fn read_entries<'e>(
    service: &Service,
    map: &Map,
    entries: impl Iterator<Item = &'e Element>,
) -> Result<Value, DecodeError> {
    let (key_name, value_name) = entry_names(map);
    let mut out = serde_json::Map::new();
    for entry in entries {
        let key = entry.child(key_name).map(|key| key.text.clone());
        let key = key.ok_or_else(|| DecodeError::new(format!("expected an element {key_name} in {}", entry.name)))?;
        let Some(value) = entry.child(value_name) else { continue };
        if let Some(value) = read(service, map.value, value).map_err(|error| error.within(&key))? {
            out.insert(key, value);
        }
    }
    Ok(Value::Object(out))
}

/// A refusal: `ErrorResponse/Error` (query, REST), `Response/Errors/Error` (EC2), `Error` as the root (S3).
pub(super) fn refusal(answer: &HttpAnswer) -> Refusal {
    let Ok(root) = xml::parse(&answer.body) else { return Refusal::default() };
    let Some(error) = error_in(&root) else { return Refusal::default() };
    let text = |element: &Element, names: &[&str]| {
        let text = names.iter().find_map(|name| element.child(name))?.text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    Refusal {
        code: text(error, &["Code"]),
        message: text(error, &["Message", "message"]),
        readable: true,
        request_id: request_id::in_body(&root).or_else(|| request_id::in_body(error)),
        extended_request_id: text(error, &["HostId"]).or_else(|| text(&root, &["HostId"])),
    }
}

fn error_in(root: &Element) -> Option<&Element> {
    if root.name == "Error" {
        return Some(root);
    }
    root.child("Error").or_else(|| root.child("Errors")?.child("Error"))
}
