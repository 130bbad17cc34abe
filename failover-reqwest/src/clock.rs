//! The time, and waiting for it, by tokio's clock: a test that pauses or advances that one turns ours as well.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use failover_core::Moment;
use tokio::time::Instant;

pub(crate) struct Clock {
    start: std::time::Instant,
}

impl Clock {
    /// The epoch is now, by the standard library's clock: a `Failover` may be built where no runtime is running.
    pub(crate) fn new() -> Self {
        Self { start: std::time::Instant::now() }
    }

    pub(crate) fn now(&self) -> Moment {
        Moment::after_epoch(Instant::now().into_std().saturating_duration_since(self.start))
    }

    pub(crate) async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

/// A number that nobody can foresee, for spreading waits and naming answers.
pub(crate) fn seed() -> u64 {
    RandomState::new().build_hasher().finish()
}
