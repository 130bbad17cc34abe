//! The examples run, offline.

#[allow(dead_code, reason = "where the keys are set, its main asks the real providers")]
#[path = "../../examples/chat_drop_in_reqwest.rs"]
mod chat_drop_in;
#[allow(dead_code, reason = "where the keys are set, its main asks the real providers")]
#[path = "../../examples/drop_in_reqwest.rs"]
mod drop_in;
#[allow(dead_code, reason = "where the keys are set, its main asks the real providers")]
#[path = "../../examples/queue_reqwest.rs"]
mod queue;

#[tokio::test]
async fn chat_drop_in() {
    chat_drop_in::rehearse().await.unwrap();
}

#[tokio::test]
async fn drop_in() {
    drop_in::rehearse().await.unwrap();
}

#[tokio::test]
async fn queue() {
    queue::rehearse(std::time::Duration::from_millis(1)).await.unwrap();
}
