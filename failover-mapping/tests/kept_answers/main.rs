//! Answers of providers that are used again: which, for whom, and for how long. No network, and a time that only passes when a
//! test says so.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod flights;
mod for_whom;
mod keeping;
mod scene;
#[path = "../stage/mod.rs"]
mod stage;
mod stores;
mod told;
