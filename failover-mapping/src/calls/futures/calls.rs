//! Async functions in order: what the calls of a program share, and the ways to ask.

use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;

use failover_core::{CircuitState, Hedge};

use super::ask::Ask;
use super::callable::Callable;
use super::runtime::Runtime;
use crate::calls::{
    AllFailed, Batch, Builder, Filled, FromRoster, Lone, Roster, Served, SettingError, Unfilled,
};

/// Asks async functions in order until one has a valid value. An adapter has it with the runtime `R` that it is made for.
///
/// Clones share one state: what one call learns about a provider, all know, by its name.
#[derive(Clone, Debug)]
pub struct Calls<R> {
    pub(super) roster: Arc<Roster>,
    pub(super) runtime: R,
}

impl<R: Runtime + Default> Calls<R> {
    /// With the defaults of the [`Builder`].
    #[must_use]
    pub fn new() -> Self {
        Self::from_roster(Roster::default())
    }

    /// The settings, to be changed and built.
    pub const fn builder() -> Builder<Self> {
        Builder::new()
    }
}

impl<R: Runtime> Calls<R> {
    /// What others share with it, by this runtime.
    #[cfg(feature = "http")]
    pub(crate) const fn of(roster: Arc<Roster>, runtime: R) -> Self {
        Self { roster, runtime }
    }

    /// Reads the time and sleeps by `clock`. Clones share what the time was used for, so this comes before cloning.
    #[must_use]
    pub fn with_clock<N: Runtime>(self, clock: N) -> Calls<N> {
        Calls { roster: self.roster, runtime: clock }
    }

    /// The first valid value, from these providers in order: pairs of a name and an async function, or
    /// [`Provider`](super::Provider)s.
    ///
    /// # Errors
    ///
    /// Nobody served, or the list of providers cannot be used.
    pub fn call<P: Callable<()>>(
        &self,
        providers: impl IntoIterator<Item = P>,
    ) -> impl Future<Output = Result<Served<P::Answer>, AllFailed<P::Error>>> {
        self.ask(providers).run()
    }

    /// As [`Calls::call`], with wishes for this one call.
    pub fn ask<P: Callable<()>>(
        &self,
        providers: impl IntoIterator<Item = P>,
    ) -> Ask<'_, R, P, Lone<P::Answer>, P::Error> {
        Ask::new(self, providers, Lone::new(), self.roster.policy())
    }

    /// A value for each key, in the order of these feeds, each of which is asked only for the keys that are missing still.
    ///
    /// # Errors
    ///
    /// Nobody served and somebody failed, or the list of feeds cannot be used.
    pub fn items<K: Clone + Eq + Hash, X, P: Callable<Vec<K>, Answer = Vec<(K, X)>>>(
        &self,
        keys: impl IntoIterator<Item = K>,
        feeds: impl IntoIterator<Item = P>,
    ) -> impl Future<Output = Result<Filled<K, X>, Unfilled<K, X, P::Error>>> {
        self.ask_items(keys, feeds).run()
    }

    /// As [`Calls::items`], with wishes for this one call.
    pub fn ask_items<K: Clone + Eq + Hash, X, P: Callable<Vec<K>, Answer = Vec<(K, X)>>>(
        &self,
        keys: impl IntoIterator<Item = K>,
        feeds: impl IntoIterator<Item = P>,
    ) -> Ask<'_, R, P, Batch<K, X>, P::Error> {
        Ask::new(self, feeds, Batch::new(keys), self.roster.policy().require_all(false))
    }

    /// All providers at once: the first valid value wins, and the others are dropped. A failure, however fast, does not win.
    ///
    /// # Errors
    ///
    /// Nobody served, or the list of providers cannot be used.
    pub fn race<P: Callable<()>>(
        &self,
        providers: impl IntoIterator<Item = P>,
    ) -> impl Future<Output = Result<Served<P::Answer>, AllFailed<P::Error>>> {
        self.ask(providers).hedge(Hedge::race()).run()
    }

    /// The present state of a provider's breaker. One that was never asked is closed.
    #[must_use]
    pub fn state(&self, name: &str) -> CircuitState {
        self.roster.state(name, self.runtime.now())
    }
}

impl<R> Calls<R> {
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

impl<R: Runtime + Default> Default for Calls<R> {
    fn default() -> Self {
        Self::new()
    }
}

impl<R: Runtime + Default> FromRoster for Calls<R> {
    fn from_roster(roster: Roster) -> Self {
        Self { roster: Arc::new(roster), runtime: R::default() }
    }
}
