//! The examples run, and what they assert holds.

#[path = "../../examples/any_callable_ureq.rs"]
mod any_callable;
#[cfg(feature = "cache")]
#[path = "../../examples/cached_ureq.rs"]
mod cached;
#[path = "../../examples/chain_of_models_ureq.rs"]
mod chain_of_models;
#[path = "../../examples/custom_validation_ureq.rs"]
mod custom_validation;
#[path = "../../examples/health_aware_ureq.rs"]
mod health_aware;
#[path = "../../examples/hedged_ureq.rs"]
mod hedged;
#[path = "../../examples/items_ureq.rs"]
mod items;
#[path = "../../examples/race_ureq.rs"]
mod race;

#[test]
fn any_callable() {
    any_callable::main().unwrap();
}

#[cfg(feature = "cache")]
#[test]
fn cached() {
    cached::main().unwrap();
}

#[test]
fn chain_of_models() {
    chain_of_models::main().unwrap();
}

#[test]
fn custom_validation() {
    custom_validation::main().unwrap();
}

#[test]
fn health_aware() {
    health_aware::main().unwrap();
}

#[test]
fn hedged() {
    hedged::main().unwrap();
}

#[test]
fn items() {
    items::main().unwrap();
}

#[test]
fn race() {
    race::main().unwrap();
}
