//! The cache of values, for any callable.

use std::fmt;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use failover_core::{Freshness, Moment};

use super::age::{Behind, Cached};
use super::bell::Follow;
use super::flights::{End, Flights, Found, Lead, Search};
use crate::calls::{AllFailed, Report, Served, Why};

/// Values by key, in this process's memory, and who is fetching which.
///
/// The key is all that tells one value from another: put into it whatever the answer depends on, such as the model beside the
/// prompt, and whose answer it is where that matters. Errors are never kept.
///
/// Clones share one content. All who share it must read the same clock, as the `Calls` of one adapter do unless they
/// were given others.
pub struct Cache<K, V> {
    freshness: Freshness,
    values: Arc<quick_cache::sync::Cache<K, Arc<Kept<V>>>>,
    flights: Arc<Flights<K, Arc<Kept<V>>>>,
}

struct Kept<V> {
    value: V,
    provider: String,
    at: Moment,
}

/// One call that looks for its value, as often as it takes.
#[must_use = "nothing is found before next()"]
pub struct Visit<K, V> {
    cache: Cache<K, V>,
    search: Search<K, Arc<Kept<V>>>,
    began: Moment,
}

/// What a visit comes to.
#[expect(clippy::exhaustive_enums, reason = "every turn must be taken by every adapter")]
pub enum Turn<K: Eq + Hash, V> {
    /// The value is there.
    Served(Served<V>),
    /// Somebody else is fetching it: wait for that, and call [`Visit::next`] again.
    Follow(Follow),
    /// Fetch it, and tell the seat what came of it.
    Ask(Seat<K, V>),
}

/// One call that fetches a value for all who want the same. Dropped, it wakes those who wait.
#[must_use = "others may wait for it"]
pub struct Seat<K: Eq + Hash, V> {
    cache: Cache<K, V>,
    key: K,
    lead: Lead<K, Arc<Kept<V>>>,
    asked: Moment,
}

/// As many values as prompts of a busy program within its freshness; each as large as it is.
const CAPACITY: usize = 1_024;
/// Longer than most calls take, and short enough for one that hangs.
const LEASE: Duration = Duration::from_secs(60);

impl<K: Clone + Eq + Hash, V: Clone> Cache<K, V> {
    /// An empty one, for values that may be used so long.
    #[must_use]
    pub fn new(freshness: Freshness) -> Self {
        Self { freshness, values: kept(CAPACITY), flights: Arc::new(Flights::new(LEASE)) }
    }

    /// The same content, for callers to whom values may be used so long.
    #[must_use]
    pub fn freshness(self, freshness: Freshness) -> Self {
        Self { freshness, ..self }
    }

    /// So many values are kept, more or less: 1,024 unless said. Those that nobody asks for go first. Makes it empty and its
    /// own, so this comes before cloning.
    #[must_use]
    pub fn capacity(self, values: usize) -> Self {
        Self { values: kept(values), ..self }
    }

    /// A call that does not come back for so long is waited for no more, and another one fetches the value: 60 s unless
    /// said. Comes before cloning.
    #[must_use]
    pub fn lease(self, lease: Duration) -> Self {
        Self { flights: Arc::new(Flights::new(lease)), ..self }
    }

    /// A call begins that wants the value of this key, and does not want to wait for it beyond the deadline.
    pub fn visit(&self, key: K, deadline: Option<Moment>, now: Moment) -> Visit<K, V> {
        let search = self.flights.search(key, !self.freshness.fresh_for().is_zero(), deadline);
        Visit { cache: self.clone(), search, began: now }
    }

    /// How many values are there, old ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Forgets the value of this key.
    pub fn remove(&self, key: &K) {
        self.values.remove(key);
    }

    /// Forgets all values.
    pub fn clear(&self) {
        self.values.clear();
    }

    fn fresh(&self, key: &K, now: Moment) -> Option<Arc<Kept<V>>> {
        self.values.get(key).filter(|kept| self.freshness.fresh(kept.at, now).is_some())
    }

    fn stale(&self, key: &K, now: Moment) -> Option<Arc<Kept<V>>> {
        self.values.get(key).filter(|kept| self.freshness.stale(kept.at, now).is_some())
    }
}

