//! Text over real sockets: chats that OpenAI and Anthropic answer for each other, whole and as streams, blocking and in futures.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod dropped;
mod faults;
mod no_stream;
mod read;
mod scene;
mod streams;
mod whole;
