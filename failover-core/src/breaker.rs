//! The circuit breaker: when a provider is left alone, and when it is tried again.
//!
//! ```text
//!              k failures of the last n,            its time has passed
//!              or unavailable until T               and a call comes by
//!   +--------+ --------------------> +------+ ------------------------> +-----------+
//!   | closed |                       | open |                           | half-open |
//!   +--------+ <-------------------- +------+ <------------------------ +-----------+
//!        ^       last resort serves             a probe fails                 |
//!        +--------------------------------------------------------------------+
//!                                   m probes succeed
//! ```
//!
//! Forced open or forced closed by hand, it ignores what happens until it is released; then it is as new.
//!
//! A [`Fleet`](crate::Fleet) keeps one breaker per fault domain.
//!
//! Every change of state begins a new *epoch*. A permit remembers the epoch it was given in, and a result that comes
//! home in another epoch is evidence about a past that has been judged already: it changes nothing.
//!
//! A probe holds a *lease*. When it ends unreported (its call was forgotten, its thread died), the room it took is free
//! again: a lost permit delays the healing, it cannot prevent it.

use core::fmt;
use core::num::NonZeroU8;
use core::time::Duration;

use crate::moment::Moment;
use crate::rng::Rng;

/// When a circuit breaker opens, for how long, and what closes it.
///
/// The defaults are three failures in a row, a break of 30 s and up to 15 % more, one probe at a time and one success. They
/// make at most 4 attempts on a provider that is down for 60 s while a request comes every 4 s, and bring it back within
/// half a minute of its recovery. The jitter keeps many processes from probing in the same instant.
///
/// ```
/// use core::num::NonZeroU8;
/// use core::time::Duration;
/// use failover_core::Breaker;
///
/// const FIVE: NonZeroU8 = NonZeroU8::new(5).unwrap();
/// let breaker = Breaker::new().failures(FIVE).pause(Duration::from_secs(60));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breaker {
    pub(crate) failures: u8,
    /// How many attempts are looked back on, if more than the failures.
    among: u8,
    pub(crate) slow: Option<Duration>,
    pause: Duration,
    longest: Duration,
    jitter_percent: u8,
    pub(crate) probes: u8,
    pub(crate) successes: u8,
}

/// The most attempts that can be looked back on.
const MOST_ATTEMPTS: u8 = 32;
/// The most probes at a time, and the most successes, that can be asked for.
const MOST_PROBES: u8 = 4;
/// The longest break: longer ones are read as this.
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 60 * 60);
/// The shortest break: a zero would let the epochs cycle at the rate of the requests.
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);

impl Breaker {
    /// The defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            failures: 3,
            among: 0,
            slow: None,
            pause: Duration::from_secs(30),
            longest: Duration::ZERO,
            jitter_percent: 15,
            probes: 1,
            successes: 1,
        }
    }

    /// Opens after this many failures in a row; more than 32 are read as 32.
    #[must_use]
    pub const fn failures(self, failures: NonZeroU8) -> Self {
        Self { failures: at_most(failures, MOST_ATTEMPTS), ..self }
    }

    /// Opens when so many of the last `attempts` failed, in place of that many in a row. More than 32 are read as 32, and
    /// fewer than the failures as the failures. A breaker that is new or healed has seen successes only.
    #[must_use]
    pub const fn among(self, attempts: NonZeroU8) -> Self {
        Self { among: at_most(attempts, MOST_ATTEMPTS), ..self }
    }

    /// An answer that took longer than this counts as a failure, though it is used. One that comes in parts took until the first
    /// of them.
    #[must_use]
    pub const fn slow(self, limit: Duration) -> Self {
        Self { slow: Some(limit), ..self }
    }

    /// The time after which an answer counts as a failure, if there is one.
    #[must_use]
    pub const fn slow_limit(&self) -> Option<Duration> {
        self.slow
    }

    /// Stays open this long, between 1 ms and 24 h.
    #[must_use]
    pub const fn pause(self, pause: Duration) -> Self {
        Self { pause: within(pause, SHORTEST_PAUSE, LONGEST_PAUSE), ..self }
    }

    /// Each break is twice as long as the one before it, up to `longest`. It starts over when the breaker has been closed
    /// for as long as that.
    #[must_use]
    pub const fn growing_to(self, longest: Duration) -> Self {
        Self { longest: within(longest, SHORTEST_PAUSE, LONGEST_PAUSE), ..self }
    }

    /// Stays open up to this share of the break longer, by chance. In percent.
    #[must_use]
    pub const fn jitter_percent(self, percent: u8) -> Self {
        Self { jitter_percent: percent, ..self }
    }

    /// Half-open, it lets this many attempts through at a time; more than 4 are read as 4.
    #[must_use]
    pub const fn probes(self, probes: NonZeroU8) -> Self {
        Self { probes: at_most(probes, MOST_PROBES), ..self }
    }

    /// This many successful probes close it; more than 4 are read as 4.
    #[must_use]
    pub const fn successes(self, successes: NonZeroU8) -> Self {
        Self { successes: at_most(successes, MOST_PROBES), ..self }
    }

    /// How many attempts are looked back on.
    #[inline]
    pub(crate) const fn window(&self) -> u8 {
        if self.among > self.failures { self.among } else { self.failures }
    }

    /// The length of time without a break after which their growth starts over; none if they do not grow.
    pub(crate) fn stable_after(&self) -> Option<Duration> {
        (self.longest > self.pause).then_some(self.longest)
    }

    /// The end of a break that begins now, after `earlier` breaks in a row.
    pub(crate) fn break_end(&self, earlier: u8, seed: u64, now: Moment) -> Moment {
        let growth = 1_u32.checked_shl(earlier.into()).unwrap_or(u32::MAX);
        let pause = self.pause.saturating_mul(growth).min(self.longest.max(self.pause));
        let spread = pause.saturating_mul(self.jitter_percent.into()) / 100;
        now.plus(pause).plus(Rng::new(seed).up_to(spread))
    }
}

