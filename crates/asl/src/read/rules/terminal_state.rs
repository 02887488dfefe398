//! A workflow, a branch and a processor can end.
//!
//! Why: without a state that has `"End": true`, a Succeed or a Fail state, an execution would run for ever.
//!
//! Refused: two Pass states that lead to each other. Mended: one of them with `"End": true`.

use crate::diagnostic::Code;
use crate::read::container::Container;
use crate::read::fields::Fields;

/// Whether there is a terminal state. `fields` are the branch's.
pub(crate) fn check(container: &Container, fields: &Fields<'_>) -> bool {
    if !container.ends.get() {
        let help = "Give one state \"End\": true, or add a Succeed or Fail state.";
        fields.log.error_nowhere(
            &fields.place_of("States"),
            Code::MissingEndState,
            "Workflow has no terminal state",
            help,
        );
    }
    container.ends.get()
}

#[cfg(test)]
mod tests {
    use crate::read::rules::testing::{accepted, refused};

    #[test]
    fn a_workflow_can_end() {
        let endless = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"},
            "C": {"Type": "Pass", "Next": "A"}}}"#;
        refused(endless, &["MISSING_END_STATE: Workflow has no terminal state at null"]);
        accepted(
            r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "End": true}}}"#,
        );
    }

    #[test]
    fn missing_targets_are_said_first() {
        refused(
            r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}}"#,
            &[
                "MISSING_TRANSITION_TARGET: Missing 'Next' target: B at /States/A/Next",
                "MISSING_END_STATE: Workflow has no terminal state at null",
            ],
        );
    }
}
