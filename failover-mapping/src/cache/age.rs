//! What there is to say about an answer that nobody was asked for just now.

use std::fmt;
use std::time::Duration;

use failover_core::{Freshness, Moment};

/// An answer out of the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cached {
    /// How long ago a provider gave it.
    pub age: Duration,
    /// It was not fresh any more, and is here because every provider has failed (stale-if-error, RFC 5861, section 4).
    pub stale: bool,
}

/// A value that serves behind the providers of one call, if they all fail.
#[derive(Clone, Copy, Debug)]
pub struct Behind {
    pub(crate) freshness: Freshness,
    pub(crate) at: Moment,
}

impl Behind {
    /// What there is to say of it now, unless it is too old.
    pub(crate) fn cached(self, now: Moment) -> Option<Cached> {
        self.freshness.stale(self.at, now)?;
        Some(Cached::behind(self.freshness, self.at, now))
    }
}

impl Cached {
    /// One that was found in front of the providers, or is on its way.
    #[cfg(feature = "cache")]
    pub(crate) fn before(at: Moment, now: Moment) -> Self {
        Self { age: now.since(at), stale: false }
    }

    /// One that was found behind them: another call may have brought it meanwhile, and then it is fresh all the same.
    pub(crate) fn behind(freshness: Freshness, at: Moment, now: Moment) -> Self {
        Self { age: now.since(at), stale: freshness.fresh(at, now).is_none() }
    }
}

impl fmt::Display for Cached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let old = Old(self.age);
        if self.stale {
            write!(f, "from the cache, stale, {old}, as every provider failed")
        } else {
            write!(f, "from the cache, {old}")
        }
    }
}

/// `42 s old`, `5 min old`, `2 h old`, `3 days old`: never older than it is.
struct Old(Duration);

impl fmt::Display for Old {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MINUTE: u64 = 60;
        const HOUR: u64 = 60 * MINUTE;
        const DAY: u64 = 24 * HOUR;
        let seconds = self.0.as_secs();
        let (unit, name) = match seconds {
            ..100 => (1, "s"),
            100..6_000 => (MINUTE, "min"),
            6_000..172_800 => (HOUR, "h"),
            172_800.. => (DAY, "days"),
        };
        write!(f, "{} {name} old", seconds / unit)
    }
}
