//! Files that people write, in JSON or YAML: what they say as JSON, and where in the file each part of that stands.
//!
//! Pure: it opens no file. [`Document`] is any such text, [`Definition`] one that is a state machine's, [`Derived`] a
//! text made out of another, and [`placeholders`] finds and fills `${Name}`.

mod definition;
mod derived;
mod document;
pub mod placeholders;
mod yaml;

pub use definition::Definition;
pub use derived::Derived;
pub use document::{Document, Syntax, SyntaxError};
