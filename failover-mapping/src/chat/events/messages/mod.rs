//! Streams of messages: named events that open, fill and close blocks.

mod read;
mod write;

pub(super) use read::Reader;
pub(super) use write::{Writer, fail};
