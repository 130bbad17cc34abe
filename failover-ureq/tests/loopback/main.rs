//! The adapter against providers on loopback, over real sockets. What every server saw is counted.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so")]

mod answers;
mod cached;
mod clients;
mod configured;
mod drop_in;
mod examples;
mod found;
mod jobs;
mod observed;
mod scene;
#[cfg(feature = "tracing")]
mod traced;
mod trouble;
mod wire;
mod wishes;
