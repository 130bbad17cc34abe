//! What happened to each candidate of a call, in order.

use crate::moment::Moment;
use crate::plan::ProviderId;

/// One candidate's part in a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// The index into the call's candidates.
    pub candidate: usize,
    /// Its fault domain.
    pub provider: ProviderId,
    /// Why it was passed over, if it was. A candidate that was skipped first and asked as the last resort has both
    /// this and attempts.
    pub skipped: Option<Skipped>,
    /// How many attempts were started on it.
    pub attempts: u32,
}

/// A candidate that was passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Skipped {
    /// Why.
    pub why: Skip,
    /// When it could be asked again, where that is known.
    pub until: Option<Moment>,
}

/// Why a candidate was passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Skip {
    /// Its circuit breaker is open, or the provider asked to be left alone until then.
    CircuitOpen,
    /// Its breaker is half-open and all probes are under way.
    Probing,
    /// It runs the model for which the request was too long.
    SameModel,
}
