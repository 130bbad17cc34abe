//! Any callable: the functions that can get a value, in order, and the first valid one wins.
//!
//! ```
//! use failover_ureq::Calls;
//!
//! fn primary() -> Result<f64, std::io::Error> {
//!     Err(std::io::Error::other("out of order"))
//! }
//! fn backup() -> Result<f64, std::io::Error> {
//!     Ok(21.5)
//! }
//! type Ask = fn() -> Result<f64, std::io::Error>;
//!
//! let calls = Calls::builder().retries(1).build()?; // one for the whole program
//! let got = calls.call([("primary", primary as Ask), ("backup", backup)])?;
//! println!("{} from {}", got.value, got.provider);
//! println!("{}", got.report); // the timeline
//! # assert_eq!((got.value, got.provider.as_str()), (21.5, "backup"));
//! # assert_eq!(got.report.attempts.len(), 3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Many keys at once, each provider asked only for those still missing:
//!
//! ```
//! use failover_ureq::calls::{Calls, Feed};
//!
//! type Prices = Result<Vec<(&'static str, f64)>, String>;
//! let exchange = |_: &[&'static str]| -> Prices { Ok(vec![("BTC", 67_000.0), ("XMR", -1.0)]) };
//! let archive = |missing: &[&'static str]| -> Prices {
//!     assert_eq!(missing, ["ETH", "XMR"]);
//!     Ok(vec![("XMR", 160.0)])
//! };
//!
//! let calls = Calls::new();
//! let prices = calls
//!     .ask_items(["BTC", "ETH", "XMR"], [Feed::new("exchange", exchange), Feed::new("archive", archive)])
//!     .is_valid(|_, price| *price > 0.0)
//!     .run()
//!     .map_err(|unfilled| unfilled.boxed())?; // strings are no errors by themselves
//! assert_eq!((prices.values["BTC"], prices.values["XMR"]), (67_000.0, 160.0));
//! assert_eq!(prices.provider_of("XMR"), Some("archive"));
//! assert_eq!(prices.missing, ["ETH"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Which way to ask
//!
//! | | the callables | a race, a hedge | a time limit that passes |
//! |---|---|---|---|
//! | [`call`](Calls::call), [`items`](Calls::items), [`ask`](Calls::ask), [`ask_items`](Calls::ask_items) | run within the caller's thread, may borrow | no | the answer is used all the same, and counts as a failure for the breaker |
//! | [`race`](Calls::race), [`ask_threads`](Calls::ask_threads), [`ask_items_threads`](Calls::ask_items_threads) | run in a thread for each attempt: `Fn + Send + Sync + 'static` | yes | the thread is not waited for any longer, and the next provider is asked |
//!
//! A thread cannot be stopped. One that is not waited for, as its time was up or as another provider was faster, goes on,
//! and its provider may charge for what it does: [`Attempt::goes_on`] and [`Attempt::maybe_billed`] say so.
//!
//! # What an error means
//!
//! That its provider is [`Fault::Broken`], unless [`Ask::classify`] says otherwise. Then the provider is asked again as often as
//! [`Builder::retries`] allows, and then the next; three failures in a row, each attempt counted, and it is left alone for a
//! while. A caller's own mistake should not count against a provider: classify it as [`Fault::InvalidRequest`], which ends
//! the call, or as [`Fault::Unsupported`], which asks the next.
//!
//! A panic in a callable, or in a function that judges, goes on in the caller's thread and leaves no trace in the
//! breakers.

mod ask;
#[cfg(feature = "cache")]
mod cached;
mod inline;
mod provider;
mod threads;

use std::hash::Hash;
use std::sync::Arc;

pub use failover_core::{
    Backoff, Breaker, CircuitState, Fault, Health, Hedge, Jitter, LastResort, Latency, RetryBudget, Skip,
};
pub use failover_mapping::calls::{
    AllFailed, AnyError, Attempt, Batch, Builder, End, Failure, Filled, Lone, Passed, Report, RootCause,
    Served, SettingError, Unfilled, Values, Verdict, Wanted, Why,
};
use failover_mapping::calls::{FromRoster, Roster};

pub use ask::{Ask, InlineAsk, ThreadAsk};
#[cfg(feature = "cache")]
pub use cached::CachedAsk;
pub use failover_mapping::cache::Cached;
#[cfg(feature = "cache")]
pub use failover_mapping::cache::{Cache, Freshness};
pub use provider::{Feed, Inline, Provider, ThreadFeed, ThreadProvider, Threaded};

use crate::clock::Clock;

/// Asks functions in order until one has a valid value. The [module documentation](self) begins with an example.
///
/// Clones share one state: what one call learns about a provider, all know, by its name.
#[derive(Clone, Debug)]
pub struct Calls {
    roster: Arc<Roster>,
    clock: Clock,
}

impl Calls {
    /// With the defaults of the [`Builder`].
    #[must_use]
    pub fn new() -> Self {
        Self::from_roster(Roster::default())
    }

    /// The settings, to be changed and built.
    pub const fn builder() -> Builder<Self> {
        Builder::new()
    }

