//! What one call knows: the answers so far, every attempt, every error. It turns a callable's result into what the core
//! asks for, and all of it into the caller's result at the end.

use std::fmt;
use std::time::Duration;

use failover_core::{AttemptId, Cause, Event, Fault, Finish, Launch, Moment, Outcome};

use super::failed::{AllFailed, Failure, RootCause, Why};
use super::names::is_unguarded;
use super::report::{Attempt, End, Passed, Report};
use super::roster::Roster;
use super::verdict::Verdict;
use super::wanted::{Taken, Wanted};
use crate::cache::Behind;
use crate::observe::{CallSpan, Witness};

/// The books of one call. The [module documentation](super) shows it at work.
///
/// Every launch of the core is told by [`launch`](Ledger::launch), and then what became of it, once: by
/// [`settle`](Ledger::settle) or [`not_started`](Ledger::not_started) with the outcome that they return for the core, or, as
/// the core calls it off, by [`cancel`](Ledger::cancel) or [`abandon`](Ledger::abandon).
pub struct Ledger<'c, W, E, C> {
    wanted: W,
    classify: C,
    names: Vec<String>,
    began: Moment,
    flights: Vec<Flight>,
    failures: Vec<Failure<E>>,
    /// What the latest answer held.
    items: Vec<usize>,
    /// None where nobody is told.
    witness: Option<Witness<'c>>,
}

struct Flight {
    launch: Launch,
    began: Moment,
    asked: usize,
    took: Duration,
    /// None while it is in flight.
    end: Option<End>,
    goes_on: bool,
}

impl<'c, W: Wanted, E, C: FnMut(&E) -> Verdict> Ledger<'c, W, E, C> {
    /// Of a call that begins now, for what is `wanted`, from providers with these `names`, whose errors mean what `classify`
    /// says.
    #[must_use]
    pub const fn new(wanted: W, classify: C, names: Vec<String>, now: Moment) -> Self {
        Self {
            wanted,
            classify,
            names,
            began: now,
            flights: Vec::new(),
            failures: Vec::new(),
            items: Vec::new(),
            witness: None,
        }
    }

    /// The same, and those who listen to the calls of this roster are told of it.
    #[must_use]
    pub fn observed(self, roster: &'c Roster) -> Self {
        Self { witness: Some(Witness::new(&roster.listeners)), ..self }
    }

    /// The same, with a value behind the providers, if there is one: where they all fail, whoever listens hears of that.
    #[must_use]
    pub fn backed(mut self, behind: Option<Behind>) -> Self {
        if let Some(witness) = &mut self.witness {
            witness.behind = behind;
        }
        self
    }

    /// The span of the call: what is done for it is done within.
    #[must_use]
    pub fn span(&mut self) -> CallSpan {
        let witness = self.witness.as_mut();
        witness.map_or_else(CallSpan::none, |witness| witness.span(&self.names))
    }

    /// What the call has come to by its latest poll or settle, besides the action: the change of a breaker
    /// ([`Call::next_event`](failover_core::Call::next_event)) and whom it passed over. To be told after each of them.
    pub fn told(&mut self, event: Option<Event>, report: failover_core::Report<'_>, now: Moment) {
        if let Some(witness) = &mut self.witness {
            witness.told(&self.names, event, report, now);
        }
    }

    /// How many items the call is for: what [`Call::batch`](failover_core::Call::batch) wants to know.
    #[must_use]
    pub fn count(&self) -> usize {
        self.wanted.count()
    }

