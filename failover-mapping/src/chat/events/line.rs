//! JSON that is written by hand: the events have few forms, and one is written for each token.

use std::io::Write as _;

/// What is written so far.
pub(super) struct Line<'o>(pub(super) &'o mut Vec<u8>);

impl Line<'_> {
    /// As it stands.
    pub(super) fn raw(self, text: &str) -> Self {
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    /// A JSON string.
    pub(super) fn text(self, text: &str) -> Self {
        // Memory takes everything, and a text is always JSON.
        _ = serde_json::to_writer(&mut *self.0, text);
        self
    }

    /// A JSON string, or `null`.
    pub(super) fn text_or_null(self, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.text(text),
            None => self.raw("null"),
        }
    }

    pub(super) fn number(self, number: u64) -> Self {
        _ = write!(self.0, "{number}");
        self
    }
}
