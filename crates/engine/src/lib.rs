//! What happens next: an [`Execution`] decides which [`Event`]s a [`Command`] leads to, and applies them.
//!
//! Pure. It does no IO, reads no clock, rolls no dice, spawns nothing and logs nothing: time, chance and
//! limits come in with the [`Turn`]. `decide` looks and never changes; `apply` changes and never decides.
//! Live state and the fold of the stored events are equal after every command.

mod apply;
mod command;
mod context;
mod cursor;
mod decide;
mod event;
mod execution;
mod failure;
pub mod history;
mod leave;
mod limits;
pub mod log;
mod outstanding;
mod retry;
mod states;
pub mod test_state;
mod unfinished;

pub use command::{Advance, Command, Fault, Ignored, Resources, Turn, TurnTime};
pub use event::{Event, EventId, EventKind, FrameId, Numbered, StateType, TaskFamily, Timestamp};
pub use execution::{Execution, ExecutionInfo, OpenTask, ReplayError, Status};
pub use limits::Limits;
pub use outstanding::Outstanding;
pub use unfinished::{Unfinished, UnfinishedWork};
