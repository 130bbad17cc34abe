//! One logical request, however many attempts it takes: its state, and the four verbs that move it.
//!
//! What is to be done is derived from the state whenever it is asked for, never queued: two reports in a row are as good as
//! a poll between them. Who is asked next stands in `turns`, what an answer that has begun means in `progress`, what an end means in
//! `ends`.

use crate::action::{Action, AttemptId, Cause, Finish, Outcome};
use crate::breaker::Transition;
use crate::fleet::Fleet;
use crate::items::Items;
use crate::moment::Moment;
use crate::plan::{Candidate, Policy, ProviderId};
use crate::progress::Progress;
use crate::report::Report;
use crate::rng::Rng;
use crate::slot::Slots;

/// One request in progress. See the [crate documentation](crate) for the loop that drives it.
///
/// A call that is dropped while an attempt is in flight tells the fleet nothing; [`Guard`](crate::Guard) abandons it.
#[derive(Debug)]
pub struct Call<'p> {
    pub(crate) policy: &'p Policy,
    pub(crate) candidates: &'p [Candidate],
    pub(crate) slots: Slots,
    pub(crate) items: Items,
    pub(crate) deadline: Option<Moment>,
    pub(crate) now: Moment,
    pub(crate) rng: Rng,
    pub(crate) launched: u32,
    /// How many attempts are in flight.
    pub(crate) flying: u16,
    /// Where it stands with the next candidate, while others are in flight.
    pub(crate) next: Next,
    /// How many candidates start at once, in place of as many attempts that failed beside others.
    pub(crate) owed: u8,
    pub(crate) ended: Option<Ended>,
    event: Told,
}

/// How the call ended, packed: what a [`Finish`] says besides is derived when it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Served(AttemptId),
    Refused(AttemptId),
    Broken(AttemptId),
    Partly,
    Exhausted,
    Deadline,
    Attempts,
    Abandoned,
    NoCandidates,
}

/// An [`Event`] not told yet, packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Nothing,
    Opened(ProviderId, Moment),
    HalfOpened(ProviderId),
    Closed(ProviderId),
}

/// Whether the next candidate is asked beside those in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// The call has not met its fleet yet.
    Unbegun,
    /// When the hedge is due.
    Hedge,
    /// Not before one of them ends: the budget does not allow a hedge.
    NotYet,
    /// Never again: the caller has seen a part of an answer.
    Nobody,
}

/// A circuit breaker changed its state because of this call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// Whose breaker.
    pub provider: ProviderId,
    /// What it did.
    pub transition: Transition,
}

impl<'p> Call<'p> {
    /// A request that any of `candidates` can serve; the first is the primary, the one that was asked for. `seed` spreads
    /// the waits.
    #[must_use]
    #[inline]
    pub fn new(policy: &'p Policy, candidates: &'p [Candidate], seed: u64, now: Moment) -> Self {
        Self::batch(policy, candidates, 1, seed, now)
    }

    /// A request for `items` answers, numbered from 0. An attempt that answers some of them leaves the others to the next
    /// candidate.
    #[must_use]
    #[inline]
    pub fn batch(
        policy: &'p Policy,
        candidates: &'p [Candidate],
        items: usize,
        seed: u64,
        now: Moment,
    ) -> Self {
        let ended = if items == 0 {
            Some(Ended::Partly)
        } else if candidates.is_empty() {
            Some(Ended::NoCandidates)
        } else {
            None
        };
        Self {
            policy,
            candidates,
            slots: Slots::new(candidates.len()),
            items: Items::new(items, candidates.len()),
            deadline: policy.ends(now),
            now,
            rng: Rng::new(seed),
            launched: 0,
            flying: 0,
            next: Next::Unbegun,
            owed: 0,
            ended,
            event: Told::Nothing,
        }
    }

    /// What is to be done now.
    #[inline]
    pub fn poll(&mut self, fleet: &Fleet, now: Moment) -> Action {
        self.time_is(now);
        let action = if self.ended.is_none() { self.advance(fleet) } else { None };
        action.unwrap_or_else(|| self.wind_up(fleet))
    }

