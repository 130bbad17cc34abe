//! The table of a chat that is streamed: OpenAI is asked, and has the fault; somebody who speaks its API stands in, or Anthropic.
//!
//! As the other one: [`rows`] say what is to happen, [`wrong`] plays them, and [`print`] puts them on the page.

mod ask;
mod expected;
mod page;
mod play;
mod read;
mod row;
mod scene;

pub(crate) use expected::rows;
pub(crate) use page::print;
pub(crate) use play::wrong;
pub(crate) use row::Row;
