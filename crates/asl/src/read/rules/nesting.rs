//! States and conditions nest only so deep.
//!
//! Why: what walks them needs a bound. AWS has one too and does not say which; nobody writes this by hand.
//!
//! Refused: Parallel states in Parallel states, 51 deep. Mended: start another state machine from a Task state.

use crate::diagnostic::Code;
use crate::read::log::Log;
use crate::read::place::SourcePlace;

/// How deep branches and processors nest.
pub(crate) const BRANCHES_MAX: usize = 50;

/// How deep `And`, `Or` and `Not` nest.
pub(crate) const CONDITIONS_MAX: usize = 100;

/// Whether `depth` is allowed.
pub(crate) fn check(depth: usize, max: usize, place: &SourcePlace<'_>, log: &Log) -> bool {
    if depth > max {
        let help = "Move the inner part into a state machine of its own, or flatten the conditions.";
        let message = format!("The maximum nesting depth is {max}");
        log.error(place, Code::TooDeeplyNested, message, help);
        // The bound protects whoever walks a stored definition too.
        log.unreadable();
    }
    depth <= max
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::rules::testing::{accepted, findings, machine};

    fn branches(depth: usize) -> String {
        let innermost = r#"{"Type": "Succeed"}"#.to_owned();
        let state = (1..=depth).fold(innermost, |inner, level| {
            let name = format!("S{level}");
            format!(
                r#"{{"Type": "Parallel", "End": true, "Branches": [{{"StartAt": "{name}", "States": {{"{name}": {inner}}}}}]}}"#
            )
        });
        machine(&state)
    }

    fn conditions(depth: usize) -> String {
        let innermost = r#""Variable": "$.a", "IsNull": true"#.to_owned();
        let rule = (0..depth).fold(innermost, |inner, _| format!(r#""Not": {{{inner}}}"#));
        format!(
            r#"{{"StartAt": "C", "States": {{"C": {{"Type": "Choice", "Choices": [{{{rule}, "Next": "B"}}]}}, "B": {{"Type": "Succeed"}}}}}}"#
        )
    }

    #[test]
    fn nesting_is_bounded() {
        accepted(&branches(BRANCHES_MAX));
        accepted(&conditions(CONDITIONS_MAX));
        for definition in [branches(BRANCHES_MAX + 1), conditions(CONDITIONS_MAX + 1)] {
            let findings = findings(&definition);
            assert!(findings[0].starts_with("TOO_DEEPLY_NESTED: The maximum nesting depth is"), "{findings:?}");
        }
    }
}
