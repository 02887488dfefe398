//! The parameters of a Task are those of its action.
//!
//! Why: AWS accepts any when a state machine is created, and fails the state when an execution comes there. What an action
//! takes is known: the table of optimized integrations, and the services' models.
//!
//! Advised: `"MessageBdy": "x"` of `sqs:sendMessage`. Mended: `"MessageBody": "x"`.

use std::sync::Arc;

use asl::Value;
use asl::near::nearest;
use asl::program::{QueryLanguage, Resource};
use asl::read::positions::OwnedStep;
use asl::resource::Service as Called;
use asl::value::Object;
use models::optimized::{self, Fields, Row, Run};
use models::{Service, Shape, ShapeId, Structure};

use crate::states::{State, below};
use crate::{Advice, Rule};

/// Looks at the parameters of a Task state.
pub(crate) fn check(state: &State<'_>, advice: &mut Vec<Advice>) {
    let Some(action) = state.text("Resource").and_then(Action::of) else { return };
    let field = match state.language {
        QueryLanguage::JsonPath => "Parameters",
        QueryLanguage::Jsonata => "Arguments",
    };
    let Some(given) = state.fields.get(field).and_then(Value::as_object) else { return };
    let mut parameters = Parameters { language: state.language, action: action.name.clone(), advice };
    parameters.check(&action, given, &state.place(field));
}

/// What a Task calls.
pub(crate) struct Action {
    /// `sqs:sendMessage`
    name: String,
    /// The names of its parameters, where they are not all that its operation has.
    only: Option<&'static [&'static str]>,
    /// What its operation takes, where it is one.
    input: Option<(Arc<Service>, ShapeId)>,
    /// Whether the parameters are all that is sent, so that a required one must be among them.
    pub(crate) is_whole: bool,
}

impl Action {
    /// The action that a `Resource` names. `None` for what is no service's, and for what cannot be called.
    fn of(resource: &str) -> Option<Self> {
        Self::of_resource(&Resource::parse(&resource.into())?)
    }

    pub(crate) fn of_resource(resource: &Resource) -> Option<Self> {
        let integration = resource.integration()?;
        let name = format!("{}:{}", integration.resource_type(), integration.action());
        match integration.service() {
            Called::AwsSdk(service) => {
                let input = input(service, integration.action())?;
                let only: Option<&[&str]> = if input.is_none() { Some(&[]) } else { None };
                Some(Self { name, only, input, is_whole: true })
            }
            Called::Optimized(service) => Self::of_row(name, optimized::find(service, integration.action())?),
        }
    }

    fn of_row(name: String, row: Row) -> Option<Self> {
        let input = row.operation().and_then(|operation| input(row.client(), operation)).flatten();
        let only = match row.action.fields {
            Fields::Only(fields) => Some(fields),
            Fields::Model if input.is_none() => return None,
            Fields::Model => None,
        };
        // What is looked up or begun in another way is sent with more than the parameters.
        let is_whole = row.action.lookup.is_none() && matches!(row.action.run, Run::Operation(_));
        Some(Self { name, only, input, is_whole })
    }

    /// The parameter that it takes under that name.
    pub(crate) fn takes(&self, name: &str) -> bool {
        match (self.only, self.structure()) {
            (Some(only), _) => only.iter().any(|known| models::same_but_first_case(known, name)),
            (None, Some((_, structure))) => structure.members.iter().any(|member| member.is_called(name)),
            (None, None) => true,
        }
    }

    /// The names of its parameters.
    fn names(&self) -> Vec<String> {
        match (self.only, self.structure()) {
            (Some(only), _) => only.iter().map(|name| (*name).to_owned()).collect(),
            (None, structure) => structure.map_or_else(Vec::new, |(_, structure)| names(structure)),
        }
    }

    pub(crate) fn structure(&self) -> Option<(&Service, &Structure)> {
        let (service, input) = self.input.as_ref()?;
        match service.shape(*input) {
            Shape::Structure(structure) => Some((service, structure)),
            _ => None,
        }
    }
}

/// What an operation takes; the inner option is empty where it takes nothing. A model that cannot be read says nothing
/// here; the call will say so.
fn input(service: &str, operation: &str) -> Option<Option<(Arc<Service>, ShapeId)>> {
    let service = models::load(service).ok()??;
    let input = service.operation(operation)?.input;
    Some(input.map(|input| (service, input)))
}

