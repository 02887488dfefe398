//! Checks a mocked result against the model of the API call whose result it stands for.
//!
//! Members are named as Step Functions names them, with a capital letter; members the model does not know are not looked
//! at. Where no model says what a result is, every result is taken.

use std::sync::Arc;

use asl::Value;
use asl::resource::{Integration, Pattern, Resource, Service};
use models::optimized::{self, TaskResult};
use models::{Constraint, Constraints, Member, Shape, ShapeId, Structure};

/// Says what is wrong with a result, in AWS's words. Only a strict check asks for required members.
pub(super) fn check(resource: &Resource, value: &Value, is_strict: bool) -> Result<(), String> {
    let Some(result) = resource.integration().and_then(result_of) else { return Ok(()) };
    // A model that cannot be read says so when the service is called.
    let Ok(Some(service)) = models::load(result.client) else { return Ok(()) };
    let Ok(Some(constraints)) = models::constraints(result.client) else { return Ok(()) };
    let output = service.operation(result.operation).and_then(|operation| operation.output);
    let check = Check { service, constraints, parsed: result.parsed, is_strict };
    match output.and_then(|output| check.part(output, result.path)) {
        Some(shape) => check.whole(shape, result.wrapped, value),
        None => Ok(()),
    }
}

/// Which part of which operation's output the integration's result is.
fn result_of(integration: &Integration) -> Option<TaskResult<'_>> {
    match (integration.service(), integration.pattern()) {
        (Service::Optimized(service), pattern) => optimized::find(service, integration.action())?.result(pattern),
        (Service::AwsSdk(service), Pattern::RequestResponse) => Some(TaskResult::whole(service, integration.action())),
        // Whoever calls back sends what he likes, and there are no jobs.
        (Service::AwsSdk(_), _) => None,
    }
}

/// A check against one service's model.
struct Check {
    service: Arc<models::Service>,
    constraints: Arc<Constraints>,
    /// Members of the result that may be anything.
    parsed: &'static [&'static str],
    is_strict: bool,
}

impl Check {
    /// The shape at the end of a path; `None` where the model has no such path.
    fn part(&self, shape: ShapeId, path: &[&str]) -> Option<ShapeId> {
        path.iter().try_fold(shape, |shape, step| match self.service.shape(shape) {
            Shape::Structure(structure) => {
                structure.members.iter().find(|member| member.is_called(step)).map(|member| member.shape)
            }
            Shape::List(list) => Some(list.member),
            _ => None,
        })
    }

    fn whole(&self, shape: ShapeId, wrapped: Option<&str>, value: &Value) -> Result<(), String> {
        const WHOLE: &str = "result";
        let Some(name) = wrapped else {
            return match self.service.shape(shape) {
                Shape::Structure(structure) => self.structure(structure, self.parsed, value, WHOLE),
                _ => self.value(shape, value, WHOLE),
            };
        };
        match value.as_object().map(|object| object.get(name)) {
            None => Err(format!("Field '{WHOLE}' must be an object")),
            Some(Some(value)) if !value.is_null() => self.value(shape, value, name),
            Some(_) if self.is_strict => Err(format!("Required field '{name}' is missing")),
            Some(_) => Ok(()),
        }
    }

    /// Goes no deeper than the value, which was read from JSON text and is no deeper than that may be.
    fn value(&self, shape: ShapeId, value: &Value, field: &str) -> Result<(), String> {
        let must_be = |what: &str| Err(format!("Field '{field}' must be {what}"));
        match (self.service.shape(shape), value) {
            (Shape::Document, _) | (Shape::Boolean, Value::Bool(_)) => Ok(()),
            (Shape::Structure(structure), _) => self.structure(structure, &[], value, field),
            (Shape::List(list), Value::Array(items)) => {
                items.iter().try_for_each(|item| self.value(list.member, item, field))
            }
            (Shape::Map(map), Value::Object(object)) => {
                object.values().try_for_each(|value| self.value(map.value, value, field))
            }
            (Shape::String | Shape::Blob, Value::String(text)) => self.text(shape, text, field),
            (Shape::Integer | Shape::Float, Value::Number(number)) => self.number(shape, number.as_f64(), field),
            // Whatever the service sends, a task's result has times as text.
            (Shape::Timestamp(_), Value::String(_)) => Ok(()),
            (Shape::List(_), _) => must_be("an array"),
            (Shape::Map(_), _) => must_be("an object"),
            (Shape::Boolean, _) => must_be("a boolean"),
            (Shape::Integer | Shape::Float, _) => must_be("a number"),
            (Shape::String | Shape::Blob | Shape::Timestamp(_), _) => must_be("a string"),
        }
    }

