//! The adapter against providers on loopback, over real sockets. What every server saw is counted.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod cached;
mod configured;
mod conversation;
mod drop_in;
mod dropped;
mod examples;
mod found;
mod jobs;
mod observed;
mod raw;
mod scene;
mod traps;
mod trouble;
mod wire;
