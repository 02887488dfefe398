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
    evaluate(&Scope {
        input,
        state_input: input,
        result: None,
        error_output: None,
        context: &Context::new(&make),
        variables: &variables,
        chance: &Chance::new(1),
        now: 0,
        budget: &Budget::new(Allowance::default()),
    })
}
