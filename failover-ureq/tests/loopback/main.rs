//! The adapter against providers on loopback, over real sockets. What every server saw is counted.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so")]

mod answers;
mod clients;
mod configured;
mod drop_in;
mod jobs;
mod scene;
mod trouble;
mod wire;
mod wishes;
