//! A JSONata expression on one line, a line break, JSON: the expression is evaluated over the JSON. Texts are short:
//! a long one finds nothing that a short one does not, and takes longer.
#![no_main]

use asl::jsonata::Expression;
use libfuzzer_sys::fuzz_target;

/// Bytes of expression and value together.
const LENGTH_MAX: usize = 2_048;

fuzz_target!(|bytes: &[u8]| {
    if bytes.len() > LENGTH_MAX {
        return;
    }
    let Some((text, input)) = fuzz::line_and_value(bytes) else { return };
    let Ok(expression) = Expression::parse(text) else { return };
    expression.variables();
    fuzz::check(&input, |scope| expression.evaluate(scope, "Output"));
});
