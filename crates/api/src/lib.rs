//! The wire: AWS JSON 1.0, as Step Functions speaks it.
//!
//! A request's target names an operation, its body is an object of members. The members are checked
//! against the constraints AWS documents, then handed to the [`Runtime`]; its answer becomes JSON again.
//! Error codes and messages are AWS's. [`Api::handle`] does all this without a socket;
//! [`server::serve`] puts it on one.

mod actions;
mod answer;
mod arn;
mod error;
mod name;
mod page;
mod protocol;
mod request;
mod request_id;
mod routing;
pub mod server;
mod settings;
mod shape;
mod shapes;
mod tags;
#[cfg(test)]
mod tests;

use functions::Functions;
use runtime::Runtime;

pub use protocol::{Call, Reply};

/// Answers calls of the API with one runtime, and calls of Lambda's API with the functions on this machine.
pub struct Api {
    runtime: Runtime,
    functions: Option<Functions>,
}

impl Api {
    /// An API in front of that runtime.
    pub fn new(runtime: Runtime) -> Self {
        Self { runtime, functions: None }
    }

    /// The same, which also answers Lambda's API.
    #[must_use]
    pub fn with_functions(self, functions: Option<Functions>) -> Self {
        Self { functions, ..self }
    }
}
