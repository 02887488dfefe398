//! Models for tests, from miniatures in botocore's format.

use models::{
    ErrorTrait, List, Location, Map, Member, Metadata, Operation, Protocol, Service, Shape, ShapeId, Structure,
    TimestampFormat,
};
use serde_json::Value;

/// The model that a miniature describes. Shapes are numbered in the miniature's order.
pub(super) fn service(model: &Value) -> Service {
    let shapes: Vec<(&String, &Value)> = model["shapes"].as_object().unwrap().iter().collect();
    let reader = ModelReader { names: shapes.iter().map(|(name, _)| name.as_str()).collect() };
    let operations = model["operations"].as_object().unwrap().iter();
    Service {
        metadata: metadata(&model["metadata"]),
        operations: operations.map(|(name, operation)| reader.operation(name, operation)).collect(),
        shapes: shapes.iter().map(|(name, shape)| reader.shape(name, shape)).collect(),
    }
}

struct ModelReader<'a> {
    names: Vec<&'a str>,
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn flag(value: &Value) -> bool {
    value.as_bool().unwrap_or_default()
}

fn metadata(value: &Value) -> Metadata {
    Metadata {
        service_id: text(&value["serviceId"]).unwrap_or_default(),
        api_version: text(&value["apiVersion"]).unwrap_or_default(),
        target_prefix: text(&value["targetPrefix"]).unwrap_or_default(),
        json_version: text(&value["jsonVersion"]).unwrap_or_default(),
        protocol: match value["protocol"].as_str().unwrap() {
            "json" => Protocol::Json,
            "query" => Protocol::Query,
            "ec2" => Protocol::Ec2,
            "rest-json" => Protocol::RestJson,
            "rest-xml" => Protocol::RestXml,
            _ => Protocol::Cbor,
        },
        query_compatible: value["awsQueryCompatible"].is_object(),
        ..Metadata::default()
    }
}

fn timestamp_format(value: &Value) -> Option<TimestampFormat> {
    match value.as_str()? {
        "iso8601" => Some(TimestampFormat::Iso8601),
        "rfc822" => Some(TimestampFormat::Rfc822),
        _ => Some(TimestampFormat::Unix),
    }
}

impl ModelReader<'_> {
    fn id(&self, reference: &Value) -> Option<ShapeId> {
        let name = reference["shape"].as_str()?;
        let place = self.names.iter().position(|other| *other == name);
        Some(ShapeId(u32::try_from(place.unwrap_or_else(|| panic!("no shape {name}"))).unwrap()))
    }

    fn operation(&self, name: &str, value: &Value) -> Operation {
        let input = &value["input"];
        Operation {
            name: name.to_owned(),
            method: text(&value["http"]["method"]).unwrap_or_else(|| "POST".to_owned()),
            uri: text(&value["http"]["requestUri"]).unwrap_or_else(|| "/".to_owned()),
            input: self.id(input),
            output: self.id(&value["output"]),
            result_wrapper: text(&value["output"]["resultWrapper"]),
            input_wrapper: text(&input["locationName"]).map(|name| (name, text(&input["xmlNamespace"]["uri"]))),
            host_prefix: text(&value["endpoint"]["hostPrefix"]),
            unsigned: false,
            needs_checksum: flag(&value["httpChecksumRequired"]),
            errors: value["errors"].as_array().into_iter().flatten().filter_map(|error| self.id(error)).collect(),
        }
    }

    fn shape(&self, name: &str, value: &Value) -> Shape {
        match value["type"].as_str().unwrap() {
            "structure" if flag(&value["document"]) => Shape::Document,
            "structure" => Shape::Structure(self.structure(name, value)),
            "list" => Shape::List(List {
                member: self.id(&value["member"]).unwrap(),
                member_name: text(&value["member"]["locationName"]),
                flattened: flag(&value["flattened"]),
            }),
            "map" => Shape::Map(Map {
                key: self.id(&value["key"]).unwrap(),
                value: self.id(&value["value"]).unwrap(),
                key_name: text(&value["key"]["locationName"]),
                value_name: text(&value["value"]["locationName"]),
                flattened: flag(&value["flattened"]),
            }),
            "string" => Shape::String,
            "blob" => Shape::Blob,
            "boolean" => Shape::Boolean,
            "integer" | "long" => Shape::Integer,
            "float" | "double" => Shape::Float,
            "timestamp" => Shape::Timestamp(timestamp_format(&value["timestampFormat"])),
            other => panic!("no type {other}"),
        }
    }

    fn structure(&self, name: &str, value: &Value) -> Structure {
        let required: Vec<_> = value["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let members = value["members"].as_object().unwrap();
        let payload = value["payload"].as_str();
        Structure {
            name: name.to_owned(),
            members: members
                .iter()
                .map(|(name, member)| self.member(name, member, required.contains(&name.as_str())))
                .collect(),
            payload: payload.map(|payload| members.keys().position(|name| name == payload).unwrap()),
            error: flag(&value["exception"]).then(|| ErrorTrait {
                code: text(&value["error"]["code"]),
                status: value["error"]["httpStatusCode"].as_u64().map(|status| u16::try_from(status).unwrap()),
            }),
            is_event_stream: flag(&value["eventstream"]),
        }
    }

    fn member(&self, name: &str, value: &Value, required: bool) -> Member {
        Member {
            name: name.to_owned(),
            shape: self.id(value).unwrap(),
            required,
            location: match value["location"].as_str() {
                None => None,
                Some("header") => Some(Location::Header),
                Some("headers") => Some(Location::Headers),
                Some("uri") => Some(Location::Uri),
                Some("querystring") => Some(Location::QueryString),
                Some(_) => Some(Location::StatusCode),
            },
            wire_name: text(&value["locationName"]),
            query_name: text(&value["queryName"]),
            timestamp_format: timestamp_format(&value["timestampFormat"]),
            flattened: flag(&value["flattened"]),
            xml_attribute: flag(&value["xmlAttribute"]),
            xml_namespace: text(&value["xmlNamespace"]["uri"]).map(|uri| (text(&value["xmlNamespace"]["prefix"]), uri)),
            idempotency_token: flag(&value["idempotencyToken"]),
            host_label: flag(&value["hostLabel"]),
            json_value: flag(&value["jsonvalue"]),
        }
    }
}
