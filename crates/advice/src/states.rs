//! The states of a definition, nested ones too, each with the language it is written in.

use asl::program::QueryLanguage;
use asl::read::positions::OwnedStep;
use asl::value::Object;
use asl::{Text, Value};

/// A state and where it stands.
pub(crate) struct State<'d> {
    /// Its fields.
    pub(crate) fields: &'d Object,
    /// Where it stands.
    pub(crate) steps: Vec<OwnedStep>,
    /// The language of its fields.
    pub(crate) language: QueryLanguage,
}

impl<'d> State<'d> {
    /// The text of a field.
    pub(crate) fn text(&self, name: &str) -> Option<&'d str> {
        self.fields.get(name).and_then(Value::as_str)
    }

    /// The place of a field.
    pub(crate) fn place(&self, name: &str) -> Vec<OwnedStep> {
        below(&self.steps, OwnedStep::Member(name.to_owned()))
    }

    /// Its fields but those in which other states stand, and its comment.
    pub(crate) fn own_fields(&self) -> impl Iterator<Item = (&'d Text, &'d Value)> {
        self.fields.iter().filter(|(name, _)| !NESTED.contains(&&***name) && &***name != "Comment")
    }
}

/// The fields in which other states stand.
const NESTED: [&str; 3] = ["Branches", "ItemProcessor", "Iterator"];

/// The steps and one more.
pub(crate) fn below(steps: &[OwnedStep], step: OwnedStep) -> Vec<OwnedStep> {
    let mut steps = steps.to_vec();
    steps.push(step);
    steps
}

/// Calls `look` with every state of a definition, in order.
pub(crate) fn each<'d>(definition: &'d Value, look: &mut impl FnMut(&State<'d>)) {
    let machine = definition.as_object().and_then(language);
    within(definition, &[], machine.unwrap_or(QueryLanguage::JsonPath), look);
}

/// Recursion: JSON that was parsed nests at most [`asl::json::DEPTH_MAX`] levels.
fn within<'d>(branch: &'d Value, steps: &[OwnedStep], machine: QueryLanguage, look: &mut impl FnMut(&State<'d>)) {
    let Some(states) = branch.get("States").and_then(Value::as_object) else { return };
    let steps = below(steps, OwnedStep::Member("States".to_owned()));
    for (name, state) in states.iter() {
        let Some(fields) = state.as_object() else { continue };
        let steps = below(&steps, OwnedStep::Member(name.to_string()));
        let state = State { fields, steps, language: language(fields).unwrap_or(machine) };
        look(&state);
        for name in NESTED {
            let place = state.place(name);
            match fields.get(name) {
                Some(Value::Array(branches)) => {
                    for (at, branch) in branches.iter().enumerate() {
                        within(branch, &below(&place, OwnedStep::Item(at)), machine, look);
                    }
                }
                Some(branch) => within(branch, &place, machine, look),
                None => {}
            }
        }
    }
}

/// The language that an object sets.
fn language(object: &Object) -> Option<QueryLanguage> {
    match object.get("QueryLanguage").and_then(Value::as_str) {
        Some("JSONata") => Some(QueryLanguage::Jsonata),
        Some("JSONPath") => Some(QueryLanguage::JsonPath),
        _ => None,
    }
}

/// Calls `look` with every text in a value, where it stands and the name of the member that it is.
pub(crate) fn each_text<'v>(
    value: &'v Value,
    steps: &[OwnedStep],
    name: &'v str,
    look: &mut impl FnMut(&'v str, &[OwnedStep], &'v str),
) {
    match value {
        Value::String(text) => look(text, steps, name),
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                each_text(item, &below(steps, OwnedStep::Item(at)), name, look);
            }
        }
        Value::Object(object) => {
            for (name, member) in object.iter() {
                each_text(member, &below(steps, OwnedStep::Member(name.to_string())), name, look);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
