//! Checks a mocked result against the model of the API call whose result it stands for.
//!
//! The models are those of the optimized integrations and of the services most called through `aws-sdk`, in
//! `model/results.txt`. For other calls there is none, and every result is taken. Members are named as Step Functions
//! names them, with a capital letter; members the model does not know are not looked at.

use std::collections::HashMap;

use asl::Value;
use asl::program::Resource;

const RESULTS: &str = include_str!("model/results.txt");

/// Says what is wrong with a result, in AWS's words. Only a strict check asks for required members.
pub(super) fn check(resource: &Resource, value: &Value, is_strict: bool) -> Result<(), String> {
    let Some(integration) = resource.integration() else { return Ok(()) };
    let model = Model { lines: section(integration.resource_type()), is_strict };
    match model.lines.get(format!(">{}", integration.resource()).as_str()) {
        Some(of) => model.check(of, value, "result"),
        None => Ok(()),
    }
}

/// A service's lines by their first word, each with the rest.
fn section(service: &str) -> HashMap<&'static str, &'static str> {
    let mut lines =
        RESULTS.lines().skip_while(|line| line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) != Some(service));
    lines.next();
    lines.take_while(|line| !line.starts_with('[')).filter_map(|line| line.split_once(' ')).collect()
}

struct Model {
    lines: HashMap<&'static str, &'static str>,
    is_strict: bool,
}

impl Model {
    /// Goes no deeper than the value, which was read from JSON text and is no deeper than that may be.
    fn check(&self, of: &str, value: &Value, field: &str) -> Result<(), String> {
        let must_be = |what: &str| Err(format!("Field '{field}' must be {what}"));
        let (sigil, rest) = of.split_at(of.chars().next().map_or(0, char::len_utf8));
        match (sigil, value) {
            ("*", _) => Ok(()),
            ("$", Value::String(text)) => length(rest, text, field),
            ("#", Value::Number(number)) => range(rest, number.as_f64(), field),
            // A time is text or seconds since the epoch.
            ("?", Value::Bool(_)) | ("@", Value::String(_) | Value::Number(_)) => Ok(()),
            ("[", Value::Array(items)) => items.iter().try_for_each(|item| self.check(rest, item, field)),
            ("{", Value::Object(object)) => object.values().try_for_each(|value| self.check(rest, value, field)),
            ("$" | "@", _) => must_be("a string"),
            ("#", _) => must_be("a number"),
            ("?", _) => must_be("a boolean"),
            ("[", _) => must_be("an array"),
            ("{", _) => must_be("an object"),
            _ => self.named(of, value, field),
        }
    }

    fn named(&self, name: &str, value: &Value, field: &str) -> Result<(), String> {
        if let Some(members) = self.lines.get(format!("({name}").as_str()) {
            return self.structure(members, value, field);
        }
        let Some(words) = self.lines.get(format!("={name}").as_str()) else { return Ok(()) };
        match value.as_str() {
            None => Err(format!("Field '{field}' must be a string")),
            Some(text) if words.split('|').any(|word| word == text) => Ok(()),
            Some(_) => Err(format!("Field '{field}' is not an expected value")),
        }
    }

    fn structure(&self, members: &str, value: &Value, field: &str) -> Result<(), String> {
        let Some(object) = value.as_object() else { return Err(format!("Field '{field}' must be an object")) };
        for member in members.split(' ') {
            let (is_required, member) = match member.strip_prefix('!') {
                Some(member) => (true, member),
                None => (false, member),
            };
            let Some((name, of)) = member.split_once(':') else { continue };
            match object.get(name) {
                Some(value) if !value.is_null() => self.check(of, value, name)?,
                _ if is_required && self.is_strict => return Err(format!("Required field '{name}' is missing")),
                _ => {}
            }
        }
        Ok(())
    }
}

fn length(bounds: &str, text: &str, field: &str) -> Result<(), String> {
    let (min, max) = numbers(bounds);
    let length = text.chars().count() as f64;
    if min.is_some_and(|min| length < min) {
        return Err(format!("Field '{field}' is smaller than the minimum length"));
    }
    if max.is_some_and(|max| length > max) {
        return Err(format!("Field '{field}' exceeds the maximum length"));
    }
    Ok(())
}

fn range(bounds: &str, number: f64, field: &str) -> Result<(), String> {
    let (min, max) = numbers(bounds);
    if min.is_some_and(|min| number < min) {
        return Err(format!("Field '{field}' is less than the minimum value"));
    }
    if max.is_some_and(|max| number > max) {
        return Err(format!("Field '{field}' exceeds the maximum value"));
    }
    Ok(())
}

/// `min,max`, either of which may be empty, or nothing.
fn numbers(bounds: &str) -> (Option<f64>, Option<f64>) {
    let (min, max) = bounds.split_once(',').unwrap_or_default();
    (min.parse().ok(), max.parse().ok())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

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
    fn every_type_that_is_named_is_there() {
        let services = RESULTS.lines().filter_map(|line| line.strip_prefix('[')?.strip_suffix(']'));
        for service in services {
            let lines = section(service);
            let known: HashSet<&str> = lines.keys().filter_map(|name| name.strip_prefix(['(', '='])).collect();
            let types = lines.iter().flat_map(|(name, rest)| match &name[..1] {
                ">" => vec![*rest],
                "(" => rest.split(' ').filter_map(|member| Some(member.split_once(':')?.1)).collect(),
                _ => Vec::new(),
            });
            for of in types {
                let of = of.trim_start_matches(['[', '{']);
                assert!(of.starts_with(['$', '#', '?', '@', '*']) || known.contains(of), "{service}: {of}");
            }
        }
    }
}
