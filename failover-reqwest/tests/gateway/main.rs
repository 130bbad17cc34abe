//! The gateway over real sockets, in front of providers on loopback. What every server saw is counted.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../../examples/gateway/app/mod.rs"]
mod app;
mod broken;
mod chat;
#[path = "../../examples/gateway/greeting.rs"]
mod greeting;
mod guard;
mod hostile;
mod media;
mod metrics;
mod models;
mod proxy;
#[allow(dead_code, reason = "other tests read more of a stream")]
#[path = "../chat/read.rs"]
mod read;
#[path = "../../examples/gateway/rehearsal.rs"]
mod rehearsal;
mod rehearsed;
mod sample;
mod scene;
mod settings;
mod stopped;
#[allow(dead_code, reason = "only the program does all that is wanted of it")]
#[path = "../../examples/gateway/wanted.rs"]
mod wanted;
