//! A botocore model, compacted to what `models` holds of it: no texts, no shapes that nothing refers to, and limits of
//! results alone.

use std::collections::{HashMap, HashSet};

use models::{
    Constraint, Constraints, ErrorTrait, List, Location, Map, Member, Metadata, Operation, Protocol, Service, Shape,
    ShapeId, Structure, TimestampFormat,
};
use serde_json::Value;

use super::names;

/// botocore's names of the protocols, the ones we rather speak first.
const PROTOCOLS: &[(&str, Protocol)] = &[
    ("json", Protocol::Json),
    ("rest-json", Protocol::RestJson),
    ("query", Protocol::Query),
    ("rest-xml", Protocol::RestXml),
    ("ec2", Protocol::Ec2),
    ("smithy-rpc-v2-cbor", Protocol::Cbor),
];

/// The compacted model, and what its results must be.
pub(super) fn service(model: &Value) -> Result<(Service, Constraints), String> {
    let mut shapes = Shapes::of(&model["shapes"], in_results(model));
    let empty = serde_json::Map::new();
    let mut operations = Vec::new();
    for (name, value) in model["operations"].as_object().unwrap_or(&empty) {
        operations.push(operation(name, value, &mut shapes)?);
    }
    operations.sort_by(|a, b| a.name.cmp(&b.name));
    // A service sends errors that its operations do not name.
    for (name, shape) in model["shapes"].as_object().unwrap_or(&empty) {
        if is_error(shape) {
            shapes.id(name);
        }
    }
    let (shapes, constraints) = shapes.read()?;
    Ok((Service { metadata: metadata(&model["metadata"])?, operations, shapes }, constraints))
}

/// The shapes that a result can hold.
fn in_results(model: &Value) -> HashSet<&str> {
    let shapes = &model["shapes"];
    let operations = model["operations"].as_object().into_iter().flatten();
    let mut found = HashSet::new();
    let mut left: Vec<&str> = operations.filter_map(|(_, value)| value["output"]["shape"].as_str()).collect();
    while let Some(name) = left.pop() {
        if found.insert(name) {
            let shape = &shapes[name];
            let members = shape["members"].as_object().into_iter().flatten().map(|(_, member)| member);
            let referred = members.chain([&shape["member"], &shape["value"]]);
            left.extend(referred.filter_map(|reference| reference["shape"].as_str()));
        }
    }
    found
}

/// What a plain value must be beyond its type.
fn constraint(shape: &Value) -> Option<Constraint> {
    let (min, max) = (&shape["min"], &shape["max"]);
    let is_bounded = !min.is_null() || !max.is_null();
    match shape["type"].as_str()? {
        "string" if shape["enum"].is_array() => {
            let words = shape["enum"].as_array().into_iter().flatten().filter_map(Value::as_str);
            Some(Constraint::Words(words.map(str::to_owned).collect()))
        }
        "string" | "character" | "blob" if is_bounded => {
            Some(Constraint::Length { min: min.as_u64(), max: max.as_u64() })
        }
        "integer" | "long" | "short" | "byte" | "float" | "double" if is_bounded => {
            Some(Constraint::Range { min: min.as_f64(), max: max.as_f64() })
        }
        _ => None,
    }
}

fn metadata(value: &Value) -> Result<Metadata, String> {
    let service_id = required(value, "serviceId")?;
    let endpoint_prefix = required(value, "endpointPrefix")?;
    Ok(Metadata {
        name: names::service(&service_id),
        error_prefix: names::error_prefix(&service_id),
        signing_name: text(value, "signingName").unwrap_or_else(|| endpoint_prefix.clone()),
        api_version: required(value, "apiVersion")?,
        target_prefix: text(value, "targetPrefix").unwrap_or_default(),
        json_version: text(value, "jsonVersion").unwrap_or_default(),
        xml_namespace: namespace_uri(value),
        protocol: protocol(value)?,
        query_compatible: value["awsQueryCompatible"].is_object(),
        global: None,
        host: None,
        service_id,
        endpoint_prefix,
    })
}

fn protocol(metadata: &Value) -> Result<Protocol, String> {
    let one = std::slice::from_ref(&metadata["protocol"]);
    let spoken = metadata["protocols"].as_array().map_or(one, Vec::as_slice);
    let found = PROTOCOLS.iter().find(|(name, _)| spoken.iter().any(|spoken| spoken == name));
    found.map(|(_, protocol)| *protocol).ok_or_else(|| format!("speaks none of the known protocols: {spoken:?}"))
}

