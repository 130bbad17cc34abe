//! One logical request, however many attempts it takes: whom to ask next, when to ask again, when to stop.
//!
//! Candidates are asked in their order. A candidate's own retries come first, as long as each wait is within the plan's
//! patience; a wait that would be longer means the next candidate at once. What is to be done is derived from the state
//! whenever it is asked for, never queued: two reports in a row are as good as a poll between them.

use core::time::Duration;

use crate::action::{Action, AttemptId, Cause, Finish, Launch, Outcome};
use crate::breaker::{Ending, Transition};
use crate::circuit::{LONGEST_HINT, SHORTEST_HINT};
use crate::fault::{Blame, Fate, Fault, Remedy, Step};
use crate::fleet::{Fleet, Permit};
use crate::moment::Moment;
use crate::plan::{Candidate, Policy, ProviderId};
use crate::report::{Entry, Report, Skip, Skipped};
use crate::rng::Rng;
use crate::slot::Slots;

/// One request in progress. See the [crate documentation](crate) for the loop that drives it.
///
/// A call that is dropped while an attempt is in flight tells the fleet nothing; [`Guard`](crate::Guard) abandons it.
#[derive(Debug)]
pub struct Call<'p> {
    policy: &'p Policy,
    candidates: &'p [Candidate],
    slots: Slots,
    deadline: Option<Moment>,
    now: Moment,
    rng: Rng,
    launched: u32,
    flight: Option<Flight>,
    /// Whose turn it is when nothing is in flight; past the last candidate it is the last resort's.
    turn: usize,
    /// When the candidate whose turn it is may be asked again, if it was asked before.
    wake: Option<Moment>,
    finish: Option<Finish>,
    event: Option<Event>,
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

/// The latest attempt launched.
#[derive(Debug)]
struct Flight {
    candidate: usize,
    permit: Permit,
    /// When it is given up: its own limit or the call's deadline.
    gives_up: Option<Moment>,
    /// From then on its silence is evidence against the provider.
    silent: Option<Moment>,
}

/// The lease of a probe is that much longer than its limit: the report of an attempt that ends at its limit is on its way.
const LEASE_SLACK: Duration = Duration::from_secs(1);
/// The lease of a probe that has no limit of its own.
const LEASE_WITHOUT_LIMIT: Duration = Duration::from_secs(10 * 60);

impl<'p> Call<'p> {
    /// A request that any of `candidates` can serve; the first is the primary, the one that was asked for. `seed` spreads
    /// the waits.
    #[must_use]
    pub fn new(policy: &'p Policy, candidates: &'p [Candidate], seed: u64, now: Moment) -> Self {
        Self {
            policy,
            candidates,
            slots: Slots::new(candidates.len()),
            deadline: policy.deadline.map(|limit| now.plus(limit)),
            now,
            rng: Rng::new(seed),
            launched: 0,
            flight: None,
            turn: 0,
            wake: None,
            finish: if candidates.is_empty() { Some(Finish::Failed(Cause::NoCandidates)) } else { None },
            event: None,
        }
    }

    /// What is to be done now.
    pub fn poll(&mut self, fleet: &Fleet, now: Moment) -> Action {
        self.time_is(now);
        if let Some(finish) = self.finish {
            return Action::Finish(finish);
        }
        let Some(flight) = &self.flight else { return self.advance(fleet) };
        match flight.gives_up {
            Some(limit) if self.now >= limit => self.give_up(fleet),
            limit => Action::Wait(limit),
        }
    }

    /// The attempt has ended. Reports about an attempt that is not in flight change nothing.
    pub fn settle(&mut self, attempt: AttemptId, outcome: Outcome, fleet: &Fleet, now: Moment) {
        self.time_is(now);
        if attempt != self.latest() {
            return;
        }
        let Some(flight) = self.flight.take() else { return };
        match outcome {
            Outcome::Answered => {
                let candidate = flight.candidate;
                self.end(flight, Ending::Success, fleet);
                self.slots.update(candidate, |slot| slot.ended = Some(now));
                self.finish = Some(Finish::Served(attempt));
            }
            Outcome::Failed { fault, retry_after } => self.fail(flight, fault, retry_after, fleet),
        }
    }

