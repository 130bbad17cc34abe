//! What the end of an attempt means: for the request, for the provider, and for the others in flight.

use core::time::Duration;

use crate::action::{Action, AttemptId};
use crate::breaker::{Ending, Transition};
use crate::call::{Call, Ended, Next};
use crate::circuit::{LONGEST_HINT, SHORTEST_HINT};
use crate::fault::{Blame, Fate, Fault, Remedy, Step};
use crate::fleet::Fleet;
use crate::hedge::Delay;
use crate::moment::Moment;
use crate::slot::{Flight, MAYBE_BILLED, OVERTAKEN, Slot};

impl Call<'_> {
    /// The attempt in this place answered all that was missing.
    #[inline]
    pub(crate) fn answered(&mut self, place: usize, fleet: &Fleet) {
        let wanted = self.is_wanted(place);
        if wanted {
            self.items.answer_rest(place);
        }
        self.land_well(place, wanted, fleet);
    }

    /// The attempt in this place answered these items.
    pub(crate) fn partly_answered(&mut self, place: usize, items: &[usize], fleet: &Fleet) {
        let wanted = self.is_wanted(place);
        if wanted {
            for item in items {
                self.items.answer(*item, place);
            }
        }
        self.land_well(place, wanted, fleet);
    }

    /// Whether the end of the attempt in this place means anything to the request: not when that is over, nor when the caller
    /// has seen a part of another's answer.
    #[inline]
    fn is_wanted(&self, place: usize) -> bool {
        self.ended.is_none()
            && (self.next != Next::Nobody || self.slots.get(place).is_some_and(Slot::is_shown))
    }

    #[inline]
    fn land_well(&mut self, place: usize, wanted: bool, fleet: &Fleet) {
        let now = self.now;
        let Some(candidate) = self.candidate(place) else { return };
        let Some(slot) = self.slots.get_mut(place) else { return };
        let latest = slot.latest;
        let Some((permit, flight)) = slot.land(candidate.provider(), now) else { return };
        self.flying -= 1;
        let (provider, took) = (candidate.provider(), flight.took(now));
        let slow = fleet.slow().is_some_and(|limit| took > limit);
        let seed = self.rng.next();
        let ending = if slow { Ending::Failure } else { Ending::Success };
        let transition = fleet.end(permit, ending, seed, now);
        if !flight.is_heard() {
            fleet.note_latency(provider, took, seed, now);
        }
        fleet.note_health(provider, false, took, now);
        self.tell(provider, transition);
        if !wanted {
            // Another was faster: this answer is of no use, and may be charged for.
            if let Some(slot) = self.slots.get_mut(place) {
                slot.flags |= MAYBE_BILLED;
            }
        } else if self.items.all_answered() {
            self.ended = Some(Ended::Served(AttemptId(latest)));
            if self.flying > 0 {
                self.overtake(&flight);
            }
        } else if self.next == Next::Nobody {
            self.ended = Some(Ended::Broken(AttemptId(latest)));
        } else {
            self.owed = self.owed.saturating_add(1);
        }
    }

    /// The others that had a head start over this one, and yet were not the first to answer, are too slow.
    pub(crate) fn overtake(&mut self, winner: &Flight) {
        // In a race nobody is given a head start: what there is of one is the driver's own slowness.
        if self.policy.hedge.is_some_and(|hedge| hedge.delay == Delay::After(Duration::ZERO)) {
            return;
        }
        let answered = winner.began.plus(winner.took(self.now));
        for other in self.slots.iter_mut() {
            if let Some(flight) = other.flight()
                && flight.began < winner.began
                && flight.first().is_none_or(|first| first > answered)
            {
                other.flags |= OVERTAKEN;
            }
        }
    }

    /// The attempt in this place has reached its limit: its silence is a failure like any other.
    pub(crate) fn give_up(&mut self, place: usize, fleet: &Fleet) -> Action {
        let attempt = AttemptId(self.slots.get(place).map_or(0, |slot| slot.latest));
        self.fail(place, Fault::Timeout, None, false, fleet);
        Action::Cancel(attempt)
    }

    /// Judges a failed attempt, and decides whether its candidate is asked again.
    #[cold]
    pub(crate) fn fail(
        &mut self,
        place: usize,
        fault: Fault,
        retry_after: Option<Duration>,
        is_final: bool,
        fleet: &Fleet,
    ) {
        let (now, wanted) = (self.now, self.is_wanted(place));
        let Some(candidate) = self.candidate(place) else { return };
        let Some(slot) = self.slots.get_mut(place) else { return };
        let (latest, tried) = (slot.latest, slot.attempts);
        let Some((permit, flight)) = slot.land(candidate.provider(), now) else { return };
        self.flying -= 1;
        slot.faults.push(fault);
        let (provider, remedy) = (candidate.provider(), begun(fault.remedy(), &flight));
        if remedy.fate.maybe_billed() {
            slot.flags |= MAYBE_BILLED;
        }
        let decisive = permit.is_probe() || slot.is_last_resort();
        // To the millisecond in which the breaker opens: a moment earlier it would refuse.
        let hint = retry_after.map(|wait| now.plus(wait.clamp(SHORTEST_HINT, LONGEST_HINT)).ceil());
        let seed = self.rng.next();
        let transition = fleet.end(permit, ending(remedy.blame, hint), seed, now);
        if remedy.blame != Blame::Nobody {
            fleet.note_health(provider, true, flight.took(now), now);
        }
        if fault == Fault::Timeout && !flight.is_heard() {
            // It would have taken longer still.
            fleet.note_latency(provider, flight.took(now), seed, now);
        }
        self.tell(provider, transition);
        if !wanted {
            return;
        }
        if self.next == Next::Nobody {
            self.ended = Some(Ended::Broken(AttemptId(latest)));
            return;
        }
        self.owed = self.owed.saturating_add(1);
        match remedy.step {
            Step::Stop if !self.policy.require_all && self.items.any_answered() => {
                self.ended = Some(Ended::Partly)
            }
            Step::Stop => self.ended = Some(Ended::Refused(AttemptId(latest))),
            Step::Repeat => {
                let opened = match transition {
                    Some(Transition::Opened(until)) => Some(until),
                    Some(Transition::HalfOpened | Transition::Closed) | None => None,
                };
                let allowed = !decisive
                    && !is_final
                    && self.fate_allows(remedy)
                    && u32::from(tried) <= self.policy.retries_of(candidate)
                    && self.used_up().is_none();
                if allowed
                    && let Some(wake) = self.repeat_at(tried, hint.max(opened))
                    && fleet.affords_extra(now)
                    && let Some(slot) = self.slots.get_mut(place)
                {
                    slot.rest(wake, now);
                }
            }
            Step::Next | Step::NextModel => {}
        }
    }

    const fn fate_allows(&self, remedy: Remedy) -> bool {
        match remedy.fate {
            Fate::NotSent | Fate::Rejected => true,
            Fate::Unknown => self.policy.repeat_unknown,
            Fate::Done => false,
        }
    }

    /// When the candidate may be asked again: after the backoff and not before it is available, if that is worth the wait.
    fn repeat_at(&mut self, tried: u16, available: Option<Moment>) -> Option<Moment> {
        let wait = self.policy.backoff.wait(u32::from(tried.saturating_sub(1)), &mut self.rng);
        let wake = available.max(Some(self.now.plus(wait)))?;
        self.is_worth_it(self.now, wake).then_some(wake)
    }

    /// Whether a wait from `since` to `wake` is within patience and the deadline. The moment at which a breaker lets the next
    /// attempt through is rounded up to the millisecond: what that adds is forgiven.
    pub(crate) fn is_worth_it(&self, since: Moment, wake: Moment) -> bool {
        let in_time = self.deadline.is_none_or(|deadline| wake < deadline);
        let added = if wake == wake.ceil() { Moment::GRAIN } else { Duration::ZERO };
        in_time && wake.since(since).saturating_sub(self.policy.patience) < added.max(Duration::from_nanos(1))
    }

    /// The call is over: what is still in flight is called off, then that is it.
    #[inline]
    pub(crate) fn wind_up(&mut self, fleet: &Fleet) -> Action {
        match (self.cancel_one(fleet), self.finish()) {
            (Some(attempt), _) => Action::Cancel(attempt),
            (None, Some(finish)) => Action::Finish(finish),
            (None, None) => Action::Wait(None),
        }
    }

    /// Calls one attempt off, if one is in flight.
    #[inline]
    pub(crate) fn cancel_one(&mut self, fleet: &Fleet) -> Option<AttemptId> {
        if self.flying == 0 {
            return None;
        }
        let place = self.slots.iter().position(Slot::is_flying)?;
        self.call_off(place, fleet)
    }

    /// Calls the attempt in this place off. One that had a head start over the winner, or was silent for too long, has failed;
    /// all others prove nothing.
    pub(crate) fn call_off(&mut self, place: usize, fleet: &Fleet) -> Option<AttemptId> {
        let candidate = self.candidate(place)?;
        let now = self.now;
        let slot = self.slots.get_mut(place)?;
        let latest = slot.latest;
        let (permit, flight) = slot.land(candidate.provider(), now)?;
        self.flying -= 1;
        let limits = self.policy.limits_of(candidate);
        let silence = if flight.is_heard() { limits.idle() } else { limits.silence() };
        let silent = silence.is_some_and(|limit| now.since(flight.sign) >= limit)
            || (!flight.is_heard() && self.deadline.is_some_and(|deadline| now >= deadline));
        let failed = silent || slot.flags & OVERTAKEN != 0;
        // Called off is not undone: the provider may finish, and charge.
        slot.flags |= MAYBE_BILLED;
        if silent {
            slot.faults.push(Fault::Timeout);
        }
        let seed = self.rng.next();
        let transition =
            fleet.end(permit, if failed { Ending::Failure } else { Ending::Cancelled }, seed, now);
        let provider = candidate.provider();
        // How long one took that was called off early says nothing on how long it would have taken.
        if failed && !flight.is_heard() {
            fleet.note_latency(provider, flight.took(now), seed, now);
        }
        if failed {
            fleet.note_health(provider, true, flight.took(now), now);
        }
        self.tell(provider, transition);
        Some(AttemptId(latest))
    }
}

/// A request whose answer had begun was neither unsent nor rejected, whatever the fault says.
const fn begun(remedy: Remedy, flight: &Flight) -> Remedy {
    match remedy.fate {
        Fate::NotSent | Fate::Rejected if flight.is_heard() => Remedy { fate: Fate::Unknown, ..remedy },
        Fate::NotSent | Fate::Rejected | Fate::Unknown | Fate::Done => remedy,
    }
}

/// What a failure means for the breaker.
const fn ending(blame: Blame, hint: Option<Moment>) -> Ending {
    match (blame, hint) {
        (Blame::Nobody, _) => Ending::Ignored,
        (Blame::UnlessHinted, Some(until)) => Ending::OpenUntil(until),
        (Blame::Provider, Some(until)) => Ending::FailureUntil(until),
        (Blame::Unavailable, Some(until)) => Ending::TripUntil(until),
        (Blame::Provider | Blame::UnlessHinted, None) => Ending::Failure,
        (Blame::Unavailable, None) => Ending::Trip,
    }
}
