//! The circuit breaker's settings, each by itself, so that a file can say one of them.

use std::num::NonZeroU8;
use std::time::Duration;

use failover_core::Breaker;

#[derive(Clone)]
pub(crate) struct Breaking {
    /// As the builder was given it, in place of the rest.
    pub(crate) whole: Option<Breaker>,
    pub(crate) failures: u8,
    pub(crate) among: Option<u8>,
    pub(crate) slow: Option<Duration>,
    pub(crate) pause: Duration,
    pub(crate) growing_to: Option<Duration>,
    pub(crate) jitter_percent: u8,
    pub(crate) probes: u8,
    pub(crate) successes: u8,
}

impl Default for Breaking {
    /// Those of [`Breaker::new`].
    fn default() -> Self {
        Self {
            whole: None,
            failures: 3,
            among: None,
            slow: None,
            pause: Duration::from_secs(30),
            growing_to: None,
            jitter_percent: 15,
            probes: 1,
            successes: 1,
        }
    }
}

impl Breaking {
    pub(crate) fn breaker(&self) -> Breaker {
        let some = |few| NonZeroU8::new(few).unwrap_or(NonZeroU8::MIN);
        let breaker = Breaker::new()
            .failures(some(self.failures))
            .pause(self.pause)
            .jitter_percent(self.jitter_percent)
            .probes(some(self.probes))
            .successes(some(self.successes));
        let breaker = self.among.map_or(breaker, |among| breaker.among(some(among)));
        let breaker = self.slow.map_or(breaker, |slow| breaker.slow(slow));
        let breaker = self.growing_to.map_or(breaker, |longest| breaker.growing_to(longest));
        self.whole.unwrap_or(breaker)
    }
}