/// `name` is the one SDKs use. The member `name` may carry a version besides (CloudFront).
fn operation(name: &str, value: &Value, shapes: &mut Shapes<'_>) -> Result<Operation, String> {
    let http = &value["http"];
    let input = &value["input"];
    let checksum = &value["httpChecksum"]["requestChecksumRequired"];
    let mut errors = Vec::new();
    for error in value["errors"].as_array().into_iter().flatten() {
        let name = required(error, "shape")?;
        errors.push(shapes.error_id(&name));
    }
    Ok(Operation {
        name: name.to_owned(),
        method: required(http, "method")?,
        uri: required(http, "requestUri")?,
        input: shapes.referred(input),
        output: shapes.referred(&value["output"]),
        result_wrapper: text(&value["output"], "resultWrapper"),
        input_wrapper: text(input, "locationName").map(|name| (name, namespace_uri(input))),
        host_prefix: text(&value["endpoint"], "hostPrefix"),
        unsigned: value["authtype"] == "none",
        needs_checksum: flag(value, "httpChecksumRequired") || checksum == true,
        errors,
    })
}

fn is_error(shape: &Value) -> bool {
    flag(shape, "exception") || shape["error"].is_object()
}

/// The shapes that something refers to, in the order in which they were first referred to.
struct Shapes<'a> {
    all: &'a Value,
    ids: HashMap<String, u32>,
    names: Vec<String>,
    /// What operations name as errors, whatever the shapes say of themselves.
    errors: Vec<String>,
    /// The names of the shapes that a result can hold.
    in_results: HashSet<&'a str>,
}

impl<'a> Shapes<'a> {
    fn of(all: &'a Value, in_results: HashSet<&'a str>) -> Self {
        Self { all, ids: HashMap::new(), names: Vec::new(), errors: Vec::new(), in_results }
    }

    /// The number of the shape. Plain values of one kind and constraint share a number, since nothing tells them apart.
    fn id(&mut self, name: &str) -> ShapeId {
        let shape = &self.all[name];
        let same = match shape["type"].as_str() {
            Some("structure" | "list" | "map") | None => name.to_owned(),
            Some(kind) => format!(" {kind} {} {:?}", shape["timestampFormat"], self.constraint(name)),
        };
        let next = self.names.len() as u32;
        let id = *self.ids.entry(same).or_insert(next);
        if id == next {
            self.names.push(name.to_owned());
        }
        ShapeId(id)
    }

    fn error_id(&mut self, name: &str) -> ShapeId {
        self.errors.push(name.to_owned());
        self.id(name)
    }

    fn referred(&mut self, reference: &Value) -> Option<ShapeId> {
        reference["shape"].as_str().map(|name| self.id(name))
    }

    fn member_of(&mut self, owner: &str, reference: &Value) -> Result<ShapeId, String> {
        self.referred(reference).ok_or_else(|| format!("{owner} refers to nothing"))
    }

    /// What a value of the shape must be, where a result can hold one.
    fn constraint(&self, name: &str) -> Option<Constraint> {
        self.in_results.contains(name).then(|| constraint(&self.all[name])).flatten()
    }

    /// Reads what was referred to, and what that refers to.
    fn read(mut self) -> Result<(Vec<Shape>, Constraints), String> {
        let (mut shapes, mut constraints) = (Vec::new(), Vec::new());
        while let Some(name) = self.names.get(shapes.len()).cloned() {
            if let Some(constraint) = self.constraint(&name) {
                constraints.push((ShapeId(shapes.len() as u32), constraint));
            }
            shapes.push(self.shape(&name)?);
        }
        Ok((shapes, Constraints::new(constraints)))
    }

    fn shape(&mut self, name: &str) -> Result<Shape, String> {
        let shape = &self.all[name];
        Ok(match shape["type"].as_str().unwrap_or_default() {
            "structure" if flag(shape, "document") => Shape::Document,
            "structure" => Shape::Structure(self.structure(name, shape)?),
            "list" => Shape::List(List {
                member: self.member_of(name, &shape["member"])?,
                member_name: text(&shape["member"], "locationName"),
                flattened: flag(shape, "flattened"),
            }),
            "map" => Shape::Map(Map {
                key: self.member_of(name, &shape["key"])?,
                value: self.member_of(name, &shape["value"])?,
                key_name: text(&shape["key"], "locationName"),
                value_name: text(&shape["value"], "locationName"),
                flattened: flag(shape, "flattened"),
            }),
            "string" | "character" => Shape::String,
            "blob" => Shape::Blob,
            "boolean" => Shape::Boolean,
            "integer" | "long" | "short" | "byte" => Shape::Integer,
            "float" | "double" => Shape::Float,
            "timestamp" => Shape::Timestamp(timestamp_format(shape)?),
            other => return Err(format!("{name} is of the unknown type {other:?}")),
        })
    }

