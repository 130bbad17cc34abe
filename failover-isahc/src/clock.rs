//! The time, and waiting for it, without a runtime.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::pin::Pin;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use async_io::Timer;
use failover_core::Moment;
use futures_lite::future;

type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Where the time comes from and who sleeps: the system, a runtime's own timer, or a test that turns the hands itself.
#[derive(Clone)]
pub struct Clock {
    elapsed: Arc<dyn Fn() -> Duration + Send + Sync>,
    sleep: Arc<dyn Fn(Duration) -> Sleep + Send + Sync>,
}

impl Clock {
    /// The system's monotonic clock, and timers that go off in any executor: a thread of `async-io` watches them.
    #[must_use]
    pub fn system() -> Self {
        Self::new(
            || START.elapsed(),
            |time| async move {
                Timer::after(time).await;
            },
        )
    }

    /// `elapsed` is the time since any fixed moment; the future of `sleep` is done when so much more has passed.
    pub fn new<F: Future<Output = ()> + Send + 'static>(
        elapsed: impl Fn() -> Duration + Send + Sync + 'static,
        sleep: impl Fn(Duration) -> F + Send + Sync + 'static,
    ) -> Self {
        Self { elapsed: Arc::new(elapsed), sleep: Arc::new(move |time| Box::pin(sleep(time))) }
    }

    pub(crate) fn now(&self) -> Moment {
        Moment::after_epoch((self.elapsed)())
    }

    pub(crate) fn sleep(&self, time: Duration) -> Sleep {
        (self.sleep)(time)
    }

    /// What the work comes to, unless it takes longer than the limit: then it is dropped.
    pub(crate) async fn within<T>(
        &self,
        limit: Option<Duration>,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        let Some(limit) = limit else { return Some(work.await) };
        let late = async {
            self.sleep(limit).await;
            None
        };
        future::or(async { Some(work.await) }, late).await
    }
}

/// All clocks of the system's begin together: what is kept by one is as old by another.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").field("elapsed", &(self.elapsed)()).finish_non_exhaustive()
    }
}

/// A number that nobody can foresee, for spreading waits and naming answers.
pub(crate) fn seed() -> u64 {
    RandomState::new().build_hasher().finish()
}
