//! What an evaluation really costs, beside what it was charged for: memory by the allocator, work by the processor's time.

use std::time::Duration;

use asl::{Allowance, Budget};
use cpu_time::ThreadTime;
use peak_alloc::PeakAlloc;

/// Counts what is allocated.
#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Bytes that nobody is charged for: what is said of a failure, and the empty rooms of small collections.
const UNCHARGED_BYTES: u64 = 64 << 10;

/// Time for one step. It is 50 ns at most where nothing watches; this is what a sanitizer, checked arithmetic and
/// a busy machine may make of it.
const STEP: Duration = Duration::from_nanos(2_500);

/// Time that nobody is charged for.
const UNCHARGED_TIME: Duration = Duration::from_millis(40);

/// Runs what is charged to a budget, and holds what it took against the budget.
///
/// # Panics
/// It had more than twice the bytes of its allowance at a time, or worked longer than its steps explain.
pub fn metered<T>(budget: &Budget, allowance: Allowance, run: impl FnOnce() -> T) -> T {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let clock = ThreadTime::now();
    let outcome = run();
    let took = clock.elapsed();
    let peak = MEMORY.peak_usage().saturating_sub(before) as u64;
    let (steps, bytes) = budget.used();
    assert!(
        peak <= 2 * allowance.bytes + UNCHARGED_BYTES,
        "{peak} bytes at a time, where {bytes} were charged and {} allowed",
        allowance.bytes
    );
    let explained = UNCHARGED_TIME + STEP * u32::try_from(steps + bytes / 64).unwrap_or(u32::MAX);
    assert!(took <= explained, "{took:?} for {steps} steps and {bytes} bytes, which explain {explained:?}");
    outcome
}

/// How many bytes what is made holds, and how many were held at a time while it was made.
pub fn weighed<T>(make: impl FnOnce() -> T) -> (T, usize, usize) {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let made = make();
    let held = MEMORY.current_usage().saturating_sub(before);
    (made, held, MEMORY.peak_usage().saturating_sub(before))
}
