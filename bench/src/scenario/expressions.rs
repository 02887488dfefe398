//! The language alone, within this process: what a typical state costs to evaluate, and a definition to read.

use std::hint::black_box;
use std::time::{Duration, Instant};

use asl::program::StateKind;
use asl::read::{MachineType, read};
use asl::scope::{Chance, Context, Scope, Variables};
use asl::template::Template;
use asl::{Program, Value};

use crate::definitions;
use crate::report::{Measure, Target, Unit};
use crate::stats::{Latencies, microseconds_each};

/// Evaluations that are timed together: the clock is read once for all of them.
const BATCH: u64 = 100;
/// How long each language is evaluated, after a tenth as long that is not measured.
const TIME: Duration = Duration::from_secs(1);
/// How many definitions are read. All of them together have a second.
const DEFINITIONS: u32 = 170;

/// The input of the state: 1 KiB.
const INPUT: &str = r#"{
  "order": {
    "id": "o-20261121-000417", "placed": "2026-11-21T05:55:39Z", "currency": "EUR", "total": 184.35,
    "lines": [
      {"sku": "AP-100", "title": "Apples, red, one kilogram", "quantity": 2, "price": 3.95, "weight": 1000},
      {"sku": "PE-220", "title": "Pears, Conference, half a kilogram", "quantity": 1, "price": 2.45, "weight": 500},
      {"sku": "CO-007", "title": "Coffee machine with a steam wand", "quantity": 1, "price": 169.00, "weight": 7400},
      {"sku": "FI-300", "title": "Paper filters, size 4, one hundred", "quantity": 2, "price": 2.50, "weight": 180}
    ]
  },
  "customer": {
    "id": "c-88412", "first": "Ada", "last": "Lovelace", "mail": "ada@example.com", "since": 2019,
    "address": {"street": "12 St James's Square", "city": "London", "postcode": "SW1Y 4JH", "country": "GB"}
  },
  "flags": {"gift": false, "express": true, "checked": true},
  "note": "Please ring twice; if nobody answers, leave the parcel with the neighbours at number 14, who know.",
  "trace": ["web-7f2c", "cart-19aa", "checkout-e0b1", "payment-5d3e"],
  "payment": {"method": "card", "reference": "p-55120-88", "authorised": "2026-11-21T05:55:41Z"}
}"#;

/// Five fields: three paths, two intrinsic functions.
const JSON_PATH: &str = r#"{"StartAt": "Prepare", "States": {"Prepare": {"Type": "Pass", "End": true, "Parameters": {
  "id.$": "$.order.id",
  "country.$": "$.customer.address.country",
  "articles.$": "$.order.lines[*].sku",
  "label.$": "States.Format('{} {}, {}', $.customer.first, $.customer.last, $.customer.address.city)",
  "count.$": "States.ArrayLength($.order.lines)"
}}}}"#;

/// Five fields: a path, and four expressions that the evaluator must work out.
const JSONATA: &str = r#"{"QueryLanguage": "JSONata", "StartAt": "Prepare", "States": {"Prepare": {"Type": "Pass", "End": true, "Output": {
  "id": "{% $states.input.order.id %}",
  "total": "{% $sum($states.input.order.lines.(quantity * price)) %}",
  "articles": "{% $states.input.order.lines[quantity > 1].sku %}",
  "label": "{% $states.input.customer.first & ' ' & $states.input.customer.last %}",
  "shipping": "{% $states.input.flags.express ? 'express' : 'standard' %}"
}}}}"#;

/// What is measured.
pub(super) fn about() -> String {
    format!("a state with five fields over 1 KiB, medians of batches of {BATCH}; {DEFINITIONS} definitions; no server")
}

/// Measures once.
pub(super) fn run() -> Vec<Measure> {
    let input = input();
    let mut failed = 0;
    let mut evaluated = |name: &str, field: &str, definition: &str, target: f64| {
        let program = program(definition);
        let (microseconds, failures) = evaluate_for(TIME, template(&program), &input, field);
        failed += failures;
        Measure::new(name, Unit::Microseconds, microseconds).expecting(Target::AtMost(target))
    };
    let json_path = evaluated("JSONPath: one state", "Parameters", JSON_PATH, 10.0);
    let jsonata = evaluated("JSONata: one state", "Output", JSONATA, 6.0);
    let failed = Measure::new("evaluations that failed", Unit::Count, failed as f64).expecting(Target::AtMost(0.0));
    let mut measures = vec![json_path, jsonata, failed];
    measures.extend(read_definitions());
    measures
}

