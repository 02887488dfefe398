//! Templates of CloudFormation and SAM: the state machines in them, as AWS would get their definitions.
//!
//! A template is not deployed here. What it refers to gets the names and ARNs that it would probably have, so that its
//! definitions can be read, checked and run: parameters their defaults, resources ARNs of the account 123456789012 in
//! us-east-1. Pure: it opens no file; a definition in a file of its own is named, for the caller to read.

mod machine;
mod references;
mod resolve;
mod resource;

pub use machine::{DefinitionPlace, StateMachine, state_machines};
pub use references::UnknownReference;

use asl::Value;
use document::Document;

/// Whether a document is a template: it has `Resources` and is no state machine itself.
pub fn is_template(document: &Document<'_>) -> bool {
    let root = document.value();
    root.get("Resources").is_some_and(|resources| resources.as_object().is_some()) && root.get("States").is_none()
}

/// The members of an object; none of anything else.
fn members(value: Option<&Value>) -> impl Iterator<Item = (&asl::Text, &Value)> {
    value.and_then(Value::as_object).into_iter().flat_map(|object| object.iter())
}
