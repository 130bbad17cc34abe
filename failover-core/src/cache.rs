//! What a cached answer is good for, and who fetches it when many want it: decisions only, the answers lie elsewhere.
//!
//! A fresh answer is served without asking anybody. An older one is kept for the day when every provider has failed
//! (stale-if-error, RFC 5861, section 4): it is served then, with its age.
//!
//! When many calls want the same answer at once, one of them, the leader, asks for it and the others wait (single
//! flight). A leader that does not come back is replaced when its lease ends.
//!
//! ```
//! use core::time::Duration;
//! use failover_core::{Freshness, Moment};
//!
//! let freshness = Freshness::new(Duration::from_secs(3_600)).stale_if_error(Duration::from_secs(86_400));
//! let stored = Moment::EPOCH;
//! let now = stored.plus(Duration::from_secs(7_200));
//! assert_eq!(freshness.fresh(stored, now), None); // too old to be served at once
//! assert_eq!(freshness.stale(stored, now), Some(Duration::from_secs(7_200))); // good enough when all have failed
//! ```

use core::time::Duration;

use crate::moment::Moment;

/// How long answers may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freshness {
    fresh: Duration,
    stale: Duration,
}

impl Freshness {
    /// Fresh for this long, and of no use after it.
    #[must_use]
    pub const fn new(fresh: Duration) -> Self {
        Self { fresh, stale: Duration::ZERO }
    }

    /// For this long after it was fresh, an answer may be served if every provider has failed.
    #[must_use]
    pub const fn stale_if_error(self, stale: Duration) -> Self {
        Self { stale, ..self }
    }

    /// Its age, if the answer may be served at once.
    #[must_use]
    pub fn fresh(&self, stored: Moment, now: Moment) -> Option<Duration> {
        let age = now.since(stored);
        (age < self.fresh).then_some(age)
    }

    /// Its age, if the answer may be served now that every provider has failed.
    #[must_use]
    pub fn stale(&self, stored: Moment, now: Moment) -> Option<Duration> {
        let age = now.since(stored);
        (age < self.fresh.saturating_add(self.stale)).then_some(age)
    }

    /// When the answer is of no use any more, even as a stale one.
    #[must_use]
    pub const fn expiry(&self, stored: Moment) -> Moment {
        stored.plus(self.fresh).plus(self.stale)
    }
}

/// What a call does that wants an answer which another may be fetching already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "one leads or one follows")]
pub enum SingleFlight {
    /// Fetch it.
    Lead,
    /// Wait for the leader until this moment; then ask again.
    Follow(Moment),
}

impl SingleFlight {
    /// Leads, unless a leader set out at `leader` and its `lease` has not ended. A leader that has failed is no leader any
    /// more: the next one who asks leads.
    #[must_use]
    pub fn join(leader: Option<Moment>, lease: Duration, now: Moment) -> Self {
        match leader.map(|began| began.plus(lease)) {
            Some(end) if now < end => Self::Follow(end),
            Some(_) | None => Self::Lead,
        }
    }
}
