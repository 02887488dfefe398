//! A call of an intrinsic function, a line break, JSON: the call is evaluated over the JSON.
#![no_main]

use asl::intrinsic::Call;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((text, input)) = fuzz::line_and_value(bytes) else { return };
    let Ok(call) = Call::parse(text) else { return };
    call.variables();
    fuzz::check(&input, |scope| call.evaluate(scope));
});
