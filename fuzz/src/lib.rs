//! What the fuzz targets share: how bytes become what is tested, a scope to evaluate in, and what an evaluation may
//! cost ([`meter`]).

pub mod meter;

use std::fmt::Debug;
use std::sync::Arc;

use asl::scope::{Chance, Context, Scope, Variables};
use asl::{Allowance, Budget, Exhausted, Text, Value};

/// What stands before the first line break, and what stands behind it: a path, template or expression, and the JSON
/// to evaluate it over. `None` where either is no text, or the JSON is none.
pub fn line_and_value(bytes: &[u8]) -> Option<(&str, Value)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (line, json) = text.split_once('\n')?;
    Some((line, asl::json::parse(json.as_bytes()).ok()?))
}

/// Evaluates over that input. It is also the result, the error output and the variable `v`; the context object is
/// small. Chance and time are the same in every call.
pub fn scoped<T>(input: &Value, evaluate: impl FnOnce(&Scope<'_>) -> T) -> T {
    scoped_within(&Budget::new(Allowance::default()), input, evaluate)
}

/// Evaluates over that input as [`scoped`] does, within a budget.
pub fn scoped_within<T>(budget: &Budget, input: &Value, evaluate: impl FnOnce(&Scope<'_>) -> T) -> T {
    let make = || Value::object([("Execution", Value::object([("Name", Value::string("e"))]))]);
    let variables: Variables = Arc::new([(Text::from("v"), input.clone())].into_iter().collect());
    evaluate(&Scope {
        input,
        state_input: input,
        result: Some(input),
        error_output: Some(input),
        context: &Context::new(&make),
        variables: &variables,
        chance: &Chance::new(1),
        now: 1_700_000_000_000,
        budget,
    })
}

/// Checks all that holds for whatever is evaluated: it ends the same each time ([`repeats`]) and keeps to its budget
/// ([`is_bounded`]), also over a large input, where work that nobody is charged for takes long.
///
/// # Panics
/// It does not.
pub fn check<E: Debug>(input: &Value, evaluate: impl Fn(&Scope<'_>) -> Result<Value, E>) {
    is_bounded(input, &evaluate);
    repeats(input, &evaluate);
    let (enlarged, budget) = (enlarged(input, 0), Budget::new(ALLOWANCE));
    scoped_within(&budget, &enlarged, |scope| meter::metered(&budget, ALLOWANCE, || evaluate(scope).is_ok()));
}

/// The same with long texts in place of short ones, and arrays of many items in place of few.
fn enlarged(value: &Value, depth: usize) -> Value {
    const TEXT_BYTES: usize = 20_000;
    const ITEMS: usize = 300;
    match value {
        Value::String(text) if !text.is_empty() => Value::string(text.repeat(1 + TEXT_BYTES / text.len())),
        Value::Array(items) if depth < 2 && !items.is_empty() => {
            let items: Vec<Value> = items.iter().map(|item| enlarged(item, depth + 1)).collect();
            Value::array(items.iter().cycle().take(items.len().max(ITEMS)).cloned().collect())
        }
        Value::Array(items) => Value::array(items.iter().map(|item| enlarged(item, depth + 1)).collect()),
        Value::Object(object) => {
            Value::object(object.iter().map(|(name, member)| (name.clone(), enlarged(member, depth + 1))))
        }
        other => other.clone(),
    }
}

/// What the evaluations of the targets may use: little, so that a run is short and what goes beyond it is seen.
const ALLOWANCE: Allowance = Allowance { steps: 1 << 18, bytes: 1 << 20, depth: 100 };

/// Evaluates twice. The outcomes must be the same to the letter; a value must be JSON that can be written.
///
/// # Panics
/// They are not.
fn repeats<E: Debug>(input: &Value, evaluate: impl Fn(&Scope<'_>) -> Result<Value, E>) {
    let once = || scoped_within(&Budget::new(ALLOWANCE), input, |scope| format!("{:?}", evaluate(scope)));
    assert_eq!(once(), once());
}

/// Evaluates with an allowance, with a hundredth of it, with just the steps that it took, and with fewer. It stays within each;
/// with what it took it comes to the same end; with less it is stopped, and says nothing else.
///
/// # Panics
/// It does not.
fn is_bounded<E: Debug>(input: &Value, evaluate: impl Fn(&Scope<'_>) -> Result<Value, E>) {
    const LITTLE: Allowance = Allowance { steps: 1 << 11, bytes: 16 << 10, depth: 30 };
    let run = |budget: &Budget, allowance: Allowance| {
        let outcome = scoped_within(budget, input, |scope| meter::metered(budget, allowance, || evaluate(scope)));
        let (steps, bytes) = budget.used();
        assert!(steps <= allowance.steps && bytes <= allowance.bytes);
        assert!(outcome.is_err() || budget.exhausted().is_none(), "what was stopped gave a value");
        outcome
    };
    run(&Budget::new(LITTLE), LITTLE).ok();
    let whole = Budget::new(ALLOWANCE);
    let outcome = run(&whole, ALLOWANCE);
    if whole.exhausted().is_some() {
        return;
    }
    let (steps, _) = whole.used();
    let exact = Budget::with_patience(ALLOWANCE, Some(steps));
    assert_eq!(format!("{:?}", run(&exact, ALLOWANCE)), format!("{outcome:?}"));
    if let Some(fewer) = steps.checked_sub(1 + steps / 2) {
        let fewer = Budget::with_patience(ALLOWANCE, Some(fewer));
        assert!(run(&fewer, ALLOWANCE).is_err(), "what was stopped gave a value");
        assert_eq!(fewer.exhausted(), Some(Exhausted::Patience));
    }
}
