//! The time, and waiting for it, by tokio's clock: a test that pauses or advances that one turns ours as well.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use failover_core::Moment;
use tokio::time::{Instant, Sleep};

#[derive(Clone, Debug)]
pub(crate) struct Clock {
    start: Instant,
}

impl Clock {
    /// The epoch is now: by tokio's clock within a runtime, and by the standard library's where none is running.
    pub(crate) fn new() -> Self {
        Self { start: Instant::now() }
    }

    pub(crate) fn now(&self) -> Moment {
        Moment::after_epoch(Instant::now().saturating_duration_since(self.start))
    }

    pub(crate) fn sleep(&self, time: Duration) -> Sleep {
        tokio::time::sleep(time)
    }
}

/// A number that nobody can foresee, for spreading waits and naming answers.
pub(crate) fn seed() -> u64 {
    RandomState::new().build_hasher().finish()
}
