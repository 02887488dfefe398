//! Where a service is: its rules, evaluated for two regions of the partition `aws`, say whether it has one endpoint
//! for all regions, the usual one, or one of its own form.
//!
//! The rules are botocore's `endpoint-rule-set-1.json` (Smithy's endpoint rules). Of their functions those are known
//! that rules ask without any parameter but the region; a service with others has the usual endpoint.

use std::collections::HashMap;

use models::{GlobalEndpoint, Service};
use serde_json::{Value, json};

/// The two regions: one that some services treat differently, and one that none does.
const REGIONS: [&str; 2] = ["us-east-1", "eu-west-1"];
/// Rules are nested less deep than this.
const DEPTH_MAX: usize = 64;

/// Writes down where the service is.
pub(super) fn place(service: &mut Service, rules: &Value) {
    let [Some(special), Some(usual)] = REGIONS.map(|region| resolve(rules, region)) else { return };
    let metadata = &mut service.metadata;
    if special == usual {
        metadata.global = Some(GlobalEndpoint { host: usual.host, region: usual.signing_region });
    } else {
        let host = usual.host.replace(REGIONS[1], "{region}");
        let is_standard = host == format!("{}.{{region}}.amazonaws.com", metadata.endpoint_prefix);
        metadata.host = (!is_standard).then_some(host);
    }
    if !usual.path.is_empty() {
        for operation in &mut service.operations {
            operation.uri = format!("{}{}", usual.path, operation.uri);
        }
    }
}

/// An endpoint for a region.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Endpoint {
    host: String,
    /// Begins with a slash and does not end with one, or is empty.
    path: String,
    signing_region: String,
}

fn resolve(rules: &Value, region: &str) -> Option<Endpoint> {
    let mut scope = Scope::new(&rules["parameters"], region);
    let endpoint = scope.first(&rules["rules"], 0).ok()??;
    let url = scope.text(&endpoint["url"]).ok()?;
    let (host, path) = url.strip_prefix("https://")?.split_once('/').unwrap_or((url.strip_prefix("https://")?, ""));
    let schemes = endpoint["properties"]["authSchemes"].as_array();
    let signing_region = schemes
        .into_iter()
        .flatten()
        .find(|scheme| scheme["name"] == "sigv4" && !scheme["signingRegion"].is_null())
        .and_then(|scheme| scope.text(&scheme["signingRegion"]).ok());
    let path = path.trim_end_matches('/');
    Some(Endpoint {
        host: host.to_owned(),
        path: if path.is_empty() { String::new() } else { format!("/{path}") },
        signing_region: signing_region.unwrap_or_else(|| region.to_owned()),
    })
}

/// Rules that ask for what we do not know.
#[derive(Debug)]
struct Unknown;

/// The parameters and what the conditions so far have assigned.
#[derive(Clone)]
struct Scope {
    values: HashMap<String, Value>,
}

impl Scope {
    fn new(parameters: &Value, region: &str) -> Self {
        let defaults = parameters.as_object().into_iter().flatten();
        let mut values: HashMap<String, Value> = defaults
            .filter(|(_, parameter)| !parameter["default"].is_null())
            .map(|(name, parameter)| (name.clone(), parameter["default"].clone()))
            .collect();
        values.insert("Region".to_owned(), json!(region));
        Self { values }
    }