/// A cache splits itself into parts that fill up apart from each other. With less room than this in each it stays whole.
fn kept<K: Eq + Hash, V>(values: usize) -> Arc<quick_cache::sync::Cache<K, Arc<Kept<V>>>> {
    Arc::new(quick_cache::sync::Cache::new(values))
}

impl<V: Clone> Kept<V> {
    /// The value again, as the answer of a call that began then.
    fn served(&self, report: Report, cached: Cached) -> Served<V> {
        let report = Report { wanted: 1, served: 1, cached: Some(cached), ..report };
        Served { value: self.value.clone(), provider: self.provider.clone(), report }
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Visit<K, V> {
    /// What to do now.
    #[must_use]
    pub fn next(&mut self, now: Moment) -> Turn<K, V> {
        let Self { cache, search, began } = self;
        let key = search.key.clone();
        let found = search.next(now, || cache.fresh(&key, now), || cache.stale(&key, now));
        let report = || Report { took: now.since(*began), ..Report::default() };
        let freshness = cache.freshness;
        match found {
            Found::Fresh(kept) => Turn::Served(kept.served(report(), Cached::before(kept.at, now))),
            Found::Stale(kept) => {
                Turn::Served(kept.served(report(), Cached::behind(freshness, kept.at, now)))
            }
            Found::Follow(follow) => Turn::Follow(follow),
            Found::Nothing(lead) => Turn::Ask(Seat { cache: cache.clone(), key, lead, asked: now }),
        }
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Seat<K, V> {
    /// The value that serves if every provider fails, as far as there is one now: whoever listens hears that it served, and
    /// not that nobody did.
    #[must_use]
    pub fn behind(&self) -> Option<Behind> {
        let kept = self.cache.stale(&self.key, self.asked)?;
        Some(Behind { freshness: self.cache.freshness, at: kept.at })
    }

    /// What the caller gets, as this came of the call: the value, which is kept; or an old one, where every provider failed
    /// and there is one.
    ///
    /// # Errors
    ///
    /// The call's own.
    pub fn conclude<E>(
        self,
        result: Result<Served<V>, AllFailed<E>>,
        now: Moment,
    ) -> Result<Served<V>, AllFailed<E>> {
        let Self { cache, key, lead, .. } = self;
        let failed = match result {
            Ok(served) => {
                let (value, provider) = (served.value.clone(), served.provider.clone());
                let kept = Arc::new(Kept { value, provider, at: now });
                cache.values.insert(key, Arc::clone(&kept));
                lead.end(End::Filled(kept));
                return Ok(served);
            }
            Err(failed) => failed,
        };
        let (end, may_be_stale) = match failed.why() {
            Why::Exhausted | Why::Unavailable(_) => (End::Failed, true),
            // That this call had no more time says nothing to those who have.
            Why::Deadline | Why::Attempts => (End::Left, true),
            // Nobody could serve this, so an old value is no answer either.
            Why::Refused | Why::Unusable(_) => (End::Left, false),
        };
        lead.end(end);
        match cache.stale(&key, now).filter(|_| may_be_stale) {
            Some(kept) => {
                let cached = Cached::behind(cache.freshness, kept.at, now);
                Ok(kept.served(failed.into_report(), cached))
            }
            None => Err(failed),
        }
    }
}

impl<K, V> Clone for Cache<K, V> {
    fn clone(&self) -> Self {
        let Self { freshness, values, flights } = self;
        Self { freshness: *freshness, values: Arc::clone(values), flights: Arc::clone(flights) }
    }
}

// Values and keys may be prompts, so neither is ever printed.

impl<K, V> fmt::Debug for Cache<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("freshness", &self.freshness).finish_non_exhaustive()
    }
}

impl<K, V> fmt::Debug for Visit<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visit").field("began", &self.began).finish_non_exhaustive()
    }
}

impl<K: Eq + Hash, V> fmt::Debug for Turn<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Served(served) => f.debug_tuple("Served").field(&served.provider).finish(),
            Self::Follow(follow) => f.debug_tuple("Follow").field(follow).finish(),
            Self::Ask(seat) => f.debug_tuple("Ask").field(seat).finish(),
        }
    }
}

impl<K: Eq + Hash, V> fmt::Debug for Seat<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seat")
    }
}
