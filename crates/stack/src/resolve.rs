//! CloudFormation's functions, as far as texts in definitions need them.

use std::ops::Range;

use asl::Value;
use document::Derived;
use document::placeholders::{self, Values};

use crate::resource::{ACCOUNT, REGION, attribute, reference};

/// Resolves functions of one template.
pub(crate) struct Resolver<'t> {
    template: &'t Value,
    /// What its parameters are, where the caller says so.
    parameters: &'t Values,
}

/// A call of a function: an object of one member that is called like one.
pub(crate) fn call(value: &Value) -> Option<(&str, &Value)> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    let (name, argument) = object.iter().next()?;
    let is_function = name.starts_with("Fn::") || matches!(&**name, "Ref" | "Condition");
    is_function.then_some((&**name, argument))
}

impl<'t> Resolver<'t> {
    /// Of that template.
    pub(crate) fn new(template: &'t Value, parameters: &'t Values) -> Self {
        Self { template, parameters }
    }

    /// The text that a value stands for; `None` where that cannot be told. What a part of it stands for and cannot be
    /// told stays as `${Name}`.
    ///
    /// Recursion: JSON that was parsed nests at most [`asl::json::DEPTH_MAX`] levels.
    pub(crate) fn text(&self, value: &Value) -> Option<String> {
        match value {
            Value::String(text) => Some(text.to_string()),
            Value::Number(_) | Value::Bool(_) => Some(value.to_json()),
            Value::Null | Value::Array(_) => None,
            Value::Object(_) => {
                let (function, argument) = call(value)?;
                self.call(function, argument)
            }
        }
    }

    fn call(&self, function: &str, argument: &Value) -> Option<String> {
        let item = |at: usize| argument.as_array().and_then(|items| items.get(at));
        match function {
            "Ref" => self.named(argument.as_str()?),
            "Fn::GetAtt" => match argument.as_str() {
                Some(name) => self.named(name),
                None => self.named(&format!("{}.{}", item(0)?.as_str()?, self.text(item(1)?)?)),
            },
            "Fn::Sub" => match argument.as_str() {
                Some(text) => Some(self.substituted(text, None).text().to_owned()),
                None => Some(self.substituted(item(0)?.as_str()?, item(1)).text().to_owned()),
            },
            "Fn::Join" => {
                let parts = self.list(item(1)?)?.into_iter().map(|part| self.text(part));
                Some(parts.collect::<Option<Vec<_>>>()?.join(item(0)?.as_str()?))
            }
            "Fn::Select" => {
                let at = self.text(item(0)?)?.parse::<usize>().ok()?;
                if let Some(("Fn::Split", split)) = call(item(1)?) {
                    let [separator, text] = split.as_array()? else { return None };
                    return Some(self.text(text)?.split(separator.as_str()?).nth(at)?.to_owned());
                }
                self.text(self.list(item(1)?)?.get(at)?)
            }
            "Fn::If" => self.text(self.chosen(argument)?),
            "Fn::FindInMap" => {
                let maps = self.template.get("Mappings")?;
                let name = |at| item(at).and_then(|name| self.text(name));
                self.text(maps.get(&name(0)?)?.get(&name(1)?)?.get(&name(2)?)?)
            }
            _ => None,
        }
    }

    /// The branch of an `Fn::If` that counts.
    pub(crate) fn chosen<'v>(&self, argument: &'v Value) -> Option<&'v Value> {
        let [condition, yes, no] = argument.as_array()? else { return None };
        let holds = self.condition(condition.as_str()?)?;
        Some(if holds { yes } else { no })
    }

    fn list<'v>(&self, value: &'v Value) -> Option<Vec<&'v Value>> {
        value.as_array().map(|items| items.iter().collect())
    }

    fn condition(&self, name: &str) -> Option<bool> {
        self.holds(self.template.get("Conditions")?.get(name)?, 0)
    }

    /// A condition may name others; a circle of them is none.
    fn holds(&self, value: &Value, depth: usize) -> Option<bool> {
        const DEPTH_MAX: usize = 50;
        let (function, argument) = call(value).filter(|_| depth < DEPTH_MAX)?;
        let items = argument.as_array().unwrap_or_default();
        let holds = |item: &Value| self.holds(item, depth + 1);
        match function {
            "Condition" => holds(self.template.get("Conditions")?.get(argument.as_str()?)?),
            "Fn::Equals" => Some(self.text(items.first()?)? == self.text(items.get(1)?)?),
            "Fn::Not" => holds(items.first()?).map(|holds| !holds),
            "Fn::And" => items.iter().try_fold(true, |all, item| Some(all && holds(item)?)),
            "Fn::Or" => items.iter().try_fold(false, |any, item| Some(any || holds(item)?)),
            _ => None,
        }
    }

    /// The text with what its `${Name}` stand for. `${!Name}` is `${Name}`.
    pub(crate) fn substituted(&self, text: &str, values: Option<&Value>) -> Derived {
        let mut filled = Derived::default();
        let mut copied = 0;
        for (range, name) in placeholders::find(text) {
            if let Some(value) = self.value(name, values) {
                copy_literals(text, copied..range.start, &mut filled);
                filled.insert(&value, range.clone());
                copied = range.end;
            }
        }
        copy_literals(text, copied..text.len(), &mut filled);
        filled
    }

    /// What a `${Name}` of `Fn::Sub` stands for.
    fn value(&self, name: &str, values: Option<&Value>) -> Option<String> {
        match values.and_then(|values| values.get(name)) {
            Some(value) => self.text(value),
            None => self.named(name),
        }
    }

    /// What `Ref` (`Name`) and `Fn::GetAtt` (`Name.Attribute`) give.
    fn named(&self, name: &str) -> Option<String> {
        let pseudo = match name {
            "AWS::Region" => Some(REGION),
            "AWS::AccountId" => Some(ACCOUNT),
            "AWS::Partition" => Some("aws"),
            "AWS::URLSuffix" => Some("amazonaws.com"),
            "AWS::StackName" => Some("stack"),
            "AWS::StackId" => Some("arn:aws:cloudformation:us-east-1:123456789012:stack/stack/1"),
            _ => None,
        };
        if let Some(pseudo) = pseudo {
            return Some(pseudo.to_owned());
        }
        let (id, of) = name.split_once('.').map_or((name, None), |(id, of)| (id, Some(of)));
        if let Some(resource) = self.template.get("Resources").and_then(|resources| resources.get(id)) {
            let resource_type = resource.get("Type").and_then(Value::as_str).unwrap_or_default();
            return Some(of.map_or_else(|| reference(id, resource_type), |of| attribute(id, resource_type, of)));
        }
        self.parameter(name)
    }

    fn parameter(&self, name: &str) -> Option<String> {
        if let Some(value) = self.parameters.get(name) {
            return Some(value.clone());
        }
        let parameter = self.template.get("Parameters")?.get(name)?;
        let allowed = || parameter.get("AllowedValues").and_then(Value::as_array).and_then(|values| values.first());
        self.text(parameter.get("Default").or_else(allowed)?)
    }
}

