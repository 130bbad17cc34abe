//! Streams of chats: what becomes of each in the other API, and that none which breaks is ever taken for a whole answer.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod again;
mod broken;
mod cut;
mod framing;
mod hostile;
mod streams;
mod told;
