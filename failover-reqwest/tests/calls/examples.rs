//! The examples run, and what they assert holds.

#[path = "../../examples/any_callable_reqwest.rs"]
mod any_callable;
#[cfg(feature = "cache")]
#[path = "../../examples/cached_reqwest.rs"]
mod cached;
#[path = "../../examples/chain_of_models_reqwest.rs"]
mod chain_of_models;
#[path = "../../examples/custom_runtime_reqwest.rs"]
mod custom_runtime;
#[path = "../../examples/custom_validation_reqwest.rs"]
mod custom_validation;
#[path = "../../examples/health_aware_reqwest.rs"]
mod health_aware;
#[path = "../../examples/hedged_reqwest.rs"]
mod hedged;
#[path = "../../examples/items_reqwest.rs"]
mod items;
#[path = "../../examples/race_reqwest.rs"]
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
fn custom_runtime() {
    custom_runtime::main().unwrap();
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
