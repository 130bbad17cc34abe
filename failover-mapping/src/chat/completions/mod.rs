//! OpenAI's chat completions, which Together and many others speak as well.

mod read_answer;
mod read_request;
mod read_turns;
mod write_answer;
mod write_request;

pub(super) use read_answer::read as read_answer;
pub(super) use read_request::read as read_request;
pub(super) use write_answer::write as write_answer;
pub(super) use write_request::write as write_request;
