//! The time, and waiting for it, by tokio's clock: a test that pauses or advances that one turns ours as well.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::LazyLock;
use std::time::Duration;

use failover_core::Moment;
#[cfg(feature = "http")]
use failover_mapping::cache::Follow;
use tokio::time::{Instant, Sleep};

/// Earlier than any runtime's own clock, which a test may have stopped before the first of ours was made.
static START: LazyLock<std::time::Instant> = LazyLock::new(|| {
    let now = std::time::Instant::now();
    // Not every system knows a time before it was started.
    let earlier = [3_600, 60, 1].into_iter().map(Duration::from_secs);
    earlier.filter_map(|time| now.checked_sub(time)).next().unwrap_or(now)
});

#[derive(Clone, Debug)]
pub(crate) struct Clock {
    start: Instant,
}

impl Clock {
    /// All clocks begin together: what is kept by one is as old by another.
    pub(crate) fn new() -> Self {
        Self { start: Instant::from_std(*START) }
    }

    pub(crate) fn now(&self) -> Moment {
        Moment::after_epoch(Instant::now().saturating_duration_since(self.start))
    }

    /// Waits until another call is back with what both want, or for as long as it is worth it.
    #[cfg(feature = "http")]
    pub(crate) async fn follow(&self, follow: Follow, now: Moment) {
        let time = follow.until().since(now);
        // Who waits no longer asks.
        let _ = tokio::time::timeout(time, follow).await;
    }

    pub(crate) fn sleep(&self, time: Duration) -> Sleep {
        tokio::time::sleep(time)
    }
}

/// A number that nobody can foresee, for spreading waits and naming answers.
pub(crate) fn seed() -> u64 {
    RandomState::new().build_hasher().finish()
}
