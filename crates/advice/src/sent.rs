//! What AWS refuses among the parameters that a Task sends, in AWS's words.
//!
//! First every parameter that the action does not have; where it has them all, the first thing at fault within them, as
//! a request that is never sent.

use asl::Value;
use asl::program::Resource;
use asl::resource::Service as Called;
use asl::value::Object;
use models::{Location, Member, Service, Shape, ShapeId, Structure};

use crate::parameters::{Action, capitalized};

/// What AWS says of the parameters that a Task sends, where it refuses them; empty where it takes them. AWS fails the
/// state for any of it. Whether a value has its parameter's type is left to the service's client.
pub fn refused_parameters(resource: &Resource, parameters: &Value) -> Vec<String> {
    let (Some(action), Some(given)) = (Action::of_resource(resource), parameters.as_object()) else {
        return Vec::new();
    };
    let unknown: Vec<String> =
        given.iter().map(|(name, _)| &**name).filter(|name| !action.takes(name)).map(unsupported).collect();
    let Some((service, structure)) = action.structure().filter(|_| unknown.is_empty()) else { return unknown };
    // Optimized integrations leave it to their services to say what is missing.
    let refuses_missing = resource.integration().is_some_and(|called| matches!(called.service(), Called::AwsSdk(_)));
    let request = Request { service, refuses_missing };
    request.parameters(&action, structure, given).into_iter().collect()
}

/// A request of a service.
struct Request<'s> {
    service: &'s Service,
    refuses_missing: bool,
}

impl Request<'_> {
    /// What is wrong within the action's parameters.
    fn parameters(&self, action: &Action, structure: &Structure, given: &Object) -> Option<String> {
        // An action may have parameters under names that its operation does not know.
        let known = given.iter().filter_map(|(name, value)| Some((member(structure, name)?, value)));
        let within = known.into_iter().find_map(|(member, value)| self.value(member.shape, value));
        within.or_else(|| if action.is_whole { self.missing(structure, given) } else { None })
    }

    /// Recursion: JSON that was parsed nests at most [`asl::json::DEPTH_MAX`] levels.
    fn structure(&self, structure: &Structure, given: &Object) -> Option<String> {
        let within = given.iter().find_map(|(name, value)| match member(structure, name) {
            None => Some(unsupported(name)),
            Some(member) => self.value(member.shape, value),
        });
        within.or_else(|| self.missing(structure, given))
    }

    fn value(&self, shape: ShapeId, value: &Value) -> Option<String> {
        match (self.service.shape(shape), value) {
            (Shape::Structure(structure), Value::Object(given)) => self.structure(structure, given),
            (Shape::List(list), Value::Array(items)) => items.iter().find_map(|item| self.value(list.member, item)),
            (Shape::Map(map), Value::Object(entries)) => {
                entries.iter().find_map(|(_, entry)| self.value(map.value, entry))
            }
            _ => None,
        }
    }

    fn missing(&self, structure: &Structure, given: &Object) -> Option<String> {
        let must_be_given = |member: &&Member| {
            member.required && !member.idempotency_token && (self.refuses_missing || is_address(member))
        };
        let is_given = |member: &Member| given.iter().any(|(name, _)| member.is_called(name));
        let missing = structure.members.iter().filter(must_be_given).find(|member| !is_given(member))?;
        Some(format!("The field \"{}\" is required but was missing", capitalized(&missing.name)))
    }
}

/// A few models have two members that differ in the first letter's case only: the exact name goes first.
fn member<'s>(structure: &'s Structure, name: &str) -> Option<&'s Member> {
    let exact = structure.members.iter().find(|member| member.name == name);
    exact.or_else(|| structure.members.iter().find(|member| member.is_called(name)))
}

/// Whether a request has no address without this member.
fn is_address(member: &Member) -> bool {
    member.location == Some(Location::Uri) || member.host_label
}

fn unsupported(name: &str) -> String {
    format!("The field \"{name}\" is not supported by Step Functions")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(resource: &str, parameters: &str) -> Vec<String> {
        let resource = Resource::parse(&format!("arn:aws:states:::{resource}").into()).unwrap();
        refused_parameters(&resource, &asl::json::parse(parameters.as_bytes()).unwrap())
    }

    #[test]
    fn what_a_real_run_refuses_is_refused_at_every_depth() {
        let unsupported = |name: &str| format!("The field \"{name}\" is not supported by Step Functions");
        let missing = |name: &str| format!("The field \"{name}\" is required but was missing");
        for (resource, parameters, expected) in [
            (
                "sqs:sendMessage",
                r#"{"QueueUrl": "q", "Nix": 1, "Nax": {}}"#,
                vec![unsupported("Nix"), unsupported("Nax")],
            ),
            ("events:putEvents", r#"{"Entries": [{"Source": "s"}, {"Detal": {"a": 1}}]}"#, vec![unsupported("Detal")]),
            (
                "sqs:sendMessage",
                r#"{"QueueUrl": "q", "MessageBody": "x", "MessageAttributes": {"a": {"DataTyp": "String"}}}"#,
                vec![unsupported("DataTyp")],
            ),
            (
                "dynamodb:putItem",
                r#"{"TableName": "t", "Item": {"id": {"M": {"x": {"T": "b"}}}}}"#,
                vec![unsupported("T")],
            ),
            (
                "aws-sdk:sqs:sendMessage",
                r#"{"QueueUrl": "q", "MessageBody": "x", "MessageAttributes": {"a": {"StringValue": "s"}}}"#,
                vec![missing("DataType")],
            ),
            ("aws-sdk:dynamodb:getItem", r#"{"Key": {}}"#, vec![missing("TableName")]),
        ] {
            assert_eq!(refused(resource, parameters), expected, "{resource} {parameters}");
        }
    }

    #[test]
    fn what_a_real_run_takes_is_taken() {
        for (resource, parameters) in [
            ("events:putEvents", r#"{"Entries": [{"Detail": {"any": 1}, "DetailType": "d", "Source": "s"}]}"#),
            ("sqs:sendMessage", r#"{"messageBody": {"any": "thing"}}"#),
            ("aws-sdk:sqs:sendMessage", r#"{"QueueUrl": "q", "messageBody": null}"#),
            ("lambda:invoke", r#"{"FunctionName": "f", "Payload": {"any": {"thing": 1}}}"#),
            ("elasticmapreduce:addStep", r#"{"ClusterId": "c", "Step": {"Name": "n"}}"#),
            ("elasticmapreduce:modifyInstanceFleetByName", r#"{"ClusterId": "c", "InstanceFleetName": "n"}"#),
            ("states:startExecution.sync:2", r#"{"StateMachineArn": "a", "Input": {"x": 1}}"#),
            ("nothing:known", r#"{"x": 1}"#),
        ] {
            assert_eq!(refused(resource, parameters), [""; 0], "{resource} {parameters}");
        }
    }
}
