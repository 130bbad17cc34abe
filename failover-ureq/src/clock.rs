//! The time, and waiting for it.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
#[cfg(feature = "cache")]
use std::pin::Pin;
use std::sync::{Arc, LazyLock};
#[cfg(feature = "cache")]
use std::task::{Context, Wake, Waker};
use std::thread;
#[cfg(feature = "cache")]
use std::thread::Thread;
use std::time::{Duration, Instant};

use failover_core::Moment;
#[cfg(feature = "cache")]
use failover_mapping::cache::Follow;

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
        Self::new(|| START.elapsed(), thread::sleep)
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

    /// Waits until another call is back with what both want, or for as long as it is worth it. A clock that only sleep moves is
    /// slept by after that.
    #[cfg(feature = "cache")]
    pub(crate) fn follow(&self, mut follow: Follow, now: Moment) {
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let (since, time) = (Instant::now(), follow.until().since(now));
        while Pin::new(&mut follow).poll(&mut Context::from_waker(&waker)).is_pending() {
            match time.checked_sub(since.elapsed()).filter(|left| !left.is_zero()) {
                Some(left) => thread::park_timeout(left),
                None => return self.sleep(follow.until().since(self.now())),
            }
        }
    }
}

/// All clocks of the system's begin together: what is kept by one is as old by another.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

#[cfg(feature = "cache")]
struct Unpark(Thread);

#[cfg(feature = "cache")]
impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
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
