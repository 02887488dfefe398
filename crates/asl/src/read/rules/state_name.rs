//! State names have 1 to 80 characters and are unique over the whole machine.
//!
//! Why: history names a state by its name alone, also inside branches.
//!
//! Refused: two states `A`, in one branch and another. Mended: `A` and `B`.

use std::collections::HashMap;

use crate::diagnostic::Code;
use crate::program::StateId;
use crate::read::log::Log;
use crate::read::place::SourcePlace;
use crate::value::Text;

/// In characters.
const LENGTH_MAX: usize = 80;

/// Checks a name, which is to join those the machine has.
pub(crate) fn check(name: &Text, names: &HashMap<Text, StateId>, place: &SourcePlace<'_>, log: &Log) {
    if name.is_empty() || name.chars().count() > LENGTH_MAX {
        let message = format!("Invalid State name: {name}");
        log.error(place, Code::InvalidStateName, message, "Use a name of 1 to 80 characters.");
    }
    if names.contains_key(name) {
        let message = format!("Duplicate State name: {name}");
        let help = "Rename one of the states: names are unique over the whole machine, its branches included.";
        log.error(place, Code::DuplicateStateName, message, help);
    }
}

#[cfg(test)]
mod tests {
    use crate::read::rules::testing::{accepted, refused};

    #[test]
    fn names_are_unique_over_the_whole_machine() {
        let branches = |name: &str| {
            format!(
                r#"{{"StartAt": "P", "States": {{"P": {{"Type": "Parallel", "End": true, "Branches": [
                {{"StartAt": "A", "States": {{"A": {{"Type": "Succeed"}}}}}},
                {{"StartAt": "{name}", "States": {{"{name}": {{"Type": "Succeed"}}}}}}]}}}}}}"#
            )
        };
        refused(&branches("A"), &["DUPLICATE_STATE_NAME: Duplicate State name: A at /States/P/Branches[1]/States/A"]);
        accepted(&branches("B"));
    }

    #[test]
    fn names_have_a_length() {
        let named = |name: &str| format!(r#"{{"StartAt": "{name}", "States": {{"{name}": {{"Type": "Succeed"}}}}}}"#);
        accepted(&named(&"é".repeat(80)));
        let long = "é".repeat(81);
        refused(&named(&long), &[&format!("INVALID_STATE_NAME: Invalid State name: {long} at /States/{long}")]);
        refused(&named(""), &["INVALID_STATE_NAME: Invalid State name:  at /States/"]);
    }
}
