//! Text over real sockets: chats that OpenAI, Anthropic and Together answer for each other, whole and as streams.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod alive;
mod breakers;
mod crowd;
mod dropped;
mod faults;
mod found;
mod no_stream;
mod noise;
mod read;
mod scene;
mod slow;
mod streams;
mod told;
mod trouble;
mod ways;
mod whole;
