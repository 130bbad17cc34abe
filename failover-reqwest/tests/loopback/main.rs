//! The adapter against providers on loopback, over real sockets. What every server saw is counted.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so")]

mod clients;
mod configured;
mod conversation;
mod drop_in;
mod jobs;
mod scene;
mod trouble;
mod wishes;
