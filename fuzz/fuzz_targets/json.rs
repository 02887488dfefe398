//! Any bytes, read as JSON: what is read, is written and read again, is the same.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let value = match asl::json::parse(bytes) {
        Ok(value) => value,
        Err(error) => {
            error.position(bytes);
            return;
        }
    };
    let written = value.to_json();
    let again = asl::json::parse(written.as_bytes()).expect("what was written can be read");
    assert_eq!(again, value);
    assert_eq!(again.to_json(), written);
});
