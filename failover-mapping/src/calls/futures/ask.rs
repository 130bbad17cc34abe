//! One call, with wishes of its own.

use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;
use std::time::Duration;

use failover_core::{Hedge, Policy};

use super::callable::Callable;
use super::runtime::Runtime;
use super::{Calls, run};
use crate::calls::{Batch, Lone, Verdict, Wanted};

/// A call that is about to be made. Nobody is asked before the future of [`run`](Ask::run) is awaited.
///
/// `R` is the adapter's runtime, `P` what is asked, `W` what is wanted, `E` the callables' error, and `C` says what it means.
#[must_use = "nobody is asked before run()"]
pub struct Ask<'c, R, P, W, E, C = fn(&E) -> Verdict> {
    pub(super) calls: &'c Calls<R>,
    pub(super) providers: Vec<P>,
    pub(super) wanted: W,
    pub(super) classify: C,
    pub(super) policy: Policy,
    errors: PhantomData<fn() -> E>,
}

impl<'c, R, P, W, E> Ask<'c, R, P, W, E> {
    pub(super) fn new(
        calls: &'c Calls<R>,
        providers: impl IntoIterator<Item = P>,
        wanted: W,
        policy: Policy,
    ) -> Self {
        let providers = providers.into_iter().collect();
        Self { calls, providers, wanted, classify: Verdict::broken, policy, errors: PhantomData }
    }
}

impl<'c, R, P, W, E, C> Ask<'c, R, P, W, E, C> {
    /// What an error of a callable means: a [`Fault`](failover_core::Fault), a fault and the time after which the provider wants
    /// to be asked again, or a [`Verdict`]. All are [`Fault::Broken`](failover_core::Fault::Broken) unless said.
    pub fn classify<V: Into<Verdict>>(
        self,
        mut classify: impl FnMut(&E) -> V,
    ) -> Ask<'c, R, P, W, E, impl FnMut(&E) -> Verdict> {
        let Self { calls, providers, wanted, policy, errors, .. } = self;
        let classify = move |error: &E| classify(error).into();
        Ask { calls, providers, wanted, classify, policy, errors }
    }

    /// This call ends so long after it began, in place of [`Builder::deadline`](crate::calls::Builder::deadline).
    pub fn deadline(self, deadline: Duration) -> Self {
        let policy = self.policy.deadline(deadline);
        Self { policy, ..self }
    }

    /// Asks the next provider before the present one has failed, in place of
    /// [`Builder::hedge`](crate::calls::Builder::hedge). A percentile needs
    /// [`Builder::latency`](crate::calls::Builder::latency).
    pub fn hedge(self, hedge: Hedge) -> Self {
        let policy = self.policy.hedge(hedge);
        Self { policy, ..self }
    }

    #[cfg(feature = "http")]
    pub(crate) fn with_policy(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }

    fn want<N>(self, change: impl FnOnce(W) -> N) -> Ask<'c, R, P, N, E, C> {
        let Self { calls, providers, wanted, classify, policy, errors } = self;
        Ask { calls, providers, wanted: change(wanted), classify, policy, errors }
    }
}

impl<'c, R, P, T, V, E, C> Ask<'c, R, P, Lone<T, V>, E, C> {
    /// A value for which this is false is a failure of its provider: it is not asked again, but the next one is. Every
    /// value is valid unless said.
    pub fn is_valid<N: FnMut(&T) -> bool>(self, is_valid: N) -> Ask<'c, R, P, Lone<T, N>, E, C> {
        self.want(|lone| lone.is_valid(is_valid))
    }
}

#[cfg(feature = "cache")]
impl<'c, R, P, T, V, E, C> Ask<'c, R, P, Lone<T, V>, E, C> {
    /// Looks into this cache first, under this key, and keeps there what the call brings. Comes last before
    /// [`CachedAsk::run`](super::CachedAsk::run).
    pub fn cached<K>(
        self,
        cache: &'c crate::cache::Cache<K, T>,
        key: K,
    ) -> super::CachedAsk<'c, R, P, T, V, E, C, K> {
        super::CachedAsk { ask: self, cache, key }
    }
}

impl<'c, R, P, K: Clone + Eq + Hash, X, V, E, C> Ask<'c, R, P, Batch<K, X, V>, E, C> {
    /// A value for which this is false leaves its key open for the next provider. An answer of such values alone is a
    /// failure of its provider. Every value is valid unless said.
    pub fn is_valid<N: FnMut(&K, &X) -> bool>(self, is_valid: N) -> Ask<'c, R, P, Batch<K, X, N>, E, C> {
        self.want(|batch| batch.is_valid(is_valid))
    }

    /// Whether a key that nobody has a valid value for makes the whole call fail; it does not unless said.
    pub fn require_all(self, on: bool) -> Self {
        let policy = self.policy.require_all(on);
        Self { policy, ..self }
    }
}

impl<R, P, W, E, C> Ask<'_, R, P, W, E, C>
where
    R: Runtime,
    W: Wanted,
    P: Callable<W::Question, Answer = W::Answer, Error = E>,
    C: FnMut(&E) -> Verdict,
{
    /// Asks. The future may be dropped at any time: what is in flight is dropped with it, and proves nothing about its
    /// provider unless its time was up. It can move between threads if all that it is made of can.
    ///
    /// # Errors
    ///
    /// Nobody served, or not all that was required; or the list of providers cannot be used.
    pub async fn run(self) -> Result<W::Got, W::Failed<E>> {
        let began = self.calls.runtime.now();
        run::run(self, began, began, None).await
    }
}

impl<R, P, W: fmt::Debug, E, C> fmt::Debug for Ask<'_, R, P, W, E, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { providers, wanted, policy, .. } = self;
        f.debug_struct("Ask")
            .field("providers", &providers.len())
            .field("wanted", wanted)
            .field("policy", policy)
            .finish_non_exhaustive()
    }
}
