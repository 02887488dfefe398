//! A JSONPath template on one line, a line break, JSON: the template, with its paths and intrinsic functions, is
//! evaluated over the JSON.
#![no_main]

use asl::program::QueryLanguage;
use asl::template::Template;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((text, input)) = fuzz::line_and_value(bytes) else { return };
    let Ok(value) = asl::json::parse(text.as_bytes()) else { return };
    let Ok(template) = Template::parse(&value, QueryLanguage::JsonPath) else { return };
    template.variables();
    fuzz::check(&input, |scope| template.evaluate(scope, "Parameters"));
});
