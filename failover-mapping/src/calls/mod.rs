//! Any callable: what every adapter's `Calls` shares, and none of it acts.
//!
//! A program has several ways to get a price, a forecast or a place: functions, not HTTP requests to a provider that this
//! crate knows. An adapter asks them in order and comes back with a [`Served`] value or a [`Filled`] batch. What is here is
//! the rest of it:
//!
//! * [`Builder`]: the settings, checked once. They make a [`Roster`], which all calls of an adapter's `Calls` share: the
//!   policy, the breakers, and which name has which.
//! * [`Wanted`]: what a call is to bring, [one value](Lone) or [one for each key](Batch), and which values are valid.
//! * [`Ledger`]: what one call knows: the answers so far, every attempt, every error. It turns a result into the
//!   [`Outcome`](failover_core::Outcome) that the core asks for, and all of it into the caller's result at the end.
//! * [`Report`]: the timeline, in every result and in every error.
//! * [`AllFailed`] and [`Unfilled`]: nobody served, and why in each case.
//! * [`futures`]: all of this for async callables, up to the loop: an async adapter adds its timer.
//!
//! A blocking adapter adds the callables, the clock and the loop:
//!
//! ```
//! use failover_core::{Action, Call, Guard, Moment};
//! use failover_mapping::calls::{AllFailed, Builder, FromRoster, Ledger, Lone, Roster, Served, Verdict};
//!
//! struct Calls(Roster);
//! impl FromRoster for Calls {
//!     fn from_roster(roster: Roster) -> Self {
//!         Self(roster)
//!     }
//! }
//!
//! type Ask = fn() -> Result<f64, String>;
//! fn call(calls: &Calls, providers: &[(&str, Ask)]) -> Result<Served<f64>, AllFailed<String>> {
//!     let now = || Moment::EPOCH; // an adapter's clock
//!     let lineup = calls.0.line_up(providers.iter().map(|(name, _)| (*name).to_owned()))?;
//!     let policy = calls.0.policy();
//!     let mut ledger = Ledger::new(Lone::new(), Verdict::broken, lineup.names, now()).observed(&calls.0);
//!     let call = Call::new(&policy, &lineup.candidates, 42, now());
//!     let mut call = Guard::new(call, calls.0.fleet(), now);
//!     loop {
//!         let action = call.poll(now());
//!         ledger.told(call.next_event(), call.report(), now());
//!         match action {
//!             Action::Launch(launch) => {
//!                 ledger.launch(&launch, call.missing(), now());
//!                 let result = (providers[launch.candidate].1)();
//!                 call.settle(launch.attempt, ledger.settle(launch.attempt, result, now()), now());
//!                 ledger.told(call.next_event(), call.report(), now());
//!             }
//!             Action::Wait(_) | Action::Cancel(_) => {} // an adapter's sleep
//!             Action::Finish(_) => return ledger.conclude(call.report(), now()),
//!         }
//!     }
//! }
//!
//! let calls: Calls = Builder::new().build()?;
//! let primary: Ask = || Err("out of order".to_owned());
//! let backup: Ask = || Ok(21.5);
//! let served = call(&calls, &[("primary", primary), ("backup", backup)]).map_err(AllFailed::boxed)?;
//! assert_eq!((served.value, served.provider.as_str()), (21.5, "backup"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod batch;
mod builder;
mod failed;
mod filled;
pub mod futures;
mod ledger;
mod lone;
mod names;
mod report;
mod roster;
mod setting;
mod verdict;
mod wanted;

pub use batch::Batch;
pub use builder::{Builder, FromRoster};
pub use failed::{AllFailed, AnyError, Failure, RootCause, Unfilled, Why};
pub use filled::{Filled, Values};
pub use ledger::Ledger;
pub use lone::{Lone, Served};
#[cfg(feature = "http")]
pub(crate) use names::SLOTS;
pub(crate) use names::is_unguarded;
pub use report::{Attempt, End, Passed, Report};
pub use roster::{Lineup, Roster};
pub use setting::SettingError;
pub use verdict::Verdict;
pub use wanted::{Taken, Wanted};
