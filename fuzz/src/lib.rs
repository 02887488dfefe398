//! What the fuzz targets share: how bytes become what is tested, and a scope to evaluate in.

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

/// Evaluates twice. The outcomes must be the same to the letter; a value must be JSON that can be written.
///
/// # Panics
/// They are not.
pub fn repeats<E: std::fmt::Debug>(input: &Value, evaluate: impl Fn(&Scope<'_>) -> Result<Value, E>) {
    let once = || scoped(input, |scope| format!("{:?}", evaluate(scope)));
    assert_eq!(once(), once());
}

/// Evaluates with a small allowance, then with just the steps that it took, then with fewer. It stays within each; with
/// what it took it comes to the same end; with less it is stopped, and says nothing else.
///
/// # Panics
/// It does not.
pub fn is_bounded<E: std::fmt::Debug>(input: &Value, evaluate: impl Fn(&Scope<'_>) -> Result<Value, E>) {
    const ALLOWANCE: Allowance = Allowance { steps: 1 << 20, bytes: 16 << 20, depth: 100 };
    let run = |budget: &Budget| scoped_within(budget, input, &evaluate);
    let whole = Budget::new(ALLOWANCE);
    let outcome = run(&whole);
    let (steps, bytes) = whole.used();
    assert!(steps <= ALLOWANCE.steps && bytes <= ALLOWANCE.bytes);
    if whole.exhausted().is_some() {
        assert!(outcome.is_err(), "what was stopped gave a value");
        return;
    }
    let exact = Budget::with_patience(ALLOWANCE, Some(steps));
    assert_eq!(format!("{:?}", run(&exact)), format!("{outcome:?}"));
    if let Some(fewer) = steps.checked_sub(1 + steps / 2) {
        let fewer = Budget::with_patience(ALLOWANCE, Some(fewer));
        assert!(run(&fewer).is_err(), "what was stopped gave a value");
        assert_eq!(fewer.exhausted(), Some(Exhausted::Patience));
    }
}
