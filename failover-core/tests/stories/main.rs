//! Each behaviour as a story: the whole trace of a call, as text.

mod asking;
mod breaking;
mod filling;
mod hedging;
mod keeping;
mod limiting;
mod racing;
mod ranking;
mod sparing;
mod streaming;
mod telling;
mod windows;
mod world;

use std::time::Duration;

use failover_core::{Backoff, Breaker, Policy};

use crate::world::{Take, World, candidates};

const SECOND: Duration = Duration::from_secs(1);

/// Media: no patience, no retries. Text: two retries, 3 s of patience.
fn text() -> Policy {
    Policy::new().retries(2).backoff(Backoff::constant(Duration::from_millis(100))).patience(3 * SECOND)
}

fn exact() -> Breaker {
    Breaker::new().jitter_percent(0)
}

/// One call in a new world.
fn story(policy: &Policy, scripts: &[&[Take]]) -> String {
    let mut world = World::new(exact());
    world.call(policy, &candidates(scripts.len()), scripts);
    world.trace
}
