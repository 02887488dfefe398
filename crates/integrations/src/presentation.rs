//! How a result of an optimized integration looks.
//!
//! AWS calls these services with the SDK for Java 1 and writes down its objects: members in alphabetical order, times
//! as milliseconds since the epoch, and beside the result what came with it over HTTP.

use asl::timestamp;
use models::{Service, Shape, ShapeId};
use serde_json::{Map, Value as Json, json};

/// Beyond this depth a result stays as it came: no service of AWS nests as deeply.
const DEPTH_MAX: usize = 64;

/// The result of an operation as Step Functions shows it. The client has written times as ISO 8601.
pub(crate) fn present(service: &Service, operation: &str, output: &mut Json) {
    if let Some(shape) = service.operation(operation).and_then(|operation| operation.output) {
        walk(service, shape, output, DEPTH_MAX);
    }
}

fn walk(service: &Service, shape: ShapeId, value: &mut Json, depth: usize) {
    let Some(below) = depth.checked_sub(1) else { return };
    match (service.shape(shape), value) {
        (Shape::Structure(structure), Json::Object(members)) => {
            for (name, value) in members.iter_mut() {
                if let Some(member) = structure.members.iter().find(|member| member.is_called(name)) {
                    walk(service, member.shape, value, below);
                }
            }
            members.sort_keys();
        }
        (Shape::List(list), Json::Array(items)) => {
            items.iter_mut().for_each(|item| walk(service, list.member, item, below));
        }
        (Shape::Map(map), Json::Object(entries)) => {
            entries.values_mut().for_each(|value| walk(service, map.value, value, below));
        }
        (Shape::Timestamp(_), value) => {
            if let Some(milliseconds) = value.as_str().and_then(timestamp::parse) {
                *value = milliseconds.into();
            }
        }
        _ => {}
    }
}

/// Adds what came with a result: its HTTP status and headers, and the request's identity.
pub(crate) fn add_metadata(result: &mut Map<String, Json>, answer: &aws::ServiceAnswer) {
    let mut first = Map::new();
    let mut all: Map<String, Json> = Map::new();
    for (name, value) in &answer.headers {
        match all.get_mut(name) {
            Some(Json::Array(values)) => values.push(value.as_str().into()),
            _ => {
                all.insert(name.clone(), json!([value]));
                first.insert(name.clone(), value.as_str().into());
            }
        }
    }
    let http = json!({ "AllHttpHeaders": all, "HttpHeaders": first, "HttpStatusCode": answer.status });
    result.insert("SdkHttpMetadata".to_owned(), http);
    result.insert("SdkResponseMetadata".to_owned(), json!({ "RequestId": answer.request_id }));
    result.sort_keys();
}

/// Takes away what [`add_metadata`] added.
pub(crate) fn without_metadata(result: &asl::Value) -> asl::Value {
    let Some(object) = result.as_object() else { return result.clone() };
    let is_result = |name: &str| name != "SdkHttpMetadata" && name != "SdkResponseMetadata";
    asl::Value::object(
        object.iter().filter(|(name, _)| is_result(name)).map(|(name, value)| (name.clone(), value.clone())),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_milliseconds_and_members_are_sorted() {
        let service = models::load("ecs").unwrap().unwrap();
        let mut output = json!({
            "Tasks": [{
                "TaskArn": "t", "CreatedAt": "2021-02-03T04:05:06.789Z", "Cpu": "256",
                "Overrides": { "ContainerOverrides": [{ "Name": "2021-02-03T04:05:06Z", "Command": ["b", "a"] }] },
            }],
            "Failures": [],
        });
        present(&service, "DescribeTasks", &mut output);
        assert_eq!(
            output.to_string(),
            json!({
                "Failures": [],
                "Tasks": [{
                    "Cpu": "256", "CreatedAt": 1_612_325_106_789_i64,
                    "Overrides": { "ContainerOverrides": [{ "Command": ["b", "a"], "Name": "2021-02-03T04:05:06Z" }] },
                    "TaskArn": "t",
                }],
            })
            .to_string()
        );
    }

    #[test]
    fn keys_of_maps_keep_their_order() {
        let service = models::load("dynamodb").unwrap().unwrap();
        let mut output =
            json!({ "Item": { "z": { "S": "1" }, "a": { "M": { "y": { "N": "1" }, "b": { "N": "2" } } } } });
        let before = output.to_string();
        present(&service, "GetItem", &mut output);
        assert_eq!(output.to_string(), before);
    }

    #[test]
    fn metadata_is_added_and_taken_away() {
        let answer = aws::ServiceAnswer {
            output: json!({}),
            status: 200,
            headers: vec![("a".into(), "1".into()), ("b".into(), "2".into()), ("a".into(), "3".into())],
            request_id: Some("r".into()),
        };
        let mut result = Map::from_iter([("Z".to_owned(), json!(1)), ("A".to_owned(), json!(2))]);
        add_metadata(&mut result, &answer);
        let value = crate::values::from_json(Json::Object(result));
        assert_eq!(
            value.to_json(),
            r#"{"A":2,"SdkHttpMetadata":{"AllHttpHeaders":{"a":["1","3"],"b":["2"]},"HttpHeaders":{"a":"1","b":"2"},"HttpStatusCode":200},"SdkResponseMetadata":{"RequestId":"r"},"Z":1}"#
        );
        assert_eq!(without_metadata(&value).to_json(), r#"{"A":2,"Z":1}"#);
    }
}
