//! The Amazon States Language: parse, validate, evaluate.
//!
//! Knows JSON and nothing else. A definition becomes a [`Program`](program::Program) or
//! [`Diagnostic`](diagnostic::Diagnostic)s with a place; a program's paths, templates and rules are
//! evaluated against a [`Scope`](scope::Scope). It reads no clock, opens no file, draws no random
//! number and logs nothing: time and chance come in with the scope.

pub mod budget;
pub mod choice;
pub mod diagnostic;
pub mod error;
pub mod intrinsic;
pub mod json;
pub mod jsonata;
mod memory;
pub mod near;
pub mod number;
pub mod path;
pub mod program;
pub mod query_language;
pub mod read;
pub mod resource;
pub mod scope;
pub mod template;
#[cfg(test)]
mod testing;
pub mod timestamp;
pub mod uuid;
pub mod value;
mod walk;

pub use budget::{Allowance, Budget, Exhausted, Recall};
pub use error::{ErrorName, EvaluationError};
pub use json::JsonError;
pub use number::Number;
pub use program::Program;
pub use scope::Scope;
pub use value::{Object, Text, Value};
