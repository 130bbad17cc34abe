//! Text out of a prompt, over real sockets, by providers on loopback. What every server saw is counted.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod examples;
mod order;
mod scene;
mod strategies;
mod wire;