    /// Nobody wants the answer any more. An attempt in flight is to be dropped; it counts against its provider only if
    /// it has been silent for too long.
    pub fn abandon(&mut self, fleet: &Fleet, now: Moment) {
        self.time_is(now);
        if let Some(flight) = self.flight.take() {
            let candidate = flight.candidate;
            let silent = flight.silent.is_some_and(|limit| self.now >= limit);
            self.end(flight, if silent { Ending::Failure } else { Ending::Cancelled }, fleet);
            self.slots.update(candidate, |slot| {
                slot.ended = Some(now);
                if silent {
                    slot.faults.push(Fault::Timeout);
                }
            });
        }
        self.finish.get_or_insert(Finish::Failed(Cause::Abandoned));
    }

    /// The change of a breaker that the latest `poll`, `settle` or `abandon` caused; there is never more than one. The next
    /// of these forgets it.
    pub const fn next_event(&mut self) -> Option<Event> {
        self.event.take()
    }

    /// What happened so far.
    #[must_use]
    pub const fn report(&self) -> Report<'_> {
        Report::new(self)
    }

    pub(crate) const fn finished(&self) -> Option<Finish> {
        self.finish
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry> {
        self.candidates.iter().enumerate().map(|(index, candidate)| {
            let slot = self.slots.get(index);
            Entry {
                candidate: index,
                provider: candidate.provider(),
                skipped: slot.skipped(),
                attempts: slot.attempts,
                faults: slot.faults,
                began: slot.began,
                ended: slot.ended,
                last_resort: slot.last_resort,
            }
        })
    }

    /// A clock that steps back stands still for us.
    fn time_is(&mut self, now: Moment) {
        self.now = self.now.max(now);
        self.event = None;
    }

    fn over(&mut self, cause: Cause) -> Action {
        let finish = Finish::Failed(cause);
        self.finish = Some(finish);
        Action::Finish(finish)
    }

    /// Nothing is in flight: finds the next candidate that may be asked.
    fn advance(&mut self, fleet: &Fleet) -> Action {
        if let Some(wake) = self.wake
            && self.now < wake
        {
            return Action::Wait(Some(wake));
        }
        while let Some(candidate) = self.candidates.get(self.turn) {
            if let Some(cause) = self.used_up() {
                return self.over(cause);
            }
            match self.admit(candidate, fleet) {
                Ok(permit) => return self.launch(self.turn, candidate, permit, false),
                Err(skipped) => self.slots.update(self.turn, |slot| slot.skip(skipped)),
            }
            self.next_turn();
        }
        self.last_resort(fleet)
    }

    const fn next_turn(&mut self) {
        self.turn += 1;
        self.wake = None;
    }

    /// The name of the attempt launched last.
    const fn latest(&self) -> AttemptId {
        AttemptId(self.launched.wrapping_sub(1))
    }

    /// Why no further attempt may start, if so.
    fn used_up(&self) -> Option<Cause> {
        if self.deadline.is_some_and(|deadline| self.now >= deadline) {
            Some(Cause::Deadline)
        } else if self.policy.attempts.is_some_and(|most| self.launched >= most.get()) {
            Some(Cause::Attempts)
        } else {
            None
        }
    }

    fn admit(&self, candidate: &Candidate, fleet: &Fleet) -> Result<Permit, Skipped> {
        if self.is_too_long_for(candidate) {
            return Err(Skipped { why: Skip::SameModel, until: None });
        }
        let lease = self.policy.limits_of(candidate).total().unwrap_or(LEASE_WITHOUT_LIMIT);
        fleet.admit(candidate.provider(), lease.saturating_add(LEASE_SLACK), self.now)
    }

    fn is_too_long_for(&self, candidate: &Candidate) -> bool {
        self.launched > 0
            && self.candidates.iter().enumerate().any(|(index, tried)| {
                tried.same_model(candidate)
                    && self.slots.get(index).faults.last() == Some(Fault::ContextTooLong)
            })
    }

    fn launch(&mut self, index: usize, candidate: &Candidate, permit: Permit, last_resort: bool) -> Action {
        let mut limits = self.policy.limits_of(candidate);
        if let Some(deadline) = self.deadline {
            limits = limits.cut_to(deadline.since(self.now));
        }
        self.launched += 1;
        let attempt = self.latest();
        self.tell(candidate.provider(), permit.transition());
        let now = self.now;
        self.slots.update(index, |slot| {
            slot.attempts += 1;
            slot.began.get_or_insert(now);
            slot.last_resort |= last_resort;
        });
        self.flight = Some(Flight {
            candidate: index,
            permit,
            gives_up: limits.total().map(|limit| now.plus(limit)),
            silent: limits.silence().map(|limit| now.plus(limit)),
        });
        Action::Launch(Launch {
            attempt,
            candidate: index,
            provider: candidate.provider(),
            limits,
            last_resort,
        })
    }

    /// Nobody could serve: a primary that was passed over is asked all the same.
    fn last_resort(&mut self, fleet: &Fleet) -> Action {
        if let Some(primary) = self.candidates.first()
            && self.policy.last_resort
            && self.slots.get(0).attempts == 0
        {
            if let Some(cause) = self.used_up() {
                return self.over(cause);
            }
            let permit = fleet.admit_last_resort(primary.provider());
            return self.launch(0, primary, permit, true);
        }
        let recovery = self.entries().filter_map(|entry| entry.skipped?.until).min();
        match recovery {
            _ if self.deadline.is_some_and(|deadline| self.now >= deadline) => self.over(Cause::Deadline),
            Some(moment) if self.launched == 0 => self.over(Cause::Unavailable(moment)),
            _ => self.over(Cause::Exhausted),
        }
    }

    /// The attempt in flight has reached its limit: its silence is a failure like any other.
    fn give_up(&mut self, fleet: &Fleet) -> Action {
        let Some(flight) = self.flight.take() else { return Action::Wait(None) };
        self.fail(flight, Fault::Timeout, None, fleet);
        Action::Cancel(self.latest())
    }

    /// Judges a failed attempt, and decides whose turn it is.
    #[cold]
    fn fail(&mut self, flight: Flight, fault: Fault, retry_after: Option<Duration>, fleet: &Fleet) {
        let index = flight.candidate;
        let decisive = flight.permit.is_probe() || self.slots.get(index).last_resort;
        let now = self.now;
        self.slots.update(index, |slot| {
            slot.faults.push(fault);
            slot.ended = Some(now);
        });
        let remedy = fault.remedy();
        let hint = retry_after.map(|wait| now.plus(wait.clamp(SHORTEST_HINT, LONGEST_HINT)));
        let opened = self.end(flight, ending(remedy.blame, hint), fleet);
        match remedy.step {
            Step::Stop => self.finish = Some(Finish::Refused(self.latest())),
            Step::Repeat
                if !decisive && self.may_repeat(index, remedy) && self.plan_repeat(hint.max(opened)) => {}
            Step::Repeat | Step::Next | Step::NextModel => self.next_turn(),
        }
    }

    fn may_repeat(&self, index: usize, remedy: Remedy) -> bool {
        let Some(candidate) = self.candidates.get(index) else { return false };
        let allowed = match remedy.fate {
            Fate::NotSent | Fate::Rejected => true,
            Fate::Unknown => self.policy.repeat_unknown,
            Fate::Done => false,
        };
        allowed
            && self.slots.get(index).attempts <= self.policy.retries_of(candidate)
            && self.used_up().is_none()
    }

    /// The same candidate again, after the backoff and not before it is available, if that is worth the wait.
    fn plan_repeat(&mut self, available: Option<Moment>) -> bool {
        let tried = self.slots.get(self.turn).attempts;
        let wait = self.policy.backoff.wait(tried.saturating_sub(1), &mut self.rng);
        let wake = available.max(Some(self.now.plus(wait))).unwrap_or(self.now);
        let in_time = self.deadline.is_none_or(|deadline| wake < deadline);
        let worth_it = in_time && wake.since(self.now) <= self.policy.patience;
        self.wake = worth_it.then_some(wake);
        worth_it
    }

    /// Gives the permit back; until when the breaker opened by it, if so.
    fn end(&mut self, flight: Flight, ending: Ending, fleet: &Fleet) -> Option<Moment> {
        let provider = self.candidates.get(flight.candidate)?.provider();
        let seed = if matches!(ending, Ending::Success) { 0 } else { self.rng.next() };
        let transition = fleet.end(flight.permit, ending, seed, self.now);
        self.tell(provider, transition);
        match transition {
            Some(Transition::Opened(until)) => Some(until),
            Some(Transition::HalfOpened | Transition::Closed) | None => None,
        }
    }

    fn tell(&mut self, provider: ProviderId, transition: Option<Transition>) {
        if let Some(transition) = transition {
            self.event = Some(Event { provider, transition });
        }
    }
}

/// What a failure means for the breaker.
const fn ending(blame: Blame, hint: Option<Moment>) -> Ending {
    match (blame, hint) {
        (Blame::Nobody, _) => Ending::Ignored,
        (Blame::Provider | Blame::UnlessHinted | Blame::Unavailable, Some(until)) => Ending::OpenUntil(until),
        (Blame::Provider | Blame::UnlessHinted, None) => Ending::Failure,
        (Blame::Unavailable, None) => Ending::Trip,
    }
}
