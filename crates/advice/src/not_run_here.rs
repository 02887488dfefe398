//! What AWS runs and this version does not: distributed Map states.
//!
//! Why: the definition is right, so that nothing refuses it, and its execution fails when it comes there.

use asl::Value;

use crate::states::{State, below};
use crate::{Advice, Rule};

use asl::read::positions::OwnedStep;

/// Looks at the mode of a Map state.
pub(crate) fn check(state: &State<'_>, advice: &mut Vec<Advice>) {
    let mode = |name: &str| state.fields.get(name)?.get("ProcessorConfig")?.get("Mode").and_then(Value::as_str);
    if mode("ItemProcessor") != Some("DISTRIBUTED") {
        return;
    }
    let config = below(&state.place("ItemProcessor"), OwnedStep::Member("ProcessorConfig".to_owned()));
    advice.push(Advice {
        rule: Rule::NotRunHere,
        message: "AWS runs distributed Map states; Stepwright does not yet: an execution fails here".to_owned(),
        help: "Use the mode INLINE to run it here.".to_owned(),
        steps: below(&config, OwnedStep::Member("Mode".to_owned())),
        is_about_name: false,
    });
}

#[cfg(test)]
mod tests {
    use crate::testing::said;

    #[test]
    fn a_distributed_map_is_told() {
        for (mode, count) in [("DISTRIBUTED", 1), ("INLINE", 0)] {
            let (said, _) = said(
                "JSONPath",
                &format!(
                    r#"{{"Type": "Map", "ItemProcessor": {{"ProcessorConfig": {{"Mode": "{mode}"}}, "States": {{}}}}}}"#
                ),
            );
            assert_eq!(said.len(), count, "{said:?}");
            assert!(
                said.iter().all(|line| line.starts_with("not-run-here at /ItemProcessor/ProcessorConfig/Mode: AWS"))
            );
        }
    }
}