    fn structure(&self, structure: &Structure, parsed: &[&str], value: &Value, field: &str) -> Result<(), String> {
        // What has no members may be anything.
        if structure.members.is_empty() {
            return Ok(());
        }
        let Some(object) = value.as_object() else { return Err(format!("Field '{field}' must be an object")) };
        for Member { name, shape, required, .. } in &structure.members {
            let name = shown(name);
            match object.get(&name) {
                Some(value) if !value.is_null() && parsed.contains(&&*name) => {}
                Some(value) if !value.is_null() => self.value(*shape, value, &name)?,
                _ if *required && self.is_strict => return Err(format!("Required field '{name}' is missing")),
                _ => {}
            }
        }
        Ok(())
    }

    fn text(&self, shape: ShapeId, text: &str, field: &str) -> Result<(), String> {
        match self.constraints.of(shape) {
            Some(Constraint::Words(words)) if !words.iter().any(|word| word == text) => {
                Err(format!("Field '{field}' is not an expected value"))
            }
            Some(Constraint::Length { min, max }) => {
                let length = text.chars().count() as u64;
                if min.is_some_and(|min| length < min) {
                    return Err(format!("Field '{field}' is smaller than the minimum length"));
                }
                if max.is_some_and(|max| length > max) {
                    return Err(format!("Field '{field}' exceeds the maximum length"));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn number(&self, shape: ShapeId, number: f64, field: &str) -> Result<(), String> {
        let Some(Constraint::Range { min, max }) = self.constraints.of(shape) else { return Ok(()) };
        if min.is_some_and(|min| number < min) {
            return Err(format!("Field '{field}' is less than the minimum value"));
        }
        if max.is_some_and(|max| number > max) {
            return Err(format!("Field '{field}' exceeds the maximum value"));
        }
        Ok(())
    }
}

/// A member's name as Step Functions shows it: with a capital letter.
fn shown(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(service: &str, action: &str, json: &str, is_strict: bool) -> Result<(), String> {
        let resource = Resource::parse(&format!("arn:aws:states:::{service}:{action}").into()).unwrap();
        check(&resource, &asl::json::parse(json.as_bytes()).unwrap(), is_strict)
    }

    #[test]
    fn results_are_as_the_model_says() {
        let cases = [
            ("states", "startExecution", r#"{"ExecutionArn": "arn", "StartDate": "2026-01-01T00:00:00Z"}"#, ""),
            ("states", "startExecution", r#"{"executionArn": "arn"}"#, "Required field 'ExecutionArn' is missing"),
            ("states", "startExecution", r#"{"ExecutionArn": 1}"#, "Field 'ExecutionArn' must be a string"),
            (
                "states",
                "startExecution",
                r#"{"ExecutionArn": "arn", "StartDate": 1767225600}"#,
                "Field 'StartDate' must be a string",
            ),
            ("aws-sdk:sfn", "startExecution", r#"{"StartDate": 1.5}"#, "Required field 'ExecutionArn' is missing"),
            ("aws-sdk:s3", "getObject", r#"{"LastModified": 1.5}"#, "Field 'LastModified' must be a string"),
            (
                "states",
                "startExecution",
                r#"{"ExecutionArn": ""}"#,
                "Field 'ExecutionArn' is smaller than the minimum length",
            ),
            ("states", "startExecution", "[]", "Field 'result' must be an object"),
            (
                "events",
                "putEvents",
                r#"{"Entries": [{"EventId": "1"}, {"EventId": []}]}"#,
                "Field 'EventId' must be a string",
            ),
            ("events", "putEvents", r#"{"Entries": {}}"#, "Field 'Entries' must be an array"),
            ("dynamodb", "getItem", r#"{"Item": {"a": {"M": {"b": {"N": 1}}}}}"#, "Field 'N' must be a string"),
            ("dynamodb", "getItem", r#"{"Item": []}"#, "Field 'Item' must be an object"),
            ("dynamodb", "getItem", r#"{"Item": {"a": {"BOOL": "x"}}}"#, "Field 'BOOL' must be a boolean"),
            ("lambda", "invoke", r#"{"StatusCode": 200, "Payload": {"any": [1]}, "SdkHttpMetadata": 1}"#, ""),
            (
                "aws-sdk:lambda",
                "getFunction",
                r#"{"Configuration": {"MemorySize": 1}}"#,
                "Field 'MemorySize' is less than the minimum value",
            ),
            (
                "aws-sdk:lambda",
                "getFunction",
                r#"{"Configuration": {"MemorySize": 99999}}"#,
                "Field 'MemorySize' exceeds the maximum value",
            ),
            ("aws-sdk:s3", "getObject", r#"{"StorageClass": "COLD"}"#, "Field 'StorageClass' is not an expected value"),
            ("aws-sdk:s3", "getObject", r#"{"StorageClass": "GLACIER", "Body": null}"#, ""),
            ("aws-sdk:unknown", "call", "1", ""),
            ("aws-sdk:s3", "unknown", "1", ""),
            ("aws-sdk:ec2", "describeInstances", r#"{"Reservations": {}}"#, "Field 'Reservations' must be an array"),
            ("mediaconvert", "createJob", "[]", "Field 'result' must be an object"),
            ("apigateway", "invoke", "[]", ""),
            ("dynamodb", "getItem.waitForTaskToken", "1", ""),
        ];
        for (service, action, json, expected) in cases {
            assert_eq!(checked(service, action, json, true).err().unwrap_or_default(), expected, "{service} {json}");
        }
    }

    #[test]
    fn only_a_strict_check_asks_for_required_members() {
        assert!(checked("states", "startExecution", "{}", true).is_err());
        assert!(checked("states", "startExecution", "{}", false).is_ok());
    }

    #[test]
    fn the_answer_of_a_polled_call_is_that_of_the_poll() {
        let status = r#"{"Status": "BUSY"}"#;
        for action in ["startExecution.sync", "startExecution.sync:2"] {
            assert_eq!(
                checked("states", action, status, false),
                Err("Field 'Status' is not an expected value".to_owned())
            );
        }
        assert!(checked("states", "startExecution.sync:2", r#"{"Output": {"a": 1}}"#, false).is_ok());
        assert!(checked("states", "startExecution.sync", r#"{"Output": {"a": 1}}"#, false).is_err());
        assert!(checked("states", "startExecution.waitForTaskToken", "1", true).is_ok());
    }

    #[test]
    fn the_result_of_a_job_may_be_a_part_of_the_answer() {
        let cases = [
            ("batch", r#"{"JobId": 1}"#, "Field 'JobId' must be a string"),
            ("batch", r#"{"Jobs": 1}"#, ""),
            ("codebuild", r#"{"Build": {"Id": 1}}"#, "Field 'Id' must be a string"),
            ("codebuild", r#"{"Build": {"Id": "i"}}"#, ""),
            ("codebuild", r#"{"Builds": 1}"#, "Required field 'Build' is missing"),
            ("codebuild", "1", "Field 'result' must be an object"),
        ];
        for (service, json, expected) in cases {
            let action = if service == "batch" { "submitJob.sync" } else { "startBuild.sync" };
            let found = checked(service, action, json, service == "codebuild").err().unwrap_or_default();
            assert_eq!(found, expected, "{service} {json}");
        }
    }
}
