//! One call with a cache before it, and behind it.

use std::fmt;
use std::hash::Hash;

use failover_core::Moment;
use failover_mapping::cache::{Behind, Cache, Turn};
use failover_mapping::calls::{AllFailed, Lone, Served, Verdict};

use super::provider::{Inline, Threaded};
use super::{Ask, inline, threads};

/// A call that looks into a [`Cache`] before anybody is asked.
///
/// ```
/// use std::time::Duration;
/// use failover_ureq::calls::{Cache, Calls, Freshness};
///
/// let (calls, hour) = (Calls::new(), Duration::from_secs(3_600));
/// let cache = Cache::new(Freshness::new(hour).stale_if_error(24 * hour)); // one for the whole program
/// let generate = |prompt: &str| {
///     let write = || Ok::<_, std::io::Error>(format!("{prompt}: old pond"));
///     calls.ask([("writer", write)]).cached(&cache, prompt.to_owned()).run()
/// };
/// assert_eq!(generate("a haiku")?.cached(), None);
/// assert!(generate("a haiku")?.cached().is_some_and(|cached| !cached.stale));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "nobody is asked before run()"]
pub struct CachedAsk<'c, F, T, V, E, C, K> {
    pub(super) ask: Ask<'c, F, Lone<T, V>, E, C>,
    pub(super) cache: &'c Cache<K, T>,
    pub(super) key: K,
}

impl<F, T: Clone, V, E, C, K: Clone + Eq + Hash> CachedAsk<'_, F, T, V, E, C, K> {
    /// A call that begins now and asks as `run` does, if nobody else has the value.
    fn run_by(
        self,
        run: impl FnOnce(
            Ask<'_, F, Lone<T, V>, E, C>,
            Moment,
            Moment,
            Option<Behind>,
        ) -> Result<Served<T>, AllFailed<E>>,
    ) -> Result<Served<T>, AllFailed<E>> {
        let Self { ask, cache, key } = self;
        let clock = &ask.calls.clock;
        let began = clock.now();
        let mut visit = cache.visit(key, ask.policy.ends(began), began);
        let mut now = began;
        let seat = loop {
            match visit.next(now) {
                Turn::Served(served) => return Ok(served),
                Turn::Ask(seat) => break seat,
                Turn::Follow(follow) => {
                    clock.follow(follow, now);
                    now = clock.now();
                }
            }
        };
        let behind = seat.behind();
        let result = run(ask, began, now, behind);
        seat.conclude(result, clock.now())
    }
}

impl<'a, T, V, E, C, K> CachedAsk<'_, Inline<'a, (), T, E>, T, V, E, C, K>
where
    T: Clone,
    V: FnMut(&T) -> bool,
    C: FnMut(&E) -> Verdict,
    K: Clone + Eq + Hash,
{
    /// A fresh value, or the one that another call is about to have; else asks, within this thread; and where every provider
    /// has failed, an old value, if there is one. [`Served::cached`] tells. The call's deadline holds for the waiting, too.
    ///
    /// # Errors
    ///
    /// Nobody served, and there is no value that may still be used; or the list of providers cannot be used.
    pub fn run(self) -> Result<Served<T>, AllFailed<E>> {
        self.run_by(inline::run)
    }
}

impl<T, V, E, C, K> CachedAsk<'_, Threaded<(), T, E>, T, V, E, C, K>
where
    T: Clone + Send + 'static,
    V: FnMut(&T) -> bool,
    E: Send + 'static,
    C: FnMut(&E) -> Verdict,
    K: Clone + Eq + Hash,
{
    /// As above, with a thread for each attempt.
    ///
    /// # Errors
    ///
    /// Nobody served, and there is no value that may still be used; or the list of providers cannot be used.
    pub fn run(self) -> Result<Served<T>, AllFailed<E>> {
        self.run_by(threads::run)
    }
}

impl<F, T, V, E, C, K> fmt::Debug for CachedAsk<'_, F, T, V, E, C, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedAsk").field("ask", &self.ask).field("cache", self.cache).finish_non_exhaustive()
    }
}
