//! Points in time, as the caller of the core measures them.
//!
//! The core never reads a clock. Whoever drives it says what time it is, as the time since an epoch of its own
//! choosing: the start of the process, say. Only differences matter, and a clock that stands still or steps back is
//! tolerated.

use core::time::Duration;

/// A point in time: nanoseconds since the driver's own epoch, up to about 584 years.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(u64);

impl Moment {
    /// The driver's epoch itself.
    pub const EPOCH: Self = Self(0);

    /// The moment that lies `elapsed` after the driver's epoch; the far future where it cannot be counted.
    #[must_use]
    pub const fn after_epoch(elapsed: Duration) -> Self {
        let nanos = elapsed.as_nanos();
        Self(if nanos > u64::MAX as u128 { u64::MAX } else { nanos as u64 })
    }

    /// The time between the driver's epoch and this moment.
    #[must_use]
    pub const fn since_epoch(self) -> Duration {
        Duration::from_nanos(self.0)
    }

    /// This moment and `wait` more; saturates.
    #[must_use]
    pub const fn plus(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(Self::after_epoch(wait).0))
    }

    /// The time from `earlier` to this moment; nothing if `earlier` is the later one.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// Whole milliseconds since the epoch, rounded up: a break measured so never ends early.
    pub(crate) const fn ceil_millis(self) -> u64 {
        self.0.div_ceil(1_000_000)
    }

    pub(crate) const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }
}
