//! Parallel: every branch gets the input; the result is the array of their outputs.

use asl::program::{Parallel, StateKind};
use asl::{EvaluationError, Value};

use crate::cursor::{Cursor, View};
use crate::decide::Decision;
use crate::event::{EventKind, Numbered};
use crate::leave::ResultFields;
use crate::states::task::arguments_field;

pub(crate) fn begin<'a>(decision: &mut Decision<'a>, cursor: Cursor<'a>, parallel: &Parallel) {
    match branch_input(decision, &cursor, parallel) {
        Ok(input) => {
            let frames = Numbered::Written(parallel.branches.iter().map(|_| decision.new_frame()).collect());
            decision.push(cursor.frame, cursor.last, EventKind::ParallelStateStarted { input, frames });
        }
        Err(error) => decision.raise(cursor, error),
    }
}

fn branch_input(decision: &Decision<'_>, cursor: &Cursor<'_>, parallel: &Parallel) -> Result<Value, EvaluationError> {
    let input = decision.effective_input(cursor)?;
    let Some(arguments) = &parallel.arguments else { return Ok(input) };
    let field = arguments_field(cursor);
    let arguments = decision.evaluate(cursor, View::of(&input), |scope| arguments.evaluate(scope, field))?;
    decision.saw(|seen| seen.after_parameters = Some(arguments.clone()));
    Ok(arguments)
}

/// All branches ended; `outputs` is the array of what they gave.
pub(crate) fn finish<'a>(decision: &mut Decision<'a>, cursor: Cursor<'a>, outputs: &Value) {
    let StateKind::Parallel(parallel) = &cursor.state.kind else { return };
    // The exit names the same previous event as this one: AWS writes them side by side.
    decision.push(cursor.frame, cursor.last, EventKind::ParallelStateSucceeded);
    let fields = ResultFields { selector: parallel.result_selector.as_ref(), path: &parallel.result_path };
    decision.leave_with_result(cursor, outputs, &fields, parallel.transition);
}
