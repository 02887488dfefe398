//! An expression names `$states.result` and `$states.errorOutput` only where they exist: the result in `Output` and
//! `Assign` of a Task, Parallel or Map state, the error in those of a catcher.
//!
//! Why: elsewhere they are undefined, and the state would always fail.
//!
//! Refused: `"Output": "{% $states.errorOutput.Cause %}"` in a Task state. Mended: the same in its catcher.

use crate::diagnostic::Code;
use crate::program::StateKind;
use crate::read::log::{Log, Within};
use crate::read::place::SourcePlace;
use crate::template::Template;

/// What `$states` has besides the input and the context object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StatesMember {
    /// Nothing.
    None,
    /// `$states.result`
    Result,
    /// `$states.errorOutput`
    ErrorOutput,
}

impl StatesMember {
    /// What there is when a state of that kind is done.
    pub(crate) fn of(kind: &StateKind) -> Self {
        match kind {
            StateKind::Task(_) | StateKind::Parallel(_) | StateKind::Map(_) => Self::Result,
            _ => Self::None,
        }
    }

    /// What a field sees of it: only `Output` and `Assign` are evaluated afterwards.
    pub(crate) fn seen_by(self, field: &str) -> Self {
        if matches!(field, "Output" | "Assign") { self } else { Self::None }
    }
}

/// Refuses the expressions of a template that name what is not there.
pub(crate) fn check(template: &Template, outcome: StatesMember, place: &SourcePlace<'_>, log: &Log) {
    for (member, of) in [("result", StatesMember::Result), ("errorOutput", StatesMember::ErrorOutput)] {
        if of != outcome {
            template.places_of_state_member(member).into_iter().for_each(|within| refuse(member, &within, place, log));
        }
    }
}

fn refuse(member: &str, within: &str, place: &SourcePlace<'_>, log: &Log) {
    let message = format!("Field '$states.{member}' does not exist.");
    let help = "Use $states.result in Output and Assign of a Task, Parallel or Map state, $states.errorOutput in those \
                of a catcher.";
    log.error_within(place, Within::whole(within), Code::UnsupportedJsonataExpression, message, help);
}

#[cfg(test)]
mod tests {
    use crate::read::rules::testing::{accepted, jsonata_machine, refused};

    const RESULT: &str = "{% $states.result.a %}";
    const ERROR: &str = "{% 'failed: ' & $states.errorOutput.Cause %}";

    fn task(more: &str) -> String {
        jsonata_machine(&format!(
            r#"{{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", {more}, "End": true}}, "Y": {{"Type": "Succeed"}}"#
        ))
    }

    /// A task with those fields in its catcher.
    fn catching(more: &str) -> String {
        task(&format!(r#""Catch": [{{"ErrorEquals": ["E"], "Next": "Y", {more}}}]"#))
    }

    /// A task with those fields. Its catcher is there because nothing else leads to `Y`.
    fn with_catcher(more: &str) -> String {
        task(&format!(r#"{more}, "Catch": [{{"ErrorEquals": ["E"], "Next": "Y"}}]"#))
    }

    #[test]
    fn a_result_is_there_after_the_work() {
        for field in ["Output", "Assign"] {
            accepted(&with_catcher(&format!(r#""{field}": {{"v": ["{RESULT}"]}}"#)));
        }
        for (definition, place) in [
            (with_catcher(&format!(r#""Arguments": {{"v": ["{RESULT}"]}}"#)), "/States/X/Arguments/v[0]"),
            (with_catcher(&format!(r#""TimeoutSeconds": "{RESULT}""#)), "/States/X/TimeoutSeconds"),
            (catching(&format!(r#""Output": "{RESULT}""#)), "/States/X/Catch[0]/Output"),
            (jsonata_machine(&format!(r#"{{"Type": "Pass", "Output": "{RESULT}", "End": true}}"#)), "/States/X/Output"),
            (
                jsonata_machine(&format!(r#"{{"Type": "Wait", "Seconds": "{RESULT}", "End": true}}"#)),
                "/States/X/Seconds",
            ),
        ] {
            let text = format!("UNSUPPORTED_JSONATA_EXPRESSION: Field '$states.result' does not exist. at {place}");
            refused(&definition, &[&text]);
        }
    }

    #[test]
    fn an_error_is_there_in_a_catcher() {
        for field in ["Output", "Assign"] {
            accepted(&catching(&format!(r#""{field}": {{"v": ["{ERROR}"]}}"#)));
        }
        for (definition, place) in [
            (with_catcher(&format!(r#""Arguments": "{ERROR}""#)), "/States/X/Arguments"),
            (with_catcher(&format!(r#""Output": {{"v": "{ERROR}"}}"#)), "/States/X/Output/v"),
            (with_catcher(&format!(r#""Assign": {{"v": "{ERROR}"}}"#)), "/States/X/Assign/v"),
            (jsonata_machine(&format!(r#"{{"Type": "Fail", "Cause": "{ERROR}"}}"#)), "/States/X/Cause"),
        ] {
            let text =
                format!("UNSUPPORTED_JSONATA_EXPRESSION: Field '$states.errorOutput' does not exist. at {place}");
            refused(&definition, &[&text]);
        }
    }

    #[test]
    fn a_choice_state_has_no_result() {
        let choice = |condition: &str, output: &str| {
            jsonata_machine(&format!(
                r#"{{"Type": "Choice", "Choices": [{{"Condition": "{condition}", "Output": "{output}", "Next": "Y"}}]}}, "Y": {{"Type": "Succeed"}}"#
            ))
        };
        let text = "UNSUPPORTED_JSONATA_EXPRESSION: Field '$states.result' does not exist. at /States/X/Choices[0]";
        refused(&choice(RESULT, "1"), &[&format!("{text}/Condition")]);
        refused(&choice("{% true %}", RESULT), &[&format!("{text}/Output")]);
        accepted(&choice("{% $states.input.result %}", "{% $states.context.State %}"));
    }

    #[test]
    fn names_bound_in_the_expression_and_the_whole_are_let_be() {
        for output in ["{% ($states := {'result': 1}; $states.result) %}", "{% $keys($states) %}"] {
            accepted(&jsonata_machine(&format!(r#"{{"Type": "Pass", "Output": "{output}", "End": true}}"#)));
        }
    }
}
