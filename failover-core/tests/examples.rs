//! The examples run, and what they assert holds.
#![allow(clippy::duplicate_mod, reason = "each example has the driver as its own module")]

#[path = "../examples/cached.rs"]
mod cached;
#[path = "../examples/custom_runtime.rs"]
mod custom_runtime;
#[path = "../examples/fetch.rs"]
mod fetch;
#[path = "../examples/health_aware.rs"]
mod health_aware;
#[path = "../examples/items.rs"]
mod items;
#[path = "../examples/race.rs"]
mod race;

#[test]
fn every_example_runs() {
    for example in
        [cached::main, custom_runtime::main, fetch::main, health_aware::main, items::main, race::main]
    {
        example();
    }
}
