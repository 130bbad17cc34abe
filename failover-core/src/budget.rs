//! The retry budget: how many extra attempts all calls together may make.
//!
//! When everything fails, retries multiply the load on what is left. So every logical request pays a share of a token in,
//! time adds a small reserve, and a repeat or a hedge takes a whole one out (Finagle's `RetryBudget`; 20 % and 10 per second
//! are its defaults). An empty budget suppresses the extra attempt and nothing else: the first attempt on each candidate, and
//! a probe, are free, so that a full outage cannot stop failover.
//!
//! Over any time, extra attempts are at most `share * requests + reserve * seconds + burst`.
//!
//! Tokens are counted in thousandths, in integers: no share is lost to rounding. A full budget is not written to, so that it
//! costs a load per request as long as all is well.

use crate::atomic::{AtomicU64, Ordering};
use crate::moment::Moment;

/// How many extra attempts a fleet allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryBudget {
    share_percent: u8,
    reserve_per_second: u32,
    burst: u32,
}

const TOKEN: u64 = 1_000;
const TIME_BITS: u32 = 34;
const TIME: u64 = (1 << TIME_BITS) - 1;
const AN_HOUR: u64 = 60 * 60 * 1_000;

impl RetryBudget {
    /// 20 % of the requests, and 10 per second; a burst of 100.
    #[must_use]
    pub const fn new() -> Self {
        Self { share_percent: 20, reserve_per_second: 10, burst: 100 }
    }

    /// So many extra attempts per 100 requests.
    #[must_use]
    pub const fn share_percent(self, percent: u8) -> Self {
        Self { share_percent: percent, ..self }
    }

    /// So many per second whatever the requests.
    #[must_use]
    pub const fn reserve_per_second(self, attempts: u32) -> Self {
        Self { reserve_per_second: attempts, ..self }
    }

    /// So many at most can be saved up; up to a million. The budget begins full.
    #[must_use]
    pub const fn burst(self, attempts: u32) -> Self {
        Self { burst: if attempts > 1_000_000 { 1_000_000 } else { attempts }, ..self }
    }

    const fn full(&self) -> u64 {
        self.burst as u64 * TOKEN
    }
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self::new()
    }
}

/// 30 bits of thousandths, 34 bits of the time they were counted up to, in ms, wrapping after 198 days.
#[derive(Debug)]
pub(crate) struct Tokens {
    word: AtomicU64,
    budget: RetryBudget,
}

impl Tokens {
    pub(crate) fn new(budget: RetryBudget) -> Self {
        Self { word: AtomicU64::new(budget.full() << TIME_BITS), budget }
    }

    /// A logical request begins.
    pub(crate) fn deposit(&self, now: Moment) {
        let share = u64::from(self.budget.share_percent) * TOKEN / 100;
        if self.word.load(Ordering::Relaxed) >> TIME_BITS < self.budget.full() {
            self.change(now, |tokens| Some((tokens + share).min(self.budget.full())));
        }
    }

    /// Pays for an extra attempt, if it can be paid.
    pub(crate) fn withdraw(&self, now: Moment) -> bool {
        self.change(now, |tokens| tokens.checked_sub(TOKEN))
    }

    fn change(&self, now: Moment, change: impl Fn(u64) -> Option<u64>) -> bool {
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            let (tokens, since, present) = (word >> TIME_BITS, word & TIME, now.millis() & TIME);
            // A little behind is the clock of another thread, and that time was counted already; much is a long silence.
            let behind = since.wrapping_sub(present) & TIME;
            let is_behind = behind != 0 && behind < AN_HOUR;
            let (passed, counted) =
                if is_behind { (0, since) } else { (present.wrapping_sub(since) & TIME, present) };
            let earned = passed.saturating_mul(u64::from(self.budget.reserve_per_second));
            let Some(tokens) = change(tokens.saturating_add(earned).min(self.budget.full())) else {
                return false;
            };
            let next = tokens << TIME_BITS | counted;
            match self.word.compare_exchange_weak(word, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(present) => word = present,
            }
        }
    }
}
