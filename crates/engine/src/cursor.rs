//! Where a decision stands: a frame, the state it is in, and the last event.

use asl::program::State;
use asl::scope::Variables;
use asl::{EvaluationError, Value};

use crate::event::{EventId, FrameId, Timestamp};
use crate::execution::MapItem;

/// A frame in a state, while a decision moves it on.
#[derive(Clone)]
pub(crate) struct Cursor<'a> {
    pub(crate) frame: FrameId,
    pub(crate) state: &'a State,
    /// The state's raw input.
    pub(crate) input: Value,
    pub(crate) entered: EventId,
    pub(crate) entered_previous: EventId,
    pub(crate) entered_at: Timestamp,
    pub(crate) retries: u64,
    /// How often each retrier took an error; shorter than `Retry` where none did.
    pub(crate) attempts: &'a [u64],
    /// What the next event names as its previous one.
    pub(crate) last: EventId,
    pub(crate) variables: &'a Variables,
    pub(crate) item: Option<&'a MapItem>,
}

impl Cursor<'_> {
    /// The error of a state that cannot be run, as its definition could not be read. An execution may stand in such a
    /// state: it came in before a later version read the definition differently.
    pub(crate) fn fault(&self) -> Option<EvaluationError> {
        self.state.fault.as_deref().map(EvaluationError::runtime)
    }
}

/// What an expression sees beside the state's input, the context object and the variables.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    /// JSONPath's `$`.
    pub(crate) input: &'a Value,
    /// `$states.result`
    pub(crate) result: Option<&'a Value>,
    /// `$states.errorOutput`
    pub(crate) error_output: Option<&'a Value>,
}

impl<'a> View<'a> {
    /// Before there is a result.
    pub(crate) fn of(input: &'a Value) -> Self {
        Self { input, result: None, error_output: None }
    }

    /// Once there is a result.
    pub(crate) fn with_result(input: &'a Value, result: &'a Value) -> Self {
        Self { input, result: Some(result), error_output: None }
    }

    /// In a catcher.
    pub(crate) fn with_error(error_output: &'a Value) -> Self {
        Self { input: error_output, result: None, error_output: Some(error_output) }
    }
}
