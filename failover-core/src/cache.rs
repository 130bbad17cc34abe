//! What a cached answer is good for, and who fetches it when many want it: decisions only, the answers lie elsewhere.
//!
//! A fresh answer is served without asking anybody. An older one is kept for the day when every provider has failed
//! (stale-if-error, RFC 5861, section 4): it is served then, with its age.
//!
//! When many calls want the same answer at once, one of them, the leader, asks for it and the others wait
//! ([`SingleFlight`]). A leader that does not come back is replaced when its lease ends.
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

    /// How long an answer is fresh.
    #[must_use]
    pub const fn fresh_for(&self) -> Duration {
        self.fresh
    }

    /// How long after that it may be served if every provider has failed.
    #[must_use]
    pub const fn stale_for(&self) -> Duration {
        self.stale
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

/// How one call stands to the others that want the same answer at the same time.
///
/// | the leader | those who follow it |
/// |---|---|
/// | has the answer | take it |
/// | [`failed`](Self::failed): every provider did | ask for themselves, each at once: in a row, the last would wait for as many failures as there are calls |
/// | [`left`](Self::left): it panicked, was dropped, or its lease ended | follow one of them, who leads now |
///
/// Nobody follows more than two leaders, so nobody waits for longer than two leases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SingleFlight {
    followed: u8,
}

/// What a call does that wants an answer which another may be fetching already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a further one must be met by every driver")]
pub enum Role {
    /// Fetch it: others may wait for it.
    Lead,
    /// Wait for the leader until this moment; then join again.
    Follow(Moment),
    /// Fetch it, although somebody leads: nobody waits for it.
    Alone,
}

impl SingleFlight {
    const LEADERS: u8 = 2;

    /// A call that has followed nobody yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { followed: 0 }
    }

    /// Leads, unless a leader set out at `leader` and its `lease` has not ended. One that is back, with or without an answer,
    /// is no leader any more.
    #[must_use]
    pub fn join(&self, leader: Option<Moment>, lease: Duration, now: Moment) -> Role {
        match leader.map(|began| began.plus(lease)) {
            Some(end) if now < end && self.followed < Self::LEADERS => Role::Follow(end),
            Some(end) if now < end => Role::Alone,
            Some(_) | None => Role::Lead,
        }
    }

    /// The leader asked, and nobody served.
    #[must_use]
    pub const fn failed(self) -> Self {
        Self { followed: Self::LEADERS }
    }

    /// The leader went without a word, or its lease ended: nobody knows what the providers would have said.
    #[must_use]
    pub const fn left(self) -> Self {
        Self { followed: self.followed.saturating_add(1) }
    }
}
