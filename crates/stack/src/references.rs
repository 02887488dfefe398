//! What a state machine refers to and its template does not have.
//!
//! CloudFormation refuses such a template before it makes anything. What a transform adds is not in the template as it
//! is written: SAM's resources begin with the name of the one that they are made for, or with `Serverless`; what another
//! transform adds is not known, so nothing is told of such a template.

use std::ops::Range;

use asl::Value;
use asl::read::positions::OwnedStep;
use document::placeholders::{self, Values};

use crate::members;
use crate::resolve::call;

/// A reference to a resource or a parameter that is not in the template.
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownReference {
    /// The name that it refers to, without an attribute.
    pub name: String,
    /// Where it stands in the template.
    pub place: Range<usize>,
}

const SAM: &str = "AWS::Serverless-2016-10-31";

/// What a template has, by name.
pub(crate) struct Names<'t> {
    template: &'t Value,
    parameters: &'t Values,
    has_sam: bool,
    has_other_transforms: bool,
}

impl<'t> Names<'t> {
    /// Of that template. `parameters` are those that the caller gave.
    pub(crate) fn new(template: &'t Value, parameters: &'t Values) -> Self {
        let transforms: Vec<&Value> = match template.get("Transform") {
            Some(Value::Array(transforms)) => transforms.iter().collect(),
            Some(transform) => vec![transform],
            None => Vec::new(),
        };
        let is_sam = |transform: &&Value| transform.as_str() == Some(SAM);
        let has_types_of_sam = members(template.get("Resources")).any(|(_, resource)| {
            resource.get("Type").and_then(Value::as_str).is_some_and(|kind| kind.starts_with("AWS::Serverless::"))
        });
        Self {
            template,
            parameters,
            has_sam: has_types_of_sam || transforms.iter().any(is_sam),
            has_other_transforms: !transforms.iter().all(is_sam),
        }
    }

    /// The references within a value that lead nowhere: the steps to each from the value, and the name.
    pub(crate) fn unknown(&self, value: &Value) -> Vec<(Vec<OwnedStep>, String)> {
        let mut found = Vec::new();
        if !self.has_other_transforms {
            self.look(value, &mut Vec::new(), &mut found);
        }
        found
    }

    /// Recursion: JSON that was parsed nests at most [`asl::json::DEPTH_MAX`] levels.
    fn look(&self, value: &Value, steps: &mut Vec<OwnedStep>, found: &mut Vec<(Vec<OwnedStep>, String)>) {
        if let Some((function, argument)) = call(value) {
            steps.push(OwnedStep::Member(function.to_owned()));
            let unknown = referred(function, argument).into_iter().filter(|name| !self.has(name));
            found.extend(unknown.map(|name| (steps.clone(), name.to_owned())));
            self.look(argument, steps, found);
            steps.pop();
            return;
        }
        match value {
            Value::Object(object) => {
                for (name, member) in object.iter() {
                    steps.push(OwnedStep::Member(name.to_string()));
                    self.look(member, steps, found);
                    steps.pop();
                }
            }
            Value::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    steps.push(OwnedStep::Item(at));
                    self.look(item, steps, found);
                    steps.pop();
                }
            }
            _ => {}
        }
    }

    fn has(&self, name: &str) -> bool {
        let is_in = |section: &str| self.template.get(section).is_some_and(|section| section.get(name).is_some());
        let made_by_sam = || {
            name.starts_with("Serverless")
                || members(self.template.get("Resources")).any(|(id, _)| name.starts_with(&**id))
        };
        name.starts_with("AWS::")
            || is_in("Resources")
            || is_in("Parameters")
            || self.parameters.contains_key(name)
            || (self.has_sam && made_by_sam())
    }
}

/// The names that a call of a function refers to by itself.
fn referred<'v>(function: &str, argument: &'v Value) -> Vec<&'v str> {
    let items = argument.as_array().unwrap_or_default();
    let names: Vec<&str> = match function {
        "Ref" => argument.as_str().into_iter().collect(),
        "Fn::GetAtt" => argument.as_str().or_else(|| items.first()?.as_str()).into_iter().collect(),
        "Fn::Sub" => {
            let text = argument.as_str().or_else(|| items.first()?.as_str()).unwrap_or_default();
            let is_given = |name: &str| items.get(1).is_some_and(|values| values.get(name).is_some());
            placeholders::find(text).map(|(_, name)| name).filter(|name| !is_given(name)).collect()
        }
        _ => Vec::new(),
    };
    names.into_iter().map(|name| name.split_once('.').map_or(name, |(id, _)| id)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown(transform: &str, resource_type: &str, value: &str) -> Vec<String> {
        let template = format!(
            r#"{{"Transform": {transform}, "Parameters": {{"Stage": {{}}}}, "Resources": {{"Fn": {{"Type": "{resource_type}"}}}}}}"#
        );
        let template = asl::json::parse(template.as_bytes()).unwrap();
        let parameters = Values::from([("Given".to_owned(), "x".to_owned())]);
        let value = asl::json::parse(value.as_bytes()).unwrap();
        Names::new(&template, &parameters).unknown(&value).into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn references_that_lead_nowhere_are_found_wherever_they_stand() {
        for (value, expected) in [
            (r#"{"Fn::GetAtt": "Fm.Arn"}"#, vec!["Fm"]),
            (r#"{"a": [{"Fn::GetAtt": ["Fm", "Arn"]}]}"#, vec!["Fm"]),
            (r#"{"Fn::Sub": "${Topc} ${Fn.Arn} ${AWS::Region} ${!Kept} ${Fm.Arn}"}"#, vec!["Topc", "Fm"]),
            (r#"{"Fn::Sub": ["${A} ${B}", {"A": {"Ref": "C"}}]}"#, vec!["B", "C"]),
            (r#"{"Fn::Join": ["", [{"Ref": "Fn"}, {"Ref": "Stag"}, {"Ref": "Stage"}]]}"#, vec!["Stag"]),
            (r#"{"Fn::If": ["Yes", {"Ref": "AWS::NoValue"}, {"Ref": "Given"}]}"#, vec![]),
            (r#"{"Fn::ImportValue": "other"}"#, vec![]),
        ] {
            assert_eq!(unknown("[]", "AWS::Lambda::Function", value), expected, "{value}");
        }
    }

    #[test]
    fn what_a_transform_may_add_is_let_be() {
        let value = r#"[{"Ref": "FnRole"}, {"Ref": "ServerlessRestApi"}, {"Ref": "Nothing"}]"#;
        let all = ["FnRole", "ServerlessRestApi", "Nothing"];
        assert_eq!(unknown("[]", "AWS::Lambda::Function", value), all);
        assert_eq!(unknown("[]", "AWS::Serverless::Function", value), all[2..]);
        assert_eq!(unknown(&format!("\"{SAM}\""), "AWS::Lambda::Function", value), all[2..]);
        assert_eq!(unknown(&format!("[\"{SAM}\", \"Mine\"]"), "AWS::Lambda::Function", value), [""; 0]);
    }
}
