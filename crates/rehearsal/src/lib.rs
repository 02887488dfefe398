//! Tests of state machines: what `stepwright test` runs.
//!
//! A test file names a definition and holds cases: an input, mocks for the Task states, and what is expected. A case
//! runs over [`engine::Execution`] on a virtual clock, which jumps to whatever is due next: a year of waiting takes no
//! time. Pure: it opens no file, reads no clock, draws no random number (chance has a fixed seed), spawns nothing.

pub mod cases;
pub mod coverage;
pub mod diff;
pub mod judge;
pub mod mock_config;
pub mod mocks;
pub mod pretty;
mod reader;
pub mod run;
mod trace;

pub use cases::{Case, Expected, TestFile};
pub use coverage::Coverage;
pub use judge::{Mismatch, judge};
pub use mock_config::MockConfig;
pub use mocks::{Answer, MockOutcome, MockTable, Mocks};
pub use reader::Problem;
pub use run::{Ending, Run, run};
