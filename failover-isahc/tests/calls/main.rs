//! Any callable, on a clock that a test turns and in no runtime; and on the system's, in plain threads.
//!
//! The loop and the settings are those of failover-reqwest, whose tests tell all of its behaviours. These are told again where
//! time, dropping or threads have a part in them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so")]

mod cached;
mod crowd;
mod dropped;
mod examples;
mod limits;
mod order;
mod panics;
mod raced;
mod scene;
mod threads;
