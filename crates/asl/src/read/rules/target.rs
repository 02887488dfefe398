//! `StartAt`, `Next` and `Default` name a state beside them.
//!
//! Why: an execution cannot go to a state that does not exist, nor into or out of a branch.
//!
//! Refused: `"Next": "B"` without a state `B`. Mended: a state `B` among the same `States`.

use std::collections::HashMap;

use crate::diagnostic::Code;
use crate::near::nearest;
use crate::program::StateId;
use crate::read::fields::Fields;
use crate::read::log::Log;
use crate::value::Text;

/// The state that the field names, among those `beside` it.
pub(crate) fn read(name: &str, fields: &Fields<'_>, beside: &HashMap<Text, StateId>) -> Option<StateId> {
    let target = fields.text(name)?;
    let found = beside.get(target).copied();
    if found.is_none() {
        // The word is Next whatever the field is called.
        let message = format!("Missing 'Next' target: {target}");
        let help = help(target, beside, fields.log);
        fields.log.error(&fields.place.member(name), Code::MissingTransitionTarget, message, &help);
        fields.log.unreadable();
    }
    found
}

fn help(target: &str, beside: &HashMap<Text, StateId>, log: &Log) -> String {
    let names = || {
        let mut names: Vec<&str> = beside.keys().map(|name| &**name).collect();
        names.sort_unstable();
        names.into_iter()
    };
    match log.suggests().then(|| nearest(target, names())).flatten() {
        Some(meant) => format!("Did you mean {meant}?"),
        None => "Name a state that stands among the same States, with the same case.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::read::rules::testing::{accepted, refused};
    use crate::read::{MachineType, read};

    fn machine(state: &str) -> String {
        format!(r#"{{"StartAt": "A", "States": {{"A": {state}, "B": {{"Type": "Succeed"}}}}}}"#)
    }

    #[test]
    fn what_was_meant_is_told_of_the_first_findings_alone() {
        let state = |name: usize| format!(r#""State{name:05}": {{"Type": "Pass", "Next": "State{name:05}x"}}"#);
        let states: Vec<_> = (0..500).map(state).collect();
        let definition = format!(r#"{{"StartAt": "State00000", "States": {{{}}}}}"#, states.join(","));
        let helps = read(&definition, MachineType::Standard).diagnostics.into_iter().filter_map(|found| found.help);
        assert_eq!(helps.filter(|help| help.starts_with("Did you mean")).count(), 100);
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
    fn the_help_names_the_state_that_was_meant() {
        for (target, expected) in [("Secnod", "Did you mean Second?"), ("Other", "Name a state that")] {
            let text = format!(
                r#"{{"StartAt": "A", "States": {{"A": {{"Type": "Pass", "Next": "{target}"}}, "Second": {{"Type": "Succeed"}}}}}}"#
            );
            let found = read(&text, MachineType::Standard).diagnostics;
            let missing = found.iter().find(|found| found.message.contains("target")).unwrap();
            assert!(missing.help.as_deref().unwrap().starts_with(expected), "{missing:?}");
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
