//! What happens when a stream breaks of which the caller has seen a part.

use std::fmt;

/// What happens when a stream breaks of which the caller has seen a part. Before that, another provider takes over unseen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StreamPolicy {
    /// It ends with an error in the asked provider's shape, of a type: cut off, failed, stalled or malformed.
    #[default]
    Error,
    /// Another provider begins anew, behind a marker that says that all before it is void: text and calls of tools alike. Only for a
    /// program that looks for the marker: clients that gather an answer by themselves, as the official ones do, keep what is void.
    Restart,
    /// Nothing is shown before the answer is complete, so another provider can always take over. Keep-alives are sent meanwhile.
    Buffer,
}

impl StreamPolicy {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Error, Self::Restart, Self::Buffer];

    /// `error`, `restart` or `buffer`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Restart => "restart",
            Self::Buffer => "buffer",
        }
    }
}

impl fmt::Display for StreamPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
