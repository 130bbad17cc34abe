//! When a second provider is asked although the first has not failed: hedging, and the race, which is hedging at once.
//!
//! A hedge cuts the slow tail: asking again after the 95th percentile costs about 5 % more requests (Dean and Barroso, "The
//! tail at scale", 2013). The hedge is the next candidate, never the same provider twice at a time. A failure starts the
//! next candidate at once; a fast failure never wins. While somebody answers already, part by part, nothing is hedged.

use core::num::NonZeroU8;
use core::time::Duration;

/// When the next candidate is asked beside those in flight.
///
/// ```
/// use core::time::Duration;
/// use failover_core::{Hedge, Policy};
///
/// let race = Policy::new().hedge(Hedge::race());
/// let tail = Policy::new().hedge(Hedge::after_percentile(95));
/// let fixed = Policy::new().hedge(Hedge::after(Duration::from_millis(800)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hedge {
    pub(crate) delay: Delay,
    pub(crate) in_flight: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delay {
    After(Duration),
    Percentile(u8),
}

impl Hedge {
    const fn new(delay: Delay, in_flight: u8) -> Self {
        Self { delay, in_flight }
    }

    /// All candidates at once.
    #[must_use]
    pub const fn race() -> Self {
        Self::new(Delay::After(Duration::ZERO), u8::MAX)
    }

    /// The next candidate when the latest one has not answered after this time; two in flight.
    #[must_use]
    pub const fn after(delay: Duration) -> Self {
        Self::new(Delay::After(delay), 2)
    }

    /// As [`Hedge::after`], with the time within which `percent` of the latest one's recent answers came, as the fleet's
    /// [`Latency`](crate::Latency) record has it. As long as that holds too few answers, nothing is hedged.
    #[must_use]
    pub const fn after_percentile(percent: u8) -> Self {
        Self::new(Delay::Percentile(if percent > 100 { 100 } else { percent }), 2)
    }

    /// At most so many attempts in flight.
    #[must_use]
    pub const fn in_flight(self, most: NonZeroU8) -> Self {
        Self { in_flight: most.get(), ..self }
    }
}
