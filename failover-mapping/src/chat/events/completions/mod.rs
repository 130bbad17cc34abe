//! Streams of chat completions: chunks without a name, and `[DONE]`.

mod read;
mod write;

pub(super) use read::Reader;
pub(super) use write::{Writer, fail};
