//! The wire: AWS JSON 1.0, as Step Functions speaks it.
//!
//! A request's target names an operation, its body is an object of members. The members are checked
//! against the constraints AWS documents, then handed to the [`Runtime`]; its answer becomes JSON again.
//! Error codes and messages are AWS's. [`Api::handle`] does all this without a socket;
//! [`server::serve`] puts it on one.

mod action;
mod actions;
mod alias_routing;
mod arn;
mod call_context;
mod deadline;
mod error;
mod in_process;
mod json_object_writer;
mod list_text;
mod listing;
mod machine_settings;
mod name;
mod protocol;
mod redrivability;
mod request;
mod request_id;
mod resource;
mod response_body;
mod routes;
pub mod server;
mod shape;
mod shapes;
mod tags;
#[cfg(test)]
mod tests;

use functions::Functions;
use runtime::Runtime;

pub use in_process::OwnServer;
pub use protocol::{ApiCall, ApiReply};
pub use response_body::ResponseBody;
use routes::Routes;
pub use server::AllowedHosts;

/// Answers calls of the API with one runtime, and calls of Lambda's API with the functions on this machine.
pub struct Api {
    runtime: Runtime,
    functions: Option<Functions>,
    routes: Routes,
    allowed_hosts: AllowedHosts,
}

impl Api {
    /// An API in front of that runtime.
    pub fn new(runtime: Runtime) -> Self {
        Self { runtime, functions: None, routes: Routes::new(false), allowed_hosts: AllowedHosts::default() }
    }

    /// The same, which also answers Lambda's API.
    #[must_use]
    pub fn with_functions(self, functions: Option<Functions>) -> Self {
        Self { routes: Routes::new(functions.is_some()), functions, ..self }
    }

    /// The same, reached under further names than those of this machine.
    #[must_use]
    pub fn with_allowed_hosts(self, allowed_hosts: AllowedHosts) -> Self {
        Self { allowed_hosts, ..self }
    }
}