    /// How many attempts are in flight.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.flights.iter().filter(|flight| flight.end.is_none()).count()
    }

    /// Whether this one is. What a callable returns after it was called off is of no use.
    #[must_use]
    pub fn is_in_flight(&self, attempt: AttemptId) -> bool {
        let flight = self.flights.get(attempt.number() as usize);
        flight.is_some_and(|flight| flight.end.is_none())
    }

    /// An attempt starts, while these items are `missing`. Returns what the callable is to be asked.
    pub fn launch(
        &mut self,
        launch: &Launch,
        missing: impl IntoIterator<Item = usize>,
        now: Moment,
    ) -> W::Question {
        let missing: Vec<usize> = missing.into_iter().collect();
        self.flights.push(Flight {
            launch: *launch,
            began: now,
            asked: missing.len(),
            took: Duration::ZERO,
            end: None,
            goes_on: false,
        });
        if let Some(witness) = &mut self.witness {
            witness.started(&self.names, launch);
        }
        self.wanted.question(&missing)
    }

    /// A callable returned. Asks the user's own functions what is valid and what an error means.
    #[must_use]
    pub fn settle(&mut self, attempt: AttemptId, result: Result<W::Answer, E>, now: Moment) -> Outcome<'_> {
        match result {
            Ok(answer) => {
                let taken = self.wanted.take(answer, name_of(&self.names, &self.flights, attempt));
                self.answered(attempt, taken, now)
            }
            Err(error) => {
                let Verdict { fault, retry_after, is_final } = (self.classify)(&error);
                self.fail(attempt, fault, RootCause::Error(error), now);
                if is_final {
                    Outcome::Final { fault, retry_after }
                } else {
                    Outcome::Failed { fault, retry_after }
                }
            }
        }
    }

    fn answered(&mut self, attempt: AttemptId, taken: Taken, now: Moment) -> Outcome<'_> {
        let asked = self.flight(attempt).map_or(0, |flight| flight.asked);
        match taken {
            Taken::All => {
                self.end(attempt, End::Served { asked, served: asked }, now);
                Outcome::Answered
            }
            Taken::Items(items) => {
                self.end(attempt, End::Served { asked, served: items.len() }, now);
                self.items = items;
                Outcome::Partly(&self.items)
            }
            Taken::Invalid => self.fail(attempt, Fault::Empty, RootCause::Invalid, now).into(),
            // The call was over already: the core will find the answer of no use, too.
            Taken::TooLate => {
                self.end(attempt, End::CalledOff, now);
                Outcome::Answered
            }
        }
    }

    /// There was no thread for this attempt. Nobody is to blame, and the next provider is asked.
    #[must_use]
    pub fn not_started(&mut self, attempt: AttemptId, now: Moment) -> Outcome<'static> {
        self.fail(attempt, Fault::Unsupported, RootCause::NotStarted, now).into()
    }

    /// The core called this attempt off, and it stopped.
    pub fn cancel(&mut self, attempt: AttemptId, now: Moment) {
        let limit = self.flight(attempt).and_then(|flight| {
            let limit = flight.launch.limits.total()?;
            Some(now.since(flight.began) >= limit)
        });
        if limit == Some(true) {
            self.fail(attempt, Fault::Timeout, RootCause::TimedOut, now);
        } else {
            self.end(attempt, End::CalledOff, now);
        }
    }

    /// The core called this attempt off, and it cannot be stopped: what it does is not waited for.
    pub fn abandon(&mut self, attempt: AttemptId, now: Moment) {
        self.cancel(attempt, now);
        if let Some(flight) = self.flight(attempt) {
            flight.goes_on = true;
        }
    }

    /// What the caller gets, as the core's `report` says how the call ended.
    ///
    /// # Errors
    ///
    /// Nobody served, or not all that was required.
    pub fn conclude(
        mut self,
        report: failover_core::Report<'_>,
        now: Moment,
    ) -> Result<W::Got, W::Failed<E>> {
        let why = match report.finish() {
            Some(Finish::Served(_) | Finish::Partly) => return self.wanted_got(report, now),
            Some(Finish::Refused(_)) => Why::Refused,
            Some(Finish::Failed(Cause::Deadline)) => Why::Deadline,
            Some(Finish::Failed(Cause::Attempts)) => Why::Attempts,
            Some(Finish::Failed(Cause::Unavailable(until))) => Why::Unavailable(until.since(now)),
            // `Broken`: these calls have no streams.
            Some(Finish::Failed(_) | Finish::Broken(_)) | None => Why::Exhausted,
        };
        // Nobody could serve this, so an old value is no answer either.
        if let (Some(witness), Why::Refused) = (&mut self.witness, &why) {
            witness.behind = None;
        }
        let told = self.over(report, now);
        Err(self.wanted.failed(AllFailed::new(why, self.failures, told)))
    }

    fn wanted_got(mut self, report: failover_core::Report<'_>, now: Moment) -> Result<W::Got, W::Failed<E>> {
        let told = self.over(report, now);
        self.wanted.got(told)
    }

    fn over(&mut self, report: failover_core::Report<'_>, now: Moment) -> Report {
        let told = self.report(report, now);
        if let Some(witness) = &mut self.witness {
            witness.over(&self.names, &told, now);
        }
        told
    }

    fn report(&self, report: failover_core::Report<'_>, now: Moment) -> Report {
        let attempts: Vec<_> = self.flights.iter().map(|flight| self.attempt(flight)).collect();
        let served = |attempt: &Attempt| match attempt.end {
            End::Served { served, .. } => served,
            End::Invalid | End::Failed(_) | End::CalledOff => 0,
        };
        let skipped = report.entries().filter_map(|entry| {
            let skipped = entry.skipped?;
            let until = skipped.until.map(|until| until.since(self.began));
            Some(Passed { provider: self.name(entry.candidate), why: skipped.why, until })
        });
        Report {
            skipped: skipped.collect(),
            maybe_billed: attempts.iter().any(|attempt| attempt.maybe_billed),
            wanted: self.wanted.count(),
            served: attempts.iter().map(served).sum(),
            took: now.since(self.began),
            attempts,
            cached: None,
        }
    }

    fn attempt(&self, flight: &Flight) -> Attempt {
        let end = flight.end.unwrap_or(End::CalledOff);
        let maybe_billed = match end {
            End::Served { .. } => false,
            End::Failed(fault) => fault.remedy().fate.maybe_billed(),
            End::Invalid | End::CalledOff => true,
        };
        Attempt {
            provider: self.name(flight.launch.candidate),
            at: flight.began.since(self.began),
            took: flight.took,
            end,
            late: flight.launch.limits.total().is_some_and(|limit| flight.took > limit),
            last_resort: flight.launch.last_resort,
            unguarded: is_unguarded(flight.launch.provider),
            goes_on: flight.goes_on,
            maybe_billed,
        }
    }

    fn fail(&mut self, attempt: AttemptId, fault: Fault, cause: RootCause<E>, now: Moment) -> Fault {
        let end = match cause {
            RootCause::Invalid => End::Invalid,
            RootCause::Error(_) | RootCause::TimedOut | RootCause::NotStarted => End::Failed(fault),
        };
        let provider = name_of(&self.names, &self.flights, attempt).to_owned();
        self.failures.push(Failure { provider, fault, cause, attempt: attempt.number() as usize });
        self.end(attempt, end, now);
        fault
    }

    fn end(&mut self, attempt: AttemptId, end: End, now: Moment) {
        if let Some(flight) = self.flight(attempt) {
            flight.took = now.since(flight.began);
            flight.end = Some(end);
        }
        let heard = self.witness.as_ref().is_some_and(Witness::is_heard);
        let ended = self.flights.get(attempt.number() as usize).filter(|_| heard);
        let ended = ended.map(|flight| (flight.launch, self.attempt(flight)));
        if let (Some(witness), Some((launch, ended))) = (&mut self.witness, ended) {
            witness.ended(&self.names, &launch, &ended);
        }
    }

    fn flight(&mut self, attempt: AttemptId) -> Option<&mut Flight> {
        self.flights.get_mut(attempt.number() as usize)
    }

    fn name(&self, candidate: usize) -> String {
        self.names.get(candidate).cloned().unwrap_or_default()
    }
}

/// The provider of this attempt.
fn name_of<'a>(names: &'a [String], flights: &[Flight], attempt: AttemptId) -> &'a str {
    let flight = flights.get(attempt.number() as usize);
    flight.and_then(|flight| names.get(flight.launch.candidate)).map_or("", String::as_str)
}

impl<W, E, C> fmt::Debug for Ledger<'_, W, E, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger")
            .field("names", &self.names)
            .field("attempts", &self.flights.len())
            .field("failures", &self.failures.len())
            .finish_non_exhaustive()
    }
}
