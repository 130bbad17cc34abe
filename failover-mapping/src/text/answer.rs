//! What came of it: a text, and where it comes from.

use std::fmt;

use crate::cache::Cached;
use crate::calls::{Report, Served};
use crate::chat::{self, Usage};
use crate::data::Substitution;
use crate::loss::Loss;
use crate::provider::ProviderName;

/// A text, and where it comes from. Its `Display` is the text; its `Debug` leaves it out.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Text {
    /// The text. Of a model that will not answer, what it says instead: see [`stop`](Self::stop).
    pub text: String,
    /// Who wrote it.
    pub provider: ProviderName,
    /// The model that did, as its provider names it.
    pub model: String,
    /// Whether that is the model that was asked for, or one that stands in.
    pub substitution: Substitution,
    /// Why it ends where it does.
    pub stop: Stop,
    /// What it cost, in tokens, if the provider says so. One out of the cache costs nothing again.
    pub usage: Option<Usage>,
    /// What this provider could not be told as it was asked, by OpenAI's names.
    pub losses: Vec<Loss>,
    /// It lay in the cache: its age, and whether it is stale.
    pub cached: Option<Cached>,
    /// Who was asked, and what became of it.
    pub report: Report,
}

/// Why a text ends where it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stop {
    /// It is complete.
    Complete,
    /// It came to one of the stop sequences.
    Sequence,
    /// It came to the limit of tokens, or of the model's window: it is cut off.
    Length,
    /// The model will not go on. Nobody else was asked instead.
    Refused,
}

/// What one attempt wrote, as it lies in the cache.
#[derive(Clone)]
pub struct Written {
    pub(super) text: String,
    pub(super) provider: ProviderName,
    pub(super) model: String,
    pub(super) substitution: Substitution,
    pub(super) stop: Stop,
    pub(super) usage: Option<Usage>,
    pub(super) losses: Vec<Loss>,
}

impl Text {
    pub(super) fn new(served: Served<Written>) -> Self {
        let Served { value, report, .. } = served;
        let Written { text, provider, model, substitution, stop, usage, losses } = value;
        let cached = report.cached;
        Self { text, provider, model, substitution, stop, usage, losses, cached, report }
    }
}

impl Stop {
    pub(super) const fn of(stop: &chat::Stop) -> Self {
        match stop {
            // No tool was offered, so none can be called.
            chat::Stop::Complete | chat::Stop::Tools => Self::Complete,
            chat::Stop::Sequence(_) => Self::Sequence,
            chat::Stop::Length => Self::Length,
            chat::Stop::Refused => Self::Refused,
        }
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

// What a model writes is the caller's, so it is not printed with the rest.

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Text")
            .field("provider", &self.provider)
            .field("model", &self.model)
            .field("substitution", &self.substitution)
            .field("stop", &self.stop)
            .field("usage", &self.usage)
            .field("losses", &self.losses)
            .field("cached", &self.cached)
            .field("report", &self.report)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Written")
            .field("provider", &self.provider)
            .field("model", &self.model)
            .finish_non_exhaustive()
    }
}
