//! Any callable, async: what the replaced packages do (their behaviours by name), what they do wrong, and what is new.
//!
//! Time is tokio's, paused: it passes only when everybody waits, and then at once.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so")]

mod breakers;
#[cfg(feature = "cache")]
mod cached;
mod crowd;
mod defects;
mod dropped;
mod errors;
mod examples;
mod hedged;
mod items;
mod limits;
mod order;
mod panics;
mod raced;
mod replaced;
mod scene;
mod settings;
mod threads;
mod values;
