//! One call, with wishes of its own.

use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;
use std::time::Duration;

use failover_core::{Hedge, ModelId, Policy};
use failover_mapping::calls::{Batch, Lone, Verdict, Wanted};

use super::provider::{Inline, Threaded};
use super::{Calls, inline, threads};

/// A call that is about to be made. Nobody is asked before [`run`](Ask::run).
///
/// ```
/// use std::time::Duration;
/// use failover_ureq::calls::{Calls, Fault, Provider};
///
/// enum Trouble {
///     Busy { seconds: u64 },
///     BadRequest,
/// }
///
/// let busy = || Err(Trouble::Busy { seconds: 30 });
/// let sloppy = || Ok(f64::NAN);
/// let sound = || Ok(21.5);
/// let calls = Calls::new();
/// let got = calls
///     .ask([Provider::new("busy", busy), Provider::new("sloppy", sloppy), Provider::new("sound", sound)])
///     .classify(|trouble| match trouble {
///         Trouble::Busy { seconds } => (Fault::Throttled, Some(Duration::from_secs(*seconds))),
///         Trouble::BadRequest => (Fault::InvalidRequest, None),
///     })
///     .is_valid(|degrees| degrees.is_finite())
///     .run();
/// assert!(got.is_ok_and(|got| got.provider == "sound"));
/// # let _ = Trouble::BadRequest;
/// ```
#[must_use = "nobody is asked before run()"]
pub struct Ask<'c, F, W, E, C = fn(&E) -> Verdict> {
    pub(super) calls: &'c Calls,
    pub(super) names: Vec<String>,
    pub(super) callables: Vec<F>,
    pub(super) wanted: W,
    pub(super) classify: C,
    pub(super) policy: Policy,
    /// What each of them asks, where that matters.
    pub(super) models: Vec<Option<ModelId>>,
    errors: PhantomData<fn() -> E>,
}

/// A call of functions that run within the caller's thread.
pub type InlineAsk<'c, 'a, W, E, C = fn(&E) -> Verdict> =
    Ask<'c, Inline<'a, <W as Wanted>::Question, <W as Wanted>::Answer, E>, W, E, C>;

/// A call of functions that run in a thread for each attempt.
pub type ThreadAsk<'c, W, E, C = fn(&E) -> Verdict> =
    Ask<'c, Threaded<<W as Wanted>::Question, <W as Wanted>::Answer, E>, W, E, C>;

impl<'c, F, W, E> Ask<'c, F, W, E> {
    pub(super) fn new(
        calls: &'c Calls,
        providers: impl Iterator<Item = (String, F)>,
        wanted: W,
        policy: Policy,
    ) -> Self {
        let (names, callables) = providers.unzip();
        Self {
            calls,
            names,
            callables,
            wanted,
            classify: Verdict::broken,
            policy,
            models: Vec::new(),
            errors: PhantomData,
        }
    }
}

impl<'c, F, W, E, C> Ask<'c, F, W, E, C> {
    /// What an error of a callable means: a [`Fault`](super::Fault), a fault and the time after which the provider wants to be asked
    /// again, or a [`Verdict`]. All are [`Fault::Broken`](super::Fault::Broken) unless said.
    pub fn classify<R: Into<Verdict>>(
        self,
        mut classify: impl FnMut(&E) -> R,
    ) -> Ask<'c, F, W, E, impl FnMut(&E) -> Verdict> {
        let Self { calls, names, callables, wanted, policy, models, errors, .. } = self;
        let classify = move |error: &E| classify(error).into();
        Ask { calls, names, callables, wanted, classify, policy, models, errors }
    }

    /// This call ends so long after it began, in place of [`Builder::deadline`](super::Builder::deadline).
    pub fn deadline(self, deadline: Duration) -> Self {
        let policy = self.policy.deadline(deadline);
        Self { policy, ..self }
    }

    #[cfg(feature = "http")]
    pub(crate) fn with_policy(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }

    #[cfg(feature = "http")]
    pub(crate) fn with_models(self, models: impl IntoIterator<Item = ModelId>) -> Self {
        Self { models: models.into_iter().map(Some).collect(), ..self }
    }

    fn want<N>(self, change: impl FnOnce(W) -> N) -> Ask<'c, F, N, E, C> {
        let Self { calls, names, callables, wanted, classify, policy, models, errors } = self;
        Ask { calls, names, callables, wanted: change(wanted), classify, policy, models, errors }
    }
}

