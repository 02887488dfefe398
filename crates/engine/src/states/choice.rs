//! Choice: the first rule that applies says where to go.

use asl::program::{Choice, ChoiceRule, QueryLanguage, StateId, Transition};
use asl::{ErrorName, EvaluationError, Value};

use crate::cursor::{Cursor, View};
use crate::decide::Decision;

pub(crate) fn run<'a>(decision: &mut Decision<'a>, cursor: Cursor<'a>, choice: &Choice) {
    match chosen(decision, &cursor, choice) {
        Ok((next, output, assigned)) => {
            decision.leave(cursor, Ok((output, assigned)), Transition::Next(next));
        }
        Err(error) => decision.raise(cursor, error),
    }
}

type Chosen = Result<(StateId, Value, Option<Value>), EvaluationError>;

fn chosen(decision: &Decision<'_>, cursor: &Cursor<'_>, choice: &Choice) -> Chosen {
    let input = decision.effective_input(cursor)?;
    let view = View::of(&input);
    let applies = |scope: &asl::Scope<'_>| {
        for (index, rule) in choice.rules.iter().enumerate() {
            if rule.condition.holds(index, scope)? {
                return Ok(Some((index, rule)));
            }
        }
        Ok(None)
    };
    let (next, rule) = match decision.evaluate(cursor, view, applies)? {
        Some((index, rule)) => (rule.next, Some((index, rule))),
        None => (choice.default.ok_or_else(no_match)?, None),
    };
    let output = output(decision, cursor, view, rule)?;
    let assigned = match rule {
        Some((index, ChoiceRule { assign: Some(assign), .. })) => {
            let location = format!("Choices[{index}]/Assign");
            Some(decision.evaluate(cursor, view, |scope| assign.evaluate(scope, &location))?)
        }
        // A rule's own Assign replaces the state's; a rule without one leaves the state's for the default only.
        Some(_) => None,
        None => decision.assigned(cursor, cursor.state.assign.as_ref(), view)?,
    };
    Ok((next, output, assigned))
}

fn output(
    decision: &Decision<'_>,
    cursor: &Cursor<'_>,
    view: View<'_>,
    rule: Option<(usize, &ChoiceRule)>,
) -> Result<Value, EvaluationError> {
    match (cursor.state.language, rule) {
        (QueryLanguage::JsonPath, _) => decision.select(cursor, &cursor.state.output_path, view.input),
        (QueryLanguage::Jsonata, Some((index, ChoiceRule { output: Some(output), .. }))) => {
            let location = format!("Choices[{index}]/Output");
            decision.evaluate(cursor, view, |scope| output.evaluate(scope, &location))
        }
        (QueryLanguage::Jsonata, Some(_)) => Ok(cursor.input.clone()),
        (QueryLanguage::Jsonata, None) => match &cursor.state.output {
            Some(output) => decision.evaluate(cursor, view, |scope| output.evaluate(scope, "Output")),
            None => Ok(cursor.input.clone()),
        },
    }
}

fn no_match() -> EvaluationError {
    EvaluationError {
        name: ErrorName::NO_CHOICE_MATCHED,
        cause: "Failed to transition out of the state. The state does not point to a next state.".to_owned(),
        location: None,
    }
}
