//! What the test of a state sees of its evaluation, step by step.

use std::cell::RefCell;

use asl::program::{QueryLanguage, State, StateKind};
use asl::{Text, Value};

/// Watches an evaluation, and gives it a context object.
pub(crate) struct Probe {
    pub(crate) context: Value,
    seen: RefCell<Inspection>,
}

impl Probe {
    pub(crate) fn new(context: Value) -> Self {
        Self { context, seen: RefCell::default() }
    }

    pub(crate) fn note(&self, note: impl FnOnce(&mut Inspection)) {
        note(&mut self.seen.borrow_mut());
    }

    pub(crate) fn into_seen(self) -> Inspection {
        self.seen.into_inner()
    }
}

/// `inspectionData`: how the data went through the state, as far as it came. Absent is what the state's type and
/// language do not have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inspection {
    /// The raw input.
    pub input: Option<Value>,
    /// What `InputPath` selected (JSONPath).
    pub after_input_path: Option<Value>,
    /// What `Parameters` gave (JSONPath).
    pub after_parameters: Option<Value>,
    /// What `Arguments` gave (JSONata).
    pub after_arguments: Option<Value>,
    /// The raw result.
    pub result: Option<Value>,
    /// What `ResultSelector` gave (JSONPath).
    pub after_result_selector: Option<Value>,
    /// The input with the result in it, as `ResultPath` says (JSONPath).
    pub after_result_path: Option<Value>,
    /// What `ItemsPath` selected (JSONPath).
    pub after_items_path: Option<Value>,
    /// What `ItemsPointer` selected in what an item reader read.
    pub after_items_pointer: Option<Value>,
    /// The inputs of a Map state's iterations, where it has an `ItemSelector`.
    pub after_item_selector: Option<Value>,
    /// The inputs of a Map state's iterations, where it has an `ItemBatcher`.
    pub after_item_batcher: Option<Value>,
    /// `MaxConcurrency`; 0 where there is no bound.
    pub max_concurrency: Option<u64>,
    /// `ToleratedFailureCount`
    pub tolerated_failure_count: Option<u64>,
    /// `ToleratedFailurePercentage`
    pub tolerated_failure_percentage: Option<f64>,
    /// The variables after the state, where there are any.
    pub variables: Option<Value>,
    /// The place in `Retry` of the retrier that matched the error.
    pub retry_index: Option<usize>,
    /// Seconds until that retrier tries again; absent where its attempts are spent.
    pub retry_backoff_seconds: Option<f64>,
    /// The place in `Catch` of the catcher that took the error.
    pub catch_index: Option<usize>,
    /// The error that a retrier or a catcher took.
    pub(crate) error: Option<Text>,
    pub(crate) cause: Option<Text>,
}

impl Inspection {
    /// What AWS shows of it for a state of that type and language.
    pub(crate) fn shown(mut self, state: &State) -> Self {
        match state.language {
            QueryLanguage::JsonPath => self.hide_json_path(&state.kind),
            QueryLanguage::Jsonata => self.hide_jsonata(&state.kind),
        }
        self
    }

    fn hide_json_path(&mut self, kind: &StateKind) {
        match kind {
            StateKind::Pass(pass) if pass.result.is_some() => {
                (self.after_input_path, self.after_parameters) = (None, None);
            }
            StateKind::Parallel(_) => {
                (self.after_input_path, self.after_parameters, self.result) = (None, None, None);
            }
            StateKind::Map(_) => self.result = None,
            // It has no InputPath; AWS shows the input there all the same.
            StateKind::Fail(_) => self.after_input_path = self.input.clone(),
            StateKind::Pass(_)
            | StateKind::Task(_)
            | StateKind::Choice(_)
            | StateKind::Wait(_)
            | StateKind::Succeed => {}
        }
    }

    fn hide_jsonata(&mut self, kind: &StateKind) {
        self.after_arguments = self.after_parameters.take().filter(|_| !matches!(kind, StateKind::Parallel(_)));
        (self.after_input_path, self.after_items_path) = (None, None);
        (self.after_result_selector, self.after_result_path) = (None, None);
        if !matches!(kind, StateKind::Task(_)) {
            self.result = None;
        }
    }
}
