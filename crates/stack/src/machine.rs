//! The state machines of a template.

use std::ops::Range;

use asl::Value;
use asl::json::write_string;
use asl::program::MachineType;
use asl::read::positions::{OwnedStep, Positions};
use document::placeholders::{self, Values};
use document::{Derived, Document, Syntax};

use crate::members;
use crate::references::{Names, UnknownReference};
use crate::resolve::{Resolver, call};

/// A state machine of a template.
#[derive(Debug)]
pub struct StateMachine {
    /// Its logical identity.
    pub logical_id: String,
    /// Its type.
    pub machine_type: MachineType,
    /// Its definition.
    pub definition: DefinitionPlace,
    /// What `DefinitionSubstitutions` says of placeholders. What stands in the template itself is filled already.
    pub substitutions: Values,
    /// Where the definition, or what names it, stands in the template; the state machine where there is none.
    pub place: Range<usize>,
    /// What its properties refer to and the template does not have.
    pub unknown_references: Vec<UnknownReference>,
}

/// Where a definition stands.
#[derive(Debug)]
pub enum DefinitionPlace {
    /// In the template.
    Here {
        /// The definition's text.
        text: String,
        /// How it is written.
        syntax: Syntax,
        /// How to get from a place in it to one in the template: the last one's source is the template.
        origins: Vec<Derived>,
    },
    /// In a file, named as from the template's directory.
    File(String),
    /// Where it cannot be read from here: in S3, or made by something that is not known here.
    Elsewhere,
    /// The state machine has none.
    Missing,
}

/// The state machines of a template, in order. `source` is the text that the template was read from.
pub fn state_machines(template: &Document<'_>, source: &str, parameters: &Values) -> Vec<StateMachine> {
    let reader = Reader {
        template,
        source,
        positions: template.positions(),
        resolver: Resolver::new(template.value(), parameters),
        parameters,
        names: Names::new(template.value(), parameters),
    };
    let resources = members(template.value().get("Resources"));
    resources.filter_map(|(id, resource)| reader.machine(id, resource)).collect()
}

struct Reader<'t> {
    template: &'t Document<'t>,
    source: &'t str,
    positions: Positions,
    resolver: Resolver<'t>,
    parameters: &'t Values,
    names: Names<'t>,
}