struct Parameters<'a> {
    language: QueryLanguage,
    action: String,
    advice: &'a mut Vec<Advice>,
}

impl Parameters<'_> {
    /// The name of a parameter, without what says that it is a path.
    fn plain<'n>(&self, name: &'n str) -> &'n str {
        match self.language {
            QueryLanguage::JsonPath => name.strip_suffix(".$").unwrap_or(name),
            QueryLanguage::Jsonata => name,
        }
    }

    fn check(&mut self, action: &Action, given: &Object, place: &[OwnedStep]) {
        let unknown: Vec<&str> =
            given.iter().map(|(name, _)| &**name).filter(|name| !action.takes(self.plain(name))).collect();
        unknown.iter().for_each(|name| self.unknown(name, &action.names(), place));
        let Some((service, structure)) = action.structure() else { return };
        for (name, value) in given.iter() {
            // What a path selects is not known before it runs.
            if let Some(member) = structure.members.iter().find(|member| member.is_called(name)) {
                self.check_value(service, member.shape, value, &below(place, OwnedStep::Member(name.to_string())));
            }
        }
        // A misspelt one was told already.
        if action.is_whole && unknown.is_empty() {
            self.check_required(action, structure, given, place);
        }
    }

    /// Recursion: JSON that was parsed nests at most [`asl::json::DEPTH_MAX`] levels.
    fn check_structure(&mut self, service: &Service, structure: &Structure, given: &Object, place: &[OwnedStep]) {
        for (name, value) in given.iter() {
            let plain = self.plain(name);
            match structure.members.iter().find(|member| member.is_called(plain)) {
                None => self.unknown(name, &names(structure), place),
                Some(_) if plain.len() < name.len() => {}
                Some(member) => {
                    let place = below(place, OwnedStep::Member(name.to_string()));
                    self.check_value(service, member.shape, value, &place);
                }
            }
        }
    }

    fn check_value(&mut self, service: &Service, shape: ShapeId, value: &Value, place: &[OwnedStep]) {
        match (service.shape(shape), value) {
            (Shape::Structure(structure), Value::Object(object)) => {
                self.check_structure(service, structure, object, place);
            }
            (Shape::List(list), Value::Array(items)) => {
                for (at, item) in items.iter().enumerate() {
                    self.check_value(service, list.member, item, &below(place, OwnedStep::Item(at)));
                }
            }
            (Shape::Map(map), Value::Object(object)) => {
                for (name, value) in object.iter() {
                    if self.plain(name).len() < name.len() {
                        continue;
                    }
                    let place = below(place, OwnedStep::Member(name.to_string()));
                    self.check_value(service, map.value, value, &place);
                }
            }
            _ => {}
        }
    }

    fn check_required(&mut self, action: &Action, structure: &Structure, given: &Object, place: &[OwnedStep]) {
        let is_given = |name: &str| given.iter().any(|(given, _)| models::same_but_first_case(name, self.plain(given)));
        let required = structure.members.iter().filter(|member| member.required && !member.idempotency_token);
        let missing = required.filter(|member| action.takes(&member.name) && !is_given(&member.name));
        let missing: Vec<String> = missing.map(|member| capitalized(&member.name)).collect();
        if missing.is_empty() {
            return;
        }
        let (is, them) = if missing.len() == 1 { ("is", "it") } else { ("are", "them") };
        let missing = missing.join(" and ");
        self.advice.push(Advice {
            rule: Rule::MissingParameter,
            message: format!("{missing} {is} missing: {} cannot do without {them}", self.action),
            help: format!("Add {missing}."),
            steps: place.to_vec(),
            is_about_name: true,
        });
    }

    fn unknown(&mut self, name: &str, known: &[String], place: &[OwnedStep]) {
        let (plain, ending) = (self.plain(name), &name[self.plain(name).len()..]);
        let help = match nearest(plain, known.iter().map(String::as_str)) {
            Some(meant) => format!("Did you mean {meant}{ending}?"),
            None if known.is_empty() => "Leave it out: there are no parameters here.".to_owned(),
            None => format!("Known here: {}.", known.join(", ")),
        };
        self.advice.push(Advice {
            rule: Rule::UnknownParameter,
            message: format!("{} has no parameter '{plain}' here", self.action),
            help,
            steps: below(place, OwnedStep::Member(name.to_owned())),
            is_about_name: true,
        });
    }
}

/// The members of a structure as Step Functions writes them.
fn names(structure: &Structure) -> Vec<String> {
    structure.members.iter().map(|member| capitalized(&member.name)).collect()
}

