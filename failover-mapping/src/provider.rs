//! The providers that this crate knows by name.

use std::fmt;

/// A provider. Its hosts and its kind of authentication are part of the code, never of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ProviderName {
    /// FAL, `fal.run`.
    Fal,
    /// Replicate, `api.replicate.com`.
    Replicate,
    /// NexaAPI, the stand-in.
    Nexa,
}

impl ProviderName {
    /// `fal`, `replicate` or `nexaapi`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fal => "fal",
            Self::Replicate => "replicate",
            Self::Nexa => "nexaapi",
        }
    }
}

impl fmt::Display for ProviderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