/// Copies a part of a text in which no placeholder is filled: `${!Name}` becomes `${Name}`.
fn copy_literals(text: &str, range: Range<usize>, filled: &mut Derived) {
    let mut from = range.start;
    while let Some(at) = text[from..range.end].find("${!") {
        filled.copy(text, from..from + at + 2);
        from += at + 3;
    }
    filled.copy(text, from..range.end);
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = r#"{
        "Parameters": {"Stage": {"Type": "String", "Default": "dev"}, "Open": {"Type": "String"},
                       "Size": {"Type": "Number", "Default": 3}, "Kind": {"AllowedValues": ["a", "b"]}},
        "Mappings": {"Sizes": {"dev": {"Small": 1}}},
        "Conditions": {"IsDev": {"Fn::Equals": [{"Ref": "Stage"}, "dev"]}, "IsNot": {"Fn::Not": [{"Condition": "IsDev"}]},
                       "Circle": {"Condition": "Circle"}},
        "Resources": {"F": {"Type": "AWS::Serverless::Function"}, "T": {"Type": "AWS::DynamoDB::Table"}}}"#;

    fn resolved(function: &str) -> Option<String> {
        let template = asl::json::parse(TEMPLATE.as_bytes()).unwrap();
        let parameters = Values::from([("Given".to_owned(), "x".to_owned())]);
        Resolver::new(&template, &parameters).text(&asl::json::parse(function.as_bytes()).unwrap())
    }

    #[test]
    fn functions_are_resolved() {
        const F: &str = "arn:aws:lambda:us-east-1:123456789012:function:F";
        for (function, expected) in [
            (r#"{"Ref": "F"}"#, "F"),
            (r#"{"Ref": "Stage"}"#, "dev"),
            (r#"{"Ref": "Size"}"#, "3"),
            (r#"{"Ref": "Kind"}"#, "a"),
            (r#"{"Ref": "Given"}"#, "x"),
            (r#"{"Ref": "AWS::Region"}"#, "us-east-1"),
            (r#"{"Fn::GetAtt": "F.Arn"}"#, F),
            (r#"{"Fn::GetAtt": ["F", "Arn"]}"#, F),
            (r#"{"Fn::Sub": "${F.Arn}:${Stage} ${!Kept} ${Open}"}"#, &format!("{F}:dev ${{Kept}} ${{Open}}")),
            (r#"{"Fn::Sub": ["${A}-${T}", {"A": {"Ref": "Stage"}}]}"#, "dev-T"),
            (r#"{"Fn::Join": ["-", ["a", {"Ref": "Stage"}, 1]]}"#, "a-dev-1"),
            (r#"{"Fn::Select": [1, ["a", {"Ref": "Stage"}]]}"#, "dev"),
            (r#"{"Fn::Select": ["1", {"Fn::Split": [",", "a,b"]}]}"#, "b"),
            (r#"{"Fn::If": ["IsDev", "yes", "no"]}"#, "yes"),
            (r#"{"Fn::If": ["IsNot", "yes", "no"]}"#, "no"),
            (r#"{"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "Small"]}"#, "1"),
        ] {
            assert_eq!(resolved(function).as_deref(), Some(expected), "{function}");
        }
        for function in [
            r#"{"Ref": "Open"}"#,
            r#"{"Ref": "Nothing"}"#,
            r#"{"Fn::If": ["Circle", 1, 2]}"#,
            r#"{"Fn::ImportValue": "x"}"#,
            r#"{"a": 1}"#,
            "null",
        ] {
            assert_eq!(resolved(function), None, "{function}");
        }
    }
}
