//! What AWS's services are: their operations, shapes and endpoints, and the table of optimized integrations.
//!
//! Facts only. It sends nothing, reads no clock and no file: the models of all services are packed into the binary.
//! [`load`] unpacks one of them, [`constraints`] what its results must be, [`actions`] knows what a state can call by
//! name alone, and [`optimized`] is AWS's optimized integrations. The models come from botocore; README.md says how.

pub mod actions;
mod constraint;
mod load;
pub mod optimized;
pub mod packed;
mod service;
#[cfg(test)]
mod tests;

pub use constraint::{Constraint, Constraints};
pub use load::{ModelError, constraints, load, names, origin};
pub use service::{
    ErrorTrait, GlobalEndpoint, List, Location, Map, Member, Metadata, Operation, Protocol, Service, Shape, ShapeId,
    Structure, TimestampFormat, same_but_first_case,
};