impl<'c, F, T, V, E, C> Ask<'c, F, Lone<T, V>, E, C> {
    /// A value for which this is false is a failure of its provider: it is not asked again, but the next one is. Every
    /// value is valid unless said.
    pub fn is_valid<N: FnMut(&T) -> bool>(self, is_valid: N) -> Ask<'c, F, Lone<T, N>, E, C> {
        self.want(|lone| lone.is_valid(is_valid))
    }
}

#[cfg(feature = "cache")]
impl<'c, F, T, V, E, C> Ask<'c, F, Lone<T, V>, E, C> {
    /// Looks into this cache first, under this key, and keeps there what the call brings. Comes last before
    /// [`CachedAsk::run`](super::CachedAsk::run).
    pub fn cached<K>(
        self,
        cache: &'c failover_mapping::cache::Cache<K, T>,
        key: K,
    ) -> super::CachedAsk<'c, F, T, V, E, C, K> {
        super::CachedAsk { ask: self, cache, key }
    }
}

impl<'c, F, K: Clone + Eq + Hash, X, V, E, C> Ask<'c, F, Batch<K, X, V>, E, C> {
    /// A value for which this is false leaves its key open for the next provider. An answer of such values alone is a
    /// failure of its provider. Every value is valid unless said.
    pub fn is_valid<N: FnMut(&K, &X) -> bool>(self, is_valid: N) -> Ask<'c, F, Batch<K, X, N>, E, C> {
        self.want(|batch| batch.is_valid(is_valid))
    }

    /// Whether a key that nobody has a valid value for makes the whole call fail; it does not unless said.
    pub fn require_all(self, on: bool) -> Self {
        let policy = self.policy.require_all(on);
        Self { policy, ..self }
    }
}

impl<'a, W: Wanted, E, C: FnMut(&E) -> Verdict> InlineAsk<'_, 'a, W, E, C> {
    /// Asks, one provider after the other, within this thread.
    ///
    /// # Errors
    ///
    /// Nobody served, or not all that was required; or the list of providers cannot be used.
    pub fn run(self) -> Result<W::Got, W::Failed<E>> {
        let began = self.calls.clock.now();
        inline::run(self, began, began, None)
    }
}

impl<W, E, C> ThreadAsk<'_, W, E, C>
where
    W: Wanted,
    W::Question: Send + 'static,
    W::Answer: Send + 'static,
    E: Send + 'static,
    C: FnMut(&E) -> Verdict,
{
    /// Asks, with a thread for each attempt.
    ///
    /// # Errors
    ///
    /// Nobody served, or not all that was required; or the list of providers cannot be used.
    pub fn run(self) -> Result<W::Got, W::Failed<E>> {
        let began = self.calls.clock.now();
        threads::run(self, began, began, None)
    }
}

impl<'c, Q, A, W, E, C> Ask<'c, Threaded<Q, A, E>, W, E, C> {
    /// Asks the next provider before the present one has failed, in place of [`Builder::hedge`](super::Builder::hedge). A percentile
    /// needs [`Builder::latency`](super::Builder::latency).
    pub fn hedge(self, hedge: Hedge) -> Self {
        let policy = self.policy.hedge(hedge);
        Self { policy, ..self }
    }
}

impl<F, W: fmt::Debug, E, C> fmt::Debug for Ask<'_, F, W, E, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { names, wanted, policy, .. } = self;
        f.debug_struct("Ask")
            .field("names", names)
            .field("wanted", wanted)
            .field("policy", policy)
            .finish_non_exhaustive()
    }
}