pub(crate) fn capitalized(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

#[cfg(test)]
mod tests {
    use crate::testing::said;

    fn task(resource: &str, field: &str, parameters: &str) -> String {
        format!(
            r#"{{"Type": "Task", "Resource": "arn:aws:states:::{resource}", "{field}": {parameters}, "End": true}}"#
        )
    }

    #[test]
    fn unknown_parameters_are_told_with_the_one_that_was_meant() {
        for (resource, parameters, expected, help) in [
            (
                "sqs:sendMessage",
                r#"{"QueueUrl": "q", "MessageBdy": "x"}"#,
                "unknown-parameter at /Parameters/MessageBdy: sqs:sendMessage has no parameter 'MessageBdy' here",
                "Did you mean MessageBody?",
            ),
            (
                "sqs:sendMessage.waitForTaskToken",
                r#"{"QueueUrl": "q", "MessageBdy.$": "$.x"}"#,
                "unknown-parameter at /Parameters/MessageBdy.$: sqs:sendMessage has no parameter 'MessageBdy' here",
                "Did you mean MessageBody.$?",
            ),
            (
                "lambda:invoke",
                r#"{"FunctionNam": "f"}"#,
                "unknown-parameter at /Parameters/FunctionNam: lambda:invoke has no parameter 'FunctionNam' here",
                "Did you mean FunctionName?",
            ),
            (
                "aws-sdk:s3:getObject",
                r#"{"Bucket": "b", "Kee": "k"}"#,
                "unknown-parameter at /Parameters/Kee: aws-sdk:s3:getObject has no parameter 'Kee' here",
                "Did you mean Key?",
            ),
            (
                "dynamodb:putItem",
                r#"{"TableName": "t", "Item": {"id": {"SS": ["a"], "T": "b"}}}"#,
                "unknown-parameter at /Parameters/Item/id/T: dynamodb:putItem has no parameter 'T' here",
                "Known here: S, N, B, SS, NS, BS, M, L, NULL, BOOL.",
            ),
        ] {
            let (said, helps) = said("JSONPath", &task(resource, "Parameters", parameters));
            assert_eq!((said, helps), (vec![expected.to_owned()], vec![help.to_owned()]));
        }
    }

    #[test]
    fn missing_parameters_are_told() {
        let expected = "missing-parameter at /Arguments: MessageBody is missing: sqs:sendMessage cannot do without it";
        let (found, _) = said("JSONata", &task("sqs:sendMessage", "Arguments", r#"{"QueueUrl": "q"}"#));
        assert_eq!(found, [expected]);
        let expected = "missing-parameter at /Parameters: TableName and Key are missing: aws-sdk:dynamodb:getItem cannot do \
                        without them";
        let (found, _) = said("JSONPath", &task("aws-sdk:dynamodb:getItem", "Parameters", "{}"));
        assert_eq!(found, [expected]);
    }

    #[test]
    fn what_is_right_or_not_known_before_it_runs_is_let_be() {
        for (language, resource, field, parameters) in [
            ("JSONPath", "sqs:sendMessage", "Parameters", r#"{"QueueUrl": "q", "MessageBody": {"any": "thing"}}"#),
            ("JSONPath", "sqs:sendMessage", "Parameters", r#"{"queueUrl.$": "$.q", "MessageBody.$": "$"}"#),
            ("JSONata", "sqs:sendMessage", "Arguments", r#""{% $states.input %}""#),
            ("JSONPath", "lambda:invoke", "Parameters", r#"{"FunctionName": "f", "Payload": {"any": "thing"}}"#),
            ("JSONPath", "dynamodb:getItem", "Parameters", r#"{"TableName": "t", "Key": {"any name": {"S": "x"}}}"#),
            ("JSONPath", "elasticmapreduce:addStep", "Parameters", r#"{"ClusterId": "c", "Step": {}}"#),
            (
                "JSONPath",
                "states:startExecution.sync:2",
                "Parameters",
                r#"{"StateMachineArn": "a", "Input": {"x": 1}}"#,
            ),
            ("JSONPath", "aws-sdk:qldb:anything", "Parameters", r#"{"x": 1}"#),
            ("JSONPath", "nothing:known", "Parameters", r#"{"x": 1}"#),
        ] {
            assert_eq!(said(language, &task(resource, field, parameters)).0, [""; 0], "{resource} {parameters}");
        }
    }
}
