//! `StartAt`, `Next` and `Default` name a state beside them.
//!
//! Why: an execution cannot go to a state that does not exist, nor into or out of a branch.
//!
//! Refused: `"Next": "B"` without a state `B`. Mended: a state `B` among the same `States`.

use crate::diagnostic::Code;
use crate::program::StateId;
use crate::read::fields::Fields;

/// The state that the field names; `beside` finds those that stand beside it.
pub(crate) fn read(name: &str, fields: &Fields<'_>, beside: impl Fn(&str) -> Option<StateId>) -> Option<StateId> {
    let target = fields.text(name)?;
    let found = beside(target);
    if found.is_none() {
        // The word is Next whatever the field is called.
        let message = format!("Missing 'Next' target: {target}");
        let help = "Name a state that stands among the same States, with the same case.";
        fields.log.error(&fields.place.member(name), Code::MissingTransitionTarget, message, help);
        fields.log.unreadable();
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::read::rules::testing::{accepted, refused};

    fn machine(state: &str) -> String {
        format!(r#"{{"StartAt": "A", "States": {{"A": {state}, "B": {{"Type": "Succeed"}}}}}}"#)
    }

    #[test]
    fn targets_exist() {
        let cases = [
            (
                r#"{"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": true, "Next": "?"}], "Default": "B"}"#,
                "Choices[0]/Next",
            ),
            (
                r#"{"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": true, "Next": "B"}], "Default": "?"}"#,
                "Default",
            ),
            (
                r#"{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Next": "B", "Catch": [{"ErrorEquals": ["E"], "Next": "?"}]}"#,
                "Catch[0]/Next",
            ),
        ];
        for (state, place) in cases {
            let text = format!("MISSING_TRANSITION_TARGET: Missing 'Next' target: ? at /States/A/{place}");
            refused(&machine(state), &[&text]);
            accepted(&machine(&state.replace('?', "B")));
        }
    }

    #[test]
    fn what_a_missing_target_leaves_unreached_is_said_too() {
        refused(
            &machine(r#"{"Type": "Pass", "Next": "C"}"#),
            &[
                "MISSING_TRANSITION_TARGET: Missing 'Next' target: C at /States/A/Next",
                "MISSING_TRANSITION_TARGET: State \"B\" is not reachable. at /States/B",
            ],
        );
        refused(
            r#"{"StartAt": "?", "States": {"A": {"Type": "Succeed"}}}"#,
            &["MISSING_TRANSITION_TARGET: Missing 'Next' target: ? at /StartAt"],
        );
    }

    #[test]
    fn branches_are_closed() {
        refused(
            &machine(
                r#"{"Type": "Parallel", "Next": "B", "Branches": [{"StartAt": "D", "States": {"D": {"Type": "Pass", "Next": "B"}, "E": {"Type": "Succeed"}}}]}"#,
            )
            .replace(r#""D": {"Type""#, r#""D": {"Comment": "leaves", "Type""#),
            &[
                "MISSING_TRANSITION_TARGET: Missing 'Next' target: B at /States/A/Branches[0]/States/D/Next",
                "MISSING_TRANSITION_TARGET: State \"E\" is not reachable. at /States/A/Branches[0]/States/E",
            ],
        );
    }
}
