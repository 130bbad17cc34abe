//! Text out of a prompt, without a network: who is asked what, what an answer is worth, and what is told of it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod cached;
mod requests;
mod scene;
mod secrets;
mod verdicts;
mod who;
