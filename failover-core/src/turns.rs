//! Who is asked next, and when.
//!
//! Candidates are asked in their order. A candidate's own retries come first, as long as each wait is within the plan's
//! patience. With a hedge, the next candidate starts beside those in flight: when it is due, or at once when one of them
//! fails. Once the caller has seen a part of an answer, nobody is asked any more.

use core::time::Duration;

use crate::action::{Action, AttemptId, Bound, Launch};
use crate::breaker::Ending;
use crate::call::{Call, Ended, Next};
use crate::fault::Fault;
use crate::fleet::{Fleet, Permit};
use crate::hedge::Delay;
use crate::moment::Moment;
use crate::plan::{Candidate, LastResort, ProviderId};
use crate::report::{Skip, Skipped};
use crate::slot::{LAST_RESORT, Slot, State};

/// The lease of a probe is that much longer than its limit: the report of an attempt that ends at its limit is on its way.
const LEASE_SLACK: Duration = Duration::from_secs(1);
/// The lease of a probe that has no limit of its own.
const LEASE_WITHOUT_LIMIT: Duration = Duration::from_secs(10 * 60);

/// How long a call that wants to ask again waits for the probe of another, each time.
const PROBE_TIME: Duration = Duration::from_millis(20);

/// Somebody to ask.
struct Turn {
    place: usize,
    why: Why,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// Its turn has come, at first or again.
    Turn,
    /// Beside others that have not failed: an extra attempt, which has to be paid for.
    Hedge,
    /// Nobody else could serve.
    LastResort,
}

impl<'p> Call<'p> {
    /// The next action of a call that goes on; none if it is over by now.
    pub(crate) fn advance(&mut self, fleet: &Fleet) -> Option<Action> {
        match self.next {
            Next::Unbegun => self.begin(fleet),
            Next::Nobody => return self.go_on_alone(fleet),
            Next::Hedge | Next::NotYet => {}
        }
        if self.flying > 0
            && let Some(place) = self.overdue()
        {
            return Some(self.give_up(place, fleet));
        }
        let used_up = self.used_up();
        // Looked up once for each decision: the record it comes from is written to by other calls.
        let mut due = None;
        while used_up.is_none() {
            due = self.policy.hedge.and_then(|_| self.hedge_due(fleet));
            let Some(turn) = self.whose_turn(due) else { break };
            let Some(candidate) = self.candidate(turn.place) else { break };
            match self.admit(candidate, fleet) {
                // A probe is free: it is not for this call alone.
                Ok(permit)
                    if turn.why == Why::Hedge && !permit.is_probe() && !fleet.affords_extra(self.now) =>
                {
                    fleet.end(permit, Ending::Cancelled, 0, self.now);
                    self.next = Next::NotYet;
                }
                Ok(permit) => return Some(self.launch(turn, candidate, permit)),
                Err(refusal) if turn.why == Why::LastResort && is_breakers(refusal) => {
                    let permit = fleet.admit_last_resort(candidate.provider());
                    return Some(self.launch(turn, candidate, permit));
                }
                Err(refusal) => self.refused(turn.place, refusal),
            }
        }
        let wait = self.wake(due, used_up.is_some());
        if wait.is_none() {
            self.ended =
                Some(if self.may_end_partly() { Ended::Partly } else { used_up.unwrap_or(Ended::Exhausted) });
        }
        wait
    }

    /// Whether what is missing is no failure: not all is required, and there is something, or nobody failed.
    fn may_end_partly(&self) -> bool {
        let nobody_failed = self.slots.iter().all(|slot| slot.faults.last().is_none());
        !self.policy.require_all && self.launched > 0 && (nobody_failed || self.items.any_answered())
    }

    /// Once, when the call first meets its fleet.
    #[inline]
    fn begin(&mut self, fleet: &Fleet) {
        self.next = Next::Hedge;
        fleet.deposit(self.now);
        if self.policy.by_health {
            let (candidates, now) = (self.candidates, self.now);
            self.slots.line_up(|candidate| {
                candidates.get(usize::from(candidate)).map_or(u64::MAX, |it| fleet.rank(it.provider(), now))
            });
        }
    }

