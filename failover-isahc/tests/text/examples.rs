//! The examples run, offline.

#[allow(dead_code, reason = "where the keys are set, its main asks the real providers")]
#[path = "../../examples/text_cached_isahc.rs"]
mod cached;
#[allow(dead_code, reason = "where the keys are set, its main asks the real providers")]
#[path = "../../examples/text_health_aware_isahc.rs"]
mod health_aware;
#[allow(dead_code, reason = "where the keys are set, its main asks the real providers")]
#[path = "../../examples/text_race_isahc.rs"]
mod race;
#[allow(dead_code, reason = "where the keys are set, its main asks the real providers")]
#[path = "../../examples/text_sequential_isahc.rs"]
mod sequential;

#[test]
fn cached() {
    cached::rehearse().unwrap();
}

#[test]
fn health_aware() {
    health_aware::rehearse().unwrap();
}

#[test]
fn race() {
    race::rehearse().unwrap();
}

#[test]
fn sequential() {
    sequential::rehearse().unwrap();
}
