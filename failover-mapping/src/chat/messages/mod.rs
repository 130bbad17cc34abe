//! Anthropic's messages.

mod read_answer;
mod read_request;
mod read_turns;
mod write_answer;
mod write_request;

use std::borrow::Cow;

pub(super) use read_answer::read as read_answer;
pub(super) use read_request::read as read_request;
pub(super) use write_answer::write as write_answer;
pub(super) use write_request::write as write_request;

/// The id of a call in the letters that Anthropic takes (`^[a-zA-Z0-9_-]+$`): others have dots and colons in theirs.
pub(crate) fn plain_id(id: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    match id {
        id if id.chars().all(plain) => Cow::Borrowed(id),
        id => Cow::Owned(id.chars().map(|c| if plain(c) { c } else { '_' }).collect()),
    }
}
