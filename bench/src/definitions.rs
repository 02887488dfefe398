//! Definitions to read: many, and no two alike.

use serde_json::{Map, Value, json};

/// Definition number so and so: 3 to 40 states of all types in either query language, nested up to two deep.
/// The same number gives the same definition.
pub(crate) fn definition(number: u32) -> String {
    let jsonata = number % 2 == 1;
    let mut machine = branch(number, 3 + number * 7 % 38, 2, jsonata);
    machine["Comment"] = json!(format!("Definition {number}"));
    machine["QueryLanguage"] = json!(if jsonata { "JSONata" } else { "JSONPath" });
    if number.is_multiple_of(3) {
        machine["TimeoutSeconds"] = json!(60 + number);
    }
    machine.to_string()
}

/// A line of states. The last one ends it; no other does.
fn branch(seed: u32, states: u32, depth: u32, jsonata: bool) -> Value {
    let name = |at: u32| format!("Step {depth}.{seed}.{at}");
    let members: Map<String, Value> = (0..states)
        .map(|at| {
            let last = at + 1 == states;
            // A Choice state cannot end a line, so there it is a Pass state.
            let kind = if last { 0 } else { (seed + at) % 7 };
            let mut state = state(kind, seed * 41 + at, depth, jsonata, &name(at + 1));
            match kind {
                1 => {}
                _ if last => state["End"] = json!(true),
                _ => state["Next"] = json!(name(at + 1)),
            }
            (name(at), state)
        })
        .collect();
    json!({"StartAt": name(0), "States": members})
}

/// One state without its transition, except that a Choice state leads to `next`.
fn state(kind: u32, seed: u32, depth: u32, jsonata: bool, next: &str) -> Value {
    let inner = |part: u32| branch(seed * 3 + part, 1 + seed % 3, depth - 1, jsonata);
    match kind {
        1 => choice(seed, jsonata, next),
        2 if jsonata => json!({"Type": "Wait", "Seconds": "{% $states.input.delay %}"}),
        2 => json!({"Type": "Wait", "SecondsPath": "$.delay"}),
        3 | 4 => task(seed, depth, jsonata),
        5 if depth > 0 => json!({"Type": "Parallel", "Branches": [inner(0), inner(1)]}),
        6 if depth > 0 && jsonata => {
            json!({"Type": "Map", "Items": "{% $states.input.items %}", "MaxConcurrency": seed % 9, "ItemProcessor": inner(2)})
        }
        6 if depth > 0 => {
            json!({"Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": seed % 9, "ItemProcessor": inner(2)})
        }
        _ if jsonata => json!({"Type": "Pass", "Output": {
            "id": format!("{{% $states.input.orders[id = {seed}].id %}}"),
            "sum": "{% $sum($states.input.lines.(price * quantity)) %}"
        }}),
        _ => json!({"Type": "Pass", "ResultPath": "$.made", "Parameters": {
            "id.$": format!("$.orders[{}].id", seed % 10),
            "text.$": "States.Format('order {} of {}', $.id, $.name)"
        }}),
    }
}

fn choice(seed: u32, jsonata: bool, next: &str) -> Value {
    let rule = |at: u32| {
        if jsonata {
            json!({"Condition": format!("{{% $states.input.n > {at} and $contains($states.input.name, 'a') %}}"), "Next": next})
        } else {
            json!({"And": [
                {"Variable": "$.n", "NumericGreaterThan": at},
                {"Not": {"Variable": "$.name", "StringMatches": "a*"}}
            ], "Next": next})
        }
    };
    json!({"Type": "Choice", "Choices": (0..1 + seed % 4).map(rule).collect::<Vec<_>>(), "Default": next})
}

fn task(seed: u32, depth: u32, jsonata: bool) -> Value {
    let mut state = json!({
        "Type": "Task",
        "Resource": format!("arn:aws:states:us-east-1:123456789012:activity:work-{seed}"),
        "TimeoutSeconds": 300,
        "HeartbeatSeconds": 60,
        "Retry": [{"ErrorEquals": ["States.Timeout", "Flaky"], "IntervalSeconds": 1 + seed % 5, "MaxAttempts": 4, "BackoffRate": 1.5}]
    });
    if jsonata {
        state["Arguments"] = json!({"order": "{% $states.input.order %}", "at": "{% $now() %}"});
        // An inner scope may not assign a variable of an outer one.
        let variable = format!("last{depth}");
        state["Assign"] = json!({variable: "{% $states.result.id %}"});
    } else {
        state["Parameters"] = json!({"order.$": "$.order", "at.$": "$$.State.EnteredTime"});
        state["ResultPath"] = json!("$.result");
    }
    state
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use asl::read::{MachineType, read};

    use super::*;

    #[test]
    fn every_definition_is_valid_and_another() {
        let definitions: HashSet<String> = (0..170).map(definition).collect();
        assert_eq!(definitions.len(), 170);
        for definition in definitions {
            assert_eq!(read(&definition, MachineType::Standard).diagnostics, [], "{definition}");
        }
    }

    #[test]
    fn every_type_of_state_occurs_in_both_languages() {
        for first in [0, 1] {
            let all: String = (first..40).step_by(2).map(definition).collect();
            for state_type in ["Pass", "Task", "Choice", "Wait", "Parallel", "Map"] {
                assert!(all.contains(&format!("\"Type\":\"{state_type}\"")), "{state_type}");
            }
        }
    }
}
