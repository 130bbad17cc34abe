//! What may be shown of text that is not ours.

use std::borrow::Cow;

/// The longest header value that provenance writes, in bytes.
const HEADER: usize = 512;

/// What stands for a key that is not shown.
pub(crate) const OTHER: &str = "(other key)";

/// The key itself if it looks like one. A caller's JSON key can hold anything, a prompt too.
pub(crate) fn key(key: &str) -> &str {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if !key.is_empty() && key.len() <= 40 && key.bytes().all(plain) { key } else { OTHER }
}

/// Visible ASCII and spaces only, of bounded length.
pub(crate) fn header(text: &str) -> Cow<'_, str> {
    let visible = |c: char| c.is_ascii_graphic() || c == ' ';
    if text.len() <= HEADER && text.chars().all(visible) {
        return Cow::Borrowed(text);
    }
    let mut shown: String = text.chars().take(HEADER).map(|c| if visible(c) { c } else { '?' }).collect();
    if text.chars().nth(HEADER).is_some() {
        shown.truncate(HEADER - 3);
        shown.push_str("...");
    }
    Cow::Owned(shown)
}