    /// The attempt has ended. Reports about an attempt that is not in flight change nothing.
    #[inline]
    pub fn settle(&mut self, attempt: AttemptId, outcome: Outcome<'_>, fleet: &Fleet, now: Moment) {
        self.time_is(now);
        let Some(place) = self.place_of(attempt) else { return };
        match outcome {
            Outcome::Answered => self.answered(place, fleet),
            Outcome::Partly(items) => self.partly_answered(place, items, fleet),
            Outcome::Failed { fault, retry_after } => self.fail(place, fault, retry_after, false, fleet),
            Outcome::Final { fault, retry_after } => self.fail(place, fault, retry_after, true, fleet),
        }
    }

    /// The answer of the attempt has begun, or goes on. A driver that hears of an answer only when it is complete need not say
    /// so. Reports about an attempt that is not in flight change nothing.
    #[inline]
    pub fn progress(&mut self, attempt: AttemptId, progress: Progress, fleet: &Fleet, now: Moment) {
        self.now = self.now.max(now);
        let Some(place) = self.place_of(attempt) else { return };
        self.heard(place, fleet);
        if progress == Progress::Shown {
            self.shown(place);
        }
    }

    /// Nobody wants the answer any more. What is in flight is to be dropped; it counts against its provider only if it has
    /// been silent for too long.
    pub fn abandon(&mut self, fleet: &Fleet, now: Moment) {
        self.time_is(now);
        self.ended.get_or_insert(Ended::Abandoned);
        while self.cancel_one(fleet).is_some() {}
    }

    /// The change of a breaker that the latest `poll` or `settle` caused; there is never more than one. The next of them
    /// forgets it. `progress` causes none. `abandon` may cause several, of which it keeps the last.
    pub const fn next_event(&mut self) -> Option<Event> {
        let (provider, transition) = match self.event {
            Told::Nothing => return None,
            Told::Opened(provider, until) => (provider, Transition::Opened(until)),
            Told::HalfOpened(provider) => (provider, Transition::HalfOpened),
            Told::Closed(provider) => (provider, Transition::Closed),
        };
        self.event = Told::Nothing;
        Some(Event { provider, transition })
    }

    /// The items that nobody has answered yet, by their numbers, in order. Right after an [`Action::Launch`], they are what
    /// that attempt asks for.
    pub fn missing(&self) -> impl Iterator<Item = usize> {
        (0..self.items.count()).filter(|item| self.items.owner(*item).is_none())
    }

    /// What happened so far.
    #[must_use]
    pub const fn report(&self) -> Report<'_> {
        Report::new(self)
    }

    /// A clock that steps back stands still for us.
    #[inline]
    fn time_is(&mut self, now: Moment) {
        self.now = self.now.max(now);
        self.event = Told::Nothing;
    }

    #[inline]
    fn place_of(&self, attempt: AttemptId) -> Option<usize> {
        self.slots.iter().position(|slot| slot.is_flying() && slot.latest == attempt.0)
    }

    /// Over, and nothing is in flight.
    #[inline]
    pub(crate) const fn is_idle(&self) -> bool {
        self.ended.is_some() && self.flying == 0
    }

    pub(crate) const fn tell(&mut self, provider: ProviderId, transition: Option<Transition>) {
        match transition {
            Some(Transition::Opened(until)) => self.event = Told::Opened(provider, until),
            Some(Transition::HalfOpened) => self.event = Told::HalfOpened(provider),
            Some(Transition::Closed) => self.event = Told::Closed(provider),
            None => {}
        }
    }

    /// How the call ended, if it has.
    #[inline]
    pub(crate) fn finish(&self) -> Option<Finish> {
        Some(match self.ended? {
            Ended::Served(attempt) => Finish::Served(attempt),
            Ended::Refused(attempt) => Finish::Refused(attempt),
            Ended::Broken(attempt) => Finish::Broken(attempt),
            Ended::Partly => Finish::Partly,
            Ended::Exhausted => match self.recovery() {
                Some(moment) if self.launched == 0 => Finish::Failed(Cause::Unavailable(moment)),
                _ => Finish::Failed(Cause::Exhausted),
            },
            Ended::Deadline => Finish::Failed(Cause::Deadline),
            Ended::Attempts => Finish::Failed(Cause::Attempts),
            Ended::Abandoned => Finish::Failed(Cause::Abandoned),
            Ended::NoCandidates => Finish::Failed(Cause::NoCandidates),
        })
    }

    /// When the first of those who were passed over can be asked again.
    fn recovery(&self) -> Option<Moment> {
        self.slots.iter().filter_map(|slot| slot.skipped()?.until).min()
    }
}
