//! A path, a line break, JSON: the path is applied; what is put at a reference path is found there.
#![no_main]

use asl::Value;
use asl::path::{Path, ReferencePath};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((text, input)) = fuzz::line_and_value(bytes) else { return };
    let Ok(path) = Path::parse(text) else {
        assert!(ReferencePath::parse(text).is_err(), "a reference path is a path");
        return;
    };
    fuzz::check(&input, |scope| path.select(scope));
    let Ok(reference) = ReferencePath::parse(text) else { return };
    let value = Value::string("put");
    if let Ok(output) = reference.put(&input, value.clone()) {
        assert_eq!(fuzz::scoped(&output, |scope| path.select(scope)), Ok(value));
    }
});
