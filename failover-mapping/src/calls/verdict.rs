//! What a callable's error means, in the words of the core.

use std::time::Duration;

use failover_core::Fault;

/// The judgement on one error: the fault, and when the provider wants to be asked again.
///
/// A classifier returns one, or a [`Fault`], or a fault and a time. What follows from a fault says [`Fault::remedy`]:
/// [`Fault::Broken`] and [`Fault::Overloaded`] are repeated as far as the settings allow; [`Fault::Throttled`] with a time
/// leaves the provider alone until then; [`Fault::Unsupported`] asks the next provider and blames nobody;
/// [`Fault::InvalidRequest`] ends the call, as nobody could serve it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What went wrong.
    pub fault: Fault,
    /// The provider asked not to be asked again for this long: a Retry-After. Read as at least 1 s and at most 24 h.
    pub retry_after: Option<Duration>,
    /// To ask it again is of no use, by its own word: the next provider is asked, whatever the settings allow.
    pub is_final: bool,
}

impl Verdict {
    /// What an error means unless somebody says otherwise: the provider failed, did nothing, and may be asked again.
    pub const fn broken<E>(_: &E) -> Self {
        Self { fault: Fault::Broken, retry_after: None, is_final: false }
    }
}

impl From<Fault> for Verdict {
    fn from(fault: Fault) -> Self {
        Self { fault, retry_after: None, is_final: false }
    }
}

impl From<(Fault, Option<Duration>)> for Verdict {
    fn from((fault, retry_after): (Fault, Option<Duration>)) -> Self {
        Self { fault, retry_after, is_final: false }
    }
}

impl From<(Fault, Duration)> for Verdict {
    fn from((fault, retry_after): (Fault, Duration)) -> Self {
        Self { fault, retry_after: Some(retry_after), is_final: false }
    }
}