impl Reader<'_> {
    fn machine(&self, id: &str, resource: &Value) -> Option<StateMachine> {
        let type_member = match resource.get("Type").and_then(Value::as_str)? {
            "AWS::Serverless::StateMachine" => "Type",
            "AWS::StepFunctions::StateMachine" => "StateMachineType",
            _ => return None,
        };
        let property = |name: &str| resource.get("Properties").and_then(|properties| properties.get(name));
        let kind = property(type_member).and_then(|kind| self.resolver.text(kind));
        let machine_type = match kind.as_deref() {
            Some("EXPRESS") => MachineType::Express,
            _ => MachineType::Standard,
        };
        let mut substitutions = Values::new();
        for (name, value) in members(property("DefinitionSubstitutions")) {
            substitutions.extend(self.resolver.text(value).map(|text| (name.to_string(), text)));
        }
        substitutions.extend(self.parameters.clone());
        let steps = |name: &str| steps(&["Resources", id, "Properties", name]);
        let named = ["Definition", "DefinitionString", "DefinitionUri", "DefinitionS3Location"];
        let found = named.into_iter().find_map(|name| Some((name, property(name)?)));
        let definition = match found {
            Some(("Definition", value)) => self.object(value, steps("Definition"), &substitutions),
            Some(("DefinitionString", value)) => self.string(value, steps("DefinitionString"), &substitutions),
            Some((_, value)) => file(self.resolver.text(value)),
            None => DefinitionPlace::Missing,
        };
        let place = found.map_or_else(|| vec![member("Resources"), member(id)], |(name, _)| steps(name));
        let place = self.template.origin(self.positions.name_span(&place));
        let unknown_references = self.unknown_references(id, resource);
        let logical_id = id.to_owned();
        Some(StateMachine { logical_id, machine_type, definition, substitutions, place, unknown_references })
    }

    fn unknown_references(&self, id: &str, resource: &Value) -> Vec<UnknownReference> {
        let Some(properties) = resource.get("Properties") else { return Vec::new() };
        let properties_steps = steps(&["Resources", id, "Properties"]);
        let reference = |(within, name): (Vec<OwnedStep>, String)| {
            let place = self.positions.span(&[properties_steps.as_slice(), &within].concat());
            UnknownReference { name, place: self.template.origin(place) }
        };
        self.names.unknown(properties).into_iter().map(reference).collect()
    }

    /// `Definition`: an object, in which functions may stand.
    fn object(&self, value: &Value, mut steps: Vec<OwnedStep>, substitutions: &Values) -> DefinitionPlace {
        let mut written = Derived::default();
        self.write(value, &mut steps, &mut written);
        let filled = placeholders::fill(written.text(), substitutions);
        DefinitionPlace::Here { text: filled.text().to_owned(), syntax: Syntax::Json, origins: vec![filled, written] }
    }

    /// Writes a value as JSON with its functions resolved, each part with where it stands in the template.
    ///
    /// Recursion: JSON that was parsed nests at most [`asl::json::DEPTH_MAX`] levels.
    fn write(&self, value: &Value, steps: &mut Vec<OwnedStep>, written: &mut Derived) {
        if let Some((function, argument)) = call(value) {
            steps.push(member(function));
            let place = self.template.origin(self.positions.span(steps));
            steps.pop();
            match self.resolver.chosen(argument).filter(|_| function == "Fn::If") {
                Some(chosen) => written.insert(&chosen.to_json(), place),
                None => {
                    let text = self.resolver.text(value).unwrap_or_else(|| format!("${{{function}}}"));
                    written.insert(&json_string(&text), place);
                }
            }
            return;
        }
        let place = || self.template.origin(self.positions.span(steps));
        match value {
            Value::Object(object) => {
                written.insert("{", place());
                for (at, (name, member)) in object.iter().enumerate() {
                    steps.push(OwnedStep::Member(name.to_string()));
                    let place = self.template.origin(self.positions.name_span(steps));
                    let comma = if at > 0 { "," } else { "" };
                    written.insert(comma, place.clone());
                    written.insert(&json_string(name), place.clone());
                    written.insert(":", place);
                    self.write(member, steps, written);
                    steps.pop();
                }
                written.insert("}", self.template.origin(self.positions.span(steps)));
            }
            Value::Array(items) => {
                written.insert("[", place());
                for (at, item) in items.iter().enumerate() {
                    steps.push(OwnedStep::Item(at));
                    let comma = if at > 0 { "," } else { "" };
                    written.insert(comma, self.template.origin(self.positions.span(steps)));
                    self.write(item, steps, written);
                    steps.pop();
                }
                written.insert("]", self.template.origin(self.positions.span(steps)));
            }
            _ => written.insert(&value.to_json(), place()),
        }
    }

    /// `DefinitionString`: a text, or a function that gives one.
    fn string(&self, value: &Value, steps: Vec<OwnedStep>, substitutions: &Values) -> DefinitionPlace {
        let mut written = Derived::default();
        let mut origins = Vec::new();
        match (value, call(value)) {
            (Value::String(text), _) => self.write_lines(text, &steps, &mut written),
            (_, Some(("Fn::Sub", argument))) => {
                let (text, values, at) = match argument.as_array() {
                    Some([text, values]) => (text, Some(values), vec![member("Fn::Sub"), OwnedStep::Item(0)]),
                    _ => (argument, None, vec![member("Fn::Sub")]),
                };
                let text = text.as_str().unwrap_or_default();
                self.write_lines(text, &[steps, at].concat(), &mut written);
                origins.push(self.resolver.substituted(written.text(), values));
            }
            (_, Some(("Fn::Join", argument))) => {
                let items = argument.as_array().unwrap_or_default();
                let separator = items.first().and_then(Value::as_str).unwrap_or_default();
                for (at, part) in items.get(1).and_then(Value::as_array).unwrap_or_default().iter().enumerate() {
                    let place =
                        [steps.clone(), vec![member("Fn::Join"), OwnedStep::Item(1), OwnedStep::Item(at)]].concat();
                    let origin = self.template.origin(self.positions.span(&place));
                    if at > 0 {
                        written.insert(separator, origin.clone());
                    }
                    match (part, self.resolver.text(part)) {
                        (Value::String(text), _) => written.insert_lines(text, self.source, origin),
                        (_, resolved) => written.insert(resolved.as_deref().unwrap_or("${Fn::Join}"), origin),
                    }
                }
            }
            (_, Some(("Fn::ToJsonString", _))) => {
                let within = [steps, vec![member("Fn::ToJsonString")]].concat();
                return match value.get("Fn::ToJsonString") {
                    Some(object) => self.object(object, within, substitutions),
                    None => DefinitionPlace::Elsewhere,
                };
            }
            _ => match self.resolver.text(value) {
                Some(text) => written.insert(&text, self.template.origin(self.positions.span(&steps))),
                None => return DefinitionPlace::Elsewhere,
            },
        }
        let last = origins.last().unwrap_or(&written);
        let filled = placeholders::fill(last.text(), substitutions);
        let text = filled.text().to_owned();
        origins.insert(0, filled);
        origins.push(written);
        DefinitionPlace::Here { text, syntax: Syntax::Json, origins }
    }

    fn write_lines(&self, text: &str, steps: &[OwnedStep], written: &mut Derived) {
        written.insert_lines(text, self.source, self.template.origin(self.positions.span(steps)));
    }
}

