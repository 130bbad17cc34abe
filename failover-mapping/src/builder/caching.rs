//! Answers that may be used again.

use failover_core::Freshness;

use super::Builder;
use crate::cache::{CacheStore, Shelf};
use crate::config::FromConfig;

impl<F: FromConfig> Builder<F> {
    /// Keeps answers, and uses each again for so long; nothing is kept unless said, as equal prompts often want different
    /// images.
    ///
    /// A fresh answer is served at once, and nobody is asked. When many callers want the same at once, one of them asks, and the
    /// others wait: for a deadline at most, and for no longer than an answer usually takes (30 s; 10 minutes for a video). A
    /// stale answer serves when every provider has failed. Each says so: in its [`Provenance`](crate::Provenance), as
    /// `x-failover-cache`, `x-failover-age` and `Age`.
    ///
    /// Kept are finished results only, of FAL's synchronous requests and of Replicate's with `Prefer: wait`: no job, no error,
    /// nothing larger than [`answer_limit`](Self::answer_limit). The asked provider's healthy answers are read for it before
    /// they are handed on. Two requests are the same if provider, model, body (JSON in any order of its keys), the stand-ins
    /// and where they are, the data in use, and the caller's headers are, its credentials above all: nobody is served what was
    /// made for another. A request that shows no `Authorization`, because a client adds it behind this one, has no part
    /// in it. What a client adds on the way besides is not seen here either: where tenants are told apart by that, give
    /// each a [`PerRequest::cache_scope`](crate::PerRequest::cache_scope). `Cache-Control: no-cache` on a request wants a new
    /// answer, `no-store` wants none to be kept.
    ///
    /// Files live as long as their provider keeps them: Replicate's for an hour. Stale answers should not outlive the files that
    /// they name.
    ///
    /// ```
    /// use std::time::Duration;
    /// use failover_mapping::Config;
    /// use failover_mapping::cache::Freshness;
    ///
    /// let minute = Duration::from_secs(60);
    /// let builder = Config::builder().nexa_api_key("nexa-key"); // or an adapter's `Failover::builder()`
    /// let config = builder.cache(Freshness::new(10 * minute).stale_if_error(50 * minute)).build()?;
    /// # Ok::<(), failover_mapping::ConfigError>(())
    /// ```
    pub fn cache(self, freshness: Freshness) -> Self {
        let both = self.say("cache.fresh", |settings| settings.cache.fresh = Some(freshness.fresh_for()));
        let stale = Some(freshness.stale_for()).filter(|stale| !stale.is_zero());
        both.say("cache.stale", |settings| settings.cache.stale = stale)
    }

    /// How much the cache in memory holds, in bytes; 16 MiB unless said. What nobody asks for goes first.
    pub fn cache_capacity(self, bytes: usize) -> Self {
        self.say("cache.capacity", |settings| settings.cache.capacity = bytes)
    }

    /// Where answers are kept, in place of this process's memory. They are kept only if [`cache`](Self::cache) says how long.
    pub fn cache_store(self, store: impl CacheStore + 'static) -> Self {
        self.with(|settings| settings.cache.store = Some(Shelf::of_user(store)))
    }
}
