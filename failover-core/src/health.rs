//! How well each provider has done lately: the order in which candidates are asked, if that is left to their health.
//!
//! Per provider, the share of failures and the latency, each as an exponentially weighted mean of its attempts (one eighth
//! for the newest). Both fade with time, by half in each half-life: bad news grows old, so a provider that was ranked last
//! is tried again, and nobody starves.
//!
//! Fewer failures rank first, in eighths; then the shorter latency, by doublings; then the order in which the candidates were
//! given. A provider that has not failed lately is written down sixteen times in a half-life at most, so that healthy providers
//! share hardly a write.

use alloc::boxed::Box;
use core::time::Duration;

use crate::atomic::{AtomicU64, Ordering};
use crate::moment::Moment;

/// A record of success and latency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    half_life: Duration,
}

impl Health {
    /// A half-life of 30 s.
    #[must_use]
    pub const fn new() -> Self {
        Self { half_life: Duration::from_secs(30) }
    }

    /// After this long without news, what is known counts half; at least 1 ms.
    #[must_use]
    pub const fn half_life(self, half_life: Duration) -> Self {
        Self { half_life }
    }
}

impl Default for Health {
    fn default() -> Self {
        Self::new()
    }
}

/// A provider without failures is written down at most so often in a half-life.
const SAMPLES: u64 = 16;
/// The newest attempt counts for one in so many.
const SHARES: u64 = 8;

/// One provider's health in one word: 12 bits share of failures, 26 bits latency in 16 us, 26 bits when, in 64 ms (it wraps
/// after 49 days).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Vitals {
    failures: u64,
    latency: u64,
    at: u64,
}

const ALL_FAIL: u64 = (1 << 12) - 1;
const LONGEST: u64 = (1 << 26) - 1;
const TICKS: u64 = (1 << 26) - 1;
const AN_HOUR: u64 = 60 * 60 * 1_000 / 64;

const fn tick(now: Moment) -> u64 {
    (now.millis() / 64) & TICKS
}

impl Vitals {
    const fn from_bits(bits: u64) -> Self {
        Self { failures: bits >> 52, latency: (bits >> 26) & LONGEST, at: bits & TICKS }
    }

    const fn bits(self) -> u64 {
        self.failures << 52 | self.latency << 26 | self.at
    }

    /// Milliseconds since it was written down.
    #[inline]
    const fn age(self, now: Moment) -> u64 {
        // A little behind is the clock of another thread; much is a long silence.
        let behind = self.at.wrapping_sub(tick(now)) & TICKS;
        if behind < AN_HOUR { 0 } else { (tick(now).wrapping_sub(self.at) & TICKS) * 64 }
    }

    /// What is left of it now, if it fades by half in `half_life` milliseconds.
    fn faded(self, half_life: u64, now: Moment) -> Self {
        let passed = self.age(now);
        let (halvings, rest) = (passed / half_life, passed % half_life);
        let fade = |value: u64| {
            let value = value.checked_shr(u32::try_from(halvings).unwrap_or(u32::MAX)).unwrap_or(0);
            value - (u128::from(value) * u128::from(rest) / (2 * u128::from(half_life))) as u64
        };
        Self { failures: fade(self.failures), latency: fade(self.latency), at: tick(now) }
    }

    const fn after(self, failed: bool, took: u64) -> Self {
        let news = if failed { ALL_FAIL } else { 0 };
        // Failures say nothing about how long an answer takes.
        let latency = if failed {
            self.latency
        } else if self.latency == 0 {
            took
        } else {
            mean(self.latency, took)
        };
        Self { failures: mean(self.failures, news), latency, at: self.at }
    }
}

/// Moves an eighth of the way, at least one step, so that it arrives.
const fn mean(old: u64, new: u64) -> u64 {
    if new >= old { old + (new - old).div_ceil(SHARES) } else { old - (old - new).div_ceil(SHARES) }
}

/// The health of every fault domain, kept only where it is asked for.
#[derive(Debug)]
pub(crate) struct Charts {
    /// In milliseconds.
    half_life: u64,
    each: Box<[AtomicU64]>,
}

impl Charts {
    pub(crate) fn new(health: Health, slots: usize) -> Self {
        let half_life = u64::try_from(health.half_life.as_millis()).unwrap_or(u64::MAX).max(1);
        Self { half_life, each: (0..slots).map(|_| AtomicU64::new(0)).collect() }
    }

    /// An attempt on the provider in `slot` ended.
    #[inline]
    pub(crate) fn note(&self, slot: usize, failed: bool, took: Duration, now: Moment) {
        let Some(word) = self.each.get(slot) else { return };
        let bits = word.load(Ordering::Relaxed);
        let known = Vitals::from_bits(bits);
        // Nothing new is learnt from one success after another: the healthy are looked at now and then.
        let is_fresh = known.latency != 0 && known.age(now) < self.half_life / SAMPLES;
        if failed || known.failures != 0 || !is_fresh {
            self.write_down(word, bits, failed, took, now);
        }
    }

    #[cold]
    fn write_down(&self, word: &AtomicU64, mut bits: u64, failed: bool, took: Duration, now: Moment) {
        let took = u64::try_from(took.as_micros() / 16).unwrap_or(LONGEST).clamp(1, LONGEST);
        loop {
            let next = Vitals::from_bits(bits).faded(self.half_life, now).after(failed, took);
            match word.compare_exchange_weak(bits, next.bits(), Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return,
                Err(present) => bits = present,
            }
        }
    }

    /// The lower, the sooner it is asked.
    pub(crate) fn rank(&self, slot: usize, now: Moment) -> u64 {
        let Some(word) = self.each.get(slot) else { return 0 };
        let vitals = Vitals::from_bits(word.load(Ordering::Relaxed)).faded(self.half_life, now);
        ((vitals.failures * SHARES + ALL_FAIL / 2) / (ALL_FAIL + 1)) << 8 | doublings(vitals.latency)
    }
}

/// How many doublings of 16 us; 0 for nothing known.
fn doublings(latency: u64) -> u64 {
    latency.checked_ilog2().map_or(0, |log| u64::from(log) + 1)
}
