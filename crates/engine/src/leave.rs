//! How a state is left: its output, its variables, and what comes next.

use asl::path::Path;
use asl::program::{DataPath, QueryLanguage, ResultPath, Transition};
use asl::template::Template;
use asl::{EvaluationError, Value};

use crate::cursor::{Cursor, View};
use crate::decide::Decision;
use crate::event::{EventKind, FrameId, StateType};
use crate::failure::Failure;

/// What a state with a result does with it (JSONPath).
pub(crate) struct ResultFields<'a> {
    pub(crate) selector: Option<&'a Template>,
    pub(crate) path: &'a ResultPath,
}

impl<'a> Decision<'a> {
    /// What `InputPath` selects; under JSONata the raw input.
    pub(crate) fn effective_input(&self, cursor: &Cursor<'_>) -> Result<Value, EvaluationError> {
        let input = self.select(cursor, &cursor.state.input_path, &cursor.input)?;
        self.saw(|seen| seen.after_input_path = Some(input.clone()));
        Ok(input)
    }

    /// What `InputPath` or `OutputPath` selects of a value.
    pub(crate) fn select(&self, cursor: &Cursor<'_>, path: &DataPath, from: &Value) -> Result<Value, EvaluationError> {
        match path {
            DataPath::Whole => Ok(from.clone()),
            DataPath::Nothing => Ok(Value::empty_object()),
            DataPath::Select(path) => self.select_path(cursor, path, from),
        }
    }

    /// What a path selects of a value; a miss is worded as AWS words that of a field which holds a path alone.
    pub(crate) fn select_path(&self, cursor: &Cursor<'_>, path: &Path, from: &Value) -> Result<Value, EvaluationError> {
        self.evaluate(cursor, View::of(from), |scope| {
            path.select(scope).map_err(|error| {
                error.worded(|miss| EvaluationError::runtime(format!("Invalid path '{}' : {miss}", path.text())))
            })
        })
    }

    /// Leaves a state that has a result: selects, merges, assigns, and goes on.
    pub(crate) fn leave_with_result(
        &mut self,
        cursor: Cursor<'a>,
        result: &Value,
        fields: &ResultFields<'_>,
        transition: Transition,
    ) {
        self.saw(|seen| seen.result = Some(result.clone()));
        let left = match cursor.state.language {
            QueryLanguage::JsonPath => self.merged_result(&cursor, result, fields),
            QueryLanguage::Jsonata => self.computed_output(&cursor, View::with_result(result, result), result),
        };
        self.leave(cursor, left, transition);
    }

    fn merged_result(&self, cursor: &Cursor<'_>, result: &Value, fields: &ResultFields<'_>) -> Left {
        let selected = match fields.selector {
            Some(selector) => {
                self.evaluate(cursor, View::of(result), |scope| selector.evaluate(scope, "ResultSelector"))?
            }
            None => result.clone(),
        };
        self.saw(|seen| seen.after_result_selector = Some(selected.clone()));
        let assigned = self.assigned(cursor, cursor.state.assign.as_ref(), View::of(&selected))?;
        let merged = merge(&cursor.input, selected, fields.path)?;
        self.saw(|seen| seen.after_result_path = Some(merged.clone()));
        Ok((self.select(cursor, &cursor.state.output_path, &merged)?, assigned))
    }

    /// JSONata: `Output`, or `otherwise` where the state has none, and `Assign`.
    pub(crate) fn computed_output(&self, cursor: &Cursor<'_>, view: View<'_>, otherwise: &Value) -> Left {
        let output = match &cursor.state.output {
            Some(output) => self.evaluate(cursor, view, |scope| output.evaluate(scope, "Output"))?,
            None => otherwise.clone(),
        };
        Ok((output, self.assigned(cursor, cursor.state.assign.as_ref(), view)?))
    }

    /// Leaves a state that has no result of its own (Wait, Succeed): its input goes on.
    pub(crate) fn leave_with_input(&mut self, cursor: Cursor<'a>, transition: Transition) {
        let left = match cursor.state.language {
            QueryLanguage::JsonPath => self.passed_input(&cursor),
            QueryLanguage::Jsonata => self.computed_output(&cursor, View::of(&cursor.input), &cursor.input),
        };
        self.leave(cursor, left, transition);
    }

