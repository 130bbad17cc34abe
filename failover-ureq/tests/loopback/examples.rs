//! The examples run, offline.

#[allow(dead_code, reason = "where the keys are set, its main asks the real providers")]
#[path = "../../examples/chat_drop_in_ureq.rs"]
mod chat_drop_in;
#[path = "../../examples/custom_runtime_ureq.rs"]
mod custom_runtime;
#[allow(dead_code, reason = "where the keys are set, its main asks the real providers")]
#[path = "../../examples/drop_in_ureq.rs"]
mod drop_in;
#[allow(dead_code, reason = "where the keys are set, its main asks the real providers")]
#[path = "../../examples/queue_ureq.rs"]
mod queue;

#[test]
fn chat_drop_in() {
    chat_drop_in::rehearse().unwrap();
}

#[test]
fn custom_runtime() {
    custom_runtime::main().unwrap();
}

#[test]
fn drop_in() {
    drop_in::rehearse().unwrap();
}

#[test]
fn queue() {
    queue::rehearse(std::time::Duration::from_millis(1)).unwrap();
}