/// The file that is named, unless it lies in S3.
fn file(name: Option<String>) -> DefinitionPlace {
    name.filter(|name| !name.starts_with("s3://")).map_or(DefinitionPlace::Elsewhere, DefinitionPlace::File)
}

fn member(name: &str) -> OwnedStep {
    OwnedStep::Member(name.to_owned())
}

fn steps(names: &[&str]) -> Vec<OwnedStep> {
    names.iter().map(|name| member(name)).collect()
}

fn json_string(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    write_string(text, &mut json);
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machines(source: &str) -> Vec<StateMachine> {
        let document = Document::parse_template(source, Syntax::Yaml).unwrap();
        assert!(crate::is_template(&document));
        state_machines(&document, source, &Values::new())
    }

    /// What stands in the template where a word stands in the definition.
    fn origin<'s>(machine: &StateMachine, source: &'s str, word: &str) -> &'s str {
        let DefinitionPlace::Here { text, origins, .. } = &machine.definition else { panic!("{machine:?}") };
        let at = text.find(word).unwrap_or_else(|| panic!("{word} is not in {text}"));
        let range = origins.iter().fold(at..at + word.len(), |range, origin| origin.origin(range));
        &source[range]
    }

    #[test]
    fn an_object_keeps_its_places_and_its_functions_are_resolved() {
        let source = "
Resources:
  F: {Type: AWS::Lambda::Function}
  M:
    Type: AWS::Serverless::StateMachine
    Properties:
      Type: EXPRESS
      DefinitionSubstitutions: {Seconds: 5}
      Definition:
        StartAt: Wait
        States:
          Wait: {Type: Wait, Seconds: '${Seconds}', Next: Call}
          Call: {Type: Task, Resource: !GetAtt F.Arn, Next: !If [No, a, b]}
";
        let machines = machines(source);
        let [machine] = &machines[..] else { panic!("{machines:?}") };
        assert_eq!((&*machine.logical_id, machine.machine_type), ("M", MachineType::Express));
        let DefinitionPlace::Here { text, .. } = &machine.definition else { panic!("{machine:?}") };
        let expected = r#"{"StartAt":"Wait","States":{"Wait":{"Type":"Wait","Seconds":"5","Next":"Call"},"Call":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:F","Next":"${Fn::If}"}}}"#;
        assert_eq!(text, expected);
        assert_eq!(origin(machine, source, "Resource"), "Resource");
        assert_eq!(origin(machine, source, "\"5\""), "'${Seconds}'");
        assert!(origin(machine, source, "arn:aws").contains("F.Arn"));
        assert_eq!(&source[machine.place.clone()], "Definition");
    }

    #[test]
    fn strings_are_read_whatever_makes_them() {
        let definition =
            "{\"StartAt\": \"A\", \"States\": {\"A\": {\"Type\": \"Pass\", \"Result\": \"us-east-1\", \"End\": true}}}";
        let region = definition.replace("us-east-1", "${AWS::Region}");
        let (before, behind) = definition.split_once("us-east-1").unwrap();
        for (string, resolved) in [
            (format!("'{definition}'"), definition),
            (format!("|\n        {definition}"), definition),
            (format!("!Sub '{region}'"), definition),
            (
                format!(
                    "!Sub\n        - |\n          {}\n        - {{R: us-east-1}}",
                    definition.replace("us-east-1", "${R}")
                ),
                definition,
            ),
            (format!("!Join ['', ['{before}', !Ref AWS::Region, '{behind}']]"), definition),
        ] {
            let source = format!(
                "Resources:\n  M:\n    Type: AWS::StepFunctions::StateMachine\n    Properties:\n      DefinitionString: {string}\n"
            );
            let machines = machines(&source);
            let DefinitionPlace::Here { text, .. } = &machines[0].definition else { panic!("{machines:?}") };
            assert_eq!(text.trim(), resolved, "{source}");
            assert_eq!(origin(&machines[0], &source, "Type"), "Type", "{source}");
        }
    }

    #[test]
    fn a_literal_placeholder_of_sub_is_filled_by_the_substitutions() {
        let definition = r#"{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "${!FnArn}", "Comment": "${!Kept} ${AWS::Region}", "End": true}}}"#;
        for string in [format!("!Sub '{definition}'"), format!("!Sub ['{definition}', {{}}]")] {
            let source = format!(
                "Resources:\n  M:\n    Type: AWS::StepFunctions::StateMachine\n    Properties:\n      \
                 DefinitionSubstitutions: {{FnArn: arn-of-it}}\n      DefinitionString: {string}\n"
            );
            let machines = machines(&source);
            let DefinitionPlace::Here { text, .. } = &machines[0].definition else { panic!("{machines:?}") };
            assert_eq!(
                text,
                &definition.replace("${!FnArn}", "arn-of-it").replace("${!Kept} ${AWS::Region}", "${Kept} us-east-1")
            );
            assert_eq!(origin(&machines[0], &source, "arn-of-it"), "${!FnArn}");
            assert_eq!(origin(&machines[0], &source, "Type"), "Type");
        }
    }

    #[test]
    fn files_and_what_is_elsewhere_are_named() {
        let source = "
Resources:
  A: {Type: AWS::Serverless::StateMachine, Properties: {DefinitionUri: a.asl.json, DefinitionSubstitutions: {X: !Ref B}}}
  B: {Type: AWS::Serverless::StateMachine, Properties: {DefinitionUri: {Bucket: b, Key: k}}}
  C: {Type: AWS::S3::Bucket}
";
        let machines = machines(source);
        let [a, b] = &machines[..] else { panic!("{machines:?}") };
        assert!(matches!(&a.definition, DefinitionPlace::File(file) if file == "a.asl.json"), "{a:?}");
        assert_eq!(a.substitutions["X"], "arn:aws:states:us-east-1:123456789012:stateMachine:B");
        assert!(matches!(b.definition, DefinitionPlace::Elsewhere), "{b:?}");
        assert_eq!(&source[b.place.clone()], "DefinitionUri");
    }
}
