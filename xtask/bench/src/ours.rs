//! The breaker of `failover-core`, as its `Fleet` offers it.

use std::num::NonZeroU8;
use std::sync::Arc;
use std::time::Duration;

use failover_core::{Breaker as Settings, Ending, Fleet, Moment, ProviderId};

use crate::breakers::Breaker;

const LEASE: Duration = Duration::from_secs(10);
const TEN: NonZeroU8 = NonZeroU8::new(10).expect("10 is not 0");

#[derive(Clone)]
pub(crate) struct Ours {
    fleet: Arc<Fleet>,
    provider: ProviderId,
    now: Moment,
}

impl Ours {
    /// The defaults: three failures in a row.
    pub(crate) fn in_a_row() -> Self {
        Self::new(Settings::new())
    }

    /// Three failures of ten.
    pub(crate) fn among_ten() -> Self {
        Self::new(Settings::new().among(TEN))
    }

    fn new(settings: Settings) -> Self {
        let now = Moment::after_epoch(Duration::from_secs(1));
        Self { fleet: Arc::new(Fleet::new(8, settings)), provider: ProviderId::new(3), now }
    }
}

impl Breaker for Ours {
    #[inline(always)]
    fn attempt(&mut self, fails: bool) -> bool {
        let Ok(permit) = self.fleet.admit(self.provider, LEASE, self.now) else { return false };
        let ending = if fails { Ending::Failure } else { Ending::Success };
        self.fleet.end(permit, ending, 42, self.now);
        true
    }
}