    /// The endpoint of the first rule whose conditions hold.
    fn first<'r>(&mut self, rules: &'r Value, depth: usize) -> Result<Option<&'r Value>, Unknown> {
        if depth > DEPTH_MAX {
            return Err(Unknown);
        }
        for rule in rules.as_array().into_iter().flatten() {
            let mut scope = self.clone();
            if !scope.holds(&rule["conditions"])? {
                continue;
            }
            let found = match rule["type"].as_str() {
                Some("endpoint") => Some(&rule["endpoint"]),
                Some("tree") => scope.first(&rule["rules"], depth + 1)?,
                _ => return Err(Unknown),
            };
            if found.is_some() {
                *self = scope;
                return Ok(found);
            }
        }
        Ok(None)
    }

    fn holds(&mut self, conditions: &Value) -> Result<bool, Unknown> {
        for condition in conditions.as_array().into_iter().flatten() {
            let value = self.value(condition, 0)?;
            if value.is_null() || value == false {
                return Ok(false);
            }
            if let Some(name) = condition["assign"].as_str() {
                self.values.insert(name.to_owned(), value);
            }
        }
        Ok(true)
    }

    /// What an expression gives: a reference, a function, a template, or itself. Null is what is not set.
    fn value(&self, expression: &Value, depth: usize) -> Result<Value, Unknown> {
        if depth > DEPTH_MAX {
            return Err(Unknown);
        }
        if let Some(name) = expression["ref"].as_str() {
            return Ok(self.values.get(name).cloned().unwrap_or_default());
        }
        let Some(function) = expression["fn"].as_str() else {
            return if expression.is_string() {
                self.text(expression).map(Value::from)
            } else {
                Ok(expression.clone())
            };
        };
        let argument = |at: usize| self.value(&expression["argv"][at], depth + 1);
        Ok(match function {
            "isSet" => json!(!argument(0)?.is_null()),
            "not" => json!(argument(0)? == false),
            "booleanEquals" | "stringEquals" => json!(argument(0)? == argument(1)?),
            "isValidHostLabel" => json!(argument(0)?.is_string()),
            "aws.partition" => json!({
                "name": "aws",
                "dnsSuffix": "amazonaws.com",
                "dualStackDnsSuffix": "api.aws",
                "implicitGlobalRegion": "us-east-1",
                "supportsFIPS": true,
                "supportsDualStack": true,
            }),
            "getAttr" => {
                let name = argument(1)?;
                name.as_str().map(|name| argument(0).map(|value| value[name].clone())).transpose()?.unwrap_or_default()
            }
            _ => return Err(Unknown),
        })
    }

    /// A text with its templates filled in: `{Region}`, `{PartitionResult#dnsSuffix}`. A reference to one, too.
    fn text(&self, template: &Value) -> Result<String, Unknown> {
        let Some(mut rest) = template.as_str() else {
            return self.value(template, DEPTH_MAX)?.as_str().map(str::to_owned).ok_or(Unknown);
        };
        let mut text = String::new();
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').ok_or(Unknown)?;
            let (name, attribute) = name.split_once('#').unwrap_or((name, ""));
            let value = self.values.get(name).ok_or(Unknown)?;
            let value = if attribute.is_empty() { value } else { &value[attribute] };
            text = text + before + value.as_str().ok_or(Unknown)?;
            rest = after;
        }
        Ok(text + rest)
    }
}

#[cfg(test)]
mod tests {
    use models::Metadata;

    use super::*;

    /// Rules with conditions like those that botocore has, and this URL in the end.
    fn rules(url: &str, signing_region: Option<&str>) -> Value {
        let schemes = signing_region.map(|region| json!([{"name": "sigv4", "signingRegion": region}]));
        json!({
            "parameters": {"UseFIPS": {"default": false}, "Endpoint": {}, "Region": {}},
            "rules": [
                {"type": "error", "error": "x", "conditions": [{"fn": "isSet", "argv": [{"ref": "Endpoint"}]}]},
                {"type": "tree",
                 "conditions": [{"fn": "aws.partition", "argv": [{"ref": "Region"}], "assign": "P"}],
                 "rules": [
                    {"type": "error", "error": "x", "conditions": [
                        {"fn": "booleanEquals", "argv": [{"ref": "UseFIPS"}, true]}]},
                    {"type": "endpoint",
                     "conditions": [{"fn": "stringEquals", "argv": [
                        {"fn": "getAttr", "argv": [{"ref": "P"}, "name"]}, "aws"]}],
                     "endpoint": {"url": url, "properties": {"authSchemes": schemes}}},
                 ]},
            ],
        })
    }

    fn placed(rules: &Value) -> Metadata {
        let metadata = Metadata { endpoint_prefix: "a".to_owned(), ..Metadata::default() };
        let mut service = Service { metadata, ..Service::default() };
        place(&mut service, rules);
        service.metadata
    }

    #[test]
    fn a_usual_endpoint_is_not_written_down() {
        let metadata = placed(&rules("https://a.{Region}.{P#dnsSuffix}", None));
        assert_eq!((metadata.host, metadata.global), (None, None));
    }

    #[test]
    fn an_endpoint_of_another_form_is_a_pattern() {
        let metadata = placed(&rules("https://b.{Region}.{P#dualStackDnsSuffix}", None));
        assert_eq!(metadata.host.as_deref(), Some("b.{region}.api.aws"));
    }

    #[test]
    fn one_endpoint_for_all_regions_has_its_signing_region() {
        let metadata = placed(&rules("https://a.amazonaws.com", Some("us-west-2")));
        let global = GlobalEndpoint { host: "a.amazonaws.com".to_owned(), region: "us-west-2".to_owned() };
        assert_eq!((metadata.host, metadata.global), (None, Some(global)));
    }

    #[test]
    fn rules_that_ask_for_more_leave_the_usual_endpoint() {
        let mut rules = rules("https://b.{Region}.api.aws", None);
        rules["rules"][0]["conditions"][0]["fn"] = json!("aws.parseArn");
        let metadata = placed(&rules);
        assert_eq!((metadata.host, metadata.global), (None, None));
    }
}
