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
        (Some(result), _) => result.clone(),
        (None, Some(parameters)) => {
            decision.evaluate(cursor, view, |scope| parameters.evaluate(scope, "Parameters"))?
        }
        (None, None) => input.clone(),
    };
    let assigned = decision.assigned(cursor, cursor.state.assign.as_ref(), view)?;
    let merged = merge(&cursor.input, result, &pass.result_path)?;
    Ok((decision.select(cursor, &cursor.state.output_path, &merged)?, assigned))
}
