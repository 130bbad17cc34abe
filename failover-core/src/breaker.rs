//! The circuit breaker's settings.

use core::num::NonZeroU8;
use core::time::Duration;

/// When a circuit breaker opens, for how long, and what closes it.
///
/// The defaults: three failures in a row, 30 s and up to 15 % more, one probe, one success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breaker {
    pub(crate) failures: NonZeroU8,
    pub(crate) pause: Duration,
}

impl Breaker {
    /// The defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self { failures: NonZeroU8::MIN.saturating_add(2), pause: Duration::from_secs(30) }
    }

    /// Opens after this many failures in a row.
    #[must_use]
    pub const fn failures(self, failures: NonZeroU8) -> Self {
        Self { failures, ..self }
    }

    /// Stays open this long.
    #[must_use]
    pub const fn pause(self, pause: Duration) -> Self {
        Self { pause, ..self }
    }
}

impl Default for Breaker {
    fn default() -> Self {
        Self::new()
    }
}
