//! The decisions of a failover layer, and nothing else: whom to ask next, whether to ask again, when to leave a provider
//! alone. No clock, no randomness, no I/O, no locks, no `std`; whoever drives it brings those.
//!
//! ```
//! use failover_core::{Action, Breaker, Call, Candidate, Fault, Fleet, Moment, Policy, ProviderId};
//!
//! let policy = Policy::new();
//! let candidates = [Candidate::new(ProviderId::new(0)), Candidate::new(ProviderId::new(1))];
//! let fleet = Fleet::new(2, Breaker::new());
//! let (seed, now) = (42, Moment::EPOCH); // the driver's
//! let mut call = Call::new(&policy, &candidates, seed, now);
//! let Action::Launch(first) = call.poll(&fleet, now) else { panic!("it begins with an attempt") };
//! call.settle(first.attempt, Fault::Overloaded.into(), &fleet, now); // the primary said 503
//! let Action::Launch(second) = call.poll(&fleet, now) else { panic!("somebody is left") };
//! assert_eq!((first.candidate, second.candidate), (0, 1));
//! ```
//!
//! # The model
//!
//! * A [`Call`] is one request, however many attempts it takes. Its [`Candidate`]s are asked in order; the first is the
//!   *primary*, the one that the caller asked for. A [`Policy`] says what all calls may spend: deadline, attempts, retries,
//!   [`Backoff`], patience, [`Limits`] of an attempt; and whether the next candidate is asked before the present one has
//!   failed, as a [`Hedge`] or in a race.
//! * A lone request is a batch of one. Of a [`Call::batch`], every attempt asks for what is [`missing`](Call::missing) still,
//!   and each item is answered once.
//! * A [`Fleet`] is what all calls share: a circuit [`Breaker`] for each fault domain ([`ProviderId`]); and, where they are
//!   switched on, a record of [`Latency`] for hedges, of [`Health`] for the order, and a [`RetryBudget`].
//! * The driver asks [`Call::poll`] *what now?* and obeys the [`Action`]; it says [`Call::settle`] *this attempt ended so*,
//!   [`Call::progress`] *its answer has begun*, or [`Call::abandon`] *never mind*. Time passes by polling with a later [`Moment`].
//! * What is done about a [`Fault`] stands in one table, [`Fault::remedy`].
//! * [`Call::report`] tells the story: every candidate, tried or skipped, and why.
//! * Answers stay with the driver, keyed by [`AttemptId`]. Whether a stored one may be used again, [`Freshness`] and
//!   [`SingleFlight`] say.
//!
//! # The loop
//!
//! ```
//! use core::time::Duration;
//! use failover_core::{Action, Breaker, Call, Candidate, Fault, Finish, Fleet, Moment, Outcome, Policy, ProviderId};
//!
//! fn ask(provider: usize) -> Result<&'static str, Fault> {
//!     if provider == 0 { Err(Fault::Overloaded) } else { Ok("an answer") }
//! }
//!
//! let policy = Policy::new().deadline(Duration::from_secs(30));
//! let candidates = [Candidate::new(ProviderId::new(0)), Candidate::new(ProviderId::new(1))];
//! let fleet = Fleet::new(2, Breaker::new());
//!
//! let start = std::time::Instant::now();
//! let now = || Moment::after_epoch(start.elapsed());
//! let mut answer = None;
//! let mut call = Call::new(&policy, &candidates, 42, now());
//! let finish = loop {
//!     match call.poll(&fleet, now()) {
//!         Action::Launch(launch) => {
//!             let outcome = match ask(launch.candidate) {
//!                 Ok(text) => {
//!                     answer = Some(text);
//!                     Outcome::Answered
//!                 }
//!                 Err(fault) => fault.into(),
//!             };
//!             call.settle(launch.attempt, outcome, &fleet, now());
//!         }
//!         Action::Wait(Some(until)) => std::thread::sleep(until.since(now())),
//!         Action::Wait(None) | Action::Cancel(_) => {} // nothing runs beside this loop
//!         Action::Finish(finish) => break finish,
//!     }
//! };
//! assert!(matches!(finish, Finish::Served(_)));
//! assert_eq!(answer, Some("an answer"));
//! ```
//!
//! # Streams
//!
//! An answer that comes in parts can break off in the middle. Until the caller has seen a part of it, another candidate takes
//! over; from then on nobody can unseen, and the driver decides when that is.
//!
//! ```
//! use core::time::Duration;
//! use failover_core::{
//!     Action, Breaker, Call, Candidate, Fault, Finish, Fleet, Limits, Moment, Outcome, Policy, Progress, ProviderId,
//! };
//!
//! /// What the providers say, part by part: one says nothing at all, the other breaks off.
//! const PARTS: [&[Result<&str, Fault>]; 2] = [&[Err(Fault::Reset)], &[Ok("Once "), Ok("upon "), Err(Fault::Cut)]];
//!
//! // The first token within ten seconds, and no more than five between two.
//! let limits = Limits::NONE.with_first_answer(Duration::from_secs(10)).with_idle(Duration::from_secs(5));
//! let policy = Policy::new().limits(limits);
//! let candidates = [Candidate::new(ProviderId::new(0)), Candidate::new(ProviderId::new(1))];
//! let (fleet, now) = (Fleet::new(2, Breaker::new()), Moment::EPOCH);
//! let mut call = Call::new(&policy, &candidates, 42, now);
//! let mut shown = String::new();
//! let finish = loop {
//!     match call.poll(&fleet, now) {
//!         Action::Launch(launch) => {
//!             let mut outcome = Outcome::Answered;
//!             for part in PARTS[launch.candidate] {
//!                 match part {
//!                     Ok(text) => {
//!                         shown.push_str(text);
//!                         call.progress(launch.attempt, Progress::Shown, &fleet, now);
//!                     }
//!                     Err(fault) => outcome = Outcome::from(*fault),
//!                 }
//!             }
//!             call.settle(launch.attempt, outcome, &fleet, now);
//!         }
//!         Action::Wait(_) | Action::Cancel(_) => {} // nothing runs beside this loop
//!         Action::Finish(finish) => break finish,
//!     }
//! };
//! assert!(matches!(finish, Finish::Broken(attempt) if attempt.number() == 1));
//! assert_eq!(shown, "Once upon ");
//! ```
//!
//! # The contract
//!
//! * Every [`Action::Launch`] is followed by one accepted `settle`, or one [`Action::Cancel`], or `abandon`. Never are two
//!   attempts in flight on one provider.
//! * [`Action::Finish`] comes only when nothing is in flight, and polling again says the same.
//! * [`Action::Wait`] until a moment means a moment that lies ahead.
//! * Reports that are late, repeated or about an unknown attempt change nothing.
//! * Once an attempt of a lone request is [`Progress::Shown`], nothing is launched, all others are cancelled, and the call ends with
//!   it: [`Finish::Served`], [`Finish::Broken`], or abandoned.
//! * The same policy, candidates, fleet state, seed and inputs give the same actions.
//! * No attempt starts at or after the deadline, no wait ends at or after it, no limit of an attempt exceeds what remains.
//! * No wait is longer than the policy's patience, and none shorter than the provider asked for. Breakers count in
//!   milliseconds, rounded up: a wait for one may be longer by the rest of a millisecond.
//! * An attempt of unknown fate is repeated on the same provider only if the policy allows it. One whose answer had begun is of
//!   unknown fate, whatever its fault.
//! * A long answer is not a slow one: what an attempt took is the time until its first progress.
//!
//! The driver may enforce an attempt's limits itself and report [`Fault::Timeout`]; one that does not is told to
//! [`Cancel`](Action::Cancel) when a limit passes: on the first answer, on the time between two parts, or on the whole. Either way
//! the provider is blamed, once.
//!
//! Targets without 64-bit atomics are not supported. There are no features.
#![no_std]

extern crate alloc;

mod action;
mod atomic;
mod backoff;
mod breaker;
mod budget;
mod cache;
mod call;
mod circuit;
mod ends;
mod fault;
mod fleet;
mod guard;
mod health;
mod hedge;
mod items;
mod latency;
mod moment;
mod plan;
mod progress;
mod report;
mod rng;
mod slot;
mod turns;

pub use action::{Action, AttemptId, Bound, Cause, Finish, Launch, Outcome};
pub use backoff::{Backoff, Jitter};
pub use breaker::{Breaker, CircuitState, Ending, Transition};
pub use budget::RetryBudget;
pub use cache::{Freshness, Role, SingleFlight};
pub use call::{Call, Event};
pub use fault::{Blame, Fate, Fault, Remedy, Step};
pub use fleet::{Fleet, Permit};
pub use guard::Guard;
pub use health::Health;
pub use hedge::Hedge;
pub use latency::Latency;
pub use moment::Moment;
pub use plan::{Candidate, LastResort, Limits, ModelId, Policy, ProviderId};
pub use progress::Progress;
pub use report::{Entry, Faults, Report, Skip, Skipped};
