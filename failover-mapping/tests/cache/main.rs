//! The cache of values: how long one may be used, and who fetches it when many want it. All times are given.
#![cfg(feature = "cache")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod crowd;
mod keeping;
mod scene;
