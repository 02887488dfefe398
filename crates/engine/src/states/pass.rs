//! Pass: its input, its parameters or its fixed result goes on.

use asl::program::{Pass, QueryLanguage};

use crate::cursor::{Cursor, View};
use crate::decide::Decision;
use crate::leave::{Left, merge};

pub(crate) fn run<'a>(decision: &mut Decision<'a>, cursor: Cursor<'a>, pass: &Pass) {
    let left = match cursor.state.language {
        QueryLanguage::JsonPath => passed(decision, &cursor, pass),
        QueryLanguage::Jsonata => decision.computed_output(&cursor, View::of(&cursor.input), &cursor.input),
    };
    decision.leave(cursor, left, pass.transition);
}

fn passed(decision: &Decision<'_>, cursor: &Cursor<'_>, pass: &Pass) -> Left {
    let input = decision.effective_input(cursor)?;
    let view = View::of(&input);
    let result = match (&pass.result, &pass.parameters) {
        (Some(result), _) => {
            decision.saw(|seen| seen.result = Some(result.clone()));
            result.clone()
        }
        (None, Some(parameters)) => {
            decision.evaluate(cursor, view, |scope| parameters.evaluate(scope, "Parameters"))?
        }
        (None, None) => input.clone(),
    };
    decision.saw(|seen| {
        seen.after_parameters = Some(result.clone());
        seen.after_result_selector = Some(result.clone());
    });
    // As AWS records it, `$` in Assign is the state's result.
    let assigned = decision.assigned(cursor, cursor.state.assign.as_ref(), View::of(&result))?;
    let merged = merge(&cursor.input, result, &pass.result_path)?;
    decision.saw(|seen| seen.after_result_path = Some(merged.clone()));
    Ok((decision.select(cursor, &cursor.state.output_path, &merged)?, assigned))
}
