//! Text over real sockets: chats that OpenAI and Anthropic answer for each other, whole and as streams.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod read;
mod scene;
mod streams;
mod whole;