    fn passed_input(&self, cursor: &Cursor<'_>) -> Left {
        let input = self.effective_input(cursor)?;
        let assigned = self.assigned(cursor, cursor.state.assign.as_ref(), View::of(&input))?;
        Ok((self.select(cursor, &cursor.state.output_path, &input)?, assigned))
    }

    /// The variables an `Assign` gives.
    pub(crate) fn assigned(
        &self,
        cursor: &Cursor<'_>,
        assign: Option<&Template>,
        view: View<'_>,
    ) -> Result<Option<Value>, EvaluationError> {
        assign.map(|assign| self.evaluate(cursor, view, |scope| assign.evaluate(scope, "Assign"))).transpose()
    }

    /// Leaves a state with its output, or fails it.
    pub(crate) fn leave(&mut self, cursor: Cursor<'a>, left: Left, transition: Transition) {
        if let Some(fault) = cursor.fault() {
            return self.raise(cursor, fault);
        }
        match left {
            Ok((output, assigned)) if self.may_pass(&cursor, &output) => {
                if let Some(failure) = self.variables_failure(&cursor, assigned.as_ref()) {
                    return self.fail(cursor, failure);
                }
                self.exit(&cursor, output, assigned, transition);
            }
            Ok(_) => {
                let failure = Failure::data_limit(&cursor.state.name);
                self.fail(cursor, failure);
            }
            Err(error) => self.raise(cursor, error),
        }
    }

    /// Why the variables a state assigns are refused, where they are.
    pub(crate) fn variables_failure(&self, cursor: &Cursor<'_>, assigned: Option<&Value>) -> Option<Failure> {
        let fits = assigned.is_none_or(|assigned| self.turn.limits.variables_fit(cursor.variables, assigned));
        (!fits).then(|| Failure::variables_limit(&cursor.state.name))
    }

    fn may_pass(&self, cursor: &Cursor<'_>, output: &Value) -> bool {
        // What came in was within the limit.
        output.same_allocation(&cursor.input) || self.turn.limits.fits(output)
    }

    /// Writes the exit, and the end of the frame where the state is its last.
    pub(crate) fn exit(&mut self, cursor: &Cursor<'_>, output: Value, assigned: Option<Value>, transition: Transition) {
        let next = match transition {
            Transition::Next(state) => Some(self.execution.program.state(state).name.clone()),
            Transition::End => None,
        };
        let ends = next.is_none();
        let exited = self.push(
            cursor.frame,
            cursor.last,
            EventKind::StateExited {
                name: cursor.state.name.clone(),
                state_type: StateType::of(&cursor.state.kind),
                output: output.clone(),
                assigned,
                next,
            },
        );
        if ends {
            self.end_frame(cursor.frame, output, exited);
        }
    }

    fn end_frame(&mut self, frame: FrameId, output: Value, last: crate::event::EventId) {
        let parent = self.execution.frame(frame).and_then(|frame| frame.parent);
        let Some(parent) = parent else {
            self.push(frame, last, EventKind::ExecutionSucceeded { output });
            return;
        };
        let state = self.visit(parent.frame).map(|visit| self.execution.program.state(visit.state));
        let Some(state) = state else { return };
        let kind = match StateType::of(&state.kind) {
            StateType::Map => {
                EventKind::MapIterationSucceeded { name: state.name.clone(), index: parent.index as u64, output }
            }
            _ => EventKind::BranchSucceeded { output },
        };
        self.push(frame, last, kind);
    }
}

/// A state's output and the variables it assigns.
pub(crate) type Left = Result<(Value, Option<Value>), EvaluationError>;

/// Puts a result into the input, as `ResultPath` says.
pub(crate) fn merge(input: &Value, result: Value, path: &ResultPath) -> Result<Value, EvaluationError> {
    match path {
        ResultPath::Replace => Ok(result),
        ResultPath::Discard => Ok(input.clone()),
        ResultPath::Put(path) => path.put(input, result),
    }
}
