//! The time, and waiting for it.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use failover_core::Moment;

/// Where the time comes from and who sleeps: the system, or a test that turns the hands itself.
#[derive(Clone)]
pub struct Clock {
    elapsed: Arc<dyn Fn() -> Duration + Send + Sync>,
    sleep: Arc<dyn Fn(Duration) + Send + Sync>,
}

impl Clock {
    /// The system's monotonic clock.
    #[must_use]
    pub fn system() -> Self {
        let start = Instant::now();
        Self::new(move || start.elapsed(), thread::sleep)
    }

    /// `elapsed` is the time since any fixed moment; `sleep` returns when so much more has passed.
    pub fn new(
        elapsed: impl Fn() -> Duration + Send + Sync + 'static,
        sleep: impl Fn(Duration) + Send + Sync + 'static,
    ) -> Self {
        Self { elapsed: Arc::new(elapsed), sleep: Arc::new(sleep) }
    }

    pub(crate) fn now(&self) -> Moment {
        Moment::after_epoch((self.elapsed)())
    }

    pub(crate) fn sleep(&self, time: Duration) {
        (self.sleep)(time);
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").field("elapsed", &(self.elapsed)()).finish_non_exhaustive()
    }
}

/// A number that nobody can foresee, for spreading waits and naming answers.
pub(crate) fn seed() -> u64 {
    RandomState::new().build_hasher().finish()
}