/// Reads each of the definitions once.
fn read_definitions() -> [Measure; 4] {
    let definitions: Vec<String> = (0..DEFINITIONS).map(definitions::definition).collect();
    let bytes: usize = definitions.iter().map(String::len).sum();
    let mut refused = 0_u32;
    let began = Instant::now();
    for definition in &definitions {
        refused += u32::from(black_box(read(definition, MachineType::Standard)).program.is_none());
    }
    let elapsed = began.elapsed();
    [
        Measure::new("reading all definitions", Unit::Seconds, elapsed.as_secs_f64()).expecting(Target::AtMost(1.0)),
        Measure::new("reading one, mean", Unit::Microseconds, microseconds_each(elapsed, DEFINITIONS.into())),
        Measure::new("size of all definitions", Unit::Mebibytes, bytes as f64 / f64::from(1 << 20)),
        Measure::new("definitions refused", Unit::Count, refused.into()).expecting(Target::AtMost(0.0)),
    ]
}

/// Microseconds an evaluation takes, as the median of batches, and how many evaluations failed.
fn evaluate_for(time: Duration, template: &Template, input: &Value, field: &str) -> (f64, u64) {
    let mut batches = Latencies::default();
    let mut failed = 0;
    let began = Instant::now();
    let warm = time / 10;
    while began.elapsed() < warm + time {
        let batch = Instant::now();
        for _ in 0..BATCH {
            failed += u64::from(black_box(evaluate(template, input, field)).is_none());
        }
        if began.elapsed() > warm {
            batches.record(batch.elapsed());
        }
    }
    (microseconds_each(batches.percentile(0.5), BATCH), failed)
}

/// As a state does it: with a scope of its own, which nothing has been converted for yet.
fn evaluate(template: &Template, input: &Value, field: &str) -> Option<Value> {
    let make = Value::empty_object;
    let scope = Scope {
        input,
        state_input: input,
        result: None,
        error_output: None,
        context: &Context::new(&make),
        variables: &Variables::default(),
        chance: &Chance::new(1),
        budget: &asl::Budget::new(asl::Allowance::default()),
        now: 0,
    };
    template.evaluate(&scope, field).ok()
}

fn input() -> Value {
    asl::json::parse(INPUT.as_bytes()).expect("the input is JSON")
}

fn program(definition: &str) -> Program {
    read(definition, MachineType::Standard).program.expect("the definition is valid")
}

/// What the one Pass state computes.
fn template(program: &Program) -> &Template {
    let state = program.state(program.branch(Program::ROOT).start_at);
    let parameters = match &state.kind {
        StateKind::Pass(pass) => pass.parameters.as_ref(),
        _ => None,
    };
    parameters.or(state.output.as_ref()).expect("the state computes something")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_input_is_of_a_kibibyte() {
        let length = input().to_json().len();
        assert!((1000..=1100).contains(&length), "{length} bytes");
    }

    #[test]
    fn a_state_computes_five_fields() {
        let cases = [
            (
                JSON_PATH,
                "Parameters",
                r#"{"id":"o-20261121-000417","country":"GB","articles":["AP-100","PE-220","CO-007","FI-300"],"label":"Ada Lovelace, London","count":4}"#,
            ),
            (
                JSONATA,
                "Output",
                r#"{"id":"o-20261121-000417","total":184.35,"articles":["AP-100","FI-300"],"label":"Ada Lovelace","shipping":"express"}"#,
            ),
        ];
        for (definition, field, expected) in cases {
            let program = program(definition);
            let output = evaluate(template(&program), &input(), field).expect("it evaluates");
            assert_eq!(output.to_json(), expected);
        }
    }

    #[test]
    fn a_failed_evaluation_is_counted() {
        let program = program(JSON_PATH);
        let (_, failed) = evaluate_for(Duration::from_millis(1), template(&program), &Value::Null, "Parameters");
        assert!(failed > 0 && failed % BATCH == 0, "{failed}");
    }
}
