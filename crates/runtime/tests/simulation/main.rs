//! Deterministic simulation: shards, store, clients and workers under one seed, with crashes, failed commits (before
//! and after the write), late, lost and repeated task results, and a clock that jumps.
//!
//! After every run: nothing acknowledged is lost, no event is there twice, every execution ends or waits for
//! something that exists. `SIMULATION_SEED` runs one seed, `SIMULATION_SEEDS` that many.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod auditor;
mod machines;
mod random;
mod services;
mod witness;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

use world::World;

const STEPS: usize = 150;

#[test]
fn whatever_happens_nothing_acknowledged_is_lost() {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds = match number("SIMULATION_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SIMULATION_SEEDS").unwrap_or(1_000),
    };
    for seed in seeds {
        let run = catch_unwind(AssertUnwindSafe(|| simulate(seed)));
        assert!(run.is_ok(), "failed with SIMULATION_SEED={seed}");
    }
}

fn simulate(seed: u64) {
    let mut world = World::new(seed);
    for _ in 0..STEPS {
        world.step();
    }
    world.settle();
    world.audit();
}
