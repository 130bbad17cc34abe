//! Time that a cell turns by hand: it stands still but for what is added.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::row::{Scenario, What};
use crate::scene::Scene;

#[derive(Clone, Default)]
pub(crate) struct Time(Arc<AtomicU64>);

impl Time {
    /// Whether the cell turns the time at all. Where it does not, what waits waits.
    pub(crate) fn is_turned(scene: &Scene) -> bool {
        matches!(scene.what, What::Scenario(Scenario::Outage | Scenario::ClockJumps | Scenario::Flapping))
    }

    pub(crate) fn now(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }

    pub(crate) fn add(&self, time: Duration) {
        self.0.fetch_add(nanos(time), Ordering::Relaxed);
    }

    pub(crate) fn set(&self, time: Duration) {
        self.0.store(nanos(time), Ordering::Relaxed);
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap()
}
