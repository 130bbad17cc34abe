//! How long to wait before asking the same candidate again.
//!
//! The formulas are the field's: constant, linear `base * (n + 1)`, exponential `base * 2^n`, for the retry number
//! n = 0, 1, ... The jitter comes before the cap, so no wait exceeds the cap; all arithmetic saturates. Full jitter is the
//! default: among the usual kinds it lets many clients that failed together come back with the least total waiting.

use core::time::Duration;

use crate::rng::Rng;

/// The waits between attempts on one candidate.
///
/// ```
/// use core::time::Duration;
/// use failover_core::Backoff;
///
/// const QUICK: Backoff = Backoff::exponential(Duration::from_millis(200)).cap(Duration::from_secs(2));
/// # let _ = QUICK;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    growth: Growth,
    base: Duration,
    cap: Duration,
    jitter: Jitter,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Growth {
    Constant,
    Linear,
    Exponential,
}

/// How the waits of many clients are spread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Jitter {
    /// Exactly the wait.
    None,
    /// The wait and up to one base more.
    Additive,
    /// Anything between nothing and the wait.
    #[default]
    Full,
}

/// No wait is longer, unless [`Backoff::cap`] says so.
const DEFAULT_CAP: Duration = Duration::from_secs(30);

impl Backoff {
    const fn new(growth: Growth, base: Duration, jitter: Jitter) -> Self {
        Self { growth, base, cap: DEFAULT_CAP, jitter }
    }

    /// Always `base`, without jitter.
    #[must_use]
    pub const fn constant(base: Duration) -> Self {
        Self::new(Growth::Constant, base, Jitter::None)
    }

    /// `base`, two `base`, three `base`, ...; full jitter.
    #[must_use]
    pub const fn linear(base: Duration) -> Self {
        Self::new(Growth::Linear, base, Jitter::Full)
    }

    /// `base`, two `base`, four `base`, ...; full jitter.
    #[must_use]
    pub const fn exponential(base: Duration) -> Self {
        Self::new(Growth::Exponential, base, Jitter::Full)
    }

    /// No wait is longer than `cap`; 30 s unless said.
    #[must_use]
    pub const fn cap(self, cap: Duration) -> Self {
        Self { cap, ..self }
    }

    /// How the waits are spread.
    #[must_use]
    pub const fn jitter(self, jitter: Jitter) -> Self {
        Self { jitter, ..self }
    }

    /// The wait before retry number `n` (the first is 0).
    pub(crate) fn wait(&self, n: u32, rng: &mut Rng) -> Duration {
        let grown = match self.growth {
            Growth::Constant => self.base,
            Growth::Linear => self.base.saturating_mul(n.saturating_add(1)),
            Growth::Exponential => self.base.saturating_mul(1_u32.checked_shl(n).unwrap_or(u32::MAX)),
        };
        let spread = match self.jitter {
            Jitter::None => grown,
            Jitter::Additive => grown.saturating_add(rng.up_to(self.base)),
            Jitter::Full => rng.up_to(grown.min(self.cap)),
        };
        spread.min(self.cap)
    }
}

impl Default for Backoff {
    /// Exponential from 200 ms, capped at 30 s, full jitter.
    fn default() -> Self {
        Self::exponential(Duration::from_millis(200))
    }
}
