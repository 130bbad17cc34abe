//! The examples run, offline.

#[allow(dead_code, reason = "where the keys are set, its main asks the real providers")]
#[path = "../../examples/text_cached_reqwest.rs"]
mod cached;
#[allow(dead_code, reason = "where the keys are set, its main asks the real providers")]
#[path = "../../examples/text_health_aware_reqwest.rs"]
mod health_aware;
#[allow(dead_code, reason = "where the keys are set, its main asks the real providers")]
#[path = "../../examples/text_race_reqwest.rs"]
mod race;
#[allow(dead_code, reason = "where the keys are set, its main asks the real providers")]
#[path = "../../examples/text_sequential_reqwest.rs"]
mod sequential;

#[tokio::test]
async fn cached() {
    cached::rehearse().await.unwrap();
}

#[tokio::test]
async fn health_aware() {
    health_aware::rehearse().await.unwrap();
}

#[tokio::test]
async fn race() {
    race::rehearse().await.unwrap();
}

#[tokio::test]
async fn sequential() {
    sequential::rehearse().await.unwrap();
}
