//! Answers that may be used again: fresh in front of the providers, stale behind them. Off unless asked for, as equal
//! prompts often want different images.
//!
//! A fresh answer is served at once, and nobody is asked. One that is too old for that is kept for the day when every
//! provider has failed, and is served then, with its age ([`Cached`]). Errors are never kept. How long an answer is fresh, and
//! how long after that it may be served stale, says a [`Freshness`].
//!
//! # Many at once
//!
//! When many calls want the same answer at once, one of them leads and the others follow it ([`SingleFlight`]):
//!
//! * It has the answer: all have it, also where nothing is kept.
//! * Every provider failed: who finds a stale answer takes it. All others ask for themselves, at once and side by side. Were one
//!   of them to lead again, and then the next, the last of them would wait for as many slow failures as there are
//!   calls; and whoever protects the providers from the crowd is not the cache but their circuit breakers, which
//!   have just counted the leader's failures.
//! * It panicked, was dropped, ran out of its own time, or its lease ended: that says nothing about the providers, so one of the
//!   others leads and the rest follow it. Nobody follows more than two.
//! * Where nothing is ever fresh, and answers are kept for the bad days only, nobody leads: each wants an answer of its own.
//! * Whoever has a deadline follows nobody beyond it.
//!
//! Nothing here acts or knows the time. A [`Follow`] is a future without a timer, so that a thread can wait for it as
//! well as a task: an adapter brings the waiting, and gives it up at [`Follow::until`].
//!
//! ```
//! use std::time::Duration;
//! use failover_mapping::Moment;
//! use failover_mapping::cache::{Cache, Freshness, Turn};
//! use failover_mapping::calls::{AllFailed, Served};
//!
//! type Answer = Result<Served<String>, AllFailed<String>>;
//! fn generate(prompt: &str, cache: &Cache<String, String>, ask: impl FnOnce() -> Answer, now: Moment) -> Answer {
//!     let mut visit = cache.visit(prompt.to_owned(), None, now);
//!     loop {
//!         match visit.next(now) {
//!             Turn::Served(served) => return Ok(served),
//!             Turn::Ask(seat) => return seat.conclude(ask(), now),
//!             Turn::Follow(_) => {} // an adapter waits for it
//!         }
//!     }
//! }
//!
//! let cache = Cache::new(Freshness::new(Duration::from_secs(3_600)).stale_if_error(Duration::from_secs(86_400)));
//! # let served = |text: &str| -> Answer {
//! #     use failover_core::{Action, Call};
//! #     use failover_mapping::calls::{Builder, FromRoster, Ledger, Lone, Roster, Verdict};
//! #     struct Calls(Roster);
//! #     impl FromRoster for Calls {
//! #         fn from_roster(roster: Roster) -> Self { Self(roster) }
//! #     }
//! #     let calls: Calls = Builder::new().build().unwrap();
//! #     let lineup = calls.0.line_up(["primary".to_owned()]).unwrap();
//! #     let policy = calls.0.policy();
//! #     let mut ledger = Ledger::new(Lone::new(), Verdict::broken, lineup.names, Moment::EPOCH);
//! #     let mut call = Call::new(&policy, &lineup.candidates, 42, Moment::EPOCH);
//! #     while let Action::Launch(launch) = call.poll(calls.0.fleet(), Moment::EPOCH) {
//! #         ledger.launch(&launch, call.missing(), Moment::EPOCH);
//! #         let outcome = ledger.settle(launch.attempt, Ok::<_, String>(text.to_owned()), Moment::EPOCH);
//! #         call.settle(launch.attempt, outcome, calls.0.fleet(), Moment::EPOCH);
//! #     }
//! #     ledger.conclude(call.report(), Moment::EPOCH)
//! # };
//! let asked = generate("a haiku", &cache, || served("old pond"), Moment::EPOCH).unwrap();
//! assert_eq!(asked.report.cached, None);
//! let later = Moment::after_epoch(Duration::from_secs(42));
//! let kept = generate("a haiku", &cache, || unreachable!(), later).unwrap();
//! assert_eq!(kept.report.cached.unwrap().to_string(), "from the cache, 42 s old");
//! ```

mod age;
#[cfg(feature = "http")]
mod answers;
#[cfg(feature = "cache")]
mod bell;
#[cfg(feature = "cache")]
mod calls;
#[cfg(feature = "http")]
mod canonical;
#[cfg(feature = "cache")]
mod flights;
#[cfg(feature = "http")]
mod key;
#[cfg(feature = "http")]
mod record;
#[cfg(feature = "http")]
mod store;

pub use age::{Behind, Cached};
#[cfg(feature = "cache")]
pub use bell::Follow;
#[cfg(feature = "cache")]
pub use calls::{Cache, Seat, Turn, Visit};
#[cfg(feature = "cache")]
pub use failover_core::{Freshness, SingleFlight};
#[cfg(feature = "http")]
pub use store::CacheStore;

#[cfg(feature = "http")]
pub(crate) use answers::{AnswerLead, AnswerSearch, Answers};
#[cfg(feature = "http")]
pub(crate) use flights::{End, Found};
#[cfg(feature = "http")]
pub(crate) use key::{Key, Parts, Scope};
#[cfg(feature = "http")]
pub(crate) use record::{Record, moment};
#[cfg(feature = "http")]
pub(crate) use store::Shelf;
