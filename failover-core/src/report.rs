//! What happened to each candidate of a call, in order: tried, and with what result, or skipped, why and until when.

use crate::action::{AttemptId, Finish};
use crate::call::Call;
use crate::fault::Fault;
use crate::moment::Moment;
use crate::plan::ProviderId;
use crate::slot::MAYBE_BILLED;

/// The story of a call so far.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    call: &'a Call<'a>,
}

impl<'a> Report<'a> {
    pub(crate) const fn new(call: &'a Call<'a>) -> Self {
        Self { call }
    }

    /// Every candidate, in the order in which they are asked.
    pub fn entries(self) -> impl Iterator<Item = Entry> + 'a {
        self.call.slots.iter().filter_map(|slot| {
            let candidate = usize::from(slot.candidate);
            Some(Entry {
                candidate,
                provider: self.call.candidates.get(candidate)?.provider(),
                skipped: slot.skipped(),
                attempts: slot.attempts.into(),
                faults: slot.faults,
                began: slot.began,
                ended: slot.ended(),
                last_resort: slot.is_last_resort(),
                maybe_billed: slot.flags & MAYBE_BILLED != 0,
            })
        })
    }

    /// The attempt whose answer to this item counts; none if it is still open.
    #[must_use]
    pub fn answered_by(&self, item: usize) -> Option<AttemptId> {
        let slot = self.call.slots.get(self.call.items.owner(item)?)?;
        Some(AttemptId(slot.latest))
    }

    /// The candidate whose latest attempt this is, by its index: the one behind [`Finish::Served`], [`Finish::Broken`] or
    /// [`Report::answered_by`].
    #[must_use]
    pub fn candidate_of(&self, attempt: AttemptId) -> Option<usize> {
        let slot = self.call.slots.iter().find(|slot| slot.attempts > 0 && slot.latest == attempt.0)?;
        Some(slot.candidate.into())
    }

    /// How the call ended, if it has.
    #[must_use]
    pub fn finish(&self) -> Option<Finish> {
        self.call.finish()
    }

    /// Whether a provider that did not serve may charge for an attempt all the same.
    #[must_use]
    pub fn maybe_billed(self) -> bool {
        self.entries().any(|entry| entry.maybe_billed)
    }
}

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
    /// Why those that failed did.
    pub faults: Faults,
    /// When the first attempt began.
    pub began: Option<Moment>,
    /// When the last attempt ended.
    pub ended: Option<Moment>,
    /// Whether it was asked although its breaker refused, because nobody else could serve.
    pub last_resort: bool,
    /// Whether it may charge for an attempt that did not serve: one of unknown fate, one without a usable answer, one that
    /// broke off when its answer had begun, or one that was called off.
    pub maybe_billed: bool,
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

impl Skipped {
    #[inline]
    pub(crate) const fn until_millis(why: Skip, until: u64) -> Self {
        Self { why, until: Some(Moment::from_millis(until)) }
    }
}

/// Why a candidate was passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Skip {
    /// Its circuit breaker is open, or the provider asked to be left alone until then.
    CircuitOpen,
    /// Its breaker is half-open and all probes are under way.
    Probing,
    /// Its breaker was opened by hand.
    ForcedOpen,
    /// It runs the model for which the request was too long.
    SameModel,
}

impl core::fmt::Display for Skip {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::CircuitOpen => "circuit open",
            Self::Probing => "circuit half-open, probe under way",
            Self::ForcedOpen => "circuit forced open",
            Self::SameModel => "same model",
        })
    }
}

/// The faults of one candidate's attempts, in order: the first five and the latest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults([Option<Fault>; Self::KEPT]);

impl Faults {
    const KEPT: usize = 6;
    pub(crate) const NONE: Self = Self([None; Self::KEPT]);

    pub(crate) fn push(&mut self, fault: Fault) {
        let free = self.0.iter().position(Option::is_none).unwrap_or(Self::KEPT - 1);
        if let Some(place) = self.0.get_mut(free) {
            *place = Some(fault);
        }
    }

    /// In order.
    pub fn iter(&self) -> impl Iterator<Item = Fault> + '_ {
        self.0.iter().copied().flatten()
    }

    /// The latest.
    #[must_use]
    pub fn last(&self) -> Option<Fault> {
        self.0.iter().copied().flatten().last()
    }
}
