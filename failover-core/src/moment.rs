//! Points in time, as the driver of the core measures them.
//!
//! The core never reads a clock. Whoever drives it says what time it is, as the time since an epoch of its own
//! choosing: the start of the process, say. A clock that stands still or steps back is tolerated. Breakers count 34 years
//! from the epoch, so it should not lie long ago: not in 1970.

use core::num::NonZeroU64;
use core::time::Duration;

/// A point in time: nanoseconds since the driver's own epoch, up to about 584 years.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(
    /// Nanoseconds and one more, so that `Option<Moment>` takes no more room than a moment.
    NonZeroU64,
);

const NANOS_PER_MILLI: u64 = 1_000_000;

impl Moment {
    /// The driver's epoch itself.
    pub const EPOCH: Self = Self(NonZeroU64::MIN);

    #[inline]
    const fn from_nanos(nanos: u64) -> Self {
        Self(NonZeroU64::MIN.saturating_add(nanos))
    }

    #[inline]
    const fn nanos(self) -> u64 {
        self.0.get() - 1
    }

    /// The moment that lies `elapsed` after the driver's epoch; the far future where it cannot be counted.
    #[must_use]
    #[inline]
    pub const fn after_epoch(elapsed: Duration) -> Self {
        Self::EPOCH.plus(elapsed)
    }

    /// The time between the driver's epoch and this moment.
    #[must_use]
    #[inline]
    pub const fn since_epoch(self) -> Duration {
        Duration::from_nanos(self.nanos())
    }

    /// This moment and `wait` more; saturates.
    #[must_use]
    #[inline]
    pub const fn plus(self, wait: Duration) -> Self {
        let nanos = wait.as_nanos();
        let nanos = if nanos > u64::MAX as u128 { u64::MAX } else { nanos as u64 };
        Self(self.0.saturating_add(nanos))
    }

    /// The time from `earlier` to this moment; nothing if `earlier` is the later one.
    #[must_use]
    #[inline]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.get().saturating_sub(earlier.0.get()))
    }

    /// Breakers count in milliseconds: the finest step of what they open until.
    pub(crate) const GRAIN: Duration = Duration::from_millis(1);

    /// The end of the millisecond it lies in.
    #[inline]
    pub(crate) const fn ceil(self) -> Self {
        Self::from_millis(self.ceil_millis())
    }

    /// Whole milliseconds since the epoch.
    #[inline]
    pub(crate) const fn millis(self) -> u64 {
        self.nanos() / NANOS_PER_MILLI
    }

    /// Whole milliseconds since the epoch, rounded up: a break counted so never ends early.
    #[inline]
    pub(crate) const fn ceil_millis(self) -> u64 {
        self.nanos().div_ceil(NANOS_PER_MILLI)
    }

    #[inline]
    pub(crate) const fn from_millis(millis: u64) -> Self {
        Self::from_nanos(millis.saturating_mul(NANOS_PER_MILLI))
    }
}

impl Default for Moment {
    fn default() -> Self {
        Self::EPOCH
    }
}
