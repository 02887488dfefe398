//! Any bytes, read as stored events: what is read, is written and read again, is the same.
#![no_main]

use engine::Event;
use engine::log::{decode, encode};
use libfuzzer_sys::fuzz_target;

/// Event numbers and times, in milliseconds, stay below it in any execution: it is the year 10889.
const PLAUSIBLE: i64 = 1 << 48;

fuzz_target!(|bytes: &[u8]| {
    let Ok(events) = decode(bytes) else { return };
    if !events.iter().all(is_plausible) {
        return;
    }
    let mut written = Vec::new();
    encode(&events, &mut written);
    assert_eq!(decode(&written).as_deref(), Ok(events.as_slice()));
});

fn is_plausible(event: &Event) -> bool {
    event.id.0 < PLAUSIBLE as u64 && (-PLAUSIBLE..PLAUSIBLE).contains(&event.at.0)
}
