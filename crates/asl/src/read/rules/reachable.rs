//! Every state can be reached from `StartAt`.
//!
//! Why: a state that nothing leads to never runs, so a transition is missing or wrong.
//!
//! Refused: a state `C` that no `Next`, `Default`, choice rule or catcher names. Mended: one that does.

use std::collections::{HashMap, HashSet};

use crate::diagnostic::Code;
use crate::program::StateId;
use crate::read::container::Container;
use crate::read::fields::Fields;

/// Reports what cannot be reached. `fields` are the branch's.
pub(crate) fn check(start: StateId, container: &Container, fields: &Fields<'_>) {
    let reached = reached_from(start, &container.transitions.borrow());
    let states = fields.place_of("States");
    let unreached = container.states().filter(|(_, id)| !reached.contains(id));
    for (name, _) in unreached {
        let message = format!("State \"{name}\" is not reachable.");
        let help = "Name the state in a Next, a Default, a choice rule or a catcher, or delete it.";
        fields.log.error(&states.member(name), Code::MissingTransitionTarget, message, help);
    }
}

fn reached_from(start: StateId, transitions: &[(StateId, StateId)]) -> HashSet<StateId> {
    let mut leading: HashMap<StateId, Vec<StateId>> = HashMap::new();
    for (from, to) in transitions {
        leading.entry(*from).or_default().push(*to);
    }
    let mut reached = HashSet::from([start]);
    let mut waiting = vec![start];
    while let Some(state) = waiting.pop() {
        for next in leading.get(&state).into_iter().flatten() {
            if reached.insert(*next) {
                waiting.push(*next);
            }
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use crate::read::rules::testing::{accepted, refused};

    #[test]
    fn every_state_is_reached() {
        let lost = r#"{"StartAt": "A", "States": {"A": {"Type": "Succeed"}, "C": {"Type": "Pass", "Next": "C"}}}"#;
        refused(lost, &["MISSING_TRANSITION_TARGET: State \"C\" is not reachable. at /States/C"]);
        accepted(r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "C"}, "C": {"Type": "Succeed"}}}"#);
    }

    #[test]
    fn choices_defaults_and_catchers_lead_on() {
        accepted(
            r#"{"StartAt": "C", "States": {
            "C": {"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": true, "Next": "T"}], "Default": "D"},
            "T": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true,
                  "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "F"}]},
            "D": {"Type": "Succeed"}, "F": {"Type": "Fail"}}}"#,
        );
    }

    #[test]
    fn branches_are_looked_at_one_by_one() {
        refused(
            r#"{"StartAt": "P", "States": {"P": {"Type": "Parallel", "End": true, "Branches": [
            {"StartAt": "A", "States": {"A": {"Type": "Succeed"}, "B": {"Type": "Succeed"}}}]}}}"#,
            &["MISSING_TRANSITION_TARGET: State \"B\" is not reachable. at /States/P/Branches[0]/States/B"],
        );
    }
}
