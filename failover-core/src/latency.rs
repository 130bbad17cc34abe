//! How long answers take, or begin to: a record per provider, over a moving window, for the percentile after which a hedge starts.
//!
//! A histogram with four steps to each doubling from 1 ms to 137 s: a percentile is the upper end of its step, so it is
//! never understated, and overstated by a quarter at most. Two windows take turns; what is older than both is forgotten. A
//! cancelled loser's elapsed time is recorded as well: it would have taken longer still, and leaving it out would bias
//! the percentile down.
//!
//! A busy provider is sampled: once a window holds many answers, one in so many is written down, with that weight. The
//! record then costs a load for most answers, and threads do not fight over it.

use alloc::boxed::Box;
use core::array;
use core::time::Duration;

use crate::atomic::{AtomicU32, AtomicU64, Ordering};
use crate::moment::Moment;

/// A record of how long answers take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latency {
    /// In milliseconds, not zero.
    window: u64,
    least: u32,
}

impl Latency {
    /// Windows of 30 s, and at least 20 answers before it says anything.
    #[must_use]
    pub const fn new() -> Self {
        Self { window: 30_000, least: 20 }
    }

    /// How long a window is, at least 1 ms. Between one and two of them are looked at.
    #[must_use]
    pub const fn window(self, window: Duration) -> Self {
        let millis = window.as_millis();
        let millis = if millis > u64::MAX as u128 { u64::MAX } else { millis as u64 };
        Self { window: if millis == 0 { 1 } else { millis }, ..self }
    }

    /// How many answers it takes to say anything.
    #[must_use]
    pub const fn least(self, answers: u32) -> Self {
        Self { least: answers, ..self }
    }
}

impl Latency {
    /// The number of the window that `now` lies in, from 1, so that 0 is before all of them. Most often it is the `latest` one,
    /// which is found without a division.
    #[inline]
    const fn number(&self, now: Moment, latest: u64) -> u64 {
        let millis = now.millis();
        let start = latest.saturating_sub(1).saturating_mul(self.window);
        if latest > 0 && millis >= start && millis - start < self.window {
            return latest;
        }
        millis / self.window + 1
    }
}

impl Default for Latency {
    fn default() -> Self {
        Self::new()
    }
}

const STEPS_PER_DOUBLING: u32 = 4;
/// 2^20 ns is about 1 ms.
const FIRST_DOUBLING: u32 = 20;
const DOUBLINGS: u32 = 17;
const STEPS: usize = (DOUBLINGS * STEPS_PER_DOUBLING) as usize + 1;
/// From so many answers in a window on, one in two is written down; from twice as many, one in four; and so on.
const SAMPLED_FROM: u32 = 512;

/// One provider's record. The windows take turns by the parity of their number.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct Histogram {
    /// The number of the latest window that has an answer, and one more; 0 before the first.
    latest: AtomicU64,
    /// Answers counted in each window, with their weight.
    counts: [AtomicU32; 2],
    steps: [[AtomicU32; STEPS]; 2],
}

impl Histogram {
    pub(crate) fn new() -> Self {
        Self {
            latest: AtomicU64::new(0),
            counts: array::from_fn(|_| AtomicU32::new(0)),
            steps: array::from_fn(|_| array::from_fn(|_| AtomicU32::new(0))),
        }
    }

    fn forget(&self, window: u64) {
        let parity = (window % 2) as usize;
        let (Some(count), Some(steps)) = (self.counts.get(parity), self.steps.get(parity)) else { return };
        count.store(0, Ordering::Relaxed);
        for step in steps {
            step.store(0, Ordering::Relaxed);
        }
    }

    /// Writes an answer down. `seed` decides whether it is among the sampled ones.
    pub(crate) fn record(&self, took: Duration, settings: &Latency, seed: u64, now: Moment) {
        let latest = self.latest.load(Ordering::Relaxed);
        let window = settings.number(now, latest);
        if window > latest {
            let turned = self.latest.compare_exchange(latest, window, Ordering::Relaxed, Ordering::Relaxed);
            if turned.is_ok() {
                self.forget(window);
                if window > latest + 1 {
                    self.forget(window + 1);
                }
            }
        } else if window + 1 < latest {
            return;
        }
        let parity = (window % 2) as usize;
        let (Some(count), Some(steps)) = (self.counts.get(parity), self.steps.get(parity)) else { return };
        let weight = weight(count.load(Ordering::Relaxed));
        // A power of two: so many of its lowest bits have to be zero.
        if seed & u64::from(weight - 1) != 0 {
            return;
        }
        count.fetch_add(weight, Ordering::Relaxed);
        if let Some(step) = steps.get(step_of(took)) {
            step.fetch_add(weight, Ordering::Relaxed);
        }
    }

    /// The time within which `percent` of the recent answers came; nothing if there are too few.
    pub(crate) fn percentile(&self, percent: u8, settings: &Latency, now: Moment) -> Option<Duration> {
        let latest = self.latest.load(Ordering::Relaxed);
        let window = settings.number(now, latest);
        if window > latest.saturating_add(1) {
            return None;
        }
        let valid = |parity: usize| window <= latest || parity == (latest % 2) as usize;
        let counted = |at: usize| -> u64 {
            let windows = self.steps.iter().enumerate().filter(|(parity, _)| valid(*parity));
            windows
                .filter_map(|(_, steps)| steps.get(at))
                .map(|step| u64::from(step.load(Ordering::Relaxed)))
                .sum()
        };
        let total: u64 = (0..STEPS).map(counted).sum();
        if total == 0 || total < u64::from(settings.least) {
            return None;
        }
        let rank = (total * u64::from(percent)).div_ceil(100).max(1);
        let mut below = 0;
        (0..STEPS)
            .find(|at| {
                below += counted(*at);
                below >= rank
            })
            .map(upper_end)
    }
}

fn weight(counted: u32) -> u32 {
    1 << (counted / SAMPLED_FROM).checked_ilog2().map_or(0, |doublings| (doublings + 1).min(16))
}

fn step_of(took: Duration) -> usize {
    let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX).max(1);
    let doubling = nanos.ilog2();
    if doubling < FIRST_DOUBLING {
        return 0;
    }
    let within = (nanos >> (doubling - 2)) & 0b11;
    let step = u64::from((doubling - FIRST_DOUBLING) * STEPS_PER_DOUBLING) + within + 1;
    usize::try_from(step).unwrap_or(STEPS).min(STEPS - 1)
}

/// No answer of this step took longer, but for the last one, which has no end.
fn upper_end(step: usize) -> Duration {
    let Some(step) = u32::try_from(step).ok().and_then(|step| step.checked_sub(1)) else {
        return Duration::from_nanos(1 << FIRST_DOUBLING);
    };
    let doubling = FIRST_DOUBLING + step / STEPS_PER_DOUBLING;
    let quarter = u64::from(step % STEPS_PER_DOUBLING + 1) << (doubling - 2);
    Duration::from_nanos((1 << doubling) + quarter)
}

/// One histogram for each fault domain, made only where the record is on.
#[derive(Debug)]
pub(crate) struct Histograms {
    pub(crate) settings: Latency,
    pub(crate) each: Box<[Histogram]>,
}

impl Histograms {
    pub(crate) fn new(settings: Latency, slots: usize) -> Self {
        Self { settings, each: (0..slots).map(|_| Histogram::new()).collect() }
    }
}