    fn structure(&mut self, name: &str, shape: &Value) -> Result<Structure, String> {
        let required: Vec<&str> =
            shape["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut members = Vec::new();
        for (member_name, value) in shape["members"].as_object().into_iter().flatten() {
            let id = self.member_of(name, value)?;
            let mut member = self.member(member_name, id, value)?;
            member.required = required.contains(&member_name.as_str());
            members.push(member);
        }
        let payload = text(shape, "payload");
        let is_error = is_error(shape) || self.errors.iter().any(|error| error == name);
        Ok(Structure {
            name: name.to_owned(),
            payload: payload.and_then(|payload| members.iter().position(|member| member.name == payload)),
            members,
            error: is_error.then(|| error_trait(name, &shape["error"])),
            is_event_stream: flag(shape, "eventstream"),
        })
    }

    /// What a member does not say of itself, its shape may say.
    fn member(&self, name: &str, id: ShapeId, value: &Value) -> Result<Member, String> {
        let shape = &self.all[value["shape"].as_str().unwrap_or_default()];
        let namespaced = [value, shape].into_iter().find(|value| value["xmlNamespace"].is_object());
        let location = location(value)?;
        let wire_name = text(value, "locationName").or_else(|| text(shape, "locationName"));
        Ok(Member {
            name: name.to_owned(),
            shape: id,
            required: false,
            location,
            wire_name: wire_name.filter(|wire_name| wire_name != name),
            query_name: text(value, "queryName"),
            timestamp_format: timestamp_format(value)?,
            flattened: flag(value, "flattened"),
            xml_attribute: flag(value, "xmlAttribute"),
            xml_namespace: namespaced
                .and_then(|value| Some((text(&value["xmlNamespace"], "prefix"), namespace_uri(value)?))),
            idempotency_token: flag(value, "idempotencyToken"),
            host_label: flag(value, "hostLabel"),
            // In a body such a string is a string like others.
            json_value: flag(value, "jsonvalue") && location == Some(Location::Header),
        })
    }
}

fn error_trait(name: &str, error: &Value) -> ErrorTrait {
    let status = error["httpStatusCode"].as_u64().and_then(|status| u16::try_from(status).ok());
    ErrorTrait { code: text(error, "code").filter(|code| code != name), status }
}

fn location(value: &Value) -> Result<Option<Location>, String> {
    Ok(Some(match value["location"].as_str() {
        None => return Ok(None),
        Some("header") => Location::Header,
        Some("headers") => Location::Headers,
        Some("uri") => Location::Uri,
        Some("querystring") => Location::QueryString,
        Some("statusCode") => Location::StatusCode,
        Some(other) => return Err(format!("unknown location {other}")),
    }))
}

fn timestamp_format(value: &Value) -> Result<Option<TimestampFormat>, String> {
    Ok(Some(match value["timestampFormat"].as_str() {
        None => return Ok(None),
        Some("iso8601") => TimestampFormat::Iso8601,
        Some("rfc822") => TimestampFormat::Rfc822,
        Some("unixTimestamp") => TimestampFormat::Unix,
        Some(other) => return Err(format!("unknown timestampFormat {other}")),
    }))
}

/// A namespace is a text or an object with a `uri`.
fn namespace_uri(value: &Value) -> Option<String> {
    text(value, "xmlNamespace").or_else(|| text(&value["xmlNamespace"], "uri"))
}

fn required(value: &Value, name: &str) -> Result<String, String> {
    text(value, name).ok_or_else(|| format!("no {name}"))
}

fn text(value: &Value, name: &str) -> Option<String> {
    value[name].as_str().map(str::to_owned)
}

fn flag(value: &Value, name: &str) -> bool {
    value[name] == true
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn model() -> Value {
        json!({
            "metadata": {
                "serviceId": "A Service", "endpointPrefix": "a", "apiVersion": "1",
                "protocol": "smithy-rpc-v2-cbor", "protocols": ["smithy-rpc-v2-cbor", "query", "json"],
            },
            "operations": {
                "B": {"name": "B", "http": {"method": "POST", "requestUri": "/"}, "input": {"shape": "In"},
                    "errors": [{"shape": "E"}]},
                "A": {"name": "A", "http": {"method": "GET", "requestUri": "/{z}"}, "authtype": "none"},
            },
            "shapes": {
                "Unused": {"type": "structure", "members": {}},
                "E": {"type": "structure", "members": {}},
                "F": {"type": "structure", "members": {}, "exception": true,
                    "error": {"code": "F.F", "httpStatusCode": 404}},
                "In": {"type": "structure", "required": ["y"], "payload": "y", "members": {
                    "z": {"shape": "S", "location": "uri", "locationName": "z"},
                    "y": {"shape": "In", "locationName": "Y"},
                    "x": {"shape": "S2", "jsonvalue": true},
                    "w": {"shape": "T", "timestampFormat": "rfc822"},
                }},
                "S": {"type": "string"},
                "S2": {"type": "string"},
                "T": {"type": "timestamp", "timestampFormat": "iso8601"},
            },
        })
    }

    #[test]
    fn a_model_keeps_what_is_used() {
        let (service, _) = service(&model()).unwrap();
        assert_eq!(service.metadata.protocol, Protocol::Json);
        let names: Vec<&str> = service.operations.iter().map(|operation| operation.name.as_str()).collect();
        assert_eq!(names, ["A", "B"]);
        assert!(service.operations[0].unsigned);
        let structures: Vec<&str> = service
            .shapes
            .iter()
            .filter_map(|shape| match shape {
                Shape::Structure(structure) => Some(structure.name.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(structures, ["E", "In", "F"]);
        assert_eq!(service.shapes.len(), 5, "the two strings are one: {:?}", service.shapes);
    }

    #[test]
    fn members_keep_their_order_and_traits() {
        let (service, _) = service(&model()).unwrap();
        let Shape::Structure(input) = service.shape(service.operation("b").unwrap().input.unwrap()) else {
            panic!("no structure");
        };
        let [z, y, x, w] = input.members.as_slice() else { panic!("{:?}", input.members) };
        assert_eq!((z.wire_name(), z.location, z.required), ("z", Some(Location::Uri), false));
        assert_eq!((y.wire_name(), y.required, input.payload), ("Y", true, Some(1)));
        assert!(!x.json_value, "not in a header");
        assert_eq!(w.timestamp_format, Some(TimestampFormat::Rfc822));
        assert!(matches!(service.shape(w.shape), Shape::Timestamp(Some(TimestampFormat::Iso8601))));
    }

    #[test]
    fn errors_are_marked_whether_an_operation_names_them_or_they_themselves() {
        let (service, _) = service(&model()).unwrap();
        let error = |name: &str| {
            service.shapes.iter().find_map(|shape| match shape {
                Shape::Structure(structure) if structure.name == name => structure.error.clone(),
                _ => None,
            })
        };
        assert_eq!(error("E"), Some(ErrorTrait::default()));
        assert_eq!(error("F"), Some(ErrorTrait { code: Some("F.F".to_owned()), status: Some(404) }));
        assert_eq!(error("In"), None);
    }

    #[test]
    fn results_alone_have_constraints() {
        let mut model = model();
        model["operations"]["A"]["output"] = json!({"shape": "Out"});
        for (name, shape) in [
            (
                "Out",
                json!({"type": "structure", "members": {
                    "words": {"shape": "Words"}, "lengths": {"shape": "Lengths"}, "map": {"shape": "Map"}, "any": {"shape": "S"},
                }}),
            ),
            ("Words", json!({"type": "string", "enum": ["A", "B"], "min": 1})),
            ("Lengths", json!({"type": "list", "member": {"shape": "Length"}, "min": 1})),
            ("Length", json!({"type": "string", "max": 3})),
            ("Map", json!({"type": "map", "key": {"shape": "S2"}, "value": {"shape": "Range"}})),
            ("Range", json!({"type": "double", "min": 0.5})),
            ("S2", json!({"type": "string", "max": 9})),
        ] {
            model["shapes"][name] = shape;
        }
        let (service, constraints) = service(&model).unwrap();
        let found: Vec<_> = (0..service.shapes.len() as u32).filter_map(|at| constraints.of(ShapeId(at))).collect();
        let expected = [
            Constraint::Words(vec!["A".to_owned(), "B".to_owned()]),
            Constraint::Length { min: None, max: Some(3) },
            Constraint::Range { min: Some(0.5), max: None },
        ];
        assert!(expected.iter().all(|one| found.contains(&one)) && found.len() == 3, "{found:?}");
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for (place, value, problem) in [
            ("/metadata/protocols", json!(["smoke"]), "protocols"),
            ("/shapes/S/type", json!("smoke"), "unknown type"),
            ("/shapes/In/members/z/location", json!("smoke"), "unknown location"),
            ("/shapes/T/timestampFormat", json!("smoke"), "unknown timestampFormat"),
            ("/shapes/In/members/z/shape", json!(null), "refers to nothing"),
            ("/operations/A/http/method", json!(null), "no method"),
        ] {
            let mut model = model();
            *model.pointer_mut(place).unwrap() = value;
            let error = service(&model).unwrap_err();
            assert!(error.contains(problem), "{place}: {error}");
        }
    }
}