    #[inline]
    pub(crate) fn candidate(&self, place: usize) -> Option<&'p Candidate> {
        self.candidates.get(usize::from(self.slots.get(place)?.candidate))
    }

    /// When an attempt in flight has to end: at its limit as a whole, or when it has not been heard for too long.
    #[inline]
    fn gives_up(&self, slot: &Slot) -> Option<Moment> {
        let flight = slot.flight()?;
        let candidate = self.candidates.get(usize::from(slot.candidate))?;
        let limits = self.policy.limits_of(candidate);
        let total = limits.total().map(|limit| flight.began.plus(limit));
        let quiet = if flight.is_heard() { limits.idle() } else { limits.first_answer() };
        let quiet = quiet.map(|limit| flight.sign.plus(limit));
        sooner(sooner(total, quiet), self.deadline)
    }

    pub(crate) fn overdue(&self) -> Option<usize> {
        self.slots.iter().position(|slot| self.gives_up(slot).is_some_and(|end| self.now >= end))
    }

    /// Why no further attempt may start, if so.
    #[inline]
    pub(crate) fn used_up(&self) -> Option<Ended> {
        if self.deadline.is_some_and(|deadline| self.now >= deadline) {
            Some(Ended::Deadline)
        } else if self.policy.attempts.is_some_and(|most| self.launched >= most.get()) {
            Some(Ended::Attempts)
        } else {
            None
        }
    }

    /// Who is to be asked now, if anybody.
    #[inline]
    fn whose_turn(&self, due: Option<Moment>) -> Option<Turn> {
        let turn = |place| Turn { place, why: Why::Turn };
        let standing = self.slots.standing(self.now);
        if !standing.busy {
            return standing.waiting.map(turn).or_else(|| self.last_resort());
        }
        if standing.due.is_some() && self.has_room() {
            let rested = |slot: &Slot| {
                matches!(slot.state, State::Resting(wake) if wake <= self.now) && !self.is_asked(slot)
            };
            if let Some(place) = self.slots.iter().position(rested) {
                return Some(turn(place));
            }
        }
        if due? > self.now {
            return None;
        }
        let place = self.beside()?;
        Some(Turn { place, why: if self.owed > 0 { Why::Turn } else { Why::Hedge } })
    }

    /// Whether one more may be in flight beside the others.
    fn has_room(&self) -> bool {
        self.flying == 0 || self.policy.hedge.is_some_and(|hedge| self.flying < u16::from(hedge.in_flight))
    }

    /// The next candidate that can be asked beside those in flight.
    fn beside(&self) -> Option<usize> {
        self.slots.iter().position(|slot| matches!(slot.state, State::Waiting) && !self.is_asked(slot))
    }

    /// Whether its provider has an attempt in flight: never two at a time.
    fn is_asked(&self, slot: &Slot) -> bool {
        let provider = self.provider(slot);
        self.slots.iter().any(|other| other.is_flying() && self.provider(other) == provider)
    }

    fn provider(&self, slot: &Slot) -> Option<ProviderId> {
        self.candidates.get(usize::from(slot.candidate)).map(Candidate::provider)
    }

    /// When the next candidate is asked beside those in flight; never, if it is not.
    fn hedge_due(&self, fleet: &Fleet) -> Option<Moment> {
        let hedge = self.policy.hedge?;
        let flying = || self.slots.iter().filter(|slot| slot.is_flying());
        if !self.has_room() || self.beside().is_none() {
            return None;
        }
        if self.owed > 0 {
            return Some(self.now);
        }
        if self.next == Next::NotYet {
            return None;
        }
        let newest = flying().max_by_key(|slot| slot.latest)?;
        let began = newest.flight()?.began;
        // Who answers already is not slow.
        if flying().any(|slot| slot.flight().is_some_and(|flight| flight.is_heard())) {
            return None;
        }
        let delay = match hedge.delay {
            Delay::After(delay) => delay,
            Delay::Percentile(percent) => fleet.latency(self.provider(newest)?, percent, self.now)?,
        };
        Some(began.plus(delay))
    }

    /// Nobody could serve: who was passed over is asked all the same, if the plan says so.
    fn last_resort(&self) -> Option<Turn> {
        let may = |slot: &Slot| {
            slot.attempts == 0
                && slot.skipped().is_some_and(is_breakers)
                && match self.policy.last_resort {
                    LastResort::Nobody => false,
                    LastResort::Primary => slot.candidate == 0,
                    LastResort::Candidate(place) => usize::from(slot.candidate) == place,
                    LastResort::Everyone => true,
                }
        };
        self.slots.iter().position(may).map(|place| Turn { place, why: Why::LastResort })
    }

    fn admit(&self, candidate: &Candidate, fleet: &Fleet) -> Result<Permit, Skipped> {
        if self.is_too_long_for(candidate) {
            return Err(Skipped { why: Skip::SameModel, until: None });
        }
        let left = || self.deadline.map(|deadline| deadline.since(self.now));
        let limits = self.policy.limits_of(candidate);
        let lease =
            limits.total().or_else(left).or_else(|| limits.first_answer()).unwrap_or(LEASE_WITHOUT_LIMIT);
        fleet.admit(candidate.provider(), lease.saturating_add(LEASE_SLACK), self.now)
    }

    /// Its turn is over; unless it was to be asked again, and other calls have made that a little later: by prolonging the
    /// provider's break, or by probing it just now.
    fn refused(&mut self, place: usize, refusal: Skipped) {
        let resting = self.slots.get(place).filter(|slot| matches!(slot.state, State::Resting(_)));
        let failed = resting.and_then(Slot::ended);
        let later = match refusal.why {
            Skip::Probing => Some(self.now.plus(PROBE_TIME)),
            Skip::CircuitOpen => refusal.until,
            Skip::ForcedOpen | Skip::SameModel => None,
        };
        let wake = match (failed, later) {
            (Some(failed), Some(later)) if self.is_worth_it(failed, later) => Some((later, failed)),
            _ => None,
        };
        match (self.slots.get_mut(place), wake) {
            (Some(slot), Some((later, failed))) => slot.rest(later, failed),
            (Some(slot), None) => slot.skip(refusal),
            (None, _) => {}
        }
    }

    #[inline]
    fn is_too_long_for(&self, candidate: &Candidate) -> bool {
        self.launched > 0
            && self.slots.iter().any(|slot| {
                let tried = self.candidates.get(usize::from(slot.candidate));
                slot.faults.last() == Some(Fault::ContextTooLong)
                    && tried.is_some_and(|tried| tried.same_model(candidate))
            })
    }

    #[inline]
    fn launch(&mut self, turn: Turn, candidate: &Candidate, permit: Permit) -> Action {
        let own = self.policy.limits_of(candidate);
        let (limits, bound) = match self.deadline.map(|deadline| deadline.since(self.now)) {
            Some(left) if own.total().is_none_or(|total| left < total) => (own.cut_to(left), Bound::Deadline),
            Some(left) => (own.cut_to(left), Bound::Limit),
            None => (*own, own.total().map_or(Bound::Nothing, |_| Bound::Limit)),
        };
        let attempt = AttemptId(self.launched);
        self.launched += 1;
        self.flying += 1;
        self.next = Next::Hedge;
        // A repeat is nobody's replacement.
        if self.slots.get(turn.place).is_some_and(|slot| slot.attempts == 0) {
            self.owed = self.owed.saturating_sub(1);
        }
        self.tell(candidate.provider(), permit.transition());
        let now = self.now;
        let mut index = turn.place;
        if let Some(slot) = self.slots.get_mut(turn.place) {
            slot.launch(&permit, attempt.0, now);
            slot.flags |= if turn.why == Why::LastResort { LAST_RESORT } else { 0 };
            index = slot.candidate.into();
        }
        Action::Launch(Launch {
            attempt,
            candidate: index,
            provider: candidate.provider(),
            limits,
            bound,
            last_resort: turn.why == Why::LastResort,
        })
    }

    /// What there is to wait for; nothing, if the call is over.
    pub(crate) fn wake(&self, due: Option<Moment>, used_up: bool) -> Option<Action> {
        let resting = |slot: &Slot| match slot.state {
            State::Resting(wake) if !used_up && wake > self.now => Some(wake),
            State::Resting(_) | State::Absent | State::Waiting | State::Flying { .. } | State::Done(_) => {
                None
            }
        };
        let ends = self.slots.iter().filter_map(|slot| self.gives_up(slot)).min();
        let wakes = self.slots.iter().filter_map(resting).min();
        if self.flying == 0 && wakes.is_none() {
            return None;
        }
        let hedge = due.filter(|due| !used_up && *due > self.now);
        let next = [ends, wakes, hedge].into_iter().flatten().min();
        Some(Action::Wait(next))
    }
}

fn sooner(one: Option<Moment>, other: Option<Moment>) -> Option<Moment> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// Whether it was the breaker that refused, and by itself: then it can be passed.
const fn is_breakers(refusal: Skipped) -> bool {
    matches!(refusal.why, Skip::CircuitOpen | Skip::Probing)
}
