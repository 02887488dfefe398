//! What this crate's tests share: JSON by its text, and a scope to evaluate in.

use std::sync::Arc;

use crate::budget::{Allowance, Budget};
use crate::scope::{Chance, Context, Scope, Variables};
use crate::value::{Text, Value};

pub(crate) fn json(text: &str) -> Value {
    crate::json::parse(text.as_bytes()).unwrap()
}

/// Evaluates over an input, with that context object and one variable; each but the input by its JSON.
pub(crate) fn scoped<T>(
    input: &Value,
    context: &str,
    (name, value): (&str, &str),
    evaluate: impl FnOnce(&Scope<'_>) -> T,
) -> T {
    let make = || json(context);
    let variables: Variables = Arc::new([(Text::from(name), json(value))].into_iter().collect());
    with_context(input, &make, &variables, &Budget::new(Allowance::default()), evaluate)
}

/// Evaluates over an input with those variables, within that budget. The context object is empty.
pub(crate) fn in_scope<T>(
    input: &Value,
    variables: &Variables,
    budget: &Budget,
    evaluate: impl FnOnce(&Scope<'_>) -> T,
) -> T {
    with_context(input, &Value::empty_object, variables, budget, evaluate)
}

/// Chance and time are the same in every test.
fn with_context<T>(
    input: &Value,
    make: &dyn Fn() -> Value,
    variables: &Variables,
    budget: &Budget,
    evaluate: impl FnOnce(&Scope<'_>) -> T,
) -> T {
    evaluate(&Scope {
        input,
        state_input: input,
        result: None,
        error_output: None,
        context: &Context::new(make),
        variables,
        chance: &Chance::new(1),
        now: 1_700_000_000_000,
        budget,
    })
}
