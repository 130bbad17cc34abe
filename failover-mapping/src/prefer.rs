//! How long a caller of Replicate wants to be kept waiting.

use std::time::Duration;

use http::HeaderMap;

/// For how long the caller asked to be kept waiting for the result (RFC 7240), in Replicate's form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prefer {
    Wait,
    Seconds(u8),
}

impl Prefer {
    /// `wait`, or `wait=` and 1 to 60 seconds. Whatever else is preferred, Replicate answers at once.
    pub(crate) fn read(headers: &HeaderMap) -> Option<Self> {
        let mut all = headers.get_all("prefer").iter();
        let (Some(only), None) = (all.next(), all.next()) else { return None };
        let text = only.to_str().ok()?.trim();
        let (word, seconds) =
            text.split_once('=').map_or((text, None), |(word, seconds)| (word, Some(seconds)));
        if !word.eq_ignore_ascii_case("wait") {
            return None;
        }
        let Some(seconds) = seconds else { return Some(Self::Wait) };
        let digits = seconds.bytes().all(|byte| byte.is_ascii_digit());
        let seconds = seconds.parse().ok().filter(|seconds| digits && (1..=60).contains(seconds))?;
        Some(Self::Seconds(seconds))
    }

    /// As long as the caller is kept waiting.
    pub(crate) const fn wait(self) -> Duration {
        match self {
            Self::Wait => Duration::from_secs(60),
            Self::Seconds(seconds) => Duration::from_secs(seconds as u64),
        }
    }
}
