//! Chats, both ways: what is asked and what is answered in one API, in the words of the other.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod answers;
mod declined;
mod hostile;
mod refusals;
mod requests;
mod round_trip;
mod stage;
