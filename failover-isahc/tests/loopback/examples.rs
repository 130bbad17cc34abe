//! The examples run, offline.

#[allow(dead_code, reason = "where the keys are set, its main asks the real providers")]
#[path = "../../examples/chat_drop_in_isahc.rs"]
mod chat_drop_in;
#[allow(dead_code, reason = "where the keys are set, its main asks the real providers")]
#[path = "../../examples/drop_in_isahc.rs"]
mod drop_in;
#[allow(dead_code, reason = "where the keys are set, its main asks the real providers")]
#[path = "../../examples/queue_isahc.rs"]
mod queue;

#[test]
fn chat_drop_in() {
    chat_drop_in::rehearse().unwrap();
}

#[test]
fn drop_in() {
    drop_in::rehearse().unwrap();
}

#[test]
fn queue() {
    queue::rehearse(std::time::Duration::from_millis(1)).unwrap();
}
