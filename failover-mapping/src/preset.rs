//! Sets of settings for two kinds of work: somebody waits for the answer, or nobody does.

use std::fmt;

/// Settings for a kind of work. Whatever else is said about a setting, in a file, a variable or the builder, goes over it.
///
/// | setting | `Interactive` | `Batch` |
/// |---|---|---|
/// | `deadline` | 30 s | 1 h |
/// | `primary_limit` | 10 s | 10 min |
/// | `stand_in_limit` | 10 s | 10 min |
/// | `stand_in_attempts` | 1 | 3 |
/// | `stand_in_delay` | 1 s | 30 s |
/// | `poll_interval` | 1 s | 5 s |
///
/// **Interactive**: ten seconds keep a person's attention (Nielsen, *Usability Engineering*, 1993, section 5.5), so that is
/// what the asked provider gets, and then each of two stand-ins. None is asked twice: where a second request would take as long
/// as the first, another provider is the better use of the time. A job is asked for every second, since half of that
/// interval is lost on average. A video takes minutes: ask for it by way of a queue, where the submit is quick.
///
/// **Batch**: ten minutes are the limit of NexaAPI's own SDK, and enough for a video. A stand-in is asked three times, because
/// the circuit breaker opens at the third failure and a fourth would not be sent; thirty seconds apart, because rate limits are
/// counted by the minute, so the third falls into another window, and because a hint to come back within that time is then
/// waited for. The deadline has room for all of it with one stand-in, and for one attempt each on two more.
///
/// Where a deadline of your own is no longer than the preset's `primary_limit`, the asked provider gets half of it, as without a
/// preset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Preset {
    /// Somebody waits for the answer.
    Interactive,
    /// Nobody waits: it is better late than not at all.
    Batch,
}

impl Preset {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Interactive, Self::Batch];

    /// `interactive` or `batch`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Interactive => "interactive",
            Self::Batch => "batch",
        }
    }

    /// What it says, as a file would say it.
    #[cfg(feature = "http")]
    pub(crate) const fn says(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Interactive => &[
                ("deadline", "30s"),
                ("primary_limit", "10s"),
                ("stand_in_limit", "10s"),
                ("stand_in_attempts", "1"),
                ("stand_in_delay", "1s"),
                ("poll_interval", "1s"),
            ],
            Self::Batch => &[
                ("deadline", "1h"),
                ("primary_limit", "10m"),
                ("stand_in_limit", "10m"),
                ("stand_in_attempts", "3"),
                ("stand_in_delay", "30s"),
                ("poll_interval", "5s"),
            ],
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