    /// What others share with it, by this clock.
    #[cfg(feature = "http")]
    pub(crate) const fn of(roster: Arc<Roster>, clock: Clock) -> Self {
        Self { roster, clock }
    }

    /// Reads the time and sleeps by `clock`. Clones share what the time was used for, so this comes before cloning.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// The first valid value, from these providers in order: pairs of a name and a function, or [`Provider`]s.
    ///
    /// # Errors
    ///
    /// Nobody served, or the list of providers cannot be used.
    pub fn call<'a, T, E, P: Into<Provider<'a, T, E>>>(
        &self,
        providers: impl IntoIterator<Item = P>,
    ) -> Result<Served<T>, AllFailed<E>> {
        self.ask(providers).run()
    }

    /// As [`Calls::call`], with wishes for this one call.
    pub fn ask<'a, T, E, P: Into<Provider<'a, T, E>>>(
        &self,
        providers: impl IntoIterator<Item = P>,
    ) -> InlineAsk<'_, 'a, Lone<T>, E> {
        let providers = providers.into_iter().map(Into::into).map(|it| (it.name, it.ask));
        Ask::new(self, providers, Lone::new(), self.roster.policy())
    }

    /// A value for each key, in the order of these feeds, each of which is asked only for the keys that are missing still.
    ///
    /// # Errors
    ///
    /// Nobody served and somebody failed, or the list of feeds cannot be used.
    pub fn items<'a, K: Clone + Eq + Hash, X, E, P: Into<Feed<'a, K, X, E>>>(
        &self,
        keys: impl IntoIterator<Item = K>,
        feeds: impl IntoIterator<Item = P>,
    ) -> Result<Filled<K, X>, Unfilled<K, X, E>> {
        self.ask_items(keys, feeds).run()
    }

    /// As [`Calls::items`], with wishes for this one call.
    pub fn ask_items<'a, K: Clone + Eq + Hash, X, E, P: Into<Feed<'a, K, X, E>>>(
        &self,
        keys: impl IntoIterator<Item = K>,
        feeds: impl IntoIterator<Item = P>,
    ) -> InlineAsk<'_, 'a, Batch<K, X>, E> {
        let feeds = feeds.into_iter().map(Into::into).map(|it| (it.name, it.ask));
        Ask::new(self, feeds, Batch::new(keys), self.roster.policy().require_all(false))
    }

    /// All providers at once, each in a thread of its own: the first valid value wins. A failure, however fast, does not.
    ///
    /// # Errors
    ///
    /// Nobody served, or the list of providers cannot be used.
    pub fn race<T: Send + 'static, E: Send + 'static, P: Into<ThreadProvider<T, E>>>(
        &self,
        providers: impl IntoIterator<Item = P>,
    ) -> Result<Served<T>, AllFailed<E>> {
        self.ask_threads(providers).hedge(Hedge::race()).run()
    }

    /// As [`Calls::ask`], each attempt in a thread of its own: with hedges, and time limits that are kept.
    pub fn ask_threads<T, E, P: Into<ThreadProvider<T, E>>>(
        &self,
        providers: impl IntoIterator<Item = P>,
    ) -> ThreadAsk<'_, Lone<T>, E> {
        let providers = providers.into_iter().map(Into::into).map(|it| (it.name, it.ask));
        Ask::new(self, providers, Lone::new(), self.roster.policy())
    }

    /// As [`Calls::ask_items`], each attempt in a thread of its own: with hedges, and time limits that are kept.
    pub fn ask_items_threads<K: Clone + Eq + Hash, X, E, P: Into<ThreadFeed<K, X, E>>>(
        &self,
        keys: impl IntoIterator<Item = K>,
        feeds: impl IntoIterator<Item = P>,
    ) -> ThreadAsk<'_, Batch<K, X>, E> {
        let feeds = feeds.into_iter().map(Into::into).map(|it| (it.name, it.ask));
        Ask::new(self, feeds, Batch::new(keys), self.roster.policy().require_all(false))
    }

    /// The present state of a provider's breaker. One that was never asked is closed.
    #[must_use]
    pub fn state(&self, name: &str) -> CircuitState {
        self.roster.state(name, self.clock.now())
    }

    /// Nobody asks this provider any more, not even as the last resort, until [`Calls::release`].
    ///
    /// # Errors
    ///
    /// All 256 breakers are taken by other names.
    pub fn force_open(&self, name: &str) -> Result<(), SettingError> {
        self.roster.force_open(name)
    }

    /// This provider is asked however it fails, until [`Calls::release`].
    ///
    /// # Errors
    ///
    /// All 256 breakers are taken by other names.
    pub fn force_closed(&self, name: &str) -> Result<(), SettingError> {
        self.roster.force_closed(name)
    }

    /// The breaker of this provider judges for itself again, as if it were new.
    pub fn release(&self, name: &str) {
        self.roster.release(name);
    }
}

impl Default for Calls {
    fn default() -> Self {
        Self::new()
    }
}

impl FromRoster for Calls {
    fn from_roster(roster: Roster) -> Self {
        Self { roster: Arc::new(roster), clock: Clock::system() }
    }
}
