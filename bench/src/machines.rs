//! The state machines that are run.

use serde_json::{Value, json};

/// Input of the machines that take an order.
pub(crate) const ORDER: &str =
    r#"{"n":1,"name":"Ada","items":["apple","pear","plum"],"order":{"id":"o-1","amount":12}}"#;

/// One Pass state that hands its input on.
pub(crate) fn pass() -> Value {
    json!({"StartAt": "Greet", "States": {"Greet": {"Type": "Pass", "End": true}}})
}

/// States in [`chain`].
pub(crate) const CHAIN_STATES: u32 = 10;

/// Ten Pass states; each calls an intrinsic function and adds what it gave to its input.
pub(crate) fn chain() -> Value {
    let calls = [
        "States.Format('order {} of {}', $.n, $.name)",
        "States.MathAdd($.n, 1)",
        "States.ArrayGetItem($.items, 1)",
        "States.JsonToString($.order)",
        "States.ArrayLength($.items)",
    ];
    let states =
        calls.iter().map(|call| json!({"Type": "Pass", "Parameters": {"value.$": call}, "ResultPath": "$.step"}));
    json!({"StartAt": step(1), "States": one_after_the_other(states)})
}

/// The same with JSONata; each state computes five fields and hands the order on.
pub(crate) fn chain_jsonata() -> Value {
    let output = json!({
        "n": "{% $states.input.n + 1 %}",
        "name": "{% $states.input.name %}",
        "items": "{% $states.input.items[$ != 'pear' or true] %}",
        "order": "{% $merge([$states.input.order, {'amount': $states.input.order.amount * 2 % 1000}]) %}",
        "step": "{% 'order ' & $string($states.input.n) & ' of ' & $states.input.name %}"
    });
    let states = std::iter::once(json!({"Type": "Pass", "Output": output}));
    json!({"QueryLanguage": "JSONata", "StartAt": step(1), "States": one_after_the_other(states)})
}

/// A chain of these states, as often as it takes.
fn one_after_the_other(states: impl Iterator<Item = Value> + Clone) -> serde_json::Map<String, Value> {
    let link = |(number, mut state): (u32, Value)| {
        if number == CHAIN_STATES {
            state["End"] = json!(true);
        } else {
            state["Next"] = json!(step(number + 1));
        }
        (step(number), state)
    };
    (1..=CHAIN_STATES).zip(states.cycle()).map(link).collect()
}

fn step(number: u32) -> String {
    format!("Step{number}")
}

/// One task on the activity.
pub(crate) fn activity(activity_arn: &str) -> Value {
    json!({"StartAt": "Work", "States": {"Work": {"Type": "Task", "Resource": activity_arn, "End": true}}})
}

/// Events that a round of [`choice_loop`] writes: two states, entered and exited.
pub(crate) const EVENTS_A_ROUND: u32 = 4;

/// Counts up to a limit: a Pass state adds one, a Choice state goes back to it.
pub(crate) fn choice_loop() -> Value {
    json!({
        "StartAt": "Count",
        "States": {
            "Count": {
                "Type": "Pass",
                "Parameters": {"n.$": "States.MathAdd($.n, 1)", "limit.$": "$.limit"},
                "Next": "Enough"
            },
            "Enough": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.n", "NumericLessThanPath": "$.limit", "Next": "Count"}],
                "Default": "Done"
            },
            "Done": {"Type": "Succeed"}
        }
    })
}

/// The input that makes [`choice_loop`] go so many rounds.
pub(crate) fn rounds(limit: u32) -> String {
    json!({"n": 0, "limit": limit}).to_string()
}

/// An inline Map state whose iterations are one Pass state each.
pub(crate) fn map() -> Value {
    json!({
        "StartAt": "Each",
        "States": {
            "Each": {
                "Type": "Map",
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "INLINE"},
                    "StartAt": "Item",
                    "States": {"Item": {"Type": "Pass", "End": true}}
                },
                "End": true
            }
        }
    })
}

/// An input of that many small items: `[0,1,2,…]`.
pub(crate) fn items(count: u32) -> String {
    json!((0..count).collect::<Vec<_>>()).to_string()
}

/// Waits for a day.
pub(crate) fn wait_a_day() -> Value {
    json!({"StartAt": "Tomorrow", "States": {"Tomorrow": {"Type": "Wait", "Seconds": 86400, "End": true}}})
}

/// One task that invokes a function and returns what it does.
pub(crate) fn invoke(function: &str) -> Value {
    json!({"StartAt": "Call", "States": {"Call": {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": function, "Payload.$": "$"},
        "OutputPath": "$.Payload",
        "End": true
    }}})
}

/// One task that waits for an execution of that machine.
pub(crate) fn child_job(machine_arn: &str) -> Value {
    json!({"StartAt": "Child", "States": {"Child": {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync",
        "Parameters": {"StateMachineArn": machine_arn},
        "End": true
    }}})
}

/// One task that waits for a job of AWS Batch.
pub(crate) fn batch_job() -> Value {
    json!({"StartAt": "Job", "States": {"Job": {
        "Type": "Task",
        "Resource": "arn:aws:states:::batch:submitJob.sync",
        "Parameters": {"JobName": "bench", "JobQueue": "bench", "JobDefinition": "bench"},
        "End": true
    }}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_leads_from_its_first_state_to_its_end() {
        for machine in [chain(), chain_jsonata()] {
            leads_to_its_end(&machine);
        }
    }

    fn leads_to_its_end(machine: &Value) {
        let mut name = machine["StartAt"].as_str().expect("a start").to_owned();
        let mut seen = 1;
        while let Some(next) = machine["States"][&name]["Next"].as_str() {
            name = next.to_owned();
            seen += 1;
        }
        assert_eq!(seen, CHAIN_STATES);
        assert_eq!(machine["States"][&name]["End"], true);
    }

    #[test]
    fn forty_thousand_items_fit_a_request() {
        // Escaped in a request body, numbers and commas stay as long as they are; the server refuses bodies over 1 MiB.
        assert!(items(40_000).len() < 250_000);
        assert_eq!(items(3), "[0,1,2]");
    }
}
