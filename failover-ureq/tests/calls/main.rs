//! Any callable: what the replaced packages do (their behaviours by name), what they do wrong, and what is new.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so")]

mod breakers;
#[cfg(feature = "cache")]
mod cached;
mod defects;
mod errors;
mod examples;
mod items;
mod order;
mod panics;
mod scene;
mod settings;
mod threads;
mod values;
