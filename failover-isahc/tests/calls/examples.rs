//! The examples run, and what they assert holds.

#[path = "../../examples/any_callable_isahc.rs"]
mod any_callable;
#[path = "../../examples/cached_isahc.rs"]
mod cached;
#[path = "../../examples/chain_of_models_isahc.rs"]
mod chain_of_models;
#[path = "../../examples/custom_runtime_isahc.rs"]
mod custom_runtime;
#[path = "../../examples/custom_validation_isahc.rs"]
mod custom_validation;
#[path = "../../examples/health_aware_isahc.rs"]
mod health_aware;
#[path = "../../examples/hedged_isahc.rs"]
mod hedged;
#[path = "../../examples/items_isahc.rs"]
mod items;
#[path = "../../examples/race_isahc.rs"]
mod race;

#[test]
fn any_callable() {
    any_callable::main().unwrap();
}

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
