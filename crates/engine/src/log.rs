//! Events as bytes: the form in which a store keeps them. Versioned; a newer engine reads an older one's.
//!
//! A chunk is self-contained:
//!
//! ```text
//! version u8 | first id | first time | event count | events
//! event:   tag u8 | id - previous id | time since the event before (zigzag) | frame | members
//! text:    0, length, bytes | n: the n-th latest distinct text of this chunk
//! payload: 0, length, JSON  | n: the n-th latest distinct payload of this chunk
//! ```
//!
//! Version 1 has no numbers for the frames that an event begins: the fold gives them by the rule of that time.
//!
//! Numbers are LEB128. A payload that several events share (an output that is the next state's input) is
//! written once, which is what makes chunks small: most payloads of a history are shared.

mod read;
mod write;

pub use read::decode;
pub use write::encode;

/// The format version written.
pub const VERSION: u8 = 2;

/// The first format in which the events that begin frames carry their numbers.
const FRAMES_NUMBERED: u8 = 2;

/// How far back a shared text or payload is looked for.
const WINDOW: usize = 16;

/// Bytes that are not a chunk of events.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Written by a newer engine.
    #[error("the events are in format {found}; this version reads up to {VERSION}")]
    NewerFormat {
        /// The version found.
        found: u8,
    },
    /// Damaged.
    #[error("the events are damaged at byte {offset}: {why}")]
    Damaged {
        /// Where.
        offset: usize,
        /// What was expected.
        why: &'static str,
    },
}

/// The events' tags. Never renumbered: stored chunks carry them.
mod tag {
    pub(super) const EXECUTION_STARTED: u8 = 1;
    pub(super) const EXECUTION_SUCCEEDED: u8 = 2;
    pub(super) const EXECUTION_FAILED: u8 = 3;
    pub(super) const EXECUTION_ABORTED: u8 = 4;
    pub(super) const EXECUTION_TIMED_OUT: u8 = 5;
    pub(super) const STATE_ENTERED: u8 = 6;
    pub(super) const STATE_EXITED: u8 = 7;
    pub(super) const STATE_ABORTED: u8 = 8;
    pub(super) const WAIT_SCHEDULED: u8 = 9;
    pub(super) const TASK_SCHEDULED: u8 = 10;
    pub(super) const TASK_STARTED: u8 = 11;
    pub(super) const TASK_SUBMITTED: u8 = 12;
    pub(super) const TASK_HEARTBEAT: u8 = 13;
    pub(super) const TASK_SUCCEEDED: u8 = 14;
    pub(super) const TASK_FAILED: u8 = 15;
    pub(super) const TASK_TIMED_OUT: u8 = 16;
    pub(super) const RETRY_SCHEDULED: u8 = 17;
    pub(super) const PARALLEL_STATE_STARTED: u8 = 18;
    pub(super) const BRANCH_SUCCEEDED: u8 = 19;
    pub(super) const PARALLEL_STATE_SUCCEEDED: u8 = 20;
    pub(super) const PARALLEL_STATE_FAILED: u8 = 21;
    pub(super) const MAP_STATE_STARTED: u8 = 22;
    pub(super) const MAP_ITERATION_STARTED: u8 = 23;
    pub(super) const MAP_ITERATION_SUCCEEDED: u8 = 24;
    pub(super) const MAP_ITERATION_FAILED: u8 = 25;
    pub(super) const MAP_ITERATION_ABORTED: u8 = 26;
    pub(super) const MAP_STATE_SUCCEEDED: u8 = 27;
    pub(super) const MAP_STATE_FAILED: u8 = 28;
    pub(super) const EVALUATION_FAILED: u8 = 29;
    pub(super) const TASK_CANCEL_SETTLED: u8 = 30;
}

/// A task family's byte.
mod family {
    pub(super) const ACTIVITY: u8 = 1;
    pub(super) const LAMBDA_FUNCTION: u8 = 2;
    pub(super) const INTEGRATION: u8 = 3;
}

#[cfg(test)]
mod tests;