/// In words, for whoever reads what is configured.
impl fmt::Display for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { failures, slow, pause, longest, jitter_percent, probes, successes, .. } = self;
        match self.window() {
            window if window > *failures => write!(f, "opens after {failures} failures of {window}")?,
            _ => write!(f, "opens after {failures} failures in a row")?,
        }
        if let Some(slow) = slow {
            write!(f, ", slower than {slow:?} being one")?;
        }
        write!(f, ", for {pause:?} and up to {jitter_percent} % more")?;
        if longest > pause {
            write!(f, ", growing to {longest:?}")?;
        }
        write!(f, "; probes: {probes} at a time, {successes} to close it")
    }
}

impl Default for Breaker {
    fn default() -> Self {
        Self::new()
    }
}

const fn within(asked: Duration, least: Duration, most: Duration) -> Duration {
    if asked.as_nanos() < least.as_nanos() {
        least
    } else if asked.as_nanos() > most.as_nanos() {
        most
    } else {
        asked
    }
}

const fn at_most(asked: NonZeroU8, most: u8) -> u8 {
    if asked.get() > most { most } else { asked.get() }
}

/// A breaker as a person sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CircuitState {
    /// Attempts go through.
    Closed,
    /// No attempt goes through before this moment.
    Open(Moment),
    /// The next attempts are probes.
    HalfOpen,
    /// Nothing goes through until somebody says so.
    ForcedOpen,
    /// Everything goes through until somebody says otherwise.
    ForcedClosed,
}

impl CircuitState {
    /// The field's own word for it, whenever it ends.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open(_) => "open",
            Self::HalfOpen => "half-open",
            Self::ForcedOpen => "forced open",
            Self::ForcedClosed => "forced closed",
        }
    }
}

impl core::fmt::Display for CircuitState {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.pad(self.name())
    }
}

/// A change of state, told to the call that caused it and to nobody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Transition {
    /// It opened until this moment.
    Opened(Moment),
    /// It lets the first probe through.
    HalfOpened,
    /// It closed.
    Closed,
}

/// How an attempt that had a permit ended, as far as the breaker is concerned.
///
/// A moment that a provider names is read as at least 1 s and at most 24 h ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// The provider did its work.
    Success,
    /// The provider failed.
    Failure,
    /// The provider failed, and asked to be left alone until this moment.
    FailureUntil(Moment),
    /// The provider cannot serve for a while: it is left alone for one break, however few the failures.
    Trip,
    /// As [`Ending::Trip`], and not before this moment either.
    TripUntil(Moment),
    /// The provider did not fail, but asked to be left alone until this moment.
    OpenUntil(Moment),
    /// The request was at fault; nothing is known about the provider.
    Ignored,
    /// Given up without evidence against the provider.
    Cancelled,
}
